// sample: the next id from the logits, on the GPU and without sorting them; one workgroup.
//
//   z = logit + bias, divided (if positive) or multiplied by the repetition penalty where the id was seen (Keskar et al.
//   2019), less the frequency penalty for each time that the id was chosen, and less the presence penalty if it was
//   kept: the top_k greatest z; of these the fewest greatest whose probabilities e^(z/temperature) reach top_p (Holtzman
//   et al. 2020); of these the ones of at least min_p times the greatest probability. Each is a threshold on z, found bit
//   by bit on an integer that orders floats; ids tied with the last one kept are kept.
//   Next id: the greatest z/temperature + Gumbel noise among the kept, which draws from the softmax (Gumbel-max); without
//   temperature the greatest z; on a tie the lower id. The noise is a hash of seed, step and id.
//
//   logits  [V] f32                                                read
//   seen    [V] u32: 1 for an id of the context, and 2 for each time it was chosen   read, write
//   state   moves on by the batch: pos += t, t = 1, step += 1      read, write
//   ids     the batch's ids; the first is set to the next          write
//   chosen  [RING] u32: slot step % RING gets the id; 0xffffffff if no logit is a number  write
//   bias    [V] f32                                                read, if biased
//
// Parts: lib/reduce_*. Constants: RING. engine/src/sample.rs is its twin. Tested in tests/kernels.rs.
struct Params {
    v: u32,
    temperature: f32, // 0: greedy
    top_k: u32,       // 0: all
    top_p: f32,       // 1: all
    min_p: f32,       // 0: all
    penalty: f32,     // 1: none
    frequency: f32,   // 0: none
    presence: f32,    // 0: none
    seed: u32,
    biased: u32,
}

@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> seen: array<u32>;
@group(0) @binding(3) var<storage, read_write> state: State;
@group(0) @binding(4) var<storage, read_write> ids: array<u32>;
@group(0) @binding(5) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;

const NONE: f32 = -3.4028234e38;

fn penalized(id: u32) -> f32 {
    var z = logits[id];
    if (p.biased != 0u) {
        z += bias[id];
    }
    let mark = seen[id];
    z = select(z, select(z * p.penalty, z / p.penalty, z > 0.0), mark != 0u);
    let times = mark >> 1u;
    return z - f32(times) * p.frequency - select(0.0, p.presence, times > 0u);
}

// An integer in the order of floats.
fn key(z: f32) -> u32 {
    let bits = bitcast<u32>(z);
    return bits ^ select(0x80000000u, 0xffffffffu, bits > 0x7fffffffu);
}

// PCG's output permutation (O'Neill 2014) as a hash.
fn scramble(v: u32) -> u32 {
    let s = v * 747796405u + 2891336453u;
    let w = ((s >> ((s >> 28u) + 4u)) ^ s) * 277803737u;
    return (w >> 22u) ^ w;
}

// Noise of a standard Gumbel distribution for this id at this step: -ln of an exponential wait, itself -ln(1 - u). Great
// noise comes from small waits, where a series stands for the logarithm, which GPUs compute to 2^-21 only.
fn gumbel(id: u32, step: u32) -> f32 {
    let bits = scramble(scramble(scramble(p.seed) ^ step) ^ id);
    let u = min((f32(bits) + 0.5) * 2.3283064365386963e-10, 0.99999994); // 2^-32; 1 - 2^-24
    let wait = select(-log(1.0 - u), u * (1.0 + u * (0.5 + u / 3.0)), u < 0.015625);
    return -log(wait);
}

// How many ids have a key of at least `least`.
fn count(least: u32, lane: u32) -> f32 {
    var n = 0.0;
    for (var id = lane; id < p.v; id += WG) {
        n += select(0.0, 1.0, key(penalized(id)) >= least);
    }
    return reduce_add(n, lane);
}

// The unnormalized probability of the ids whose key is at least `least`.
fn probability(least: u32, greatest: f32, lane: u32) -> f32 {
    var sum = 0.0;
    for (var id = lane; id < p.v; id += WG) {
        let z = penalized(id);
        sum += select(0.0, exp((z - greatest) / p.temperature), key(z) >= least);
    }
    return reduce_add(sum, lane);
}

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lane: u32) {
    var greatest = NONE;
    for (var id = lane; id < p.v; id += WG) {
        greatest = max(greatest, penalized(id));
    }
    greatest = reduce_max(greatest, lane);

    var least = 0u;
    if (p.temperature > 0.0 && p.top_k > 0u && p.top_k < p.v) {
        for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
            least |= select(0u, bit, count(least | bit, lane) >= f32(p.top_k));
        }
    }
    if (p.temperature > 0.0 && p.top_p < 1.0) {
        let wanted = p.top_p * probability(least, greatest, lane);
        var reached = 0u;
        for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
            reached |= select(0u, bit, probability(max(least, reached | bit), greatest, lane) >= wanted);
        }
        least = max(least, reached);
    }
    if (p.temperature > 0.0 && p.min_p > 0.0) {
        least = max(least, key(greatest + p.temperature * log(p.min_p)));
    }

    let step = state.step;
    var best = NONE;
    var best_id = 0xffffffffu;
    for (var id = lane; id < p.v; id += WG) {
        let z = penalized(id);
        var score = z;
        if (p.temperature > 0.0) {
            score = (z - greatest) / p.temperature + gumbel(id, step);
        }
        if (score > best && key(z) >= least) {
            best = score;
            best_id = id;
        }
    }
    // Ids below 2^24 are exact in f32: the lowest of the lanes that hold the greatest score.
    let winner = reduce_max(best, lane);
    let mine = best_id != 0xffffffffu && best == winner;
    let id = -reduce_max(select(NONE, -f32(best_id), mine), lane);
    if (lane == 0u) {
        let found = id < f32(p.v);
        let next = select(0xffffffffu, u32(max(id, 0.0)), found);
        chosen[step % RING] = next;
        ids[0] = select(0u, next, found);
        seen[ids[0]] = (seen[ids[0]] | 1u) + 2u;
        state.pos += state.t;
        state.t = 1u;
        state.step = step + 1u;
    }
}
