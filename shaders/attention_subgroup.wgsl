// attention of heads of up to 64 channels, as attention.wgsl has it, by one subgroup of SUBGROUP lanes, four or eight: for adapters
// that compute on the CPU, where reading workgroup memory costs as many times what a lane's read costs as there are lanes.
//
// A subgroup has one kv head and ROWS query rows, and goes through the positions in steps of SUBGROUP. Scores: a lane is a position, and
// the queries' quads, which lie dealt to the lanes, are handed round. Output: a lane has each SUBGROUP-th quad of channels, and the
// step's probabilities are handed round. What the lanes have of a row stays with them: the softmax is online over steps, and a row's
// mass l is added over the lanes in the end. A row's sums do not depend on ROWS or T.
//
// All that a step reads is read before its first row, so that it is read once for all of them. The row that is next always has the
// first place, and no compiler knows how often the loop goes round, so that none writes out the rows (attend/handed.wgsl).
// Parts: lib/attention, cache/*_read, a type's and a memory's; hand/*. Constants: C, CV, ROWS (1, 2, 4, 8), LATENT, SUBGROUP.
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
    if (ROWS == 4u) {
        turned.r3 = done;
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

fn begin(r: u32, row0: u32, kv: u32, lane: u32) -> Row {
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
    if (p.has_sinks != 0u) {
        own.m = sinks[head % p.h];
        own.l = select(0.0, 1.0, lane == 0u);
    }
    return own;
}

fn key_within(cell: u32, c: u32, s: u32) -> vec4<f32> {
    if (c >= C4) {
        return vec4<f32>(0.0);
    }
    return key(cell, c, s);
}

// The key of this lane's position.
fn keys(cell: u32, s: u32) -> Sixteen {
    return Sixteen(
        key_within(cell, 0u, s),
        key_within(cell, 1u, s),
        key_within(cell, 2u, s),
        key_within(cell, 3u, s),
        key_within(cell, 4u, s),
        key_within(cell, 5u, s),
        key_within(cell, 6u, s),
        key_within(cell, 7u, s),
        key_within(cell, 8u, s),
        key_within(cell, 9u, s),
        key_within(cell, 10u, s),
        key_within(cell, 11u, s),
        key_within(cell, 12u, s),
        key_within(cell, 13u, s),
        key_within(cell, 14u, s),
        key_within(cell, 15u, s),
    );
}

// The i-th of the lane's quads of a step's values: all quads of its first position come first.
fn value_of(i: u32, tile: u32, first: u32, kv: u32, lane: u32) -> vec4<f32> {
    let quad = i % (16u / SUBGROUP) * SUBGROUP;
    if (quad >= V4) {
        return vec4<f32>(0.0);
    }
    return value(tile, first + i / (16u / SUBGROUP), kv, min(quad + lane, V4 - 1u));
}

fn values(tile: u32, first: u32, kv: u32, lane: u32) -> Sixteen {
    return Sixteen(
        value_of(0u, tile, first, kv, lane),
        value_of(1u, tile, first, kv, lane),
        value_of(2u, tile, first, kv, lane),
        value_of(3u, tile, first, kv, lane),
        value_of(4u, tile, first, kv, lane),
        value_of(5u, tile, first, kv, lane),
        value_of(6u, tile, first, kv, lane),
        value_of(7u, tile, first, kv, lane),
        value_of(8u, tile, first, kv, lane),
        value_of(9u, tile, first, kv, lane),
        value_of(10u, tile, first, kv, lane),
        value_of(11u, tile, first, kv, lane),
        value_of(12u, tile, first, kv, lane),
        value_of(13u, tile, first, kv, lane),
        value_of(14u, tile, first, kv, lane),
        value_of(15u, tile, first, kv, lane),
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

fn write(head: u32, quad: u32, v: vec4<f32>) {
    if (quad < V4) {
        out[head * V4 + quad] = v;
    }
}

@compute @workgroup_size(SUBGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
    let lane = subgroupExclusiveAdd(1u);
    let g = p.h / p.kv;
    let kv = group.y;
    let row0 = group.x * ROWS;
    let rows = state.t * g;
    if (row0 >= rows) {
        return; // a pass recorded for longer batches
    }
    var all = Rows(
        begin(0u, row0, kv, lane),
        begin(1u, row0, kv, lane),
        begin(2u, row0, kv, lane),
        begin(3u, row0, kv, lane),
        begin(4u, row0, kv, lane),
        begin(5u, row0, kv, lane),
        begin(6u, row0, kv, lane),
        begin(7u, row0, kv, lane),
    );
    let past = state.pos + min(row0 + ROWS - 1u, rows - 1u) / g + 1u; // one past the last position any row sees
    let oldest = select(0u, state.pos + row0 / g + 1u, p.window != 0u); // the first row's own, less the window
    let first = (max(oldest, p.window) - p.window) / SUBGROUP * SUBGROUP;
    var tile = first / 64u % p.ring;
    var s = first % 64u; // of the tile
    for (var s0 = first; s0 < past; s0 += SUBGROUP) {
        let k = keys(tile * p.kv + kv, s + lane);
        let v = values(tile, s, kv, lane);
        for (var r = 0u; r < ROWS + p.zero; r++) {
            all = turn(all, meet(all.r0, k, v, s0 + lane));
        }
        s += SUBGROUP;
        if (s == 64u) {
            s = 0u;
            tile += 1u;
            if (tile == p.ring) {
                tile = 0u;
            }
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
            write(head, lane, row.o0 / mass);
            write(head, lane + SUBGROUP, row.o1 / mass);
            if (SUBGROUP == 4u) {
                write(head, lane + 8u, row.o2 / mass);
                write(head, lane + 12u, row.o3 / mass);
            }
        }
        all = turn(all, row);
    }
}
