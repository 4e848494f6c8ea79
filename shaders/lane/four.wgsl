// A lane keeps four rows of W: two pairs, SPREAD apart.
alias Sums = vec4<f32>;
alias LaneAt = vec4<u32>;
alias LaneScales = RowScales;
alias LaneRows = Rows;

fn scaled(sums: Sums, scale: f32) -> Sums {
    return sums * scale;
}

fn plus(a: Sums, b: Sums) -> Sums {
    return a + b;
}

fn pair_of(lane: u32) -> u32 {
    let of_slice = lane % ROW_LANES;
    return of_slice / SPREAD * (2u * SPREAD) + of_slice % SPREAD;
}

fn lane_at(of_page: u32, pair: u32) -> LaneAt {
    return rows_at(of_page, vec2<u32>(pair, pair + SPREAD));
}

fn lane_scales(eight: u32, at: LaneAt) -> LaneScales {
    return row_scales(eight, at);
}

fn lane_rows(block: u32, at: LaneAt, scales: LaneScales) -> LaneRows {
    return rows_of_block(block, at, scales);
}

fn dot_lane(w: LaneRows, x: BlockOfX) -> Sums {
    return dot_rows_of(w, x);
}

fn write_token(sums: Sums, group: vec3<u32>, t: u32, pair: u32) {
    write_pairs(sums, group, t, vec2<u32>(pair, pair + SPREAD));
}
