// Q6_K: w = d·s·(q - 32), q in 0..63; s, a signed byte, for 16 weights. One word of 32 low halves a block as in Q4_0;
// scales, for 32 blocks of a row (or what is left): for each eight a word of s and four of upper two bits (see
// six_bit_field()), then a word of every eight's d.
struct Scales {
    s: vec4<u32>,
    a: vec4<u32>, // upper two bits of two blocks each
    b: vec4<u32>,
    c: vec4<u32>,
    e: vec4<u32>,
    d: u32,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    let four = eight / 4u;
    let at = 21u * four + 5u * (eight % 4u);
    let last = 21u * four + 5u * min(4u, p.blocks / 8u - 4u * four); // d comes after the others
    return Scales(
        scale_word(at, row),
        scale_word(at + 1u, row),
        scale_word(at + 2u, row),
        scale_word(at + 3u, row),
        scale_word(at + 4u, row),
        scale_word(last, row)[eight % 4u],
    );
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = FIELD_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let b = block % 8u;
    let s = bitcast<i32>(scales.s[b / 2u] << (16u - 16u * (b % 2u))); // in the upper half
    let d = unpack2x16float(scales.d).x * vec2<f32>(f32((s << 8u) >> 24u), f32(s >> 24u));
    let two = select(select(scales.a, scales.b, b >= 2u), select(scales.c, scales.e, b >= 6u), b >= 4u);
    let u = select(two.xy, two.zw, b % 2u == 1u);
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        six_bit_field(q.x, u.x << 4u), six_bit_field(q.y, u.x << 2u), six_bit_field(q.z, u.x), six_bit_field(q.w, u.x >> 2u),
        six_bit_field(h.x, u.y << 4u), six_bit_field(h.y, u.y << 2u), six_bit_field(h.z, u.y), six_bit_field(h.w, u.y >> 2u),
    );
    return Block(numbers, d, -32.0 * d);
}
