// The caches in textures, a quad a texel, to be written.
@group(0) @binding(7) var k_cache: QuadTexture;
@group(0) @binding(8) var v_cache: QuadTexture;

fn put_k(i: u32, quad: Quad) {
    textureStore(k_cache, texel_at(i), texel_of(quad));
}

fn put_v(i: u32, quad: Quad) {
    textureStore(v_cache, texel_at(i), texel_of(quad));
}
