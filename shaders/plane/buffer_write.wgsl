// A page of weights in a buffer, to be filled.
@group(0) @binding(2) var<storage, read_write> plane: array<vec4<u32>>;

fn put_word(i: u32, word: vec4<u32>) {
    plane[i] = word;
}
