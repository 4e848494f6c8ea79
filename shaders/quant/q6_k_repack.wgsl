// Q6_K as it lies in a file (128 bytes of low halves, 64 of upper two bits, 16 of s, d: 210 bytes for eight blocks) to a
// word a block and 21 u32.

// Two bits from bit `shift` on of 16 bytes: those of byte 4i + j at bit 8j + 2i.
fn raw_crumbs(at: u32, shift: u32) -> u32 {
    let word = (raw_word(at) >> vec4<u32>(shift)) & vec4<u32>(0x03030303u);
    return word.x | (word.y << 2u) | (word.z << 4u) | (word.w << 6u);
}

fn repack_blocks(first: u32, at: u32, row: u32) {
    for (var eight = first / 8u; eight < min(first + 32u, p.blocks) / 8u; eight++) {
        repack_eight(eight, at, row);
    }
}

fn repack_eight(eight: u32, at: u32, row: u32) {
    let source = at + eight * 210u;
    let to = eight % 4u * 20u;
    let last = min(4u, p.blocks / 8u - eight / 4u * 4u); // d comes after the others
    put_scale(20u * last + eight % 4u, raw_u16(source + 208u));
    for (var i = 0u; i < 4u; i++) {
        put_scale(to + i, raw_u32(source + 192u + 4u * i));
    }
    for (var b = 0u; b < 8u; b++) {
        let low = source + (b / 4u) * 64u + (b % 2u) * 32u;
        put_quant(8u * eight + b, row, raw_nibbles(low, 4u * (b / 2u % 2u)));
        let upper = source + 128u + (b / 4u) * 32u;
        put_scale(to + 4u + 2u * b, raw_crumbs(upper, 2u * (b % 4u)));
        put_scale(to + 5u + 2u * b, raw_crumbs(upper + 16u, 2u * (b % 4u)));
    }
}
