// A page of weights in a texture of PLANE_WIDTH texels a line, to be filled.
@group(0) @binding(2) var plane: texture_storage_2d<rgba32uint, write>;

fn put_word(i: u32, word: vec4<u32>) {
    textureStore(plane, vec2<u32>(i % PLANE_WIDTH, i / PLANE_WIDTH), word);
}
