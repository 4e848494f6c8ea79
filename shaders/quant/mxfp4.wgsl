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

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = FIELD_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let e = (scales[block % 8u / 4u] >> (8u * (block % 4u))) & 0xffu;
    // Below 2^-96 it is zero: products on the way would be subnormal, which a device may take for zero.
    let d = select(0.0, bitcast<f32>((e - 1u) << 23u), e > 32u);
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        floats_of_four_bits(q.x), floats_of_four_bits(q.y), floats_of_four_bits(q.z), floats_of_four_bits(q.w),
        floats_of_four_bits(h.x), floats_of_four_bits(h.y), floats_of_four_bits(h.z), floats_of_four_bits(h.w),
    );
    return Block(numbers, vec2<f32>(d), vec2<f32>(-16.0 * d));
}
