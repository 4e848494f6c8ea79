// RMSNorm's gains in a uniform buffer.
@group(0) @binding(3) var<uniform> gain: array<vec4<f32>, UNIFORM_QUADS>;

fn gain_quad(quad: u32) -> vec4<f32> {
    return gain[quad];
}
