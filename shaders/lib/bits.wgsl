// Integers in words to floats. Fields are masked where they stand and the power of two is folded into the scale: fewer
// operations than a shift for each field, and shifts by a vector are slow on adapters without such an instruction.

// The low halves of four bytes, the i-th times 2^8i; multiply by FIELD_SCALES. At most 2^28, so signed is as good.
fn nibbles(word: u32) -> vec4<f32> {
    return vec4<f32>(vec4<i32>(vec4<u32>(word) & vec4<u32>(0xfu, 0xf00u, 0xf0000u, 0xf000000u)));
}
const FIELD_SCALES: vec4<f32> = vec4<f32>(1.0, 0.00390625, 1.52587890625e-5, 5.9604644775390625e-8);

// The high halves of four bytes, the i-th times 2^(8i + 4); multiply by HIGH_SCALES. The last one is signed: it is kept with its
// upper bit the other way round (TOP), so 8 is missing, SUNK here.
fn high_nibbles(word: u32) -> vec4<f32> {
    let fields = vec4<u32>(word) & vec4<u32>(0xf0u, 0xf000u, 0xf00000u, 0xf0000000u);
    return vec4<f32>(bitcast<vec4<i32>>(fields));
}
const SUNK: f32 = 2147483648.0;
const HIGH_SCALES: vec4<f32> = 0.0625 * FIELD_SCALES;

// Four bytes, the i-th times 2^8i; multiply by FIELD_SCALES. The first three are unsigned, the last one is signed.
fn bytes(word: u32) -> vec4<f32> {
    return vec4<f32>(vec4<i32>(vec4<u32>(word) & vec4<u32>(0xffu, 0xff00u, 0xff0000u, 0xff000000u)));
}

// The lowest two bits of four bytes, likewise.
fn crumbs(word: u32) -> vec4<f32> {
    return vec4<f32>(vec4<i32>(vec4<u32>(word) & vec4<u32>(0x3u, 0x300u, 0x30000u, 0x3000000u)));
}

// Low bits of four bytes with others above them, which stand apart: of 32 weights in eight vectors, the upper bit of
// vector i's number j is bit 8j + i of a word, and its upper two bits, of 16 weights in four, are bits 8j + 2i and on.
fn three_bits(low: u32, upper: u32) -> vec4<f32> {
    return bytes((low & 0x03030303u) | (upper & 0x04040404u));
}

fn five_bits(low: u32, upper: u32) -> vec4<f32> {
    return bytes((low & 0x0f0f0f0fu) | (upper & 0x10101010u));
}

fn six_bit_field(low: u32, upper: u32) -> vec4<f32> {
    return bytes((low & 0x0f0f0f0fu) | (upper & 0x30303030u));
}

// The i-th of eight pairs of 6 bits in three words: low halves of the first, low halves of the second, upper two bits of
// both.
fn six_bits(words: vec3<u32>, i: u32) -> vec2<f32> {
    let w = words >> vec3<u32>(4u * i);
    return vec2<f32>(f32((w.x & 15u) | ((w.z & 3u) << 4u)), f32((w.y & 15u) | ((w.z & 12u) << 2u)));
}

// The f16 of a block in a word that two blocks share.
fn half_of(word: u32, block: u32) -> f32 {
    return unpack2x16float(word)[block & 1u];
}

// ggml's kvalues_iq4nl of the low halves of four bytes: -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69,
// 89, 113. A polynomial comes within 0.435 of each, and is rounded: arithmetic in place of a table, which would be a
// load for every weight.
fn iq4_values(word: u32) -> vec4<f32> {
    let q = nibbles(word);
    return round((((IQ4_4 * q + IQ4_3) * q + IQ4_2) * q + IQ4_1) * q - 126.567);
}
const IQ4_1: vec4<f32> = 24.1738 * FIELD_SCALES;
const IQ4_2: vec4<f32> = -1.37193 * FIELD_SCALES * FIELD_SCALES;
const IQ4_3: vec4<f32> = 0.0310864 * FIELD_SCALES * FIELD_SCALES * FIELD_SCALES;
const IQ4_4: vec4<f32> = 0.00158604 * FIELD_SCALES * FIELD_SCALES * FIELD_SCALES * FIELD_SCALES;
