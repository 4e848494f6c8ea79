// The caches in buffers, to be written.
@group(0) @binding(7) var<storage, read_write> k_cache: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read_write> v_cache: array<vec4<u32>>;

fn put_k(i: u32, texel: vec4<u32>) {
    k_cache[i] = texel;
}

fn put_v(i: u32, texel: vec4<u32>) {
    v_cache[i] = texel;
}
