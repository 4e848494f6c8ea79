// Q4_0: w = d·(q - 8), q in 0..15. One word of 32 weights a block: the low halves of its 16 bytes are weights 0..15,
// the high halves 16..31; scales: d, two blocks of a row in a u32.
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let scale = unpack2x16float(scales[(block & 7u) >> 1u])[block & 1u];
    let d = scale * FIELD_SCALES;
    let m = -8.0 * scale;
    let q = quant_word(block, row);
    let dh = scale * HIGH_SCALES;
    return array<vec4<f32>, 8>(
        d * nibbles(q.x) + m, d * nibbles(q.y) + m, d * nibbles(q.z) + m, d * nibbles(q.w) + m,
        dh * high_nibbles(q.x) + m, dh * high_nibbles(q.y) + m, dh * high_nibbles(q.z) + m, dh * high_nibbles(q.w) + m,
    );
}
