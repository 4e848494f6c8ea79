// combine: x[t, :] += scale · Σ_slot weight[t, slot] · y[t, slot, :], the experts' results into the residual stream.
//
//   state   place in the sequence                                  read
//   routes  weights [T, slots] f32 from `weights` on               read
//   y       [T, slots, D] f32                                      read
//   x       [T, D] f32                                             read, write
//
// One lane, one number; slots in their order, so results repeat. Tested in tests/kernels.rs.
struct Params {
    d: u32,
    slots: u32,
    weights: u32,
    used: u32, // the first slots, which are summed
    scale: f32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> routes: array<u32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= p.d || at.y >= state.t) {
        return;
    }
    var sum = 0.0;
    for (var i = 0u; i < p.used; i++) {
        let entry = at.y * p.slots + i;
        sum += bitcast<f32>(routes[p.weights + entry]) * y[entry * p.d + at.x];
    }
    x[at.y * p.d + at.x] += p.scale * sum;
}
