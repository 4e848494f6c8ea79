// put: the i-th word of a plane is x[i].
//
//   x       [words] vec4<u32>                                      read
//   plane   words                                                  write  (plane/*)
//
// One lane a word. Parts: plane/*_write.
struct Params {
    words: u32,
}

@group(0) @binding(1) var<storage, read> x: array<vec4<u32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x < p.words) {
        put_word(at.x, x[at.x]);
    }
}
