// Where the middle of the i-th texel lies, as a sampler counts: parts of a line of PLANE_WIDTH texels, and of all lines, of which one is
// `line`. There are less than 2^24 texels, so the first is exact, and at most 2^14 lines, so the second is within a hundredth of one.
fn texel_middle(i: u32, line: f32) -> vec2<f32> {
    let lines = f32(i32(i)) * (1.0 / f32(PLANE_WIDTH));
    let whole = floor(lines);
    return vec2<f32>(lines - whole + 0.5 / f32(PLANE_WIDTH), (whole + 0.5) * line);
}
