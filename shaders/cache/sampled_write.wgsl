// The caches in textures of floats, to be written.
@group(0) @binding(7) var k_cache: texture_storage_2d<rgba32float, write>;
@group(0) @binding(8) var v_cache: texture_storage_2d<rgba32float, write>;

fn put_k(i: u32, texel: vec4<u32>) {
    textureStore(k_cache, texel_at(i), bitcast<vec4<f32>>(texel));
}

fn put_v(i: u32, texel: vec4<u32>) {
    textureStore(v_cache, texel_at(i), bitcast<vec4<f32>>(texel));
}
