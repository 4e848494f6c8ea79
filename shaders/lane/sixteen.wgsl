// A lane keeps sixteen rows of W, eight pairs that are SPREAD apart: what one row of x costs is shared by four times as many as four.
struct Sums {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
}
struct LaneAt {
    a: vec4<u32>,
    b: vec4<u32>,
    c: vec4<u32>,
    d: vec4<u32>,
}
struct LaneScales {
    a: RowScales,
    b: RowScales,
    c: RowScales,
    d: RowScales,
}
struct LaneRows {
    a: Rows,
    b: Rows,
    c: Rows,
    d: Rows,
}

fn scaled(sums: Sums, scale: f32) -> Sums {
    return Sums(sums.a * scale, sums.b * scale, sums.c * scale, sums.d * scale);
}

fn plus(v: Sums, w: Sums) -> Sums {
    return Sums(v.a + w.a, v.b + w.b, v.c + w.c, v.d + w.d);
}

fn pair_of(lane: u32) -> u32 {
    return lane / SPREAD * (8u * SPREAD) + lane % SPREAD;
}

// The i-th two of a lane's pairs.
fn two_pairs(pair: u32, i: u32) -> vec2<u32> {
    let first = pair + 2u * i * SPREAD;
    return vec2<u32>(first, first + SPREAD);
}

fn lane_at(of_page: u32, pair: u32) -> LaneAt {
    return LaneAt(
        rows_at(of_page, two_pairs(pair, 0u)),
        rows_at(of_page, two_pairs(pair, 1u)),
        rows_at(of_page, two_pairs(pair, 2u)),
        rows_at(of_page, two_pairs(pair, 3u)),
    );
}

fn lane_scales(eight: u32, at: LaneAt) -> LaneScales {
    return LaneScales(row_scales(eight, at.a), row_scales(eight, at.b), row_scales(eight, at.c), row_scales(eight, at.d));
}

fn lane_rows(block: u32, at: LaneAt, scales: LaneScales) -> LaneRows {
    return LaneRows(
        rows_of_block(block, at.a, scales.a),
        rows_of_block(block, at.b, scales.b),
        rows_of_block(block, at.c, scales.c),
        rows_of_block(block, at.d, scales.d),
    );
}

fn dot_lane(w: LaneRows, x: BlockOfX) -> Sums {
    return Sums(dot_rows_of(w.a, x), dot_rows_of(w.b, x), dot_rows_of(w.c, x), dot_rows_of(w.d, x));
}

fn dot_lane_apart(block: u32, at: LaneAt, scales: LaneScales, x: BlockOfX) -> Sums {
    return Sums(
        dot_one_by_one(block, at.a, scales.a, x),
        dot_one_by_one(block, at.b, scales.b, x),
        dot_one_by_one(block, at.c, scales.c, x),
        dot_one_by_one(block, at.d, scales.d, x),
    );
}

fn write_token(sums: Sums, group: vec3<u32>, t: u32, pair: u32) {
    write_pairs(sums.a, group, t, two_pairs(pair, 0u));
    write_pairs(sums.b, group, t, two_pairs(pair, 1u));
    write_pairs(sums.c, group, t, two_pairs(pair, 2u));
    write_pairs(sums.d, group, t, two_pairs(pair, 3u));
}
