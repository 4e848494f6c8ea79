// Q5_0 as it lies in a file (d, 32 fifth bits, then 16 bytes: 22 bytes a block) to one word a block and, for two blocks,
// paired scales and their fifth bits.
fn repack_blocks(first: u32, at: u32, row: u32) {
    var d = 0u;
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        let source = at + block * 22u;
        d = joined(d, raw_u16(source), block % 2u, 16u);
        let pair = block % 32u / 2u * 3u;
        put_scale(pair, d);
        put_scale(pair + 1u + block % 2u, spread_bits(raw_u32(source + 2u)));
        put_quant(block, row, raw_word(source + 6u));
    }
}
