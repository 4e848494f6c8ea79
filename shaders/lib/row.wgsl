// Words of the row whose word 0 is at `row` (lib/page): numbers first, then scales.
fn quant_word(i: u32, row: u32) -> vec4<u32> {
    return word(i * STEP + row);
}

// Past the row's end stands its last word: what a format reads of eight blocks where there are fewer.
fn scale_word(i: u32, row: u32) -> vec4<u32> {
    return word((p.scales + min(i, p.scale_words - 1u)) * STEP + row);
}
