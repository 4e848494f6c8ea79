// The cache in f16: a texel is two quads. Storage in f16 needs no feature of the device.
fn quad_of(halves: vec2<u32>) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(halves.x), unpack2x16float(halves.y));
}

fn k_channels(at: u32) -> Channels {
    let first = k_texel(at);
    let second = k_texel(at + K_STEP);
    return Channels(quad_of(first.xy), quad_of(first.zw), quad_of(second.xy), quad_of(second.zw));
}

fn v_channels(at: u32) -> Channels {
    let first = v_texel(at);
    let second = v_texel(at + V_STEP);
    return Channels(quad_of(first.xy), quad_of(first.zw), quad_of(second.xy), quad_of(second.zw));
}

fn v_pair(record: u32, pair: u32) -> Pair {
    let texel = v_texel(record + pair * V_STEP);
    return Pair(quad_of(texel.xy), quad_of(texel.zw));
}

fn v_quad(record: u32, quad: u32) -> vec4<f32> {
    let texel = v_texel(record + quad / 2u * V_STEP);
    return quad_of(select(texel.xy, texel.zw, quad % 2u == 1u));
}
