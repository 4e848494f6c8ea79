// Activations and gains in storage buffers, of any length.
@group(0) @binding(4) var<storage, read> x: array<f32>;

// Numbers k .. k + 3 of the row of x that begins at `start`; past the row's end stands zero.
fn x_quad(start: u32, k: u32) -> vec4<f32> {
    var v = vec4<f32>(0.0);
    for (var j = 0u; j < 4u; j++) {
        if (k + j < p.k) {
            v[j] = x[start + k + j];
        }
    }
    return v;
}
