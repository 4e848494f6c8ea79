// latent: what latent attention (DeepSeek-V2, 2405.04434) has in place of rope: norms a token's latent, turns the channels
// with position of k and of every head's q, and writes latent and k into the cache.
//
//   state   place in the sequence                                  read
//   turns   [positions, ROPE/2] vec2 (cos, sin)                    read
//   gain    [R] f32, of the latent's norm                          read
//   kv      [T, kv_stride] f32: R and ROPE numbers from kv_first on    read
//   q       [T, q_stride] f32: of head h, ROPE numbers from h · q_head + q_first on    read
//   heads   [T, H, R + ROPE] f32: the last ROPE of each            write
//   k_cache records (lib/record) of R + ROPE channels              write
//
// Workgroup H is the latent's, those before it are heads'; a lane has quads of channels. Parts: record, cache/*_write;
// lib/reduce_*. Constants: R, ROPE, TEXELS, SCALES. Tested in tests/kernels.rs.
struct Params {
    h: u32,
    kv_stride: u32,
    kv_first: u32,
    q_stride: u32,
    q_head: u32,
    q_first: u32,
    ring: u32,      // tiles of the cache
    eps: f32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> turns: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> gain: array<f32>;
@group(0) @binding(4) var<storage, read> kv: array<f32>;
@group(0) @binding(5) var<storage, read> q: array<f32>;
@group(0) @binding(6) var<storage, read_write> heads: array<f32>;

const R4: u32 = R / 4u;
const C4: u32 = (R + ROPE) / 4u;
const C16: u32 = (R + ROPE + 15u) / 16u;

var<workgroup> channels: array<vec4<f32>, 4u * C16>;

fn turned(v: vec4<f32>, pos: u32, c4: u32) -> vec4<f32> {
    let first = turns[pos * (ROPE / 2u) + 2u * c4];
    let second = turns[pos * (ROPE / 2u) + 2u * c4 + 1u];
    return vec4<f32>(
        v.x * first.x - v.y * first.y,
        v.x * first.y + v.y * first.x,
        v.z * second.x - v.w * second.y,
        v.z * second.y + v.w * second.x,
    );
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = group.x;
    let t = group.y;
    if (t >= state.t) {
        return; // a pass recorded for longer batches
    }
    let pos = state.pos + t;
    if (head < p.h) {
        for (var c4 = lane; c4 < ROPE / 4u; c4 += WG) {
            let source = t * p.q_stride + head * p.q_head + p.q_first + 4u * c4;
            let v = turned(vec4<f32>(q[source], q[source + 1u], q[source + 2u], q[source + 3u]), pos, c4);
            let to = (t * p.h + head) * (R + ROPE) + R + 4u * c4;
            heads[to] = v.x;
            heads[to + 1u] = v.y;
            heads[to + 2u] = v.z;
            heads[to + 3u] = v.w;
        }
        return;
    }
    let start = t * p.kv_stride + p.kv_first;
    var sum = 0.0;
    for (var i = lane; i < R; i += WG) {
        sum += kv[start + i] * kv[start + i];
    }
    let r = inverseSqrt(reduce_add(sum, lane) / f32(R) + p.eps);
    for (var c4 = lane; c4 < C4; c4 += WG) {
        let source = start + 4u * c4;
        let v = vec4<f32>(kv[source], kv[source + 1u], kv[source + 2u], kv[source + 3u]);
        if (c4 < R4) {
            let g = vec4<f32>(gain[4u * c4], gain[4u * c4 + 1u], gain[4u * c4 + 2u], gain[4u * c4 + 3u]);
            channels[c4] = r * g * v;
        } else {
            channels[c4] = turned(v, pos, c4 - R4);
        }
    }
    if (lane < 4u * C16 - C4) {
        channels[C4 + lane] = vec4<f32>(0.0);
    }
    workgroupBarrier();
    let record = key_record(pos / 64u % p.ring, pos % 64u, C16);
    for (var i = lane; i < texels(C16); i += WG) {
        put_k(record + i * K_STEP, packed(i));
    }
}
