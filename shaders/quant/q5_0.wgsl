// Q5_0: w = d·(q - 16), q in 0..31. One word of 32 low halves a block as in Q4_0; scales: for two blocks of a row a u32
// of their d, then a u32 of fifth bits for each (see five_bits()).
struct Scales {
    a: vec4<u32>,
    b: vec4<u32>,
    c: vec4<u32>,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    let at = 3u * eight;
    return Scales(scale_word(at, row), scale_word(at + 1u, row), scale_word(at + 2u, row));
}

fn scale_at(scales: Scales, i: u32) -> u32 {
    return select(select(scales.a, scales.b, i >= 4u), scales.c, i >= 8u)[i % 4u];
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = FIELD_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let at = (block % 8u) / 2u * 3u;
    let d = half_of(scale_at(scales, at), block);
    let f = scale_at(scales, at + 1u + block % 2u);
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        five_bits(q.x, f << 4u), five_bits(q.y, f << 3u), five_bits(q.z, f << 2u), five_bits(q.w, f << 1u),
        five_bits(h.x, f), five_bits(h.y, f >> 1u), five_bits(h.z, f >> 2u), five_bits(h.w, f >> 3u),
    );
    return Block(numbers, vec2<f32>(d), vec2<f32>(-16.0 * d));
}
