// Q5_1: w = d·q + m, q in 0..31. One word of 32 low halves a block as in Q4_0; scales: a u32 of d and m, then a u32 of
// fifth bits (see five_bits()).
struct Scales {
    a: vec4<u32>, // of two blocks each
    b: vec4<u32>,
    c: vec4<u32>,
    d: vec4<u32>,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    let at = 4u * eight;
    return Scales(
        scale_word(at, row),
        scale_word(at + 1u, row),
        scale_word(at + 2u, row),
        scale_word(at + 3u, row),
    );
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = FIELD_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let b = block % 8u;
    let two = select(select(scales.a, scales.b, b >= 2u), select(scales.c, scales.d, b >= 6u), b >= 4u);
    let own = select(two.xy, two.zw, b % 2u == 1u);
    let scale = unpack2x16float(own.x);
    let f = own.y;
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        five_bits(q.x, f << 4u), five_bits(q.y, f << 3u), five_bits(q.z, f << 2u), five_bits(q.w, f << 1u),
        five_bits(h.x, f), five_bits(h.y, f >> 1u), five_bits(h.z, f >> 2u), five_bits(h.w, f >> 3u),
    );
    return Block(numbers, scale.xx, scale.yy);
}
