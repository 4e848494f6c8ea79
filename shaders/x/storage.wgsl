// Activations in a storage buffer, of any length.
@group(0) @binding(4) var<storage, read> x: array<f32>;

fn x_start(start: u32) -> u32 {
    return start;
}

// A loop, which adapters that compute on the CPU do not write out: a lane that reads all of x alone has eight of these for a block.
fn x_quad(start: u32, quad: u32) -> vec4<f32> {
    let k = 4u * quad;
    var v = vec4<f32>(0.0);
    for (var j = 0u; j < 4u; j++) {
        if (k + j < p.k) {
            v[j] = x[start + k + j];
        }
    }
    return v;
}
