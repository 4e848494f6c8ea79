// A block of 32 weights of a row, as a format keeps them: w = d · q · LOW + m · OFFSETS of numbers 0..15, and the same of 16..31
// with HIGH, where LIFT is added to every fourth q; the four constants are the format's. Σ w·x is d · Σ q·(LOW·x) + m · Σ OFFSETS·x, so
// a product may leave d and m to the block's end (weights/factored).
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
        d1 * lifted(w.q[4]) + m1, d1 * lifted(w.q[5]) + m1, d1 * lifted(w.q[6]) + m1, d1 * lifted(w.q[7]) + m1,
    );
}

fn lifted(q: vec4<f32>) -> vec4<f32> {
    if (LIFT == 0.0) {
        return q;
    }
    return vec4<f32>(q.xyz, q.w + LIFT);
}

// Which of eight blocks is the one at hand, as masks, all bits or none: a vector's component at a place that is not known
// costs adapters that compute on the CPU more than twice as much.
var<private> is_first: vec4<u32>; // of blocks 0..3
var<private> is_last: vec4<u32>;  // of blocks 4..7
var<private> is_pair: vec4<u32>;  // of two blocks each
var<private> is_odd: bool;        // the second of its two

fn begin_block(block: u32) {
    let own = vec4<u32>(block & 7u);
    is_first = select(vec4<u32>(0u), vec4<u32>(0xffffffffu), own == vec4<u32>(0u, 1u, 2u, 3u));
    is_last = select(vec4<u32>(0u), vec4<u32>(0xffffffffu), own == vec4<u32>(4u, 5u, 6u, 7u));
    is_pair = vec4<u32>(is_first.xz | is_first.yw, is_last.xz | is_last.yw);
    is_odd = (block & 1u) == 1u;
}

// The u32 of the block at hand, of eight.
fn of_block(first: vec4<u32>, last: vec4<u32>) -> u32 {
    let own = (first & is_first) | (last & is_last);
    return own.x | own.y | own.z | own.w;
}

// The f16 of the block at hand, of eight in four u32.
fn half_of_block(pairs: vec4<u32>) -> f32 {
    let own = pairs & is_pair;
    let two = unpack2x16float(own.x | own.y | own.z | own.w);
    return select(two.x, two.y, is_odd);
}
