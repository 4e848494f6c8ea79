// What a block of each of a lane's rows adds to the tile's sums: all are unpacked, then meet the tile's rows of x.
fn dot_rows(tile: Tile, block: u32, at: LaneAt, scales: LaneScales) -> Tile {
    return dot_tile(tile, lane_rows(block, at, scales), block);
}
