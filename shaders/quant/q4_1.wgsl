// Q4_1: w = d·q + m, q in 0..15. One word of 32 weights a block: the low halves of its 16 bytes are weights 0..15,
// the high halves 16..31; scales: d and m in a u32.
struct Scales {
    first: vec4<u32>, // of the first four blocks
    last: vec4<u32>,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    return Scales(scale_word(2u * eight, row), scale_word(2u * eight + 1u, row));
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = HIGH_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = SUNK;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let scale = unpack2x16float(of_block(scales.first, scales.last));
    let q = quant_word(block, row);
    let numbers = array<vec4<f32>, 8>(
        nibbles(q.x), nibbles(q.y), nibbles(q.z), nibbles(q.w),
        high_nibbles(q.x), high_nibbles(q.y), high_nibbles(q.z), high_nibbles(q.w),
    );
    return Block(numbers, scale.xx, scale.yy);
}
