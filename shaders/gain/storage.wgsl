// RMSNorm's gains in a storage buffer, of any length.
@group(0) @binding(3) var<storage, read> gain: array<f32>;

fn gain_number(quad: u32, j: u32) -> f32 {
    let k = 4u * quad + j;
    if (k >= p.k) {
        return 0.0;
    }
    return gain[k];
}

fn gain_quad(quad: u32) -> vec4<f32> {
    return vec4<f32>(gain_number(quad, 0u), gain_number(quad, 1u), gain_number(quad, 2u), gain_number(quad, 3u));
}
