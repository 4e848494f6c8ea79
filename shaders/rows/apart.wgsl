// What a block of each of a lane's rows adds to one row's sums: one after the other, so that few numbers are in use at a time. Some
// adapters that compute on the CPU keep none in registers otherwise.
fn dot_rows(tile: Tile, rows: u32, block: u32, at: LaneAt, scales: LaneScales) -> Tile {
    begin_block(block);
    let x = block_of_x(tile.start, block);
    let sums = dot_lane_apart(block, at, scales, x);
    return Token(plus(tile.sums, sums), tile.squares + x.squares, tile.start);
}
