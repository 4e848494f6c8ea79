// Words of a row of a page: numbers first, then scales. Neighbouring rows lie next to each other, word by word.
fn quant_word(i: u32, row: u32, rows: u32) -> vec4<u32> {
    return word(i * rows + row);
}

// Past the row's end stands its last word: what a format reads of eight blocks where there are fewer.
fn scale_word(i: u32, row: u32, rows: u32) -> vec4<u32> {
    return word((p.scales + min(i, p.scale_words - 1u)) * rows + row);
}
