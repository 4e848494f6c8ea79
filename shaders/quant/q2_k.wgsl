// Q2_K: w = d·s·q - dmin·m, q in 0..3; s and m for 16 weights. One word of 64 weights for two blocks, laid as Q4_0's, the
// first block's q in the lower two bits of each four; scales, for 32 blocks of a row (or what is left): a word of four bits s,
// four bits m of 16 weights after another for each eight, then a word of every eight's d and dmin.
struct Scales {
    sm: vec4<u32>,
    d: u32,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    let four = eight / 4u;
    let last = min(4u, p.blocks / 8u - 4u * four); // d and dmin come after the others
    return Scales(
        scale_word(5u * four + eight % 4u, row),
        scale_word(5u * four + last, row)[eight % 4u],
    );
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let d = unpack2x16float(scales.d);
    let b = block % 8u;
    let s = scales.sm[b / 2u] >> (16u * (b % 2u));
    let d0 = d.x * f32(s & 15u) * FIELD_SCALES;
    let m0 = d.y * f32((s >> 4u) & 15u);
    let d1 = d.x * f32((s >> 8u) & 15u) * FIELD_SCALES;
    let m1 = d.y * f32((s >> 12u) & 15u);
    let q = quant_word(block / 2u, row) >> vec4<u32>(2u * (b % 2u));
    let h = q >> vec4<u32>(4u);
    return array<vec4<f32>, 8>(
        d0 * crumbs(q.x) - m0, d0 * crumbs(q.y) - m0, d0 * crumbs(q.z) - m0, d0 * crumbs(q.w) - m0,
        d1 * crumbs(h.x) - m1, d1 * crumbs(h.y) - m1, d1 * crumbs(h.z) - m1, d1 * crumbs(h.w) - m1,
    );
}
