// RMSNorm's gains in a storage buffer, of any length.
@group(0) @binding(3) var<storage, read> gain: array<f32>;

fn gain_quad(quad: u32) -> vec4<f32> {
    let k = 4u * quad;
    var v = vec4<f32>(0.0);
    for (var j = 0u; j < 4u; j++) {
        if (k + j < p.k) {
            v[j] = gain[k + j];
        }
    }
    return v;
}
