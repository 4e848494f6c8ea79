// A page of weights in a texture of PLANE_WIDTH texels a line. Some adapters read textures much faster than buffers.
@group(0) @binding(2) var plane: texture_2d<u32>;

// A page has less than 2^24 texels, which f32 has exactly: adapters that compute on the CPU divide integers, and shift them, a lane
// at a time.
fn word(i: u32) -> vec4<u32> {
    let line = i32(f32(i32(i)) * (1.0 / f32(PLANE_WIDTH)));
    return textureLoad(plane, vec2<i32>(i32(i & (PLANE_WIDTH - 1u)), line), 0);
}
