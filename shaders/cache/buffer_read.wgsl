// The caches in buffers.
@group(0) @binding(3) var<storage, read> k_cache: array<Quad>;
@group(0) @binding(4) var<storage, read> v_cache: array<Quad>;

fn k_quad(i: u32) -> Quad {
    return k_cache[i];
}

fn v_quad(i: u32) -> Quad {
    return v_cache[i];
}
