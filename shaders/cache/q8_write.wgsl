// The cache in 8 bits: a quad of channels is a u32 of signed bytes; behind all quads, from `scales` on, an f32 for each
// block of 32 channels, the greatest magnitude over 127.
alias Quad = u32;
alias QuadTexture = texture_storage_2d<r32uint, write>;

fn texel_of(quad: Quad) -> vec4<u32> {
    return vec4<u32>(quad, 0u, 0u, 0u);
}

fn rounded(v: vec4<f32>, most: f32) -> Quad {
    let q = vec4<i32>(round(v * select(0.0, 127.0 / most, most > 0.0))) & vec4<i32>(255);
    return u32(q.x | (q.y << 8u) | (q.z << 16u) | (q.w << 24u));
}

fn store_k(quad: u32, block: u32, first: bool, v: vec4<f32>, most: f32) {
    put_k(quad, rounded(v, most));
    if (first) {
        put_k(p.k_scales + block, bitcast<u32>(most / 127.0));
    }
}

fn store_v(quad: u32, block: u32, first: bool, v: vec4<f32>, most: f32) {
    put_v(quad, rounded(v, most));
    if (first) {
        put_v(p.v_scales + block, bitcast<u32>(most / 127.0));
    }
}
