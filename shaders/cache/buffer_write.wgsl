// The caches in buffers, to be written.
@group(0) @binding(7) var<storage, read_write> k_cache: array<Quad>;
@group(0) @binding(8) var<storage, read_write> v_cache: array<Quad>;

fn put_k(i: u32, quad: Quad) {
    k_cache[i] = quad;
}

fn put_v(i: u32, quad: Quad) {
    v_cache[i] = quad;
}
