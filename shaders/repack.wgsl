// repack: rows of a tensor as they lie in a file -> the planes that load_numbers() reads, on the GPU.
//
//   raw     a window of the file, as bytes                         read
//   plane   vec4<u32>: of a row ceil(blocks · words / 8) of numbers, then its scales, four u32 a word    write
//
// One lane moves 32 neighbouring blocks of a row (they may share words). Which rows of the tensor are taken and where they go is
// arch/tree.rs' Source; where they lie in the page is lib/page's.
// Parts: quant/*_repack gives repack_blocks(); plane/*_write; lib/page; lib/raw. Tested in tests/kernels.rs.
struct Params {
    rows: u32,       // rows of this slice
    row_bytes: u32,
    at: u32,         // the slice's first byte in `raw`
    k: u32,          // K, numbers in a row
    blocks: u32,     // ceil(K / 32)
    row_first: u32,  // the slice's first row within its tensor
    period: u32,     // the tensor's rows come in periods, one a slab
    first: u32,      // of each period, `count` rows from `first` on are taken
    count: u32,
    slab: u32,       // the slab of the first period
    base: u32,       // where a period's rows begin in the slab
    head: u32,       // order: within `head` rows, `rot` rows from `turn_first` on are halves to become neighbours;
    turn_first: u32, //        a head of 0: neighbours, to become halves of `rot` rows
    rot: u32,        //        0: as they are
    half: u32,       // half of a slab's rows: row i is paired with row half + i
    slab_first: u32, // the page's slabs
    slabs: u32,
    pair_first: u32, // the page's pairs of each slab
    pairs: u32,
    scales: u32,     // a row's words of numbers
    scale_words: u32, // and of scales
    share: u32,      // words of scales of 32 blocks
}

@group(0) @binding(1) var<storage, read> raw: array<u32>;

// u32 of scales of 32 blocks, until they are whole words.
var<private> collected: array<u32, 84>;

fn put_scale(i: u32, v: u32) {
    collected[i] = v;
}

fn put_quant(i: u32, row: u32, v: vec4<u32>) {
    put_word(i * STEP + row, v);
}

fn place(row: u32) -> u32 {
    if (p.rot == 0u) {
        return row;
    }
    if (p.head == 0u) {
        return row / 2u + row % 2u * (p.rot / 2u);
    }
    let c = row % p.head - p.turn_first; // wraps below turn_first
    let turned = select(2u * (c - p.rot / 2u) + 1u, 2u * c, c < p.rot / 2u);
    return row + select(0u, turned - c, c < p.rot);
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    let row = at.x;
    let first = at.y * 32u;
    if (row >= p.rows || first >= p.blocks) {
        return;
    }
    let of_period = (p.row_first + row) % p.period - p.first; // wraps below first
    let slab = p.slab + (p.row_first + row) / p.period - p.slab_first;
    if (of_period >= p.count || slab >= p.slabs) {
        return;
    }
    let target_row = p.base + place(of_period);
    let second = target_row >= p.half;
    let pair = target_row - select(0u, p.half, second) - p.pair_first;
    if (pair >= p.pairs) {
        return;
    }
    let slot = row_at(slab, pair) + select(0u, SECOND, second);
    repack_blocks(first, p.at + row * p.row_bytes, slot);
    let before = at.y * p.share;
    for (var i = 0u; i < min(p.share, p.scale_words - before); i++) {
        let j = 4u * i;
        let v = vec4<u32>(collected[j], collected[j + 1u], collected[j + 2u], collected[j + 3u]);
        put_word((p.scales + before + i) * STEP + slot, v);
    }
}
