// The cache in f16: a quad of channels is two u32. Storage in f16 needs no feature of the device.
alias Quad = vec2<u32>;
alias QuadTexture = texture_storage_2d<rg32uint, write>;

fn texel_of(quad: Quad) -> vec4<u32> {
    return vec4<u32>(quad, 0u, 0u);
}

fn halves(v: vec4<f32>) -> Quad {
    let bounded = clamp(v, vec4<f32>(-65504.0), vec4<f32>(65504.0));
    return vec2<u32>(pack2x16float(bounded.xy), pack2x16float(bounded.zw));
}

fn store_k(quad: u32, block: u32, first: bool, v: vec4<f32>, most: f32) {
    put_k(quad, halves(v));
}

fn store_v(quad: u32, block: u32, first: bool, v: vec4<f32>, most: f32) {
    put_v(quad, halves(v));
}
