// Q4_0 and IQ4_NL as they lie in a file (d, then 16 bytes: 18 bytes a block) to one word a block and paired scales.
fn repack_blocks(first: u32, at: u32, row: u32) {
    var d = 0u;
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        let source = at + block * 18u;
        d = joined(d, raw_u16(source), block % 2u, 16u);
        put_scale(block % 32u / 2u, d);
        put_quant(block, row, raw_word(source + 2u) ^ vec4<u32>(TOP));
    }
}
