// y[0] += 1 by one lane: what a dispatch takes that has nothing to do and has to follow the one before.
//
// Run by engine/src/gpu/ceilings.rs; validated in engine/tests/shaders.rs.

@group(0) @binding(0) var<storage, read_write> y: array<u32>;     // [1]

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lane: u32) {
    if lane == 0u {
        y[0] += 1u;
    }
}
