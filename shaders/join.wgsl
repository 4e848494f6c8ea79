// join: out[t, h, :] of attention from its parts, one for each share of the cache (x/split.wgsl), where the product behind does not
// put them together as it reads them.
//
//   x    o [rows of heads, SPLITS, x_head], then (m, l, 0, 0) of each     read
//   out  [rows of heads, x_head/4] quads of f32                           write
//
// A lane, a quad. Part: x (split). Tested in tests/kernels.rs.
struct Params {
    k: u32, // numbers of all rows
    x_head: u32,
    x_stats: u32,
}

@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    if (4u * at.x < p.k) {
        out[at.x] = x_quad(0u, at.x);
    }
}
