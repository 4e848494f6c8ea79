// A tile of up to eight rows of x; rows past the last one repeat it. Written out, since not every compiler unrolls loops.
// Part: turn/* dot_tile().
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
    t0: vec4<f32>,
    t1: vec4<f32>,
    t2: vec4<f32>,
    t3: vec4<f32>,
    t4: vec4<f32>,
    t5: vec4<f32>,
    t6: vec4<f32>,
    t7: vec4<f32>,
}

fn begin_token(group: vec3<u32>, t: u32, rows: u32, slot: u32) -> Token {
    return Token(vec4<f32>(0.0), 0.0, x_of(group, min(t, rows - 1u), slot));
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

fn stage_tile(tile: Tile, k0: u32, lane: u32) -> Tile {
    return Tile(
        stage(tile.t0, 0u, k0, lane),
        stage(tile.t1, 1u, k0, lane),
        stage(tile.t2, 2u, k0, lane),
        stage(tile.t3, 3u, k0, lane),
        stage(tile.t4, 4u, k0, lane),
        stage(tile.t5, 5u, k0, lane),
        stage(tile.t6, 6u, k0, lane),
        stage(tile.t7, 7u, k0, lane),
    );
}

// Adds what a slot's slab gave.
fn end_tile(totals: Totals, tile: Tile, offset: vec4<f32>, group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Totals {
    let last = rows - 1u;
    return Totals(
        totals.t0 + end_token(tile.t0, offset, weight_of(group, min(0u, last), slot), lane),
        totals.t1 + end_token(tile.t1, offset, weight_of(group, min(1u, last), slot), lane),
        totals.t2 + end_token(tile.t2, offset, weight_of(group, min(2u, last), slot), lane),
        totals.t3 + end_token(tile.t3, offset, weight_of(group, min(3u, last), slot), lane),
        totals.t4 + end_token(tile.t4, offset, weight_of(group, min(4u, last), slot), lane),
        totals.t5 + end_token(tile.t5, offset, weight_of(group, min(5u, last), slot), lane),
        totals.t6 + end_token(tile.t6, offset, weight_of(group, min(6u, last), slot), lane),
        totals.t7 + end_token(tile.t7, offset, weight_of(group, min(7u, last), slot), lane),
    );
}

fn write_tile(totals: Totals, group: vec3<u32>, rows: u32, pair: u32) {
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
