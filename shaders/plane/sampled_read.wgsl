// A page of weights in a texture of floats, whose bits come through a sampler as they are. Browsers check where a textureLoad reads,
// every time; a sampler's place they need not check.
@group(0) @binding(2) var plane: texture_2d<f32>;
@group(0) @binding(SAMPLER) var nearest: sampler;

var<private> plane_line: f32; // a line's share of all

fn begin_plane() {
    plane_line = 1.0 / f32(textureDimensions(plane).y);
}

fn word(i: u32) -> vec4<u32> {
    return bitcast<vec4<u32>>(textureSampleLevel(plane, nearest, texel_middle(i, plane_line), 0.0));
}
