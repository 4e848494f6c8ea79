// Q5_1 as it lies in a file (d, m, 32 fifth bits, then 16 bytes: 24 bytes a block) to one word and two u32 a block.
fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        let source = at + block * 24u;
        put_scale(block % 32u * 2u, raw_u32(source));
        put_scale(block % 32u * 2u + 1u, spread_bits(raw_u32(source + 4u)));
        put_quant(block, row, raw_word(source + 8u));
    }
}
