// The cache in 8 bits, as q8_write.wgsl has it: a texel is four quads, not yet scaled.
fn quad_of(bytes: u32) -> vec4<f32> {
    // Each shift by itself: adapters that compute on the CPU shift by a vector a lane at a time.
    let word = i32(bytes);
    return vec4<f32>(f32((word << 24u) >> 24u), f32((word << 16u) >> 24u), f32((word << 8u) >> 24u), f32(word >> 24u));
}

fn channels_of(texel: vec4<u32>) -> Channels {
    return Channels(quad_of(texel.x), quad_of(texel.y), quad_of(texel.z), quad_of(texel.w));
}

fn k_channels(at: u32) -> Channels {
    return channels_of(k_texel(at));
}

fn v_channels(at: u32) -> Channels {
    return channels_of(v_texel(at));
}

fn v_pair(record: u32, pair: u32) -> Pair {
    let texel = v_texel(record + pair / 2u * V_STEP);
    let half = select(texel.xy, texel.zw, pair % 2u == 1u);
    return Pair(quad_of(half.x), quad_of(half.y));
}

fn v_quad(record: u32, quad: u32) -> vec4<f32> {
    return quad_of(v_texel(record + quad / 4u * V_STEP)[quad % 4u]);
}
