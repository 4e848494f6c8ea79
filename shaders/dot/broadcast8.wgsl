// Lanes of a subgroup of 8 each keep a quad of a block of x and hand it round: for adapters that read for each lane alone, so
// that a read of all lanes costs 8 times what a lane's costs. Nothing is staged.

// The lane's number in its subgroup, without a builtin, so that a kernel's signature is the same with and without subgroups.
var<private> subgroup_lane: u32;

fn stage(token: Token, t: u32, k0: u32, lane: u32) -> Token {
    return token;
}

fn begin_stage() {
    subgroup_lane = subgroupExclusiveAdd(1u);
}

fn end_stage() {}

// Every subgroup has all of x.
fn sum_of_squares(squares: f32, lane: u32) -> f32 {
    return subgroupAdd(squares);
}

// Adds four rows' products with a block of a row of x.
fn dot_block(token: Token, w: Rows, t: u32, block: u32) -> Token {
    let k = block * 32u + subgroup_lane * 4u;
    let v = x_quad(token.start, k);
    let own = v * input_gain(k);
    var sums = vec4<f32>(0.0);
    sums = dot_quad(sums, w.a[0], w.b[0], w.c[0], w.d[0], subgroupBroadcast(own, 0u));
    sums = dot_quad(sums, w.a[1], w.b[1], w.c[1], w.d[1], subgroupBroadcast(own, 1u));
    sums = dot_quad(sums, w.a[2], w.b[2], w.c[2], w.d[2], subgroupBroadcast(own, 2u));
    sums = dot_quad(sums, w.a[3], w.b[3], w.c[3], w.d[3], subgroupBroadcast(own, 3u));
    sums = dot_quad(sums, w.a[4], w.b[4], w.c[4], w.d[4], subgroupBroadcast(own, 4u));
    sums = dot_quad(sums, w.a[5], w.b[5], w.c[5], w.d[5], subgroupBroadcast(own, 5u));
    sums = dot_quad(sums, w.a[6], w.b[6], w.c[6], w.d[6], subgroupBroadcast(own, 6u));
    sums = dot_quad(sums, w.a[7], w.b[7], w.c[7], w.d[7], subgroupBroadcast(own, 7u));
    return Token(token.sums + sums, token.squares + dot(v, v), token.start);
}
