// The cache as it is: a quad of channels is a vec4 of f32.
alias Quad = vec4<f32>;
alias QuadTexture = texture_storage_2d<rgba32uint, write>;

fn texel_of(quad: Quad) -> vec4<u32> {
    return bitcast<vec4<u32>>(quad);
}

fn store_k(quad: u32, block: u32, first: bool, v: vec4<f32>, most: f32) {
    put_k(quad, v);
}

fn store_v(quad: u32, block: u32, first: bool, v: vec4<f32>, most: f32) {
    put_v(quad, v);
}
