// y[lane] = four independent chains of a = a · m + n, of four `num` each: arithmetic without memory.
//
// A lane does STEPS · 16 multiplications and as many additions. m and n come from memory, so that no compiler knows them.
// Run by engine/src/gpu/ceilings.rs with `num` f32 and f16; validated in engine/tests/shaders.rs.

@group(0) @binding(0) var<storage, read_write> y: array<f32>;     // [groups · WG]

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let m = vec4(num(y[id.x]));
    let n = m + vec4(num(0.5));
    var a = m + vec4(num(0.0), num(1.0), num(2.0), num(3.0));
    var b = a + vec4(num(4.0));
    var c = a + vec4(num(8.0));
    var d = a + vec4(num(12.0));
    for (var i = 0u; i < STEPS; i++) {
        a = fma(a, m, n);
        b = fma(b, m, n);
        c = fma(c, m, n);
        d = fma(d, m, n);
    }
    let sum = a + b + c + d;
    // Never true, which no compiler knows: the next run finds y as this one did.
    if sum.x + sum.y + sum.z + sum.w == num(-1.0) {
        y[id.x] = 1.0;
    }
}
