// Lanes of a subgroup of SUBGROUP, four or eight, each keep a share of eight quads of a query, or of eight positions'
// probabilities, and hand them round: for adapters that read for each lane alone, so that a read of all lanes costs as many
// times what a lane's costs. Part: hand/* hand_quads(), hand_numbers().
//
// The row that is next always has the first place, and no compiler knows how often the loop goes round, so that none writes out
// the rows, which here takes seconds and tens of megabytes. The turns themselves are written out: in a loop, some compilers would
// read each row from a place that they take to be another one for each lane.
struct TurnedDots {
    r0: f32,
    r1: f32,
    r2: f32,
    r3: f32,
    r4: f32,
    r5: f32,
    r6: f32,
    r7: f32,
}

struct TurnedSums {
    r0: vec4<f32>,
    r1: vec4<f32>,
    r2: vec4<f32>,
    r3: vec4<f32>,
    r4: vec4<f32>,
    r5: vec4<f32>,
    r6: vec4<f32>,
    r7: vec4<f32>,
}

// What is done takes the last of ROWS places.
fn turn_dots(d: TurnedDots, done: f32) -> TurnedDots {
    return TurnedDots(
        select(d.r1, done, ROWS == 1u), select(d.r2, done, ROWS == 2u), select(d.r3, done, ROWS == 3u), select(d.r4, done, ROWS == 4u),
        select(d.r5, done, ROWS == 5u), select(d.r6, done, ROWS == 6u), select(d.r7, done, ROWS == 7u), done,
    );
}

fn turn_sums(s: TurnedSums, done: vec4<f32>) -> TurnedSums {
    return TurnedSums(
        select(s.r1, done, ROWS == 1u), select(s.r2, done, ROWS == 2u), select(s.r3, done, ROWS == 3u), select(s.r4, done, ROWS == 4u),
        select(s.r5, done, ROWS == 5u), select(s.r6, done, ROWS == 6u), select(s.r7, done, ROWS == 7u), done,
    );
}

// A row's quad of the query; zero past its end.
fn query(r: u32, c: u32) -> vec4<f32> {
    return select(vec4<f32>(0.0), q[r * Q4 + min(c, Q4 - 1u)], c < Q4);
}

// This lane's position with every row's query.
fn dot_queries(cell: u32, lane: u32) -> Dots {
    let subgroup_lane = subgroupExclusiveAdd(1u);
    var turned = TurnedDots();
    for (var c = 0u; c < C4; c += 8u) {
        let near = key(cell, c / 4u, lane);
        let far = key(cell, min(c / 4u + 1u, C16 - 1u), lane);
        for (var r = 0u; r < ROWS + p.zero; r++) {
            let own = hand_quads(query(r, c + subgroup_lane), query(r, c + subgroup_lane % 4u + 4u));
            var sum = turned.r0;
            sum += dot(own[0], near.a);
            sum += dot(own[1], near.b);
            sum += dot(own[2], near.c);
            sum += dot(own[3], near.d);
            sum += dot(own[4], far.a);
            sum += dot(own[5], far.b);
            sum += dot(own[6], far.c);
            sum += dot(own[7], far.d);
            turned = turn_dots(turned, sum);
        }
    }
    var dots = Dots(); // from the end on: what is behind the last row is overwritten by it
    dots[min(7u, ROWS - 1u)] = turned.r7;
    dots[min(6u, ROWS - 1u)] = turned.r6;
    dots[min(5u, ROWS - 1u)] = turned.r5;
    dots[min(4u, ROWS - 1u)] = turned.r4;
    dots[min(3u, ROWS - 1u)] = turned.r3;
    dots[min(2u, ROWS - 1u)] = turned.r2;
    dots[min(1u, ROWS - 1u)] = turned.r1;
    dots[0] = turned.r0;
    return dots;
}

// Adds four channels of the values of a share of the first n positions to every row's sums. Shares come by eight positions, so
// that all lanes go round equally often; past n, probabilities are zero.
fn add_values(sums: Sums, i: u32, quad: u32, tile: u32, kv: u32, share: u32, n: u32) -> Sums {
    let subgroup_lane = subgroupExclusiveAdd(1u);
    let own = select(i, 0u, V_QUADS == 1u) * ROWS; // constant, if there is one quad
    var turned = TurnedSums(
        sums[own],
        sums[own + min(1u, ROWS - 1u)],
        sums[own + min(2u, ROWS - 1u)],
        sums[own + min(3u, ROWS - 1u)],
        sums[own + min(4u, ROWS - 1u)],
        sums[own + min(5u, ROWS - 1u)],
        sums[own + min(6u, ROWS - 1u)],
        sums[own + min(7u, ROWS - 1u)],
    );
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
            let handed = hand_numbers(scores[at + subgroup_lane], scores[at + subgroup_lane % 4u + 4u]);
            var sum = turned.r0;
            sum += handed[0] * v0;
            sum += handed[1] * v1;
            sum += handed[2] * v2;
            sum += handed[3] * v3;
            sum += handed[4] * v4;
            sum += handed[5] * v5;
            sum += handed[6] * v6;
            sum += handed[7] * v7;
            turned = turn_sums(turned, sum);
        }
    }
    var o = sums;
    o[own + min(7u, ROWS - 1u)] = turned.r7;
    o[own + min(6u, ROWS - 1u)] = turned.r6;
    o[own + min(5u, ROWS - 1u)] = turned.r5;
    o[own + min(4u, ROWS - 1u)] = turned.r4;
    o[own + min(3u, ROWS - 1u)] = turned.r3;
    o[own + min(2u, ROWS - 1u)] = turned.r2;
    o[own + min(1u, ROWS - 1u)] = turned.r1;
    o[own] = turned.r0;
    return o;
}
