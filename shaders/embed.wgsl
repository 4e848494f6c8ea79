// embed: x[t, :] = scale · W[ids[t], :]
//
//   state   place in the sequence                                  read
//   plane   W [V, D], one page of its rows                         read
//   ids     [T] u32                                                read
//   x       [T, D] f32                                             write
//
// One lane, one block of 32 numbers of one token; the page that holds the row writes it.
// Parts: quant/* load_scales(), load_numbers(); lib/block; plane/*_read; lib/page; lib/row. Tested in tests/kernels.rs.
struct Params {
    d: u32,
    blocks: u32,     // ceil(D / 32)
    half: u32,       // half of W's rows, see weights/matrix.rs
    pair_first: u32, // the page's pairs
    pairs: u32,
    scales: u32,     // a row's words of numbers
    scale_words: u32, // and of scales
    scale: f32,
}

@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    begin_plane();
    let block = at.x;
    let t = at.y;
    if (block >= p.blocks || t >= state.t) {
        return;
    }
    let id = ids[t];
    let second = id >= p.half;
    let of_pair = id - select(0u, p.half, second);
    if (of_pair < p.pair_first || of_pair >= p.pair_first + p.pairs) {
        return;
    }
    let row = row_at(0u, of_pair - p.pair_first) + select(0u, SECOND, second);
    begin_block(block);
    let w = load_block(block, row, load_scales(block / 8u, row));
    for (var i = 0u; i < 8u; i++) {
        let v = w[i] * p.scale;
        for (var j = 0u; j < 4u; j++) {
            let k = block * 32u + i * 4u + j;
            if (k < p.d) {
                x[t * p.d + k] = v[j];
            }
        }
    }
}
