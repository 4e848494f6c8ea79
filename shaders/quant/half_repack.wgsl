// F16 and BF16 as they lie in a file to 4 words a block; past the row's end stands zero.
fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        for (var i = 0u; i < 4u; i++) {
            let k = block * 32u + i * 8u;
            var word = vec4<u32>(0u);
            for (var j = 0u; j < 8u; j++) {
                if (k + j < p.k) {
                    word[j / 2u] |= raw_u16(at + (k + j) * 2u) << (16u * (j % 2u));
                }
            }
            put_quant(block * 4u + i, row, word);
        }
    }
}
