// rope: norms q and k where the model does, turns them by their position (Su et al. 2021), and writes k and v into the
// cache.
//
//   x -> gain · x / sqrt(mean x² + ε), over a head or over all heads at once
//   (a, b) -> (a·cos - b·sin, a·sin + b·cos) for neighbouring channels of the first `rot` of a head
//
//   state   place in the sequence                                  read
//   turns   [positions, rot/2] vec2 (cos, sin)                     read
//   q_norm, k_norm  [C] f32, or [H·C] and [K·C]                    read, if the model has them
//   qkv     [T, (H + 2K)·C] f32                                    read
//   q       [T, H·C] f32                                           write
//   k_cache, v_cache  records (lib/record)                         write
//
// A layer with a window keeps `ring` tiles of 64 positions and begins again. A workgroup has a head of a token, a lane quads of
// channels. Parts: record, cache/*_write; lib/reduce_*. Constants: C, TEXELS, SCALES. Tested in tests/kernels.rs.
struct Params {
    h: u32,
    kv: u32,        // K
    rot: u32,       // channels turned, from the first
    q_norm: u32,    // numbers that a norm is over: 0 (none), C, or all of q's
    k_norm: u32,
    ring: u32,      // tiles of the cache
    eps: f32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> turns: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> q_norm: array<f32>;
@group(0) @binding(4) var<storage, read> k_norm: array<f32>;
@group(0) @binding(5) var<storage, read> qkv: array<f32>;
@group(0) @binding(6) var<storage, read_write> q: array<f32>;

const C4: u32 = C / 4u;
const C16: u32 = (C + 15u) / 16u;

var<workgroup> channels: array<vec4<f32>, 4u * C16>;

// Σx² of `n` numbers from `start` on, in every lane.
fn squares(start: u32, n: u32, lane: u32) -> f32 {
    var sum = 0.0;
    for (var i = lane; i < n; i += WG) {
        sum += qkv[start + i] * qkv[start + i];
    }
    return reduce_add(sum, lane);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = group.x;
    let t = group.y;
    if (t >= state.t) {
        return; // a pass recorded for longer batches
    }
    let of_k = head >= p.h && head < p.h + p.kv;
    let of_v = head >= p.h + p.kv;
    let token = t * (p.h + 2u * p.kv) * C;
    let start = token + head * C;
    let over = select(select(p.q_norm, p.k_norm, of_k), 0u, of_v);
    let local_head = select(select(head, head - p.h, of_k), head - p.h - p.kv, of_v);
    var r = 1.0;
    if (over > 0u) {
        let first = select(start, token + select(0u, p.h * C, of_k), over > C);
        r = inverseSqrt(squares(first, over, lane) / f32(over) + p.eps);
    }
    let pos = state.pos + t;
    for (var c4 = lane; c4 < C4; c4 += WG) {
        let at = start + 4u * c4;
        var v = vec4<f32>(qkv[at], qkv[at + 1u], qkv[at + 2u], qkv[at + 3u]);
        if (over > 0u) {
            let gain = select(0u, local_head * C, over > C) + 4u * c4;
            for (var j = 0u; j < 4u; j++) {
                if (of_k) {
                    v[j] *= r * k_norm[gain + j];
                } else {
                    v[j] *= r * q_norm[gain + j];
                }
            }
        }
        if (!of_v) {
            if (4u * c4 < p.rot) {
                let turn = turns[pos * (p.rot / 2u) + 2u * c4];
                v = vec4<f32>(v.x * turn.x - v.y * turn.y, v.x * turn.y + v.y * turn.x, v.z, v.w);
            }
            if (4u * c4 + 2u < p.rot) {
                let turn = turns[pos * (p.rot / 2u) + 2u * c4 + 1u];
                v = vec4<f32>(v.x, v.y, v.z * turn.x - v.w * turn.y, v.z * turn.y + v.w * turn.x);
            }
        }
        channels[c4] = v;
    }
    if (head >= p.h && lane < 4u * C16 - C4) {
        channels[C4 + lane] = vec4<f32>(0.0);
    }
    workgroupBarrier();
    if (head < p.h) {
        for (var c4 = lane; c4 < C4; c4 += WG) {
            let v = channels[c4];
            let at = (t * p.h + head) * C + 4u * c4;
            q[at] = v.x;
            q[at + 1u] = v.y;
            q[at + 2u] = v.z;
            q[at + 3u] = v.w;
        }
        return;
    }
    let tile = pos / 64u % p.ring;
    if (of_k) {
        let record = key_record(tile * p.kv + local_head, pos % 64u, C16);
        for (var i = lane; i < texels(C16); i += WG) {
            put_k(record + i * K_STEP, packed(i));
        }
    } else {
        let record = value_record((tile * 64u + pos % 64u) * p.kv + local_head, C16);
        for (var i = lane; i < texels(C16); i += WG) {
            put_v(record + i, packed(i));
        }
    }
}
