// MXFP4: w = 2^(e - 128)·q, q a float of 4 bits, doubled: 0, 1, 2, 3, 4, 6, 8, 12, or their negatives where the bit above
// is set. One word of 32 weights a block as in Q4_0; scales: e, four blocks of a row in a u32.

// 16 + q of the low halves of four bytes. The magnitude is t = 0..7 and, from 4 on, t's lower two bits again and 2 for 7.
fn floats_of_four_bits(word: u32) -> vec4<f32> {
    let t = word & 0x07070707u;
    let four = (t >> 2u) & 0x01010101u;
    let again = (four | (four << 1u)) & t;
    let magnitude = t + again + ((again & (again >> 1u) & 0x01010101u) << 1u);
    let minus = (word >> 3u) & 0x01010101u;
    // 31 - (16 + magnitude) + 1, each in its byte
    return bytes(((magnitude | 0x10101010u) ^ ((minus << 5u) - minus)) + minus);
}

alias Scales = vec2<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    let both = scale_word(eight / 2u, row);
    return select(both.xy, both.zw, eight % 2u == 1u);
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let e = (scales[block % 8u / 4u] >> (8u * (block % 4u))) & 0xffu;
    // Below 2^-96 it is zero: products on the way would be subnormal, which a device may take for zero.
    let scale = select(0.0, bitcast<f32>((e - 1u) << 23u), e > 32u);
    let d = scale * FIELD_SCALES;
    let m = -16.0 * scale;
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    return array<vec4<f32>, 8>(
        d * floats_of_four_bits(q.x) + m, d * floats_of_four_bits(q.y) + m,
        d * floats_of_four_bits(q.z) + m, d * floats_of_four_bits(q.w) + m,
        d * floats_of_four_bits(h.x) + m, d * floats_of_four_bits(h.y) + m,
        d * floats_of_four_bits(h.z) + m, d * floats_of_four_bits(h.w) + m,
    );
}
