// Q3_K: w = d·(s - 32)·(q - 4), q in 0..7; s for 16 weights. One word of the lower two bits of 64 weights as in Q2_K;
// scales, for eight blocks of a row: a u32 of d, three of s (see six_bits()), then a u32 of third bits a block (see
// three_bits()).
struct Scales {
    d: vec4<u32>,
    first: vec4<u32>, // third bits of the first four blocks
    last: vec4<u32>,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    let at = 3u * eight;
    return Scales(scale_word(at, row), scale_word(at + 1u, row), scale_word(at + 2u, row));
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let b = block % 8u;
    let s = six_bits(scales.d.yzw, b);
    let scale = unpack2x16float(scales.d.x).x * (s - 32.0);
    let d0 = scale.x * FIELD_SCALES;
    let d1 = scale.y * FIELD_SCALES;
    let m = -4.0 * scale;
    let t = select(scales.first, scales.last, b >= 4u)[b % 4u];
    let q = quant_word(block / 2u, row) >> vec4<u32>(2u * (b % 2u));
    let h = q >> vec4<u32>(4u);
    return array<vec4<f32>, 8>(
        d0 * three_bits(q.x, t << 2u) + m.x, d0 * three_bits(q.y, t << 1u) + m.x,
        d0 * three_bits(q.z, t) + m.x, d0 * three_bits(q.w, t >> 1u) + m.x,
        d1 * three_bits(h.x, t >> 2u) + m.y, d1 * three_bits(h.y, t >> 3u) + m.y,
        d1 * three_bits(h.z, t >> 4u) + m.y, d1 * three_bits(h.w, t >> 5u) + m.y,
    );
}
