// A tile of one row of x.
alias Tile = Token;
alias Totals = Sums;

fn begin_tile(group: vec3<u32>, rows: u32, slot: u32) -> Tile {
    return begin_token(group, 0u, rows, slot);
}

fn dot_tile(tile: Tile, rows: u32, w: LaneRows, block: u32) -> Tile {
    return dot_block(tile, w, 0u, block);
}

// Adds what a slot's slab gave.
fn end_tile(totals: Totals, tile: Tile, group: vec3<u32>, rows: u32, slot: u32) -> Totals {
    return plus(totals, end_token(tile, 0u, weight_of(group, 0u, slot)));
}

fn write_tile(totals: Totals, group: vec3<u32>, rows: u32, pair: u32, lane: u32) {
    let own = gather(Sums(), totals, 0u, lane);
    if (slice_of(lane) == 0u) {
        write_token(own, group, 0u, pair);
    }
}
