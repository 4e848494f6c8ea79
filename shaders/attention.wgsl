// attention: out[t, h, :] = Σ_s softmax_s(scale · q[t, h]·k[s, h/G]) v[s, h/G], over positions s <= pos + t.
//
// Exact, by an online softmax over tiles of 64 positions (Milakov and Gimelshein 2018; Dao et al. 2022): no row of
// scores longer than a tile exists. With m the greatest score so far, l = Σ e^(score-m) and o = Σ e^(score-m)·v:
// a new tile brings m' = max(m, its greatest), and l and o are scaled by e^(m-m') before its own terms are added.
//
// A sink is a score that takes part in the softmax and has no value (gpt-oss): o begins with its mass.
//
// A workgroup of 64 lanes has one kv head and ROWS query rows; row r is token r/G and head r%G of the G = H/K query
// heads that share the kv head, so a cached number is read once for all of them. Where SPLITS is not 1, group.z is a share of
// the cache: every SPLITS-th tile. What it has of a row, o and (m, l), is put together by the product behind (x/split.wgsl).
// Scores: a lane is a position. Softmax:
// eight lanes a row. Output: a lane has four channels of all rows, over a share of the tile's positions; the shares are added
// at the end. A row's sums do not depend on ROWS or T. With a window, tiles before it are not touched; the cache may be a
// ring of tiles.
// Parts: lib/attention, record, cache/*_read, a type's and a memory's; attend/*. Constants: C, CV, ROWS (1 to 8), LATENT, V_LANES,
// SPLITS, TEXELS, SCALES.
// Tested in tests/kernels.rs.
const Q4: u32 = 4u * C16; // quads of a query with what fills up the last sixteen channels
const V_QUADS: u32 = (V4 + V_LANES - 1u) / V_LANES; // of a lane
const SHARES: u32 = 64u / V_LANES; // of a tile's positions

var<workgroup> q: array<vec4<f32>, ROWS * Q4>;
var<workgroup> scores: array<f32, ROWS * 64u>;
var<workgroup> partial: array<f32, ROWS * 8u>;
var<workgroup> fade: array<f32, ROWS>; // e^(m-m'), in the end m
var<workgroup> mass: array<f32, ROWS>; // l
var<workgroup> shares: array<vec4<f32>, 64>;

alias Dots = array<f32, ROWS>;
alias Sums = array<vec4<f32>, ROWS * V_QUADS>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    begin_cache();
    let g = p.h / p.kv;
    let kv = group.y;
    let row0 = group.x * ROWS;
    let rows = state.t * g;
    if (row0 >= rows) {
        return; // a pass recorded for longer batches
    }
    for (var i = lane; i < ROWS * Q4; i += 64u) {
        let row = row0 + i / Q4;
        let quad = i % Q4;
        if (row < rows) {
            let own = heads[(row / g * p.h + kv * g + row % g) * C4 + min(quad, C4 - 1u)];
            q[i] = select(vec4<f32>(0.0), p.scale * own, quad < C4);
        }
    }
    workgroupBarrier();

    let stat_row = lane / 8u; // of the eight lanes that do this row's softmax
    let eighth = lane % 8u;
    var m = NONE;
    var l = 0.0;
    if (p.has_sinks != 0u && stat_row < ROWS && group.z == 0u) {
        m = sinks[kv * g + (row0 + stat_row) % g];
        l = select(0.0, 1.0, eighth == 0u);
    }
    var o = Sums();
    let v_lane = lane % V_LANES;
    let share = lane / V_LANES;
    let past = state.pos + min(row0 + ROWS - 1u, rows - 1u) / g + 1u; // one past the last position any row sees
    let oldest = select(0u, state.pos + row0 / g + 1u, p.window != 0u); // the first row's own, less the window
    let seen_from = max(oldest, p.window) - p.window;
    let tile0 = seen_from / 64u;
    for (var s0 = (tile0 + (group.z + SPLITS - tile0 % SPLITS) % SPLITS) * 64u; s0 < past; s0 += 64u * SPLITS) {
        let tile = s0 / 64u % p.ring;
        var dots = dot_queries(tile * p.kv + kv, lane);
        for (var r = 0u; r < ROWS; r++) {
            let last = state.pos + (row0 + r) / g;
            let in_window = p.window == 0u || s0 + lane + p.window > last;
            let seen = s0 + lane <= last && in_window && row0 + r < rows;
            scores[r * 64u + lane] = select(NONE, dots[r], seen);
        }
        workgroupBarrier();

        let start = stat_row * 64u + eighth;
        if (stat_row < ROWS) {
            var greatest = NONE;
            for (var i = 0u; i < 64u; i += 8u) {
                greatest = max(greatest, scores[start + i]);
            }
            partial[lane] = greatest;
        }
        workgroupBarrier();
        if (stat_row < ROWS) {
            var greatest = m;
            for (var i = 0u; i < 8u; i++) {
                greatest = max(greatest, partial[stat_row * 8u + i]);
            }
            var sum = 0.0;
            for (var i = 0u; i < 64u; i += 8u) {
                let score = scores[start + i];
                let e = select(exp(score - greatest), 0.0, score == NONE);
                scores[start + i] = e;
                sum += e;
            }
            let faded = exp(m - greatest);
            l = l * faded + sum;
            m = greatest;
            fade[stat_row] = faded;
        }
        workgroupBarrier();

        for (var r = 0u; r < ROWS; r++) {
            for (var i = 0u; i < V_QUADS; i++) {
                o[i * ROWS + r] *= fade[r];
            }
        }
        for (var i = 0u; i < V_QUADS; i++) {
            o = add_values(o, i, min(v_lane + i * V_LANES, V4 - 1u), tile, kv, share, min(64u, past - s0));
        }
        workgroupBarrier();
    }

    if (stat_row < ROWS) {
        partial[lane] = l;
        if (eighth == 0u) {
            fade[stat_row] = m;
        }
    }
    workgroupBarrier();
    if (lane < ROWS) {
        var sum = 0.0;
        for (var i = 0u; i < 8u; i++) {
            sum += partial[lane * 8u + i];
        }
        mass[lane] = sum;
        let row = row0 + lane;
        if (SPLITS > 1u && row < rows) {
            let head = row / g * p.h + kv * g + row % g;
            out[p.stats + head * SPLITS + group.z] = vec4<f32>(fade[lane], sum, 0.0, 0.0);
        }
    }
    workgroupBarrier();
    for (var r = 0u; r < ROWS; r++) {
        let row = row0 + r;
        for (var i = 0u; i < V_QUADS; i++) {
            shares[lane] = o[i * ROWS + r];
            workgroupBarrier();
            let quad = lane + i * V_LANES;
            if (lane < V_LANES && quad < V4 && row < rows) {
                var v = vec4<f32>(0.0);
                for (var j = lane; j < 64u; j += V_LANES) {
                    v += shares[j];
                }
                if (SPLITS == 1u) {
                    v /= mass[r];
                }
                out[((row / g * p.h + kv * g + row % g) * SPLITS + group.z) * V4 + quad] = v;
            }
            workgroupBarrier();
        }
    }
}
