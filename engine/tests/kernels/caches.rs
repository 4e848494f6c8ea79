//! What lies in a cache of each type: decoded, or filled for attention.

use motet::gpu::{CacheType, PageMemory};
use motet::kv::Cache;

use crate::bench::{Bench, Expected, POISON};
use crate::random::Random;

pub const TYPES: [CacheType; 3] = [CacheType::F32, CacheType::F16, CacheType::Q8];

/// Numbers of a cache: which word a channel and its scale are in.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub heads: usize,
    pub c: usize,
    /// Positions are innermost: keys.
    pub keys: bool,
}

impl Layout {
    /// The word that a channel of a head is in at slot `slot` (its position within the ring), and that of its scale.
    pub fn at(self, kind: CacheType, slot: usize, head: usize, channel: usize) -> [usize; 2] {
        let in_texel = numbers(kind);
        let scales = self.c.next_multiple_of(16) / in_texel;
        let word = |texel, byte: usize| 4 * self.texel(kind, slot, head, texel) + byte / 4;
        [
            word(channel / in_texel, channel % in_texel * 16 / in_texel),
            word(scales + channel / 128, channel % 128 / 32 * 4),
        ]
    }

    /// Where the i-th texel of a head at a slot is.
    fn texel(self, kind: CacheType, slot: usize, head: usize, i: usize) -> usize {
        let record = kind.record_bytes(self.c) / 16;
        if self.keys {
            let cell = slot / 64 * self.heads + head;
            return (cell * record + i) * 64 + slot % 64;
        }
        (slot * self.heads + head) * record + i
    }
}

/// How many a texel of sixteen bytes has.
fn numbers(kind: CacheType) -> usize {
    match kind {
        CacheType::F32 => 4,
        CacheType::F16 => 8,
        CacheType::Q8 => 16,
    }
}

/// Compares what a kernel wrote to a cache filled with poison: of each slot the rows of its heads, [heads, C].
pub fn check(
    bench: &Bench,
    what: &str,
    (kind, memory): (CacheType, &PageMemory),
    layout: Layout,
    rows: &[(usize, Vec<(f64, f64)>)],
) {
    let words = bench.read_plane(memory);
    let mut touched = vec![false; words.len()];
    let c = layout.c;
    for (slot, row) in rows {
        for (head, numbers) in row.chunks_exact(c).enumerate() {
            for (i, &(value, bound)) in numbers.iter().enumerate() {
                let [at, of_scale] = layout.at(kind, *slot, head, i);
                let (got, bound) = match kind {
                    CacheType::F32 => (f32::from_bits(words[at]), bound),
                    CacheType::F16 => {
                        let half = half::f16::from_bits((words[at] >> (i % 2 * 16)) as u16);
                        // A rounding to 11 bits in any direction; subnormal numbers are multiples of 2^-24, or flushed.
                        let step = (value.abs() * 2f64.powi(-10)).max(2f64.powi(-14));
                        let step = if value.abs() < 2f64.powi(-14) {
                            step
                        } else {
                            value.abs() * 2f64.powi(-10)
                        };
                        (half.to_f32(), bound + step)
                    }
                    CacheType::Q8 => {
                        let block_start = i / 32 * 32;
                        let block_numbers = &numbers[block_start..c.min(block_start + 32)];
                        let most = block_numbers
                            .iter()
                            .map(|(v, _)| v.abs())
                            .fold(0.0, f64::max);
                        let most_error = block_numbers.iter().map(|(_, e)| *e).fold(0.0, f64::max);
                        let scale = f64::from(f32::from_bits(words[of_scale]));
                        // The greatest is as exact as the numbers are; the division is off by 2.5 ulp.
                        let off = (most_error + most * 5.0 * 2f64.powi(-24)) / 127.0;
                        assert!(
                            (scale - most / 127.0).abs() <= off,
                            "{what} {kind:?}: the scale of slot {slot}, head {head}, channel {i} is {scale}, expected {}",
                            most / 127.0
                        );
                        let byte = (words[at] >> (i % 4 * 8)) as u8 as i8;
                        // Half a step, and a unit of the quotient, which may tip a rounding.
                        let bound = bound + scale * (0.5 + 127.0 * 8.0 * 2f64.powi(-24));
                        ((scale * f64::from(byte)) as f32, bound)
                    }
                };
                touched[at] = true;
                if kind == CacheType::Q8 {
                    touched[of_scale] = true;
                }
                assert!(
                    (f64::from(got) - value).abs() <= bound,
                    "{what} {kind:?}: slot {slot}, head {head}, channel {i} is {got}, expected {value} within {bound}"
                );
            }
            // What no channel has is read with the others, times zero.
            for i in 0..kind.record_bytes(c) / 16 {
                let texel = 4 * layout.texel(kind, *slot, head, i);
                for at in texel..texel + 4 {
                    assert!(
                        touched[at] || words[at] == 0,
                        "{what} {kind:?}: word {at}, behind head {head} of slot {slot}, is {:#x}",
                        words[at]
                    );
                    touched[at] = true;
                }
            }
        }
    }
    for (i, (word, touched)) in words.iter().zip(touched).enumerate() {
        assert!(
            touched || Expected::UNTOUCHED.holds(*word),
            "{what} {kind:?}: word {i} of the cache was written"
        );
        assert!(
            !touched || *word != POISON,
            "{what} {kind:?}: word {i} of the cache is missing"
        );
    }
}

