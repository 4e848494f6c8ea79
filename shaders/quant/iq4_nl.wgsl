// IQ4_NL: w = d·VALUES[q], q in 0..15. Laid as Q4_0; VALUES by iq4_values().
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let d = unpack2x16float(scales[(block & 7u) >> 1u])[block & 1u];
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    return array<vec4<f32>, 8>(
        d * iq4_values(q.x), d * iq4_values(q.y), d * iq4_values(q.z), d * iq4_values(q.w),
        d * iq4_values(h.x), d * iq4_values(h.y), d * iq4_values(h.z), d * iq4_values(h.w),
    );
}
