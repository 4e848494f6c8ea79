// Q3_K: w = d·(s - 32)·(q - 4), q in 0..7; s for 16 weights. One word of the lower two bits of 64 weights as in Q2_K;
// scales, for eight blocks of a row: a u32 of d, three of s (see six_bits()), then a u32 of third bits a block (see
// three_bits()).
struct Scales {
    d: vec4<u32>,
    first: vec4<u32>, // third bits of the first four blocks
    last: vec4<u32>,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    let at = 3u * eight;
    return Scales(scale_word(at, row), scale_word(at + 1u, row), scale_word(at + 2u, row));
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = FIELD_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let b = block % 8u;
    let d = unpack2x16float(scales.d.x).x * (six_bits(scales.d.yzw, b) - 32.0);
    let t = select(scales.first, scales.last, b >= 4u)[b % 4u];
    let q = quant_word(block / 2u, row) >> vec4<u32>(2u * (b % 2u));
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        three_bits(q.x, t << 2u), three_bits(q.y, t << 1u), three_bits(q.z, t), three_bits(q.w, t >> 1u),
        three_bits(h.x, t >> 2u), three_bits(h.y, t >> 3u), three_bits(h.z, t >> 4u), three_bits(h.w, t >> 5u),
    );
    return Block(numbers, d, -4.0 * d);
}
