// The caches in textures, as plane/texture_read.wgsl has weights.
@group(0) @binding(3) var k_cache: texture_2d<u32>;
@group(0) @binding(4) var v_cache: texture_2d<u32>;

fn begin_cache() {}

fn k_texel(i: u32) -> vec4<u32> {
    return textureLoad(k_cache, texel_at(i), 0);
}

fn v_texel(i: u32) -> vec4<u32> {
    return textureLoad(v_cache, texel_at(i), 0);
}
