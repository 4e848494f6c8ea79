// The cache in f16: a quad of channels is two u32.
alias Quad = vec2<u32>;

fn quad_of(texel: vec4<u32>) -> Quad {
    return texel.xy;
}

fn numbers(halves: Quad) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(halves.x), unpack2x16float(halves.y));
}

fn load_k(quad: u32, block: u32) -> vec4<f32> {
    return numbers(k_quad(quad));
}

fn load_v(quad: u32, block: u32) -> vec4<f32> {
    return numbers(v_quad(quad));
}
