// IQ4_NL: w = d·VALUES[q], q in 0..15. Laid as Q4_0; VALUES by iq4_values().
alias Scales = vec4<u32>;

fn load_scales(eight: u32, row: u32) -> Scales {
    return scale_word(eight, row);
}

const LOW: vec4<f32> = vec4<f32>(1.0);
const HIGH: vec4<f32> = vec4<f32>(1.0);
const OFFSETS: vec4<f32> = vec4<f32>(0.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let d = half_of_block(scales);
    let q = quant_word(block, row) ^ vec4<u32>(TOP);
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        iq4_values(q.x), iq4_values(q.y), iq4_values(q.z), iq4_values(q.w),
        iq4_values(h.x), iq4_values(h.y), iq4_values(h.z), iq4_values(h.w),
    );
    return Block(numbers, vec2<f32>(d), vec2<f32>(0.0));
}
