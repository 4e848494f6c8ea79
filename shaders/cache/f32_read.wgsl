// The cache as it is: a quad of channels is a vec4 of f32.
alias Quad = vec4<f32>;

fn quad_of(texel: vec4<u32>) -> Quad {
    return bitcast<vec4<f32>>(texel);
}

fn load_k(quad: u32, block: u32) -> vec4<f32> {
    return k_quad(quad);
}

fn load_v(quad: u32, block: u32) -> vec4<f32> {
    return v_quad(quad);
}
