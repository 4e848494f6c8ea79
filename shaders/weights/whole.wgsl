// Four rows' weights meet x as they are: for GPUs, which wait for memory and have x in f16 where they can.
struct Rows {
    a: array<vec4<f32>, 8>,
    b: array<vec4<f32>, 8>,
    c: array<vec4<f32>, 8>,
    d: array<vec4<f32>, 8>,
}

// A block of a row of x.
alias BlockOfX = array<vec4<f32>, 8>;

fn rows_of_block(block: u32, at: vec4<u32>, scales: RowScales) -> Rows {
    return Rows(
        load_block(block, at.x, scales.a),
        load_block(block, at.y, scales.b),
        load_block(block, at.z, scales.c),
        load_block(block, at.w, scales.d),
    );
}

// Four rows' products with a block of a row of x. Written out, since not every compiler unrolls loops over arrays.
fn dot_rows_of(w: Rows, x: BlockOfX) -> vec4<f32> {
    var sums = vec4<f32>(0.0);
    sums = dot_quad(sums, w.a[0], w.b[0], w.c[0], w.d[0], x[0]);
    sums = dot_quad(sums, w.a[1], w.b[1], w.c[1], w.d[1], x[1]);
    sums = dot_quad(sums, w.a[2], w.b[2], w.c[2], w.d[2], x[2]);
    sums = dot_quad(sums, w.a[3], w.b[3], w.c[3], w.d[3], x[3]);
    sums = dot_quad(sums, w.a[4], w.b[4], w.c[4], w.d[4], x[4]);
    sums = dot_quad(sums, w.a[5], w.b[5], w.c[5], w.d[5], x[5]);
    sums = dot_quad(sums, w.a[6], w.b[6], w.c[6], w.d[6], x[6]);
    sums = dot_quad(sums, w.a[7], w.b[7], w.c[7], w.d[7], x[7]);
    return sums;
}
