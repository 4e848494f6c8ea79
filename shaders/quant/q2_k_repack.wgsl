// Q2_K as it lies in a file (16 bytes of s and m, 64 of q, d, dmin: 84 bytes for eight blocks) to a word for two blocks
// and five u32.
fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var eight = first / 8u; eight < min(first + 32u, p.blocks) / 8u; eight++) {
        repack_eight(eight, at, row);
    }
}

fn repack_eight(eight: u32, at: u32, row: u32) {
    let source = at + eight * 84u;
    let four = eight / 4u;
    let last = min(4u, p.blocks / 8u - 4u * four); // d and dmin come after the others
    put_scale(4u * last + eight % 4u, raw_u32(source + 80u));
    for (var i = 0u; i < 4u; i++) {
        put_scale(eight % 4u * 4u + i, raw_u32(source + 4u * i));
        put_quant(4u * eight + i, row, raw_nibbles(source + 16u + (i / 2u) * 32u, 4u * (i % 2u)));
    }
}
