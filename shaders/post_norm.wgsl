// post_norm: x[t, :] += scale · gain · y[t, :] / sqrt(mean y² + ε), a block's normed result into the residual stream.
//
//   state   place in the sequence                                  read
//   y       [T, D] f32                                             read
//   gain    [D] f32                                                read
//   x       [T, D] f32                                             read, write
//
// A workgroup a token. Parts: lib/reduce_*. Tested in tests/kernels.rs.
struct Params {
    d: u32,
    eps: f32,
    scale: f32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> gain: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let start = group.x * p.d;
    if (group.x >= state.t) {
        return; // a pass recorded for longer batches
    }
    var squares = 0.0;
    for (var i = lane; i < p.d; i += WG) {
        squares += y[start + i] * y[start + i];
    }
    let r = p.scale * inverseSqrt(reduce_add(squares, lane) / f32(p.d) + p.eps);
    for (var i = lane; i < p.d; i += WG) {
        x[start + i] += r * gain[i] * y[start + i];
    }
}
