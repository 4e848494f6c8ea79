// A lane keeps eight rows of W, four pairs that are SPREAD apart: what one row of x costs is shared by twice as many.
struct Sums {
    near: vec4<f32>,
    far: vec4<f32>,
}
struct LaneAt {
    near: vec4<u32>,
    far: vec4<u32>,
}
struct LaneScales {
    near: RowScales,
    far: RowScales,
}
struct LaneRows {
    near: Rows,
    far: Rows,
}

fn scaled(sums: Sums, scale: f32) -> Sums {
    return Sums(sums.near * scale, sums.far * scale);
}

fn plus(a: Sums, b: Sums) -> Sums {
    return Sums(a.near + b.near, a.far + b.far);
}

fn pair_of(lane: u32) -> u32 {
    return lane / SPREAD * (4u * SPREAD) + lane % SPREAD;
}

fn lane_at(of_page: u32, pair: u32) -> LaneAt {
    return LaneAt(
        rows_at(of_page, vec2<u32>(pair, pair + SPREAD)),
        rows_at(of_page, vec2<u32>(pair + 2u * SPREAD, pair + 3u * SPREAD)),
    );
}

fn lane_scales(eight: u32, at: LaneAt) -> LaneScales {
    return LaneScales(row_scales(eight, at.near), row_scales(eight, at.far));
}

fn lane_rows(block: u32, at: LaneAt, scales: LaneScales) -> LaneRows {
    return LaneRows(rows_of_block(block, at.near, scales.near), rows_of_block(block, at.far, scales.far));
}

fn dot_lane(w: LaneRows, x: BlockOfX) -> Sums {
    return Sums(dot_rows_of(w.near, x), dot_rows_of(w.far, x));
}

fn dot_lane_apart(block: u32, at: LaneAt, scales: LaneScales, x: BlockOfX) -> Sums {
    return Sums(dot_one_by_one(block, at.near, scales.near, x), dot_one_by_one(block, at.far, scales.far, x));
}

fn write_token(sums: Sums, group: vec3<u32>, t: u32, pair: u32) {
    write_pairs(sums.near, group, t, vec2<u32>(pair, pair + SPREAD));
    write_pairs(sums.far, group, t, vec2<u32>(pair + 2u * SPREAD, pair + 3u * SPREAD));
}
