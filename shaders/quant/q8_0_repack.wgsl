// Q8_0 as it lies in a file (d, then 32 signed bytes: 34 bytes a block) to two words a block and paired scales.
// The first three of each four bytes get 128 added: load_block() reads them as unsigned.
fn repack_blocks(first: u32, at: u32, row: u32) {
    var d = 0u;
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        let source = at + block * 34u;
        d = joined(d, raw_u16(source), block % 2u, 16u);
        put_scale(block % 32u / 2u, d);
        for (var i = 0u; i < 2u; i++) {
            put_quant(block * 2u + i, row, raw_word(source + 2u + i * 16u) ^ vec4<u32>(0x808080u));
        }
    }
}
