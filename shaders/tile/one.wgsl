// A tile of one row of x.
alias Tile = Token;
alias Totals = vec4<f32>;

fn begin_tile(group: vec3<u32>, rows: u32, slot: u32) -> Tile {
    return Token(vec4<f32>(0.0), 0.0, x_of(group, 0u, slot));
}

fn stage_tile(tile: Tile, k0: u32, lane: u32) -> Tile {
    return stage(tile, 0u, k0, lane);
}

fn dot_tile(tile: Tile, w: Rows, block: u32) -> Tile {
    return dot_block(tile, w, 0u, block);
}

// Adds what a slot's slab gave.
fn end_tile(totals: Totals, tile: Tile, offset: vec4<f32>, group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Totals {
    return totals + end_token(tile, offset, weight_of(group, 0u, slot), lane);
}

fn write_tile(totals: Totals, group: vec3<u32>, rows: u32, pair: u32) {
    write_token(totals, group, 0u, pair);
}
