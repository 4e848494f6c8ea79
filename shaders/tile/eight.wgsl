// A tile of up to eight rows of x; rows past the last one repeat it. Written out, since not every compiler unrolls loops.
// Part: turn/* dot_tile(), write_tile().
struct Tile {
    t0: Token,
    t1: Token,
    t2: Token,
    t3: Token,
    t4: Token,
    t5: Token,
    t6: Token,
    t7: Token,
}
struct Totals {
    t0: Sums,
    t1: Sums,
    t2: Sums,
    t3: Sums,
    t4: Sums,
    t5: Sums,
    t6: Sums,
    t7: Sums,
}

fn begin_tile(group: vec3<u32>, rows: u32, slot: u32) -> Tile {
    return Tile(
        begin_token(group, 0u, rows, slot),
        begin_token(group, 1u, rows, slot),
        begin_token(group, 2u, rows, slot),
        begin_token(group, 3u, rows, slot),
        begin_token(group, 4u, rows, slot),
        begin_token(group, 5u, rows, slot),
        begin_token(group, 6u, rows, slot),
        begin_token(group, 7u, rows, slot),
    );
}

// Adds what a slot's slab gave.
fn end_tile(totals: Totals, tile: Tile, group: vec3<u32>, rows: u32, slot: u32) -> Totals {
    let last = rows - 1u;
    return Totals(
        plus(totals.t0, end_token(tile.t0, 0u, weight_of(group, min(0u, last), slot))),
        plus(totals.t1, end_token(tile.t1, 1u, weight_of(group, min(1u, last), slot))),
        plus(totals.t2, end_token(tile.t2, 2u, weight_of(group, min(2u, last), slot))),
        plus(totals.t3, end_token(tile.t3, 3u, weight_of(group, min(3u, last), slot))),
        plus(totals.t4, end_token(tile.t4, 4u, weight_of(group, min(4u, last), slot))),
        plus(totals.t5, end_token(tile.t5, 5u, weight_of(group, min(5u, last), slot))),
        plus(totals.t6, end_token(tile.t6, 6u, weight_of(group, min(6u, last), slot))),
        plus(totals.t7, end_token(tile.t7, 7u, weight_of(group, min(7u, last), slot))),
    );
}
