// The row that is next always has the first place, so that one loop goes through all of them: a fifth of the code, for adapters
// that compile on the CPU. Past the tile's last row nothing is computed.
fn dot_tile(tile: Tile, rows: u32, w: LaneRows, block: u32) -> Tile {
    var turned = tile;
    for (var t = 0u; t < rows; t++) {
        let done = dot_block(turned.t0, w, t, block);
        turned = Tile(turned.t1, turned.t2, turned.t3, turned.t4, turned.t5, turned.t6, turned.t7, done);
    }
    for (var t = rows; t < 8u; t++) {
        turned = Tile(turned.t1, turned.t2, turned.t3, turned.t4, turned.t5, turned.t6, turned.t7, turned.t0);
    }
    return turned;
}

// A lane has all of a row's sums.
fn write_tile(totals: Totals, group: vec3<u32>, rows: u32, pair: u32, lane: u32) {
    var turned = totals;
    for (var t = 0u; t < rows; t++) {
        write_token(turned.t0, group, t, pair);
        turned = Totals(turned.t1, turned.t2, turned.t3, turned.t4, turned.t5, turned.t6, turned.t7, turned.t0);
    }
}
