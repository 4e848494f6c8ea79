// attention of heads of up to 64 channels, as attention.wgsl has it, by one subgroup of SUBGROUP lanes, four or eight: for adapters
// that compute on the CPU, where reading workgroup memory costs as many times what a lane's read costs as there are lanes.
//
// A subgroup has one kv head and ROWS query rows, and goes through the positions in steps of SUBGROUP. Scores: a lane is a position, and
// the queries' quads, which lie dealt to the lanes, are handed round. Output: a lane has a run of neighbouring quads of channels, two
// of subgroups of eight, four of subgroups of four, and the step's probabilities are handed round. What the lanes have of a row stays
// with them: the softmax is online over steps, and a row's mass l is added over the lanes in the end. A row's sums do not depend on ROWS
// or T, but on SPLITS.
//
// All that a step reads is read before its first row, so that it is read once for all of them. The row that is next always has the
// first place, and no compiler knows how often the loop goes round, so that none writes out the rows (attend/handed.wgsl).
// Parts: lib/attention, record, cache/*_read, a type's and a memory's; hand/*. Constants: C, CV, ROWS (1 to 8), LATENT, SPLITS, SUBGROUP,
// TEXELS, SCALES.
// Tested in tests/kernels.rs.

// Sixteen quads of each lane: those of a position's key, or those of the lane's channels of a step's values.
struct Sixteen {
    q0: vec4<f32>,
    q1: vec4<f32>,
    q2: vec4<f32>,
    q3: vec4<f32>,
    q4: vec4<f32>,
    q5: vec4<f32>,
    q6: vec4<f32>,
    q7: vec4<f32>,
    q8: vec4<f32>,
    q9: vec4<f32>,
    q10: vec4<f32>,
    q11: vec4<f32>,
    q12: vec4<f32>,
    q13: vec4<f32>,
    q14: vec4<f32>,
    q15: vec4<f32>,
}

// What a lane has of a row.
struct Row {
    near: vec4<f32>, // of the query: its quad among the first eight, of subgroups of four among the first four
    far: vec4<f32>,  // of subgroups of four: among the next four
    near8: vec4<f32>, // likewise of the next eight
    far8: vec4<f32>,
    o0: vec4<f32>, // its quads of the output, times the mass
    o1: vec4<f32>,
    o2: vec4<f32>, // of subgroups of four
    o3: vec4<f32>,
    m: f32, // the greatest score so far
    l: f32, // the mass of the scores that this lane had
    past: u32, // one past the last position that the row sees; 0: there is no such row
}

struct Rows {
    r0: Row,
    r1: Row,
    r2: Row,
    r3: Row,
    r4: Row,
    r5: Row,
    r6: Row,
    r7: Row,
}

// What is done takes the last of ROWS places.
fn turn(rows: Rows, done: Row) -> Rows {
    var turned = Rows(rows.r1, rows.r2, rows.r3, rows.r4, rows.r5, rows.r6, rows.r7, done);
    if (ROWS == 1u) {
        turned.r0 = done;
    }
    if (ROWS == 2u) {
        turned.r1 = done;
    }
    if (ROWS == 3u) {
        turned.r2 = done;
    }
    if (ROWS == 4u) {
        turned.r3 = done;
    }
    if (ROWS == 5u) {
        turned.r4 = done;
    }
    if (ROWS == 6u) {
        turned.r5 = done;
    }
    if (ROWS == 7u) {
        turned.r6 = done;
    }
    return turned;
}

// A quad of a row's query, turned and scaled; zero past its end.
fn query(head: u32, quad: u32) -> vec4<f32> {
    if (quad >= C4) {
        return vec4<f32>(0.0);
    }
    return p.scale * heads[head * C4 + quad];
}

// Which of the T·H heads a row is.
fn head_of(row: u32, kv: u32) -> u32 {
    let g = p.h / p.kv;
    return row / g * p.h + kv * g + row % g;
}

fn begin(r: u32, row0: u32, kv: u32, share: u32, lane: u32) -> Row {
    let row = row0 + r;
    var own = Row();
    own.m = NONE;
    if (r >= ROWS || row >= state.t * (p.h / p.kv)) {
        return own;
    }
    let head = head_of(row, kv);
    own.near = query(head, lane);
    own.near8 = query(head, lane + 8u);
    if (SUBGROUP == 4u) {
        own.far = query(head, lane + 4u);
        own.far8 = query(head, lane + 12u);
    }
    own.past = state.pos + row / (p.h / p.kv) + 1u;
    if (p.has_sinks != 0u && share == 0u) {
        own.m = sinks[head % p.h];
        own.l = select(0.0, 1.0, lane == 0u);
    }
    return own;
}

fn key_within(cell: u32, c16: u32, s: u32) -> Channels {
    if (c16 >= C16) {
        return Channels();
    }
    return key(cell, c16, s);
}

