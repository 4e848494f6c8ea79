// Nothing is staged, and a lane goes through K alone: for adapters that compute on the CPU, where a read of all lanes costs as many
// times what a lane's costs, and a barrier as much as starting all of them again.
// Parts: dot/handed, dot/own: begin_staging(), squares_of(), block_of_x(); weights/factored.

// A row of x on its way through K: the sums with a lane's rows of W, this lane's part of Σx², and where it begins.
struct Token {
    sums: Sums,
    squares: f32,
    start: u32, // as x_start() says it
}

alias Staging = u32; // nothing

fn begin_token(group: vec3<u32>, t: u32, rows: u32, slot: u32) -> Token {
    return Token(Sums(), 0.0, x_start(x_of(group, min(t, rows - 1u), slot)));
}

fn stage(staging: Staging, k0: u32, lane: u32) -> Staging {
    return staging;
}

fn end_staging(staging: Staging, lane: u32) {}

fn sums_of(token: Token) -> Sums {
    return token.sums;
}

fn slice_of(lane: u32) -> u32 {
    return 0u;
}

fn dot_eight(before: Tile, rows: u32, first: u32, past: u32, at: LaneAt, scales: LaneScales, slice: u32) -> Tile {
    var tile = before;
    for (var block = first; block < min(first + 8u, past); block++) {
        tile = dot_rows(tile, rows, block, at, scales);
    }
    return tile;
}

fn dot_block(token: Token, w: LaneRows, t: u32, block: u32) -> Token {
    let x = block_of_x(token.start, block);
    let sums = dot_lane(w, x);
    return Token(plus(token.sums, sums), token.squares + x.squares, token.start);
}

fn gather(own: Sums, sums: Sums, t: u32, lane: u32) -> Sums {
    return sums;
}
