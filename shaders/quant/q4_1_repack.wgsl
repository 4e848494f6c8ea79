// Q4_1 as it lies in a file (d, m, then 16 bytes: 20 bytes a block) to one word and one u32 of scales a block.
fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        let source = at + block * 20u;
        put_scale(block % 32u, raw_u32(source));
        put_quant(block, row, raw_word(source + 4u) ^ vec4<u32>(TOP));
    }
}
