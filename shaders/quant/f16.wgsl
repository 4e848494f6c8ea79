// F16: 4 words of 8 weights a block.
alias Scales = u32; // none

fn load_scales(eight: u32, row: u32) -> Scales {
    return 0u;
}

const LOW: vec4<f32> = vec4<f32>(1.0);
const HIGH: vec4<f32> = vec4<f32>(1.0);
const OFFSETS: vec4<f32> = vec4<f32>(0.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    var v = array<vec4<f32>, 8>();
    for (var i = 0u; i < 4u; i++) {
        let q = quant_word(block * 4u + i, row);
        v[2u * i] = vec4<f32>(unpack2x16float(q.x), unpack2x16float(q.y));
        v[2u * i + 1u] = vec4<f32>(unpack2x16float(q.z), unpack2x16float(q.w));
    }
    return Block(v, vec2<f32>(1.0), vec2<f32>(0.0));
}
