// The cache in f16: a texel is two quads. Storage in f16 needs no feature of the device.
fn halves(v: vec4<f32>) -> vec2<u32> {
    let bounded = clamp(v, vec4<f32>(-65504.0), vec4<f32>(65504.0));
    return vec2<u32>(pack2x16float(bounded.xy), pack2x16float(bounded.zw));
}

fn packed(i: u32) -> vec4<u32> {
    return vec4<u32>(halves(channels[2u * i]), halves(channels[2u * i + 1u]));
}
