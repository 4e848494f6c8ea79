// RMSNorm folded into the product (Zhang and Sennrich 2019): Σ w·(g·x·r) = r · Σ w·g·x with r = rsqrt(mean x² + ε), so
// that the norm needs no pass of its own.
fn input_quad(v: vec4<f32>, quad: u32) -> vec4<f32> {
    return v * gain_quad(quad);
}

const NORMS: bool = true;

fn row_scale(squares: f32) -> f32 {
    return inverseSqrt(squares / f32(p.k) + p.eps);
}
