// Q2_K: w = d·s·q - dmin·m, q in 0..3; s and m for 16 weights. One word of 64 weights for two blocks, laid as Q4_0's, the
// first block's q in the lower two bits of each four; scales, for 32 blocks of a row (or what is left): a word of four bits s,
// four bits m of 16 weights after another for each eight, then a word of every eight's d and dmin.
struct Scales {
    sm: vec4<u32>,
    d: u32,
}

fn load_scales(eight: u32, row: u32) -> Scales {
    let four = eight / 4u;
    let last = min(4u, p.blocks / 8u - 4u * four); // d and dmin come after the others
    return Scales(
        scale_word(5u * four + eight % 4u, row),
        scale_word(5u * four + last, row)[eight % 4u],
    );
}

const LOW: vec4<f32> = FIELD_SCALES;
const HIGH: vec4<f32> = FIELD_SCALES;
const OFFSETS: vec4<f32> = vec4<f32>(1.0);
const LIFT: f32 = 0.0;

fn load_numbers(block: u32, row: u32, scales: Scales) -> Block {
    let b = block % 8u;
    let s = vec4<u32>(scales.sm[b / 2u] >> (16u * (b % 2u))) >> vec4<u32>(0u, 4u, 8u, 12u);
    let d = unpack2x16float(scales.d);
    let of_16 = vec4<f32>(s & vec4<u32>(15u));
    let q = quant_word(block / 2u, row) >> vec4<u32>(2u * (b % 2u));
    let h = q >> vec4<u32>(4u);
    let numbers = array<vec4<f32>, 8>(
        crumbs(q.x), crumbs(q.y), crumbs(q.z), crumbs(q.w), crumbs(h.x), crumbs(h.y), crumbs(h.z), crumbs(h.w),
    );
    return Block(numbers, d.x * of_16.xz, -d.y * of_16.yw);
}
