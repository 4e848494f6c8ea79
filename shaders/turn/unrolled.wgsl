// All eight rows meet a block one after the other, written out: for GPUs, whose registers cannot be indexed.
fn dot_tile(tile: Tile, rows: u32, w: LaneRows, block: u32) -> Tile {
    return Tile(
        dot_block(tile.t0, w, 0u, block),
        dot_block(tile.t1, w, 1u, block),
        dot_block(tile.t2, w, 2u, block),
        dot_block(tile.t3, w, 3u, block),
        dot_block(tile.t4, w, 4u, block),
        dot_block(tile.t5, w, 5u, block),
        dot_block(tile.t6, w, 6u, block),
        dot_block(tile.t7, w, 7u, block),
    );
}

// The lanes of slice t write row t, all rows at once.
fn write_tile(totals: Totals, group: vec3<u32>, rows: u32, pair: u32, lane: u32) {
    var own = gather(Sums(), totals.t0, 0u, lane);
    own = gather(own, totals.t1, 1u, lane);
    own = gather(own, totals.t2, 2u, lane);
    own = gather(own, totals.t3, 3u, lane);
    own = gather(own, totals.t4, 4u, lane);
    own = gather(own, totals.t5, 5u, lane);
    own = gather(own, totals.t6, 6u, lane);
    own = gather(own, totals.t7, 7u, lane);
    let t = slice_of(lane);
    if (t < rows) {
        write_token(own, group, t, pair);
    }
}
