// y[lane] = the words of its part of x, xored: a stream out of a storage buffer.
//
// A workgroup has READS · WG vectors on end; in each step its lanes read neighbouring ones.
// Run by engine/src/gpu/ceilings.rs; validated in engine/tests/shaders.rs.

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;     // [groups · READS · WG]
@group(0) @binding(1) var<storage, read_write> y: array<u32>;     // [groups · WG]

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let first = group.x * READS * WG + lane;
    var sum = vec4<u32>();
    for (var i = 0u; i < READS; i += 4u) {
        let at = first + i * WG;
        sum ^= x[at] ^ x[at + WG] ^ x[at + 2u * WG] ^ x[at + 3u * WG];
    }
    y[group.x * WG + lane] = sum.x ^ sum.y ^ sum.z ^ sum.w;
}
