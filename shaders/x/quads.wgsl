// Activations in a storage buffer, read by fours: rows begin at multiples of 4 and have whole blocks.
@group(0) @binding(4) var<storage, read> x: array<vec4<f32>>;

fn x_start(start: u32) -> u32 {
    return start / 4u;
}

fn x_quad(start: u32, quad: u32) -> vec4<f32> {
    return x[start + quad];
}
