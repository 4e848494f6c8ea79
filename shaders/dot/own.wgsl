// Every lane reads all of x: where there are no subgroups to hand it round.

fn begin_staging(group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Staging {
    return 0u;
}

fn squares_of(token: Token, t: u32) -> f32 {
    return token.squares;
}

// Adds four rows' products with a block of a row of x. Written out, since not every compiler unrolls loops over arrays.
fn dot_block(token: Token, w: Rows, t: u32, block: u32) -> Token {
    let k = block * 32u;
    let x0 = x_quad(token.start, k + 0u);
    let x1 = x_quad(token.start, k + 4u);
    let x2 = x_quad(token.start, k + 8u);
    let x3 = x_quad(token.start, k + 12u);
    let x4 = x_quad(token.start, k + 16u);
    let x5 = x_quad(token.start, k + 20u);
    let x6 = x_quad(token.start, k + 24u);
    let x7 = x_quad(token.start, k + 28u);
    var squares = token.squares;
    if (NORMS) {
        squares += dot(x0, x0) + dot(x1, x1) + dot(x2, x2) + dot(x3, x3);
        squares += dot(x4, x4) + dot(x5, x5) + dot(x6, x6) + dot(x7, x7);
    }
    var sums = vec4<f32>(0.0);
    sums = dot_quad(sums, w.a[0], w.b[0], w.c[0], w.d[0], x0 * input_gain(k + 0u));
    sums = dot_quad(sums, w.a[1], w.b[1], w.c[1], w.d[1], x1 * input_gain(k + 4u));
    sums = dot_quad(sums, w.a[2], w.b[2], w.c[2], w.d[2], x2 * input_gain(k + 8u));
    sums = dot_quad(sums, w.a[3], w.b[3], w.c[3], w.d[3], x3 * input_gain(k + 12u));
    sums = dot_quad(sums, w.a[4], w.b[4], w.c[4], w.d[4], x4 * input_gain(k + 16u));
    sums = dot_quad(sums, w.a[5], w.b[5], w.c[5], w.d[5], x5 * input_gain(k + 20u));
    sums = dot_quad(sums, w.a[6], w.b[6], w.c[6], w.d[6], x6 * input_gain(k + 24u));
    sums = dot_quad(sums, w.a[7], w.b[7], w.c[7], w.d[7], x7 * input_gain(k + 28u));
    return Token(token.sums + sums, squares, token.start);
}
