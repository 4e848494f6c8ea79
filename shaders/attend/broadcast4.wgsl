// Lanes of a subgroup of 4 each keep one quad of a query, or one position's probability, and hand them round: for adapters
// that read for each lane alone, so that a read of all lanes costs 4 times what a lane's costs.

// A row's quad of the query; zero past its end.
fn query(r: u32, c: u32) -> vec4<f32> {
    return select(vec4<f32>(0.0), q[r * C4 + min(c, C4 - 1u)], c < C4);
}

fn key_within(cell: u32, c: u32, lane: u32) -> vec4<f32> {
    return key(cell, min(c, C4 - 1u), lane);
}

// This lane's position with every row's query.
fn dot_queries(cell: u32, lane: u32) -> Dots {
    let own = subgroupExclusiveAdd(1u);
    var dots = Dots();
    for (var c = 0u; c < C4; c += 4u) {
        let k0 = key_within(cell, c + 0u, lane);
        let k1 = key_within(cell, c + 1u, lane);
        let k2 = key_within(cell, c + 2u, lane);
        let k3 = key_within(cell, c + 3u, lane);
        for (var r = 0u; r < ROWS; r++) {
            let mine = query(r, c + own);
            var sum = dots[r];
            sum += dot(subgroupBroadcast(mine, 0u), k0);
            sum += dot(subgroupBroadcast(mine, 1u), k1);
            sum += dot(subgroupBroadcast(mine, 2u), k2);
            sum += dot(subgroupBroadcast(mine, 3u), k3);
            dots[r] = sum;
        }
    }
    return dots;
}

// Adds four channels of the values of a share of the first n positions to every row's sums. Shares come by 4 positions, so
// that all lanes go round equally often; past n, probabilities are zero.
fn add_values(sums: Sums, i: u32, quad: u32, tile: u32, kv: u32, share: u32, n: u32) -> Sums {
    let own = subgroupExclusiveAdd(1u);
    var o = sums;
    for (var first = 0u; first < n; first += 4u * SHARES) {
        let s = first + 4u * share;
        let v0 = value(tile, s + 0u, kv, quad);
        let v1 = value(tile, s + 1u, kv, quad);
        let v2 = value(tile, s + 2u, kv, quad);
        let v3 = value(tile, s + 3u, kv, quad);
        for (var r = 0u; r < ROWS; r++) {
            let mine = scores[r * 64u + s + own];
            var sum = o[i * ROWS + r];
            sum += subgroupBroadcast(mine, 0u) * v0;
            sum += subgroupBroadcast(mine, 1u) * v1;
            sum += subgroupBroadcast(mine, 2u) * v2;
            sum += subgroupBroadcast(mine, 3u) * v3;
            o[i * ROWS + r] = sum;
        }
    }
    return o;
}
