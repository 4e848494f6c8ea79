// What a block of each of a lane's rows adds to the tile's sums: all are unpacked, then meet the tile's rows of x.
fn dot_rows(tile: Tile, rows: u32, block: u32, at: LaneAt, scales: LaneScales) -> Tile {
    begin_block(block);
    return dot_tile(tile, rows, lane_rows(block, at, scales), block);
}
