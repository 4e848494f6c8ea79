// RMSNorm's gains in a storage buffer, whole blocks of them.
@group(0) @binding(3) var<storage, read> gain: array<vec4<f32>>;

fn gain_quad(quad: u32) -> vec4<f32> {
    return gain[quad];
}