/// Fills a cache with stale numbers and then, slot by slot, with rows of heads; gives the rows as they are read.
///
/// `exact`: multiples of a power of two up to `most`, so that products with such numbers are exact.
pub fn fill(
    bench: &Bench,
    (kind, memory): (CacheType, &PageMemory),
    layout: Layout,
    slots: impl IntoIterator<Item = usize>,
    exact: Option<usize>,
    random: &mut Random,
) -> Vec<f32> {
    // What a cache may still hold past the last position: it is read, and must not count.
    let stale = match kind {
        CacheType::F32 => 1e30f32.to_bits(),
        CacheType::F16 => 0x7bff_7bff, // 65504
        CacheType::Q8 => 0x717f_7f7f,  // bytes of 127 and 113, scales of 1e30
    };
    let mut words = vec![stale; memory.size() as usize / 4];
    let mut all = Vec::new();
    for slot in slots {
        for head in 0..layout.heads {
            let mut scale = 0.0;
            for i in 0..layout.c {
                let [at, of_scale] = layout.at(kind, slot, head, i);
                let number = match exact {
                    Some(most) => random.below(16 * most + 1) as f32 / 8.0 - most as f32,
                    None => random.float(),
                };
                let number = match kind {
                    CacheType::F32 => {
                        words[at] = number.to_bits();
                        number
                    }
                    CacheType::F16 => {
                        let half = half::f16::from_f32(number);
                        let shift = i % 2 * 16;
                        let word = &mut words[at];
                        *word = *word & !(0xffff << shift) | u32::from(half.to_bits()) << shift;
                        half.to_f32()
                    }
                    CacheType::Q8 => {
                        if i % 32 == 0 {
                            scale = match exact {
                                Some(most) => {
                                    (most as f32 / 16.0) * [1.0, 0.5][random.below(2)] / 8.0
                                }
                                None => (0.5 + random.float().abs() / 2.0) / 128.0,
                            };
                            words[of_scale] = scale.to_bits();
                        }
                        let byte = random.below(256) as u8;
                        let shift = i % 4 * 8;
                        words[at] = words[at] & !(0xff << shift) | u32::from(byte) << shift;
                        scale * f32::from(byte as i8)
                    }
                };
                all.push(number);
            }
        }
    }
    bench.gpu.write_plane(memory, bytemuck::cast_slice(&words));
    all
}

/// A cache full of poison, for heads of k and v.
pub fn poisoned(
    bench: &Bench,
    kind: CacheType,
    widths: [[usize; 2]; 2],
    positions: usize,
) -> Cache {
    let cache = Cache::new(&bench.gpu, kind, widths, positions).expect("the cache fits");
    bench.poison(&cache.k);
    bench.poison(&cache.v);
    cache
}
