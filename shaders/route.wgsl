// route: the experts of each token and their weights, from the residual stream: the norm, the router's product and the
// choice in one.
//
//   z       Σ_k W[e, k] · gain[k] · x[k] / sqrt(mean x² + eps) + bias[e]
//   scores  softmax(z) | sigmoid(z) | z | sqrt(softplus(z))                           (gating 1 | 2 | 3 | 4)
//   choice  scores + selection; where there are groups of experts, only those of the best groups, a group being as good as
//           its best expert (DeepSeek-V2) or as the sum of its two best (DeepSeek-V3)
//   chosen  the A greatest choices, of equals the lower index
//   weights scores of the chosen (gating 3: their softmax), over their sum if `norm`, times `scale`
//
//   state      place in the sequence                               read
//   plane      W [E, D] in blocks of 32, one page; the row after the experts' is the shared expert's gate   read
//   gain       [D] f32, RMSNorm's gain                             read
//   x          [T, D] f32                                          read
//   bias       [E] f32                                             read, if has_bias
//   selection  [E] f32                                             read, if has_selection
//   routes     ids [T, slots] u32, then from `weights` on weights [T, slots] f32   write
//   usage      from `usage_first` on [E] u32: how often each expert was chosen   read, write
//
// The shared expert has the slots after the chosen: ids E and on, the weight of each 1 or sigmoid of its gate. A workgroup a
// token; a lane has every WG-th expert. Parts: lib/router product(); plane/*_read; lib/page; lib/row; quant/*; x/storage;
// gain/storage; in/rmsnorm; lib/reduce_*. Constants: KT, numbers of x that are staged at once; EXPERTS and GROUPS, the most
// there are. engine/src/reference.rs has it in plain f32. Tested in tests/kernels.rs.
struct Params {
    e: u32,
    a: u32,
    slots: u32,        // A, and those of the shared expert
    gating: u32,
    norm: u32,
    groups: u32,
    groups_used: u32,
    best_two: u32,     // 1: a group counts its two best
    has_bias: u32,
    has_selection: u32,
    weights: u32,      // where weights begin in routes
    k: u32,            // D
    blocks: u32,       // ceil(D / 32)
    rows: u32,         // E, and one if the shared expert has a gate
    pairs: u32,        // of the page's rows
    lanes: u32,        // of a band, see lib/router
    bands: u32,
    scales: u32,       // a row's words of numbers
    scale_words: u32,  // and of scales
    eps: f32,
    scale: f32,
    usage_first: u32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> selection: array<f32>;
@group(0) @binding(7) var<storage, read_write> routes: array<u32>;
@group(0) @binding(8) var<storage, read_write> usage: array<atomic<u32>>;

const NONE: f32 = -3.0e38;

var<workgroup> scores: array<f32, EXPERTS + 1u>;
var<workgroup> choice: array<f32, EXPERTS>;
var<workgroup> groups: array<f32, GROUPS>;
var<workgroup> chosen: array<u32, 64>;
var<workgroup> weight: array<f32, 64>;

// Leaves the choices of the best groups alone.
fn limit_groups(lane: u32) {
    let size = p.e / p.groups;
    for (var g = lane; g < p.groups; g += WG) {
        var first = NONE;
        var second = NONE;
        for (var i = g * size; i < (g + 1u) * size; i++) {
            let value = choice[i];
            second = max(second, min(first, value));
            first = max(first, value);
        }
        groups[g] = select(first, first + second, p.best_two != 0u && size > 1u);
    }
    workgroupBarrier();
    for (var i = lane; i < p.e; i += WG) {
        let mine = i / size;
        var better = 0u;
        for (var g = 0u; g < p.groups; g++) {
            let ahead = groups[g] > groups[mine] || (groups[g] == groups[mine] && g < mine);
            better += select(0u, 1u, ahead);
        }
        if (better >= p.groups_used) {
            choice[i] = NONE;
        }
    }
    workgroupBarrier();
}

// Turns the experts' logits into scores and choices; `r` is the norm's part that is still missing.
fn score_experts(r: f32, lane: u32) {
    var greatest = NONE;
    for (var i = lane; i < p.e; i += WG) {
        var z = scores[i] * r;
        if (p.has_bias != 0u) {
            z += bias[i];
        }
        scores[i] = z;
        greatest = max(greatest, z);
    }
    greatest = reduce_max(greatest, lane);
    var sum = 0.0;
    for (var i = lane; i < p.e; i += WG) {
        sum += exp(scores[i] - greatest);
    }
    sum = reduce_add(sum, lane);
    for (var i = lane; i < p.e; i += WG) {
        let z = scores[i];
        var score = z;
        switch p.gating {
            case 1u: {
                score = exp(z - greatest) / sum;
            }
            case 2u: {
                score = 1.0 / (1.0 + exp(-z));
            }
            case 4u: {
                score = sqrt(select(log(1.0 + exp(z)), z, z > 20.0));
            }
            default: {}
        }
        scores[i] = score;
        if (p.has_selection != 0u) {
            score += selection[i];
        }
        choice[i] = score;
    }
    workgroupBarrier();
}

// Puts the A greatest choices in order: an expert's place is how many are ahead of it, so nobody waits for the one before.
fn choose(lane: u32) {
    if (lane < p.a) {
        chosen[lane] = lane; // numbers that are no numbers have no order, and an id must be one
        weight[lane] = 0.0;
    }
    workgroupBarrier();
    for (var i = lane; i < p.e; i += WG) {
        let mine = choice[i];
        var place = 0u;
        for (var j = 0u; j < p.e; j++) {
            let other = choice[j];
            place += select(0u, 1u, other > mine || (other == mine && j < i));
        }
        if (place < p.a) {
            chosen[place] = i;
            weight[place] = scores[i];
        }
    }
    workgroupBarrier();
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    begin_plane();
    let t = group.x;
    if (t >= state.t) {
        return; // a pass recorded for longer batches
    }
    let r = product(t, lane);
    score_experts(r, lane);
    if (p.groups > 1u) {
        limit_groups(lane);
    }
    choose(lane);
    if (lane == 0u) {
        let top = weight[0];
        var total = 0.0;
        for (var i = 0u; i < p.a; i++) {
            if (p.gating == 3u) {
                weight[i] = exp(weight[i] - top);
            }
            total += weight[i];
        }
        let over = select(1.0, total + 1.0e-20, p.norm != 0u || p.gating == 3u);
        let at = t * p.slots;
        for (var i = 0u; i < p.a; i++) {
            routes[at + i] = chosen[i];
            atomicAdd(&usage[p.usage_first + chosen[i]], 1u);
            routes[p.weights + at + i] = bitcast<u32>(weight[i] / over * p.scale);
        }
        if (p.slots > p.a) {
            var gate = 1.0;
            if (p.rows > p.e) {
                gate = 1.0 / (1.0 + exp(-scores[p.e] * r));
            }
            for (var i = p.a; i < p.slots; i++) {
                routes[at + i] = p.e + i - p.a;
                routes[p.weights + at + i] = bitcast<u32>(gate);
            }
        }
    }
}
