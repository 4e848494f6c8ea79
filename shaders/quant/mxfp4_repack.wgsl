// MXFP4 as it lies in a file (e, then 16 bytes: 17 bytes a block) to one word a block and scales of four blocks in a u32.
fn repack_blocks(first: u32, at: u32, row: u32) {
    var e = 0u;
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        let source = at + block * 17u;
        e = joined(e, raw_u8(source), block % 4u, 8u);
        put_scale(block % 32u / 4u, e);
        put_quant(block, row, raw_word(source + 1u));
    }
}
