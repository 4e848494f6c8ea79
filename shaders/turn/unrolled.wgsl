// All eight rows meet a block one after the other, written out: for GPUs, whose registers cannot be indexed.
fn dot_tile(tile: Tile, w: Rows, block: u32) -> Tile {
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
