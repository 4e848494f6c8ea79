// Lanes of a subgroup of SUBGROUP, four or eight, each keep a share of a block of x, one or two quads, and hand them round.

// The lane's number in its subgroup, without a builtin, so that a kernel's signature is the same with and without subgroups.
var<private> subgroup_lane: u32;

fn begin_staging(group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Staging {
    subgroup_lane = subgroupExclusiveAdd(1u);
    return 0u;
}

// Every subgroup has all of x.
fn squares_of(token: Token, t: u32) -> f32 {
    return subgroupAdd(token.squares);
}

// Adds four rows' products with a block of a row of x. Written out: a lane to hand from has to be a constant.
fn dot_block(token: Token, w: Rows, t: u32, block: u32) -> Token {
    let k = block * 32u + subgroup_lane * 4u;
    let u = x_quad(token.start, k);
    let near = u * input_gain(k);
    // The other half of the block, where a subgroup is half as many lanes; otherwise nobody uses it.
    let other = block * 32u + (subgroup_lane % 4u) * 4u + 16u;
    let v = x_quad(token.start, other);
    let far = v * input_gain(other);
    let squares = dot(u, u) + select(0.0, dot(v, v), SUBGROUP == 4u);
    var sums = vec4<f32>(0.0);
    sums = dot_quad(sums, w.a[0], w.b[0], w.c[0], w.d[0], subgroupBroadcast(select(near, far, 0u >= SUBGROUP), 0u % SUBGROUP));
    sums = dot_quad(sums, w.a[1], w.b[1], w.c[1], w.d[1], subgroupBroadcast(select(near, far, 1u >= SUBGROUP), 1u % SUBGROUP));
    sums = dot_quad(sums, w.a[2], w.b[2], w.c[2], w.d[2], subgroupBroadcast(select(near, far, 2u >= SUBGROUP), 2u % SUBGROUP));
    sums = dot_quad(sums, w.a[3], w.b[3], w.c[3], w.d[3], subgroupBroadcast(select(near, far, 3u >= SUBGROUP), 3u % SUBGROUP));
    sums = dot_quad(sums, w.a[4], w.b[4], w.c[4], w.d[4], subgroupBroadcast(select(near, far, 4u >= SUBGROUP), 4u % SUBGROUP));
    sums = dot_quad(sums, w.a[5], w.b[5], w.c[5], w.d[5], subgroupBroadcast(select(near, far, 5u >= SUBGROUP), 5u % SUBGROUP));
    sums = dot_quad(sums, w.a[6], w.b[6], w.c[6], w.d[6], subgroupBroadcast(select(near, far, 6u >= SUBGROUP), 6u % SUBGROUP));
    sums = dot_quad(sums, w.a[7], w.b[7], w.c[7], w.d[7], subgroupBroadcast(select(near, far, 7u >= SUBGROUP), 7u % SUBGROUP));
    return Token(token.sums + sums, token.squares + squares, token.start);
}
