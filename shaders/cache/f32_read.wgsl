// The cache as it is: a texel is a quad of f32.
fn quad_of(texel: vec4<u32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(texel);
}

fn k_channels(at: u32) -> Channels {
    return Channels(
        quad_of(k_texel(at)),
        quad_of(k_texel(at + K_STEP)),
        quad_of(k_texel(at + 2u * K_STEP)),
        quad_of(k_texel(at + 3u * K_STEP)),
    );
}

fn v_channels(at: u32) -> Channels {
    return Channels(
        quad_of(v_texel(at)),
        quad_of(v_texel(at + V_STEP)),
        quad_of(v_texel(at + 2u * V_STEP)),
        quad_of(v_texel(at + 3u * V_STEP)),
    );
}

fn v_pair(record: u32, pair: u32) -> Pair {
    let at = record + 2u * pair * V_STEP;
    return Pair(quad_of(v_texel(at)), quad_of(v_texel(at + V_STEP)));
}

fn v_quad(record: u32, quad: u32) -> vec4<f32> {
    return quad_of(v_texel(record + quad * V_STEP));
}
