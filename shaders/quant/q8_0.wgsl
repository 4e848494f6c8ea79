// Q8_0: w = d·q, q in -128..127. 2 words of 16 weights a block; of each four bytes the first three are kept as q + 128
// (see bytes()); scales: d, two blocks of a row in a u32.
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let scale = unpack2x16float(scales[(block & 7u) >> 1u])[block & 1u];
    let d = scale * FIELD_SCALES;
    let m = scale * vec4<f32>(-128.0, -128.0, -128.0, 0.0);
    let q = quant_word(block * 2u, row);
    let r = quant_word(block * 2u + 1u, row);
    return array<vec4<f32>, 8>(
        d * bytes(q.x) + m, d * bytes(q.y) + m, d * bytes(q.z) + m, d * bytes(q.w) + m,
        d * bytes(r.x) + m, d * bytes(r.y) + m, d * bytes(r.z) + m, d * bytes(r.w) + m,
    );
}
