// A page of weights in a texture of floats, to be filled.
@group(0) @binding(2) var plane: texture_storage_2d<rgba32float, write>;

fn put_word(i: u32, word: vec4<u32>) {
    textureStore(plane, texel_at(i), bitcast<vec4<f32>>(word));
}
