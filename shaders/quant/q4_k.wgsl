// Q4_K: w = d·s·q - dmin·m, q in 0..15. One word of 32 weights a block as in Q4_0; scales, for eight blocks of a row:
// a u32 of d and dmin, three of s and m (see six_bits()).
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let s = six_bits(scales.yzw, block & 7u);
    let scale = unpack2x16float(scales.x) * s;
    let d = scale.x * FIELD_SCALES;
    let m = scale.y;
    let q = quant_word(block, row);
    let dh = scale.x * HIGH_SCALES;
    return array<vec4<f32>, 8>(
        d * nibbles(q.x) - m, d * nibbles(q.y) - m, d * nibbles(q.z) - m, d * nibbles(q.w) - m,
        dh * high_nibbles(q.x) - m, dh * high_nibbles(q.y) - m, dh * high_nibbles(q.z) - m, dh * high_nibbles(q.w) - m,
    );
}
