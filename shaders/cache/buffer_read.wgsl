// The caches in buffers.
@group(0) @binding(3) var<storage, read> k_cache: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> v_cache: array<vec4<u32>>;

fn begin_cache() {}

fn k_texel(i: u32) -> vec4<u32> {
    return k_cache[i];
}

fn v_texel(i: u32) -> vec4<u32> {
    return v_cache[i];
}
