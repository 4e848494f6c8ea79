// get: y[i] is the i-th word of a plane, as kernels read it.
//
//   y       [words] vec4<u32>                                      write
//   plane   words                                                  read   (plane/*)
//
// One lane a word. Parts: plane/*_read.
struct Params {
    words: u32,
}

@group(0) @binding(1) var<storage, read_write> y: array<vec4<u32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    begin_plane();
    if (at.x < p.words) {
        y[at.x] = word(at.x);
    }
}
