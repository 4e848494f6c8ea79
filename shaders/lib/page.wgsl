// Where rows lie in a page. Its slabs follow each other; a slab is strips of STRIP pairs of rows. Of a strip word 0 of all rows
// comes first, then word 1 of all, and so on; and of each word that of eight pairs' first rows, of their second ones, of the next
// eight pairs' first rows: neighbouring lanes read neighbouring words, and a lane's next word is close to its last.
const STEP: u32 = 2u * STRIP; // words from one of a row's words to the next
const TOP: u32 = 0x80000000u; // the bit of a word of halves of bytes that is kept the other way round (lib/bits, high_nibbles)
const SECOND: u32 = 8u;       // words from a word of a pair's first row to that of its second

// Word 0 of the first row of a pair of a slab, both counted from the page's.
fn row_at(slab: u32, pair: u32) -> u32 {
    let strip = slab * ((p.pairs + STRIP - 1u) / STRIP) + pair / STRIP;
    return strip * STEP * (p.scales + p.scale_words) + pair % STRIP / SECOND * (2u * SECOND) + pair % SECOND;
}
