// Lanes of a subgroup of SUBGROUP, four or eight, each keep a share of eight quads of a query, or of eight positions'
// probabilities, and hand them round: for adapters that read for each lane alone, so that a read of all lanes costs as many
// times what a lane's costs. Written out: a lane to hand from has to be a constant.
//
// The row that is next always has the first place, and no compiler knows how often the loop goes round, so that none writes out
// the rows, which here takes seconds and tens of megabytes.
alias Row = array<vec4<f32>, ROWS>;

fn turn_dots(dots: Dots, last: f32) -> Dots {
    var turned = Dots();
    for (var r = 1u; r < ROWS; r++) {
        turned[r - 1u] = dots[r];
    }
    turned[ROWS - 1u] = last;
    return turned;
}

fn turn_row(row: Row, last: vec4<f32>) -> Row {
    var turned = Row();
    for (var r = 1u; r < ROWS; r++) {
        turned[r - 1u] = row[r];
    }
    turned[ROWS - 1u] = last;
    return turned;
}

// A row's quad of the query; zero past its end.
fn query(r: u32, c: u32) -> vec4<f32> {
    return select(vec4<f32>(0.0), q[r * C4 + min(c, C4 - 1u)], c < C4);
}

fn key_within(cell: u32, c: u32, lane: u32) -> vec4<f32> {
    return key(cell, min(c, C4 - 1u), lane);
}

// This lane's position with every row's query.
fn dot_queries(cell: u32, lane: u32) -> Dots {
    let subgroup_lane = subgroupExclusiveAdd(1u);
    var dots = Dots();
    for (var c = 0u; c < C4; c += 8u) {
        let k0 = key_within(cell, c + 0u, lane);
        let k1 = key_within(cell, c + 1u, lane);
        let k2 = key_within(cell, c + 2u, lane);
        let k3 = key_within(cell, c + 3u, lane);
        let k4 = key_within(cell, c + 4u, lane);
        let k5 = key_within(cell, c + 5u, lane);
        let k6 = key_within(cell, c + 6u, lane);
        let k7 = key_within(cell, c + 7u, lane);
        for (var r = 0u; r < ROWS + p.zero; r++) {
            let near = query(r, c + subgroup_lane);
            let far = query(r, c + subgroup_lane % 4u + 4u);
            var sum = dots[0];
            sum += dot(subgroupBroadcast(select(near, far, 0u >= SUBGROUP), 0u % SUBGROUP), k0);
            sum += dot(subgroupBroadcast(select(near, far, 1u >= SUBGROUP), 1u % SUBGROUP), k1);
            sum += dot(subgroupBroadcast(select(near, far, 2u >= SUBGROUP), 2u % SUBGROUP), k2);
            sum += dot(subgroupBroadcast(select(near, far, 3u >= SUBGROUP), 3u % SUBGROUP), k3);
            sum += dot(subgroupBroadcast(select(near, far, 4u >= SUBGROUP), 4u % SUBGROUP), k4);
            sum += dot(subgroupBroadcast(select(near, far, 5u >= SUBGROUP), 5u % SUBGROUP), k5);
            sum += dot(subgroupBroadcast(select(near, far, 6u >= SUBGROUP), 6u % SUBGROUP), k6);
            sum += dot(subgroupBroadcast(select(near, far, 7u >= SUBGROUP), 7u % SUBGROUP), k7);
            dots = turn_dots(dots, sum);
        }
    }
    return dots;
}

// Adds four channels of the values of a share of the first n positions to every row's sums. Shares come by eight positions, so
// that all lanes go round equally often; past n, probabilities are zero.
fn add_values(sums: Sums, i: u32, quad: u32, tile: u32, kv: u32, share: u32, n: u32) -> Sums {
    let subgroup_lane = subgroupExclusiveAdd(1u);
    var row = Row();
    for (var r = 0u; r < ROWS; r++) {
        row[r] = sums[i * ROWS + r];
    }
    for (var first = 0u; first < n; first += 8u * SHARES) {
        let s = first + 8u * share;
        let v0 = value(tile, s + 0u, kv, quad);
        let v1 = value(tile, s + 1u, kv, quad);
        let v2 = value(tile, s + 2u, kv, quad);
        let v3 = value(tile, s + 3u, kv, quad);
        let v4 = value(tile, s + 4u, kv, quad);
        let v5 = value(tile, s + 5u, kv, quad);
        let v6 = value(tile, s + 6u, kv, quad);
        let v7 = value(tile, s + 7u, kv, quad);
        for (var r = 0u; r < ROWS + p.zero; r++) {
            let near = scores[r * 64u + s + subgroup_lane];
            let far = scores[r * 64u + s + subgroup_lane % 4u + 4u];
            var sum = row[0];
            sum += subgroupBroadcast(select(near, far, 0u >= SUBGROUP), 0u % SUBGROUP) * v0;
            sum += subgroupBroadcast(select(near, far, 1u >= SUBGROUP), 1u % SUBGROUP) * v1;
            sum += subgroupBroadcast(select(near, far, 2u >= SUBGROUP), 2u % SUBGROUP) * v2;
            sum += subgroupBroadcast(select(near, far, 3u >= SUBGROUP), 3u % SUBGROUP) * v3;
            sum += subgroupBroadcast(select(near, far, 4u >= SUBGROUP), 4u % SUBGROUP) * v4;
            sum += subgroupBroadcast(select(near, far, 5u >= SUBGROUP), 5u % SUBGROUP) * v5;
            sum += subgroupBroadcast(select(near, far, 6u >= SUBGROUP), 6u % SUBGROUP) * v6;
            sum += subgroupBroadcast(select(near, far, 7u >= SUBGROUP), 7u % SUBGROUP) * v7;
            row = turn_row(row, sum);
        }
    }
    var o = sums;
    for (var r = 0u; r < ROWS; r++) {
        o[i * ROWS + r] = row[r];
    }
    return o;
}
