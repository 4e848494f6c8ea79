// The router's product for one token. Neighbouring lanes have neighbouring rows of W and read neighbouring words; since a
// router has few rows, the workgroup is divided into bands of `lanes` that share the blocks of x, and the bands' sums are
// added in their order. It depends on the router's shape alone, so a token's scores are the same bits alone and in a batch.
var<workgroup> xs: array<vec4<f32>, KT / 4u>; // a piece of g·x; always f32: a rounding may choose another expert
var<workgroup> sums: array<f32, WG>;

// Puts a piece of g·x, numbers k0 and on of the row that begins at `start`, into xs; gives this lane's part of Σx².
fn stage_piece(start: u32, k0: u32, lane: u32) -> f32 {
    var squares = 0.0;
    for (var i = lane; i < min(KT, p.blocks * 32u - k0) / 4u; i += WG) {
        let quad = k0 / 4u + i;
        let v = x_quad(start, quad);
        squares += dot(v, v);
        xs[i] = input_quad(v, quad);
    }
    return squares;
}

// Written out, since not every compiler unrolls loops over arrays.
fn dot_block(w: array<vec4<f32>, 8>, at: u32) -> vec4<f32> {
    let first = w[0] * xs[at] + w[1] * xs[at + 1u] + w[2] * xs[at + 2u] + w[3] * xs[at + 3u];
    return first + w[4] * xs[at + 4u] + w[5] * xs[at + 5u] + w[6] * xs[at + 6u] + w[7] * xs[at + 7u];
}

// The router's product, W · g·x, into scores; gives what it is to be multiplied by.
fn product(t: u32, lane: u32) -> f32 {
    let band = lane / p.lanes;
    var squares = 0.0;
    for (var first = 0u; first < p.rows; first += p.lanes) {
        let n = min(first + lane % p.lanes, p.rows - 1u);
        let second = n >= p.pairs;
        let row = row_at(0u, n - select(0u, p.pairs, second)) + select(0u, SECOND, second);
        var sum = vec4<f32>(0.0);
        squares = 0.0;
        for (var k0 = 0u; k0 < p.k; k0 += KT) {
            workgroupBarrier();
            squares += stage_piece(x_start(t * p.k), k0, lane);
            workgroupBarrier();
            let block0 = k0 / 32u;
            let blocks = select(0u, min(KT / 32u, p.blocks - block0), band < p.bands); // lanes behind the bands rest
            for (var b = band; b < blocks; b += p.bands) {
                let block = block0 + b;
                let own = load_scales(block / 8u, row);
                begin_block(block);
                sum += dot_block(load_block(block, row, own), 8u * b);
            }
        }
        sums[lane] = dot(sum, vec4<f32>(1.0));
        workgroupBarrier();
        if (lane < p.lanes && first + lane < p.rows) {
            var z = 0.0;
            for (var i = 0u; i < p.bands; i++) {
                z += sums[i * p.lanes + lane];
            }
            scores[first + lane] = z;
        }
    }
    return row_scale(reduce_add(squares, lane));
}
