// Queries and probabilities are read from workgroup memory: for GPUs, where all lanes that read one address share the read.

// This lane's position with every row's query.
fn dot_queries(cell: u32, lane: u32) -> Dots {
    var dots = Dots();
    for (var c = 0u; c < C16; c++) {
        let k = key(cell, c, lane);
        for (var r = 0u; r < ROWS; r++) {
            let at = r * Q4 + 4u * c;
            var sum = dots[r];
            sum += dot(q[at], k.a);
            sum += dot(q[at + 1u], k.b);
            sum += dot(q[at + 2u], k.c);
            sum += dot(q[at + 3u], k.d);
            dots[r] = sum;
        }
    }
    return dots;
}

// Adds four channels of the values of a share of the first n positions to every row's sums.
fn add_values(sums: Sums, i: u32, quad: u32, tile: u32, kv: u32, share: u32, n: u32) -> Sums {
    var o = sums;
    for (var s = share; s < n; s += SHARES) {
        let v = value(tile, s, kv, quad);
        for (var r = 0u; r < ROWS; r++) {
            o[i * ROWS + r] += scores[r * 64u + s] * v;
        }
    }
    return o;
}
