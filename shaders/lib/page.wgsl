// Where rows lie in a page. Its slabs follow each other; a slab is strips of STRIP pairs of rows, and of a strip word 0 of its
// pairs' first rows comes first, then of their second ones, then word 1 of both, and so on: neighbouring lanes read neighbouring
// words, and a lane's next word is close to its last.
const STEP: u32 = 2u * STRIP; // words from one of a row's words to the next

// Word 0 of the first or, with 1, the second row of a pair of a slab, both counted from the page's.
fn row_at(slab: u32, pair: u32, second: u32) -> u32 {
    let strip = slab * ((p.pairs + STRIP - 1u) / STRIP) + pair / STRIP;
    return strip * STEP * (p.scales + p.scale_words) + second * STRIP + pair % STRIP;
}
