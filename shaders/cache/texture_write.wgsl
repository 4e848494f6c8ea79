// The caches in textures of PLANE_WIDTH texels a line, a quad a texel, to be written.
@group(0) @binding(7) var k_cache: QuadTexture;
@group(0) @binding(8) var v_cache: QuadTexture;

fn put_k(i: u32, quad: Quad) {
    textureStore(k_cache, vec2<u32>(i % PLANE_WIDTH, i / PLANE_WIDTH), texel_of(quad));
}

fn put_v(i: u32, quad: Quad) {
    textureStore(v_cache, vec2<u32>(i % PLANE_WIDTH, i / PLANE_WIDTH), texel_of(quad));
}
