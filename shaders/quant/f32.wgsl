// F32: 8 words of 4 weights a block.
alias Scales = u32; // none

fn load_scales(eight: u32, row: u32) -> Scales {
    return 0u;
}

fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    var v = array<vec4<f32>, 8>();
    for (var i = 0u; i < 8u; i++) {
        v[i] = bitcast<vec4<f32>>(quant_word(block * 8u + i, row));
    }
    return v;
}
