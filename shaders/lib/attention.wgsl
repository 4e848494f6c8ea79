// What kernels of attention have in common: their bindings, and where a key and a value lie.
//
//   state   place in the sequence                                  read
//   heads   [T, H·C/4] quads of f32, q turned by rope              read
//   k_cache [S/64, K, C/4, 64] quads                               read
//   v_cache [S, K, CV/4] quads; LATENT: k_cache, whose first CV channels are values    read
//   sinks   [H] f32                                                read, if has_sinks
//   out     [T, H·CV/4] quads of f32; split: o [T, H, SPLITS, CV/4], then (m, l, 0, 0) [T, H, SPLITS]    write
//
// Parts: cache/*_read, a type's and a memory's. Constants: C, CV, LATENT.
const C4: u32 = C / 4u;
const V4: u32 = CV / 4u;
const C_BLOCKS: u32 = (C4 + 7u) / 8u;
const V_BLOCKS: u32 = (V4 + 7u) / 8u;
const NONE: f32 = -3.0e38; // the score of a position that is not seen

struct Params {
    h: u32,
    kv: u32,
    window: u32,    // positions a query sees, itself included; 0: all
    ring: u32,      // tiles of the cache
    has_sinks: u32,
    k_scales: u32,  // where an 8-bit cache has its scales
    v_scales: u32,
    zero: u32,      // 0, which no compiler knows (attend/handed)
    stats: u32,     // the quad of out where m and l begin
    scale: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> heads: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> sinks: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;

// Four channels of the key at position s of a tile; cell: the tile's and the kv head's.
fn key(cell: u32, c: u32, s: u32) -> vec4<f32> {
    return load_k((cell * C4 + c) * 64u + s, (cell * C_BLOCKS + c / 8u) * 64u + s);
}

// Four channels of the value at position s of a tile.
fn value(tile: u32, s: u32, kv: u32, c4: u32) -> vec4<f32> {
    if (LATENT != 0u) {
        let cell = tile * p.kv + kv;
        return load_v((cell * C4 + c4) * 64u + s, (cell * C_BLOCKS + c4 / 8u) * 64u + s);
    }
    let cell = (tile * 64u + s) * p.kv + kv;
    return load_v(cell * V4 + c4, cell * V_BLOCKS + c4 / 8u);
}
