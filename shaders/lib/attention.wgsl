// What kernels of attention have in common: their bindings, and where a key and a value lie.
//
//   state   place in the sequence                                  read
//   heads   [T, H·C/4] quads of f32, q turned by rope              read
//   k_cache, v_cache  records (lib/record); LATENT: both are k_cache, whose first CV channels are values    read
//   sinks   [H] f32                                                read, if has_sinks
//   out     [T, H·CV/4] quads of f32; split: o [T, H, SPLITS, CV/4], then (m, l, 0, 0) [T, H, SPLITS]    write
//
// Parts: cache/*_read, a type's and a memory's; record. Constants: C, CV, LATENT.
const C4: u32 = C / 4u;
const V4: u32 = CV / 4u;
const C16: u32 = (C + 15u) / 16u;
const V16: u32 = (CV + 15u) / 16u;
const V_STEP: u32 = 1u + LATENT * (K_STEP - 1u); // from a texel of a value to its next
const V_SCALES: u32 = TEXELS * (V16 + LATENT * (C16 - V16)); // the texel of a value's record where its scales begin
const NONE: f32 = -3.0e38; // the score of a position that is not seen

struct Params {
    h: u32,
    kv: u32,
    window: u32,    // positions a query sees, itself included; 0: all
    ring: u32,      // tiles of the cache
    has_sinks: u32,
    zero: u32,      // 0, which no compiler knows (attend/handed)
    stats: u32,     // the quad of out where m and l begin
    scale: f32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> heads: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> sinks: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;

// Sixteen channels, eight.
struct Channels {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
}

struct Pair {
    a: vec4<f32>,
    b: vec4<f32>,
}

// Where the value of position s of a tile begins.
fn value_at(tile: u32, s: u32, kv: u32) -> u32 {
    if (LATENT != 0u) {
        return key_record(tile * p.kv + kv, s, C16);
    }
    return value_record((tile * 64u + s) * p.kv + kv, V16);
}

// Sixteen channels of the key at position s of a tile; cell: the tile's and the kv head's.
fn key(cell: u32, c16: u32, s: u32) -> Channels {
    let record = key_record(cell, s, C16);
    let own = k_channels(record + c16 * TEXELS * K_STEP);
    if (SCALES == 0u) {
        return own;
    }
    let scales = bitcast<vec4<f32>>(k_texel(record + (TEXELS * C16 + c16 / 8u) * K_STEP));
    let scale = scales[c16 / 2u % 4u];
    return Channels(scale * own.a, scale * own.b, scale * own.c, scale * own.d);
}

// Four channels of the value at position s of a tile.
fn value(tile: u32, s: u32, kv: u32, c4: u32) -> vec4<f32> {
    let record = value_at(tile, s, kv);
    let own = v_quad(record, c4);
    if (SCALES == 0u) {
        return own;
    }
    let scales = bitcast<vec4<f32>>(v_texel(record + (V_SCALES + c4 / 32u) * V_STEP));
    return scales[c4 / 8u % 4u] * own;
}
