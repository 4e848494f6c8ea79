// matmul: y[row, n] = Σ_slot weight · (Σ_k W[slab, n, k] · x[row, k] + bias[slab, n]), for one token (decode) as for many
// (prefill), for a dense matrix (one slab, one slot) as for a mixture of experts.
//
//   state   place in the sequence                                  read
//   plane   W [slabs, N, K] in blocks of 32, one page              read   (plane/*)
//   gain    [K] f32, RMSNorm's gain                                read   (gain/*)
//   x       rows of K f32                                          read   (x/*)
//   bias    [slabs, N] f32                                         read, if has_bias
//   routes  experts, weights and tiles: route.wgsl, bin.wgsl       read   (place/*)
//   y       rows of f32                                            write
//
// A workgroup computes PAIRS pairs of rows of W for up to TILE_T rows of x. A pair is rows n and N/2 + n (SwiGLU's gate and up are
// one). dot/* says which a lane keeps, and whether it goes through k alone or, where lanes are in slices, through a block of every
// eight. Neighbouring lanes read neighbouring words of W, each of which meets all rows of x that the tile has. Sums are f32 and
// their order does not depend on TILE_T: a token's row comes out the same alone and in a batch, bit for bit.
// Parts: plane/*_read; lib/page; lib/row; quant/* load_scales(), load_numbers(); lib/block; weights/*; lane/*; place/*; x/*; in/*,
// gain/*; dot/*, hand/*; tile/*; turn/*; rows/*; out/* output(). Tested in tests/kernels.rs, and which addresses are read in
// tests/addresses.rs.
struct Params {
    n: u32,          // N, rows of a slab
    half: u32,       // ceil(N / 2)
    slab_first: u32, // the page's slabs
    slabs: u32,
    pair_first: u32, // the page's pairs of each slab
    pairs: u32,
    k: u32,          // K
    blocks: u32,     // ceil(K / 32)
    x_stride: u32,   // numbers between two tokens of x
    x_group: u32,    // numbers between two slabs or slots within a token of x
    y_stride: u32,   // the same of y
    y_group: u32,
    y_first: u32,    // where W's rows begin within a row of y
    last: u32,       // 1: only the batch's last token, into y's first row
    has_bias: u32,
    used: u32,       // slots that are summed
    slots: u32,      // slots of a token in routes
    slot: u32,       // the slot whose weight counts (place/batch)
    weights: u32,    // where weights begin in routes; 0: every weight is 1
    order: u32,      // where the order of entries begins (place/binned)
    tiles: u32,      // where the tiles begin
    share: u32,      // entries that share a row of x
    scales: u32,     // a row's words of numbers
    scale_words: u32, // and of scales
    token_first: u32, // the first token of the batch that x has (place/batch)
    x_head: u32,     // numbers of a head (x/split)
    x_stats: u32,    // where the heads' m and l begin (x/split)
    eps: f32,
    scale: f32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> routes: array<u32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;

// What eight blocks of each of four rows share.
struct RowScales {
    a: Scales,
    b: Scales,
    c: Scales,
    d: Scales,
}

fn row_scales(eight: u32, at: vec4<u32>) -> RowScales {
    return RowScales(
        load_scales(eight, at.x),
        load_scales(eight, at.y),
        load_scales(eight, at.z),
        load_scales(eight, at.w),
    );
}

// Where the rows of two pairs begin; past the page's last pair stands the last one, whose results are not written.
fn rows_at(of_page: u32, pairs: vec2<u32>) -> vec4<u32> {
    let last = p.pairs - 1u;
    let first = row_at(of_page, min(pairs.x, last));
    let second = row_at(of_page, min(pairs.y, last));
    return vec4<u32>(first, first + SECOND, second, second + SECOND);
}

// Four numbers of each of four rows of W with those of x, one after the other.
fn dot_quad(sums: vec4<f32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>, x: vec4<f32>) -> vec4<f32> {
    let first = fma(vec4<f32>(a.x, b.x, c.x, d.x), vec4<f32>(x.x), sums);
    let second = fma(vec4<f32>(a.y, b.y, c.y, d.y), vec4<f32>(x.y), first);
    let third = fma(vec4<f32>(a.z, b.z, c.z, d.z), vec4<f32>(x.z), second);
    return fma(vec4<f32>(a.w, b.w, c.w, d.w), vec4<f32>(x.w), third);
}

fn bias_of(slab: u32, row: u32) -> f32 {
    if (row >= p.n) {
        return 0.0;
    }
    return bias[slab * p.n + row];
}

// The biases of two pairs of rows, of all slots. They are added when the slices' sums are one: rounding a part of a sum together
// with its bias would cost what is small beside it.
fn biases(group: vec3<u32>, t: u32, pairs: vec2<u32>) -> vec4<f32> {
    var sum = vec4<f32>(0.0);
    let n = p.pair_first + pairs;
    for (var slot = 0u; slot < p.used * p.has_bias; slot++) {
        let slab = slab_of(group, slot);
        if (slab - p.slab_first < p.slabs) {
            let of_rows = vec4<f32>(
                bias_of(slab, n.x),
                bias_of(slab, n.x + p.half),
                bias_of(slab, n.y),
                bias_of(slab, n.y + p.half),
            );
            sum += weight_of(group, t, slot) * of_rows;
        }
    }
    return sum;
}

// What a lane has of a finished row of a slot.
fn end_token(token: Token, t: u32, weight: f32) -> Sums {
    var scale = 1.0;
    if (NORMS) {
        scale = row_scale(squares_of(token, t));
    }
    return scaled(scaled(sums_of(token), scale), weight);
}

// Two pairs of finished rows.
fn write_pairs(sums: vec4<f32>, group: vec3<u32>, t: u32, pairs: vec2<u32>) {
    let v = sums + biases(group, t, pairs);
    let at = y_of(group, t) + p.y_first + p.pair_first;
    if (pairs.x < p.pairs) {
        output(at, pairs.x, v.x, v.y);
    }
    if (pairs.y < p.pairs) {
        output(at, pairs.y, v.z, v.w);
    }
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let rows = rows_of(group);
    if (rows == 0u) {
        return; // a pass recorded for longer batches
    }
    begin_plane();
    let pair = group.x * PAIRS + pair_of(lane);
    let slice = slice_of(lane);

    var totals = Totals();
    for (var slot = 0u; slot < p.used; slot++) {
        let slab = slab_of(group, slot);
        if (slab - p.slab_first >= p.slabs) {
            continue; // in another page
        }
        let at = lane_at(slab - p.slab_first, pair);
        var tile = begin_tile(group, rows, slot);
        var staging = begin_staging(group, rows, slot, lane);
        for (var k0 = 0u; k0 < p.k; k0 += KT) {
            staging = stage(staging, k0, lane);
            let past = min((k0 + KT) / 32u, p.blocks);
            for (var first = k0 / 32u; first + slice < past; first += 8u) {
                tile = dot_eight(tile, rows, first, past, at, lane_scales(first / 8u, at), slice);
            }
        }
        if (NORMS) {
            end_staging(staging, lane);
        }
        totals = end_tile(totals, tile, group, rows, slot);
    }
    if (slab_of(group, 0u) - p.slab_first >= p.slabs && p.used == 1u) {
        return; // the page has nothing of this row
    }
    write_tile(totals, group, rows, pair, lane); // the slices' sums, once for all slots
}
