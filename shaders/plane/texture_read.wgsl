// A page of weights in a texture. Some adapters read textures much faster than buffers.
@group(0) @binding(2) var plane: texture_2d<u32>;

fn begin_plane() {}

fn word(i: u32) -> vec4<u32> {
    return textureLoad(plane, texel_at(i), 0);
}
