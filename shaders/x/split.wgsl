// Attention's parts of a head, one for each share of the cache (attention.wgsl, SPLITS > 1), put together as they are read:
// Σ e^(m_z - m)·o_z / Σ e^(m_z - m)·l_z with m the greatest m_z.
@group(0) @binding(4) var<storage, read> x: array<f32>; // o [rows of heads, SPLITS, x_head], then (m, l, 0, 0) of each

fn x_start(start: u32) -> u32 {
    return start;
}

fn x_quad(start: u32, quad: u32) -> vec4<f32> {
    let k = 4u * quad;
    if (k >= p.k) {
        return vec4<f32>(0.0);
    }
    let row = (start + k) / p.x_head;
    let stats = p.x_stats + row * 4u * SPLITS;
    var greatest = x[stats];
    for (var z = 1u; z < SPLITS; z++) {
        greatest = max(greatest, x[stats + 4u * z]);
    }
    var v = vec4<f32>(0.0);
    var mass = 0.0;
    for (var z = 0u; z < SPLITS; z++) {
        let weight = exp(x[stats + 4u * z] - greatest);
        let at = (row * SPLITS + z) * p.x_head + (start + k) % p.x_head;
        v += weight * vec4<f32>(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
        mass += weight * x[stats + 4u * z + 1u];
    }
    return v / mass;
}
