// bin: a batch's (token, slot) entries sorted by expert, and cut in tiles of one expert each, for the grouped product. The
// shared expert's are experts like the others.
//
//   state   place in the sequence                                  read
//   routes  ids [T, slots], see route.wgsl                         read, write
//           from `order` on: entries t · slots + slot by expert, within one in the order of tokens     (T · used)
//           from `tiles` on: their number, then for each tile expert, first of `order`, count
//
// By a prefix sum and no atomics, so the order is the same every time. One workgroup; a lane has every WG-th expert.
// Constants: EXPERTS, at least E + Es; TILE_T, entries of a tile. Tested in tests/kernels.rs.
struct Params {
    experts: u32, // E + Es
    used: u32,    // a token's first slots, A + Es
    slots: u32,
    order: u32,
    tiles: u32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read_write> routes: array<u32>;

var<workgroup> firsts: array<u32, EXPERTS>; // entries of an expert, then those of all before it
var<workgroup> cuts: array<u32, EXPERTS>;   // tiles of an expert, then those of all before it

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lane: u32) {
    for (var e = lane; e < p.experts; e += WG) {
        var n = 0u;
        for (var t = 0u; t < state.t; t++) {
            for (var i = 0u; i < p.used; i++) {
                n += select(0u, 1u, routes[t * p.slots + i] == e);
            }
        }
        firsts[e] = n;
        cuts[e] = (n + TILE_T - 1u) / TILE_T;
    }
    workgroupBarrier();
    if (lane == 0u) {
        var entries = 0u;
        var tiles = 0u;
        for (var e = 0u; e < p.experts; e++) {
            let n = firsts[e];
            let cut = cuts[e];
            firsts[e] = entries;
            cuts[e] = tiles;
            entries += n;
            tiles += cut;
        }
        routes[p.tiles] = tiles;
    }
    workgroupBarrier();
    for (var e = lane; e < p.experts; e += WG) {
        let first = firsts[e];
        var n = 0u;
        for (var t = 0u; t < state.t; t++) {
            for (var i = 0u; i < p.used; i++) {
                let entry = t * p.slots + i;
                if (routes[entry] == e) {
                    routes[p.order + first + n] = entry;
                    n += 1u;
                }
            }
        }
        for (var i = 0u; i < n; i += TILE_T) {
            let at = p.tiles + 1u + 3u * (cuts[e] + i / TILE_T);
            routes[at] = e;
            routes[at + 1u] = first + i;
            routes[at + 2u] = min(TILE_T, n - i);
        }
    }
}
