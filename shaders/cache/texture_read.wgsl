// The caches in textures, a quad a texel: as plane/texture_read.wgsl has weights.
@group(0) @binding(3) var k_cache: texture_2d<u32>;
@group(0) @binding(4) var v_cache: texture_2d<u32>;

fn k_quad(i: u32) -> Quad {
    return quad_of(textureLoad(k_cache, texel_at(i), 0));
}

fn v_quad(i: u32) -> Quad {
    return quad_of(textureLoad(v_cache, texel_at(i), 0));
}
