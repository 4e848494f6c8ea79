// Q4_1: w = d·q + m, q in 0..15. One word of 32 weights a block: the low halves of its 16 bytes are weights 0..15,
// the high halves 16..31; scales: d and m in a u32.
struct Scales {
    first: vec4<u32>, // of the first four blocks
    last: vec4<u32>,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    return Scales(scale_word(2u * eight, row), scale_word(2u * eight + 1u, row));
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let scale = unpack2x16float(select(scales.first, scales.last, (block & 7u) >= 4u)[block & 3u]);
    let d = scale.x * FIELD_SCALES;
    let m = scale.y;
    let q = quant_word(block, row);
    let dh = scale.x * HIGH_SCALES;
    return array<vec4<f32>, 8>(
        d * nibbles(q.x) + m, d * nibbles(q.y) + m, d * nibbles(q.z) + m, d * nibbles(q.w) + m,
        dh * high_nibbles(q.x) + m, dh * high_nibbles(q.y) + m, dh * high_nibbles(q.z) + m, dh * high_nibbles(q.w) + m,
    );
}
