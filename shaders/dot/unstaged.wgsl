// Nothing is staged, and a lane goes through K alone: for adapters that compute on the CPU, where a read of all lanes costs as many
// times what a lane's costs, and a barrier as much as starting all of them again.
// Parts: dot/handed, dot/own: begin_staging(), squares_of(), dot_block().

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

fn stage(staging: Staging, k0: u32, lane: u32) -> Staging {
    return staging;
}

fn end_staging(staging: Staging, lane: u32) {}

fn sums_of(token: Token) -> vec4<f32> {
    return token.sums;
}

fn slice_of(lane: u32) -> u32 {
    return 0u;
}

fn dot_eight(before: Tile, first: u32, past: u32, at: vec4<u32>, scales: RowScales, slice: u32) -> Tile {
    var tile = before;
    for (var block = first; block < min(first + 8u, past); block++) {
        tile = dot_rows(tile, block, at, scales);
    }
    return tile;
}

fn gather(own: vec4<f32>, sums: vec4<f32>, t: u32, lane: u32) -> vec4<f32> {
    return sums;
}
