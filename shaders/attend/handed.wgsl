// Lanes of a subgroup of SUBGROUP, four or eight, each keep a share of eight quads of a query, or of eight positions'
// probabilities, and hand them round: for adapters that read for each lane alone, so that a read of all lanes costs as many
// times what a lane's costs. Part: hand/* hand_quads(), hand_numbers().
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
            let own = hand_quads(query(r, c + subgroup_lane), query(r, c + subgroup_lane % 4u + 4u));
            var sum = dots[0];
            sum += dot(own[0], k0);
            sum += dot(own[1], k1);
            sum += dot(own[2], k2);
            sum += dot(own[3], k3);
            sum += dot(own[4], k4);
            sum += dot(own[5], k5);
            sum += dot(own[6], k6);
            sum += dot(own[7], k7);
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
            let at = r * 64u + s;
            let own = hand_numbers(scores[at + subgroup_lane], scores[at + subgroup_lane % 4u + 4u]);
            var sum = row[0];
            sum += own[0] * v0;
            sum += own[1] * v1;
            sum += own[2] * v2;
            sum += own[3] * v3;
            sum += own[4] * v4;
            sum += own[5] * v5;
            sum += own[6] * v6;
            sum += own[7] * v7;
            row = turn_row(row, sum);
        }
    }
    var o = sums;
    for (var r = 0u; r < ROWS; r++) {
        o[i * ROWS + r] = row[r];
    }
    return o;
}
