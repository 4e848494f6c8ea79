// A workgroup stages KT numbers of each row of x in workgroup memory, and every lane reads them there: for GPUs, where all
// lanes that read one address share the read.
var<workgroup> xs: array<vec4<act>, TILE_T * KT / 4u>;

// Puts numbers k0 .. of a row of x where row t of the tile lies, and adds to this lane's part of Σx²: number by number, so that
// KT does not matter.
fn stage(token: Token, t: u32, k0: u32, lane: u32) -> Token {
    var squares = token.squares;
    for (var i = lane; i < min(KT, p.blocks * 32u - k0) / 4u; i += WG) {
        let v = x_quad(token.start, k0 + 4u * i);
        squares += dot(v, v);
        xs[t * (KT / 4u) + i] = vec4<act>(v * input_gain(k0 + 4u * i));
    }
    return Token(token.sums, squares, token.start);
}

fn begin_stage() {
    workgroupBarrier();
}

fn end_stage() {
    workgroupBarrier();
}

fn sum_of_squares(squares: f32, lane: u32) -> f32 {
    return reduce_add(squares, lane);
}

// Adds four rows' products with a block of row t of the tile.
fn dot_block(token: Token, w: Rows, t: u32, block: u32) -> Token {
    let at = t * (KT / 4u) + block % (KT / 32u) * 8u;
    var sums = vec4<f32>(0.0);
    sums = dot_quad(sums, w.a[0], w.b[0], w.c[0], w.d[0], vec4<f32>(xs[at]));
    sums = dot_quad(sums, w.a[1], w.b[1], w.c[1], w.d[1], vec4<f32>(xs[at + 1u]));
    sums = dot_quad(sums, w.a[2], w.b[2], w.c[2], w.d[2], vec4<f32>(xs[at + 2u]));
    sums = dot_quad(sums, w.a[3], w.b[3], w.c[3], w.d[3], vec4<f32>(xs[at + 3u]));
    sums = dot_quad(sums, w.a[4], w.b[4], w.c[4], w.d[4], vec4<f32>(xs[at + 4u]));
    sums = dot_quad(sums, w.a[5], w.b[5], w.c[5], w.d[5], vec4<f32>(xs[at + 5u]));
    sums = dot_quad(sums, w.a[6], w.b[6], w.c[6], w.d[6], vec4<f32>(xs[at + 6u]));
    sums = dot_quad(sums, w.a[7], w.b[7], w.c[7], w.d[7], vec4<f32>(xs[at + 7u]));
    return Token(token.sums + sums, token.squares, token.start);
}
