// A block of 32 weights of a row, as a format keeps them: w = d · q · LOW + m · OFFSETS of numbers 0..15, and the same of 16..31
// with HIGH; the three constants are the format's. Σ w·x is d · Σ q·(LOW·x) + m · Σ OFFSETS·x, so a product may leave d and m to
// the block's end (weights/factored).
struct Block {
    q: array<vec4<f32>, 8>,
    d: vec2<f32>, // of the first half of the block and of the second
    m: vec2<f32>,
}

// The weights.
fn load_block(block: u32, row: u32, scales: Scales) -> array<vec4<f32>, 8> {
    let w = load_numbers(block, row, scales);
    let d0 = w.d.x * LOW;
    let d1 = w.d.y * HIGH;
    let m0 = w.m.x * OFFSETS;
    let m1 = w.m.y * OFFSETS;
    return array<vec4<f32>, 8>(
        d0 * w.q[0] + m0, d0 * w.q[1] + m0, d0 * w.q[2] + m0, d0 * w.q[3] + m0,
        d1 * w.q[4] + m1, d1 * w.q[5] + m1, d1 * w.q[6] + m1, d1 * w.q[7] + m1,
    );
}
