// Activations in a storage buffer, of any length.
@group(0) @binding(4) var<storage, read> x: array<f32>;

fn x_start(start: u32) -> u32 {
    return start;
}

fn x_number(start: u32, quad: u32, j: u32) -> f32 {
    let k = 4u * quad + j;
    if (k >= p.k) {
        return 0.0;
    }
    return x[start + k];
}

fn x_quad(start: u32, quad: u32) -> vec4<f32> {
    return vec4<f32>(
        x_number(start, quad, 0u), x_number(start, quad, 1u), x_number(start, quad, 2u), x_number(start, quad, 3u),
    );
}
