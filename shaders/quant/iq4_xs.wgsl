// IQ4_XS: w = d·(s - 32)·VALUES[q], q in 0..15. One word of 32 weights a block as in Q4_0; scales, for eight blocks of a
// row: a u32 of d and the upper two bits of every s, then one of their low halves; VALUES by iq4_values().
alias Scales = vec2<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    let both = scale_word(eight / 2u, row);
    return select(both.xy, both.zw, eight % 2u == 1u);
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let b = block % 8u;
    let s = ((scales.y >> (4u * b)) & 15u) | (((scales.x >> (16u + 2u * b)) & 3u) << 4u);
    let d = unpack2x16float(scales.x).x * (f32(s) - 32.0);
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    return array<vec4<f32>, 8>(
        d * iq4_values(q.x), d * iq4_values(q.y), d * iq4_values(q.z), d * iq4_values(q.w),
        d * iq4_values(h.x), d * iq4_values(h.y), d * iq4_values(h.z), d * iq4_values(h.w),
    );
}
