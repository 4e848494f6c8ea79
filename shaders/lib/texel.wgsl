// Where the i-th texel of a texture of PLANE_WIDTH texels a line lies. There are less than 2^24, which f32 has exactly: adapters that
// compute on the CPU divide integers, and shift them, a lane at a time.
fn texel_at(i: u32) -> vec2<i32> {
    let line = i32(f32(i32(i)) * (1.0 / f32(PLANE_WIDTH)));
    return vec2<i32>(i32(i & (PLANE_WIDTH - 1u)), line);
}
