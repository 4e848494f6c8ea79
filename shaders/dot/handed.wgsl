// Lanes of a subgroup of SUBGROUP, four or eight, each keep a share of a block of x, one or two quads, and hand them round: for
// adapters that read for each lane alone, so that a read of all lanes costs as many times what a lane's costs. Nothing is staged.

// The lane's number in its subgroup, without a builtin, so that a kernel's signature is the same with and without subgroups.
var<private> subgroup_lane: u32;

// A row of x on its way through K: the sums with a lane's four rows of W, this lane's part of Σx², and where it begins.
struct Token {
    sums: vec4<f32>,
    squares: f32,
    start: u32,
}

alias Staging = u32; // nothing

fn begin_token(group: vec3<u32>, t: u32, rows: u32, slot: u32) -> Token {
    return Token(vec4<f32>(0.0), 0.0, x_of(group, min(t, rows - 1u), slot));
}

fn begin_staging(group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Staging {
    subgroup_lane = subgroupExclusiveAdd(1u);
    return 0u;
}

fn stage(staging: Staging, k0: u32, lane: u32) -> Staging {
    return staging;
}

fn end_staging(staging: Staging, lane: u32) {}

// Every subgroup has all of x.
fn squares_of(token: Token, t: u32) -> f32 {
    return subgroupAdd(token.squares);
}

fn sums_of(token: Token) -> vec4<f32> {
    return token.sums;
}

// A lane goes through K alone.
fn slice_of(lane: u32) -> u32 {
    return 0u;
}

fn dot_eight(before: Tile, first: u32, past: u32, at: vec4<u32>, stride: u32, scales: RowScales, slice: u32) -> Tile {
    var tile = before;
    for (var block = first; block < min(first + 8u, past); block++) {
        tile = dot_rows(tile, block, at, stride, scales);
    }
    return tile;
}

fn gather(own: vec4<f32>, sums: vec4<f32>, t: u32, lane: u32) -> vec4<f32> {
    return sums;
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
