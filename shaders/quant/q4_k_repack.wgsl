// Q4_K as it lies in a file (d, dmin, 12 bytes of s and m, 128 of q: 144 bytes for eight blocks) to a word a block and
// four u32.
fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var eight = first / 8u; eight < min(first + 32u, p.blocks) / 8u; eight++) {
        repack_eight(eight, at, row);
    }
}

fn repack_eight(eight: u32, at: u32, row: u32) {
    let source = at + eight * 144u;
    let to = eight % 4u * 4u;
    put_scale(to, raw_u32(source));
    let s = raw_scales_and_mins(source + 4u);
    for (var i = 0u; i < 3u; i++) {
        put_scale(to + 1u + i, s[i]);
    }
    for (var b = 0u; b < 8u; b++) {
        let word = raw_nibbles(source + 16u + (b / 2u) * 32u, 4u * (b % 2u));
        put_quant(8u * eight + b, row, word ^ vec4<u32>(TOP));
    }
}
