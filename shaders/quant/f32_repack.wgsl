// F32 as it lies in a file to 8 words a block; past the row's end stands zero.
fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var block = first; block < min(first + 32u, p.blocks); block++) {
        for (var i = 0u; i < 8u; i++) {
            let k = block * 32u + i * 4u;
            var word = vec4<u32>(0u);
            for (var j = 0u; j < 4u; j++) {
                if (k + j < p.k) {
                    word[j] = raw_u32(at + (k + j) * 4u);
                }
            }
            put_quant(block * 8u + i, row, word);
        }
    }
}
