// The cache as it is: a texel is a quad of f32.
fn packed(i: u32) -> vec4<u32> {
    return bitcast<vec4<u32>>(channels[i]);
}
