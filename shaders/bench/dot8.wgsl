// y[lane] = eight independent chains of a = a + dot(four bytes of a, four bytes of m): packed 8-bit arithmetic.
//
// A lane does STEPS · 8 dot products, of four multiplications and four additions each. m comes from memory, so that no
// compiler knows it. Run by engine/src/gpu/ceilings.rs; validated in engine/tests/shaders.rs.

@group(0) @binding(0) var<storage, read_write> y: array<u32>;     // [groups · WG]

fn add_dot(a: i32, m: u32) -> i32 {
    return a + dot4I8Packed(u32(a), m);
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let m = y[id.x];
    let first = i32(id.x);
    var a = vec4<i32>(first, first + 1, first + 2, first + 3);
    var b = a + 4;
    for (var i = 0u; i < STEPS; i++) {
        a = vec4(add_dot(a.x, m), add_dot(a.y, m), add_dot(a.z, m), add_dot(a.w, m));
        b = vec4(add_dot(b.x, m), add_dot(b.y, m), add_dot(b.z, m), add_dot(b.w, m));
    }
    let sum = a + b;
    // As good as never true, which no compiler knows: the next run finds y as this one did.
    if sum.x + sum.y + sum.z + sum.w == -1 {
        y[id.x] = 0u;
    }
}