// The key of this lane's position.
fn keys(cell: u32, s: u32) -> Sixteen {
    let k0 = key_within(cell, 0u, s);
    let k1 = key_within(cell, 1u, s);
    let k2 = key_within(cell, 2u, s);
    let k3 = key_within(cell, 3u, s);
    return Sixteen(
        k0.a, k0.b, k0.c, k0.d,
        k1.a, k1.b, k1.c, k1.d,
        k2.a, k2.b, k2.c, k2.d,
        k3.a, k3.b, k3.c, k3.d,
    );
}

// What the lane's channels of a step's eight values, or four, are multiplied by: a lane reads its own position's scales.
fn scales_of_values(tile: u32, first: u32, kv: u32, lane: u32) -> array<f32, 8> {
    if (SCALES == 0u) {
        return array<f32, 8>(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0);
    }
    let own = bitcast<vec4<f32>>(v_texel(value_at(tile, first + lane, kv) + V_SCALES * V_STEP));
    let low = hand_numbers(own.x, 0.0);
    let high = hand_numbers(own.y, 0.0);
    let is_low = lane < SUBGROUP / 2u; // the first 32 of 64 channels
    return array<f32, 8>(
        select(high[0], low[0], is_low),
        select(high[1], low[1], is_low),
        select(high[2], low[2], is_low),
        select(high[3], low[3], is_low),
        select(high[4], low[4], is_low),
        select(high[5], low[5], is_low),
        select(high[6], low[6], is_low),
        select(high[7], low[7], is_low),
    );
}

// Of the lane's channels, two quads of each of eight positions.
fn pair(tile: u32, s: u32, kv: u32, lane: u32, scale: f32) -> Pair {
    let own = v_pair(value_at(tile, s, kv), min(lane, 2u * V16 - 1u));
    if (SCALES == 0u) {
        return own;
    }
    return Pair(scale * own.a, scale * own.b);
}

// Likewise four quads of each of four.
fn four(tile: u32, s: u32, kv: u32, lane: u32, scale: f32) -> Channels {
    let own = v_channels(value_at(tile, s, kv) + min(lane, V16 - 1u) * TEXELS * V_STEP);
    if (SCALES == 0u) {
        return own;
    }
    return Channels(scale * own.a, scale * own.b, scale * own.c, scale * own.d);
}

// The lane's channels of a step's values: all quads of its first position come first.
fn values(tile: u32, s: u32, kv: u32, lane: u32) -> Sixteen {
    let scales = scales_of_values(tile, s, kv, lane);
    if (SUBGROUP == 4u) {
        let v0 = four(tile, s, kv, lane, scales[0]);
        let v1 = four(tile, s + 1u, kv, lane, scales[1]);
        let v2 = four(tile, s + 2u, kv, lane, scales[2]);
        let v3 = four(tile, s + 3u, kv, lane, scales[3]);
        return Sixteen(
            v0.a, v0.b, v0.c, v0.d,
            v1.a, v1.b, v1.c, v1.d,
            v2.a, v2.b, v2.c, v2.d,
            v3.a, v3.b, v3.c, v3.d,
        );
    }
    let v0 = pair(tile, s, kv, lane, scales[0]);
    let v1 = pair(tile, s + 1u, kv, lane, scales[1]);
    let v2 = pair(tile, s + 2u, kv, lane, scales[2]);
    let v3 = pair(tile, s + 3u, kv, lane, scales[3]);
    let v4 = pair(tile, s + 4u, kv, lane, scales[4]);
    let v5 = pair(tile, s + 5u, kv, lane, scales[5]);
    let v6 = pair(tile, s + 6u, kv, lane, scales[6]);
    let v7 = pair(tile, s + 7u, kv, lane, scales[7]);
    return Sixteen(
        v0.a, v0.b, v1.a, v1.b,
        v2.a, v2.b, v3.a, v3.b,
        v4.a, v4.b, v5.a, v5.b,
        v6.a, v6.b, v7.a, v7.b,
    );
}

