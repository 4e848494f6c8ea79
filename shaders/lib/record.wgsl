// Where a cache has a head's channels of a position: in a record of texels, sixteen bytes each. TEXELS of them have sixteen channels, of
// which the last of a head may be none: zeros. Behind them, where the type has scales (SCALES is 1), is a texel of those for
// each 128 channels.
//
//   k_cache [S/64, K, record, 64]: position innermost, since attention's lanes are positions
//   v_cache [S, K, record]: there they are channels
const K_STEP: u32 = 64u; // from a texel of a key to its next

// Texels of a record of c16 times sixteen channels.
fn texels(c16: u32) -> u32 {
    return c16 * TEXELS + SCALES * ((c16 + 7u) / 8u);
}

// The first texel of a key; cell: of tile and kv head; s: the position within the tile.
fn key_record(cell: u32, s: u32, c16: u32) -> u32 {
    return cell * texels(c16) * K_STEP + s;
}

// The first texel of a value; cell: of position and kv head.
fn value_record(cell: u32, c16: u32) -> u32 {
    return cell * texels(c16);
}
