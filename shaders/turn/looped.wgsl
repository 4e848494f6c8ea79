// The row that is next always has the first place, so that one loop goes through all of them: a fifth of the code, for adapters
// that compile on the CPU.
fn dot_tile(tile: Tile, w: Rows, block: u32) -> Tile {
    var turned = tile;
    for (var t = 0u; t < 8u; t++) {
        let done = dot_block(turned.t0, w, t, block);
        turned = Tile(turned.t1, turned.t2, turned.t3, turned.t4, turned.t5, turned.t6, turned.t7, done);
    }
    return turned;
}

// A lane has all of a row's sums.
fn write_tile(totals: Totals, group: vec3<u32>, rows: u32, pair: u32, lane: u32) {
    write_token(totals.t0, group, 0u, pair);
    if (rows > 1u) {
        write_token(totals.t1, group, 1u, pair);
    }
    if (rows > 2u) {
        write_token(totals.t2, group, 2u, pair);
    }
    if (rows > 3u) {
        write_token(totals.t3, group, 3u, pair);
    }
    if (rows > 4u) {
        write_token(totals.t4, group, 4u, pair);
    }
    if (rows > 5u) {
        write_token(totals.t5, group, 5u, pair);
    }
    if (rows > 6u) {
        write_token(totals.t6, group, 6u, pair);
    }
    if (rows > 7u) {
        write_token(totals.t7, group, 7u, pair);
    }
}
