// Q3_K as it lies in a file (32 bytes of third bits, 64 of the lower two, 12 of s, d: 110 bytes for eight blocks) to a
// word for two blocks and twelve u32.

fn raw_scale(at: u32, i: u32) -> u32 {
    let low = (raw_u8(at + i % 8u) >> (4u * (i / 8u))) & 15u;
    return low | (((raw_u8(at + 8u + i % 4u) >> (2u * (i / 4u))) & 3u) << 4u);
}

fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var eight = first / 8u; eight < min(first + 32u, p.blocks) / 8u; eight++) {
        repack_eight(eight, at, row);
    }
}

fn repack_eight(eight: u32, at: u32, row: u32) {
    let source = at + eight * 110u;
    let to = eight % 4u * 12u;
    put_scale(to, raw_u16(source + 108u));
    var s = vec3<u32>(0u);
    for (var b = 0u; b < 8u; b++) {
        s |= six_bits_of(b, raw_scale(source + 96u, 2u * b), raw_scale(source + 96u, 2u * b + 1u));
        put_scale(to + 4u + b, raw_bits(source, b));
    }
    for (var i = 0u; i < 3u; i++) {
        put_scale(to + 1u + i, s[i]);
    }
    for (var i = 0u; i < 4u; i++) {
        put_quant(4u * eight + i, row, raw_nibbles(source + 32u + (i / 2u) * 32u, 4u * (i % 2u)));
    }
}
