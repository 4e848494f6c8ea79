// IQ4_XS as it lies in a file (d, 2 bytes of upper two bits of s, 4 of their low halves, 128 of q: 136 bytes for eight
// blocks) to a word a block and two u32.
fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var eight = first / 8u; eight < min(first + 32u, p.blocks) / 8u; eight++) {
        repack_eight(eight, at, row);
    }
}

fn repack_eight(eight: u32, at: u32, row: u32) {
    let source = at + eight * 136u;
    let to = eight % 4u * 2u;
    put_scale(to, raw_u32(source));
    put_scale(to + 1u, raw_u32(source + 4u));
    for (var b = 0u; b < 8u; b++) {
        put_quant(8u * eight + b, row, raw_word(source + 8u + 16u * b));
    }
}
