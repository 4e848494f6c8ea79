// Four rows' numbers meet x, and what the format multiplies them by and adds comes at a block's end (lib/block): for adapters that
// compute on the CPU, where operations are what takes time.
struct Rows {
    a: Block,
    b: Block,
    c: Block,
    d: Block,
}

// A block of a row of x, multiplied by the gains.
struct BlockOfX {
    scaled: array<vec4<f32>, 8>, // times LOW, or HIGH
    lift: f32,                   // Σ LIFT·x, of the scaled
    offsets: vec2<f32>,          // Σ OFFSETS·x of either half
    squares: f32,                // this lane's part of Σx², without the gains
}

fn lift_of(x: array<vec4<f32>, 8>) -> f32 {
    if (LIFT == 0.0) {
        return 0.0;
    }
    return LIFT * (x[4].w + x[5].w + x[6].w + x[7].w);
}

fn rows_of_block(block: u32, at: vec4<u32>, scales: RowScales) -> Rows {
    return Rows(
        load_numbers(block, at.x, scales.a),
        load_numbers(block, at.y, scales.b),
        load_numbers(block, at.z, scales.c),
        load_numbers(block, at.w, scales.d),
    );
}

// Four rows' products with a block of a row of x: two sums each, in turn, so that one need not wait for the other. Written out,
// since not every compiler unrolls loops over arrays.
fn dot_rows_of(w: Rows, block: BlockOfX) -> vec4<f32> {
    let x = block.scaled;
    var low = vec4<f32>(0.0);
    var high = vec4<f32>(block.lift);
    low = dot_quad(low, w.a.q[0], w.b.q[0], w.c.q[0], w.d.q[0], x[0]);
    high = dot_quad(high, w.a.q[4], w.b.q[4], w.c.q[4], w.d.q[4], x[4]);
    low = dot_quad(low, w.a.q[1], w.b.q[1], w.c.q[1], w.d.q[1], x[1]);
    high = dot_quad(high, w.a.q[5], w.b.q[5], w.c.q[5], w.d.q[5], x[5]);
    low = dot_quad(low, w.a.q[2], w.b.q[2], w.c.q[2], w.d.q[2], x[2]);
    high = dot_quad(high, w.a.q[6], w.b.q[6], w.c.q[6], w.d.q[6], x[6]);
    low = dot_quad(low, w.a.q[3], w.b.q[3], w.c.q[3], w.d.q[3], x[3]);
    high = dot_quad(high, w.a.q[7], w.b.q[7], w.c.q[7], w.d.q[7], x[7]);
    return vec4<f32>(
        finished(w.a, low.x, high.x, block.offsets),
        finished(w.b, low.y, high.y, block.offsets),
        finished(w.c, low.z, high.z, block.offsets),
        finished(w.d, low.w, high.w, block.offsets),
    );
}

fn finished(w: Block, low: f32, high: f32, offsets: vec2<f32>) -> f32 {
    return fma(w.d.x, low, fma(w.d.y, high, fma(w.m.x, offsets.x, w.m.y * offsets.y)));
}

// The same, one row after the other, unpacked when it is needed.
fn dot_one_by_one(block: u32, at: vec4<u32>, scales: RowScales, x: BlockOfX) -> vec4<f32> {
    return vec4<f32>(
        dot_row(load_numbers(block, at.x, scales.a), x),
        dot_row(load_numbers(block, at.y, scales.b), x),
        dot_row(load_numbers(block, at.z, scales.c), x),
        dot_row(load_numbers(block, at.w, scales.d), x),
    );
}

// In the order of `dot_rows_of`.
fn dot_row(w: Block, block: BlockOfX) -> f32 {
    let x = block.scaled;
    var low = 0.0;
    var high = block.lift;
    low = fma(w.q[0].w, x[0].w, fma(w.q[0].z, x[0].z, fma(w.q[0].y, x[0].y, fma(w.q[0].x, x[0].x, low))));
    high = fma(w.q[4].w, x[4].w, fma(w.q[4].z, x[4].z, fma(w.q[4].y, x[4].y, fma(w.q[4].x, x[4].x, high))));
    low = fma(w.q[1].w, x[1].w, fma(w.q[1].z, x[1].z, fma(w.q[1].y, x[1].y, fma(w.q[1].x, x[1].x, low))));
    high = fma(w.q[5].w, x[5].w, fma(w.q[5].z, x[5].z, fma(w.q[5].y, x[5].y, fma(w.q[5].x, x[5].x, high))));
    low = fma(w.q[2].w, x[2].w, fma(w.q[2].z, x[2].z, fma(w.q[2].y, x[2].y, fma(w.q[2].x, x[2].x, low))));
    high = fma(w.q[6].w, x[6].w, fma(w.q[6].z, x[6].z, fma(w.q[6].y, x[6].y, fma(w.q[6].x, x[6].x, high))));
    low = fma(w.q[3].w, x[3].w, fma(w.q[3].z, x[3].z, fma(w.q[3].y, x[3].y, fma(w.q[3].x, x[3].x, low))));
    high = fma(w.q[7].w, x[7].w, fma(w.q[7].z, x[7].z, fma(w.q[7].y, x[7].y, fma(w.q[7].x, x[7].x, high))));
    return finished(w, low, high, block.offsets);
}
