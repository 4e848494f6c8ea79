// y[lane] = the words of its part of x, xored: the same stream as read_storage.wgsl out of a texture of four u32 a texel.
//
// A workgroup has READS · WG texels on end, row by row; in each step its lanes read neighbouring ones.
// Run by engine/src/gpu/ceilings.rs; validated in engine/tests/shaders.rs.

@group(0) @binding(0) var x: texture_2d<u32>;                     // WIDTH texels a row, a power of two
@group(0) @binding(1) var<storage, read_write> y: array<u32>;     // [groups · WG]

fn texel(i: u32) -> vec4<u32> {
    return textureLoad(x, vec2(i % WIDTH, i / WIDTH), 0);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let first = group.x * READS * WG + lane;
    var sum = vec4<u32>();
    for (var i = 0u; i < READS; i += 4u) {
        let at = first + i * WG;
        sum ^= texel(at) ^ texel(at + WG) ^ texel(at + 2u * WG) ^ texel(at + 3u * WG);
    }
    y[group.x * WG + lane] = sum.x ^ sum.y ^ sum.z ^ sum.w;
}
