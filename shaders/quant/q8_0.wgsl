// Q8_0: w = d·q, q in -128..127. 2 words of 16 weights a block; of each four bytes the first three are kept as q + 128
// (see bytes()); scales: d, two blocks of a row in a u32.
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = FIELD_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0, 1.0, 1.0, 0.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let d = half_of_block(scales);
    let q = quant_word(block * 2u, row);
    let r = quant_word(block * 2u + 1u, row);
    let numbers = array<vec4<f32>, 8>(
        bytes(q.x), bytes(q.y), bytes(q.z), bytes(q.w), bytes(r.x), bytes(r.y), bytes(r.z), bytes(r.w),
    );
    return Block(numbers, vec2<f32>(d), vec2<f32>(-128.0 * d));
}
