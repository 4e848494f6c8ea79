// The caches in textures of floats, as plane/sampled_read.wgsl has weights.
@group(0) @binding(3) var k_cache: texture_2d<f32>;
@group(0) @binding(4) var v_cache: texture_2d<f32>;
@group(0) @binding(SAMPLER) var nearest: sampler;

var<private> k_line: f32; // a line's share of all
var<private> v_line: f32;

fn begin_cache() {
    k_line = 1.0 / f32(textureDimensions(k_cache).y);
    v_line = 1.0 / f32(textureDimensions(v_cache).y);
}

fn k_texel(i: u32) -> vec4<u32> {
    return bitcast<vec4<u32>>(textureSampleLevel(k_cache, nearest, texel_middle(i, k_line), 0.0));
}

fn v_texel(i: u32) -> vec4<u32> {
    return bitcast<vec4<u32>>(textureSampleLevel(v_cache, nearest, texel_middle(i, v_line), 0.0));
}
