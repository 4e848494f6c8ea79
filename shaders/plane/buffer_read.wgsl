// A page of weights in a buffer.
@group(0) @binding(2) var<storage, read> plane: array<vec4<u32>>;

fn begin_plane() {}

fn word(i: u32) -> vec4<u32> {
    return plane[i];
}
