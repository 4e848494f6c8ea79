// Q4_K: w = d·s·q - dmin·m, q in 0..15. One word of 32 weights a block as in Q4_0; scales, for eight blocks of a row:
// a u32 of d and dmin, three of s and m (see six_bits()).
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = HIGH_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = SUNK;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let scale = unpack2x16float(scales.x) * six_bits(scales.yzw, block & 7u);
    let q = quant_word(block, row);
    let numbers = array<vec4<f32>, 8>(
        nibbles(q.x), nibbles(q.y), nibbles(q.z), nibbles(q.w),
        high_nibbles(q.x), high_nibbles(q.y), high_nibbles(q.z), high_nibbles(q.w),
    );
    return Block(numbers, scale.xx, -scale.yy);
}
