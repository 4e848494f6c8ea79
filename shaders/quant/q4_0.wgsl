// Q4_0: w = d·(q - 8), q in 0..15. One word of 32 weights a block: the low halves of its 16 bytes are weights 0..15,
// the high halves 16..31; scales: d, two blocks of a row in a u32.
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = HIGH_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = SUNK;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let d = half_of_block(scales);
    let q = quant_word(block, row);
    let numbers = array<vec4<f32>, 8>(
        nibbles(q.x), nibbles(q.y), nibbles(q.z), nibbles(q.w),
        high_nibbles(q.x), high_nibbles(q.y), high_nibbles(q.z), high_nibbles(q.w),
    );
    return Block(numbers, vec2<f32>(d), vec2<f32>(-8.0 * d));
}
