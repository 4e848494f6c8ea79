// The cache in 8 bits, as q8_write.wgsl has it.
alias Quad = u32;

fn quad_of(texel: vec4<u32>) -> Quad {
    return texel.x;
}

fn signed_bytes(word: Quad) -> vec4<f32> {
    return vec4<f32>((vec4<i32>(i32(word)) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));
}

fn load_k(quad: u32, block: u32) -> vec4<f32> {
    return bitcast<f32>(k_quad(p.k_scales + block)) * signed_bytes(k_quad(quad));
}

fn load_v(quad: u32, block: u32) -> vec4<f32> {
    return bitcast<f32>(v_quad(p.v_scales + block)) * signed_bytes(v_quad(quad));
}
