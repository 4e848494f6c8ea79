// IQ4_XS: w = d·(s - 32)·VALUES[q], q in 0..15. One word of 32 weights a block as in Q4_0; scales, for eight blocks of a
// row: a u32 of d and the upper two bits of every s, then one of their low halves; VALUES by iq4_values().
alias Scales = vec2<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    let both = scale_word(eight / 2u, row);
    return select(both.xy, both.zw, eight % 2u == 1u);
}

const LOW: vec4<f32> = vec4<f32>(1.0);
const HIGH: vec4<f32> = vec4<f32>(1.0);
const OFFSETS: vec4<f32> = vec4<f32>(0.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let b = block % 8u;
    let s = ((scales.y >> (4u * b)) & 15u) | (((scales.x >> (16u + 2u * b)) & 3u) << 4u);
    let d = unpack2x16float(scales.x).x * (f32(s) - 32.0);
    let q = quant_word(block, row);
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        iq4_values(q.x), iq4_values(q.y), iq4_values(q.z), iq4_values(q.w),
        iq4_values(h.x), iq4_values(h.y), iq4_values(h.z), iq4_values(h.w),
    );
    return Block(numbers, vec2<f32>(d), vec2<f32>(0.0));
}