// A row meets SUBGROUP positions, of which this lane has the one at `position`.
fn meet(row: Row, k: Sixteen, v: Sixteen, position: u32) -> Row {
    let near = hand_quads(row.near, row.far);
    var sum = 0.0;
    sum += dot(near[0], k.q0);
    sum += dot(near[1], k.q1);
    sum += dot(near[2], k.q2);
    sum += dot(near[3], k.q3);
    sum += dot(near[4], k.q4);
    sum += dot(near[5], k.q5);
    sum += dot(near[6], k.q6);
    sum += dot(near[7], k.q7);
    if (C4 > 8u) {
        let far = hand_quads(row.near8, row.far8);
        sum += dot(far[0], k.q8);
        sum += dot(far[1], k.q9);
        sum += dot(far[2], k.q10);
        sum += dot(far[3], k.q11);
        sum += dot(far[4], k.q12);
        sum += dot(far[5], k.q13);
        sum += dot(far[6], k.q14);
        sum += dot(far[7], k.q15);
    }
    let oldest = select(0u, row.past - min(row.past, p.window), p.window != 0u);
    let seen = position < row.past && position >= oldest;

    let scores = hand_numbers(select(NONE, sum, seen), NONE);
    var greatest = max(max(max(scores[0], scores[1]), max(scores[2], scores[3])), row.m);
    if (SUBGROUP == 8u) {
        greatest = max(max(max(scores[4], scores[5]), max(scores[6], scores[7])), greatest);
    }
    let e = select(0.0, exp(sum - greatest), seen);
    let fade = exp(row.m - greatest);
    let w = hand_numbers(e, 0.0);

    var done = row;
    done.m = greatest;
    done.l = row.l * fade + e;
    done.o0 *= fade;
    done.o1 *= fade;
    if (SUBGROUP == 8u) {
        done.o0 += w[0] * v.q0;
        done.o1 += w[0] * v.q1;
        done.o0 += w[1] * v.q2;
        done.o1 += w[1] * v.q3;
        done.o0 += w[2] * v.q4;
        done.o1 += w[2] * v.q5;
        done.o0 += w[3] * v.q6;
        done.o1 += w[3] * v.q7;
        done.o0 += w[4] * v.q8;
        done.o1 += w[4] * v.q9;
        done.o0 += w[5] * v.q10;
        done.o1 += w[5] * v.q11;
        done.o0 += w[6] * v.q12;
        done.o1 += w[6] * v.q13;
        done.o0 += w[7] * v.q14;
        done.o1 += w[7] * v.q15;
    } else {
        done.o2 *= fade;
        done.o3 *= fade;
        done.o0 += w[0] * v.q0;
        done.o1 += w[0] * v.q1;
        done.o2 += w[0] * v.q2;
        done.o3 += w[0] * v.q3;
        done.o0 += w[1] * v.q4;
        done.o1 += w[1] * v.q5;
        done.o2 += w[1] * v.q6;
        done.o3 += w[1] * v.q7;
        done.o0 += w[2] * v.q8;
        done.o1 += w[2] * v.q9;
        done.o2 += w[2] * v.q10;
        done.o3 += w[2] * v.q11;
        done.o0 += w[3] * v.q12;
        done.o1 += w[3] * v.q13;
        done.o2 += w[3] * v.q14;
        done.o3 += w[3] * v.q15;
    }
    return done;
}

fn write(head: u32, share: u32, quad: u32, v: vec4<f32>) {
    if (quad < V4) {
        out[(head * SPLITS + share) * V4 + quad] = v;
    }
}

@compute @workgroup_size(SUBGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
    begin_cache();
    let lane = subgroupExclusiveAdd(1u);
    let g = p.h / p.kv;
    let kv = group.y;
    let share = group.z; // of the cache: every SPLITS-th tile; join.wgsl puts a row's shares together
    let row0 = group.x * ROWS;
    let rows = state.t * g;
    if (row0 >= rows) {
        return; // a pass recorded for longer batches
    }
    var all = Rows(
        begin(0u, row0, kv, share, lane),
        begin(1u, row0, kv, share, lane),
        begin(2u, row0, kv, share, lane),
        begin(3u, row0, kv, share, lane),
        begin(4u, row0, kv, share, lane),
        begin(5u, row0, kv, share, lane),
        begin(6u, row0, kv, share, lane),
        begin(7u, row0, kv, share, lane),
    );
    let past = state.pos + min(row0 + ROWS - 1u, rows - 1u) / g + 1u; // one past the last position any row sees
    let oldest = select(0u, state.pos + row0 / g + 1u, p.window != 0u); // the first row's own, less the window
    let first = (max(oldest, p.window) - p.window) / SUBGROUP * SUBGROUP;
    let first_tile = first / 64u;
    let own_tile = first_tile + (share + SPLITS - first_tile % SPLITS) % SPLITS;
    var s0 = max(first, 64u * own_tile);
    var s = s0 % 64u; // of the tile
    var tile = own_tile % p.ring;
    while (s0 < past) {
        let k = keys(tile * p.kv + kv, s + lane);
        let v = values(tile, s, kv, lane);
        for (var r = 0u; r < ROWS + p.zero; r++) {
            all = turn(all, meet(all.r0, k, v, s0 + lane));
        }
        s += SUBGROUP;
        s0 += SUBGROUP;
        if (s == 64u) {
            s = 0u;
            s0 += 64u * (SPLITS - 1u);
            tile = s0 / 64u % p.ring;
        }
    }
    for (var r = 0u; r < ROWS + p.zero; r++) {
        let row = all.r0;
        let parts = hand_numbers(row.l, 0.0);
        var mass = parts[0] + parts[1] + parts[2] + parts[3];
        if (SUBGROUP == 8u) {
            mass += parts[4] + parts[5] + parts[6] + parts[7];
        }
        if (row.past != 0u) {
            let head = head_of(row0 + r, kv);
            let quad = 16u / SUBGROUP * lane;
            let over = select(1.0, mass, SPLITS == 1u);
            write(head, share, quad, row.o0 / over);
            write(head, share, quad + 1u, row.o1 / over);
            if (SUBGROUP == 4u) {
                write(head, share, quad + 2u, row.o2 / over);
                write(head, share, quad + 3u, row.o3 / over);
            }
            if (SPLITS > 1u && lane == 0u) {
                out[p.stats + head * SPLITS + share] = vec4<f32>(row.m, mass, 0.0, 0.0);
            }
        }
        all = turn(all, row);
    }
}
