// Q5_K: w = d·s·q - dmin·m, q in 0..31. One word of 32 low halves a block as in Q4_0; scales, for eight blocks of a row:
// a u32 of d and dmin, three of s and m (see six_bits()), then a u32 of fifth bits a block (see five_bits()).
struct Scales {
    d: vec4<u32>,
    first: vec4<u32>, // fifth bits of the first four blocks
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
    let scale = unpack2x16float(scales.d.x) * six_bits(scales.d.yzw, block & 7u);
    let f = select(scales.first, scales.last, (block & 7u) >= 4u)[block & 3u];
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        five_bits(q.x, f << 4u), five_bits(q.y, f << 3u), five_bits(q.z, f << 2u), five_bits(q.w, f << 1u),
        five_bits(h.x, f), five_bits(h.y, f >> 1u), five_bits(h.z, f >> 2u), five_bits(h.w, f >> 3u),
    );
    return Block(numbers, scale.xx, -scale.yy);
}
