//! Blocks of weights: one file a format, with its sizes, its decoding on the CPU and its layout on the GPU.
//!
//! On the GPU every format is cut in blocks of 32 weights of a row, and a row is words of four u32: first those of the
//! numbers' low bits, then those of scales and what else there is. Some formats share a word among up to eight blocks, so
//! `words` and `scales` count for eight. shaders/README.md says where they lie.

mod bf16;
mod f16;
mod f32;
mod iq4_nl;
mod iq4_xs;
mod mxfp4;
mod q2_k;
mod q3_k;
mod q4_0;
mod q4_1;
mod q4_k;
mod q5_0;
mod q5_1;
mod q5_k;
mod q6_k;
mod q8_0;

use crate::format::{Checkpoint, Tensor, TensorType};
use crate::{Error, Result};

/// Weights in a block on the GPU, whatever the format's own blocks are.
pub const BLOCK: usize = 32;

/// A format that can be computed with.
#[derive(Debug)]
pub struct Quant {
    /// GGUF's name, e.g. `Q4_1`.
    pub name: &'static str,
    /// Weights in one block of the file.
    pub block_len: usize,
    /// Bytes of one block of the file.
    pub block_bytes: usize,
    /// `vec4<u32>` of numbers for eight blocks on the GPU.
    pub words: usize,
    /// u32 of scales for eight blocks on the GPU.
    pub scales: usize,
    /// One block of the file to floats: `block_bytes` bytes in, `block_len` numbers out.
    decode_block: fn(&[u8], &mut [f32]),
    /// WGSL that gives `load_numbers`.
    pub load: &'static str,
    /// WGSL that gives `repack_blocks`.
    pub repack: &'static str,
}

impl PartialEq for Quant {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Every format that can be computed with.
pub const QUANTS: [&Quant; 16] = [
    &f32::F32,
    &f16::F16,
    &bf16::BF16,
    &q8_0::Q8_0,
    &q4_0::Q4_0,
    &q4_1::Q4_1,
    &q5_0::Q5_0,
    &q5_1::Q5_1,
    &q2_k::Q2_K,
    &q3_k::Q3_K,
    &q4_k::Q4_K,
    &q5_k::Q5_K,
    &q6_k::Q6_K,
    &iq4_nl::IQ4_NL,
    &iq4_xs::IQ4_XS,
    &mxfp4::MXFP4,
];

impl Quant {
    /// The format of a tensor's type, or an error that names those that are supported.
    pub fn of(kind: TensorType) -> Result<&'static Quant> {
        QUANTS
            .into_iter()
            .find(|q| q.name == kind.name())
            .ok_or_else(|| {
                let known: Vec<_> = QUANTS.iter().map(|q| q.name).collect();
                Error::model(format!(
                    "weights of type {} are not supported yet; use a file in one of {}",
                    kind.name(),
                    known.join(", ")
                ))
            })
    }

    /// Bytes of a row of `k` weights in the file.
    pub fn row_bytes(&self, k: usize) -> usize {
        k.div_ceil(self.block_len) * self.block_bytes
    }

    /// A row or rows of the file to floats; `bytes` holds whole blocks and `out` their numbers.
    pub fn decode(&self, bytes: &[u8], out: &mut [f32]) {
        let blocks = bytes
            .chunks_exact(self.block_bytes)
            .zip(out.chunks_exact_mut(self.block_len));
        for (block, numbers) in blocks {
            (self.decode_block)(block, numbers);
        }
    }

    /// Words of 16 bytes, of numbers and of scales, that a row of `blocks` blocks takes on the GPU.
    pub fn row_words(&self, blocks: usize) -> [usize; 2] {
        let scales = (blocks * self.scales).div_ceil(8);
        [(blocks * self.words).div_ceil(8), scales.div_ceil(4)]
    }
}

impl Checkpoint {
    /// All numbers of a tensor.
    ///
    /// # Errors
    /// A type that cannot be computed with, bytes that cannot be read.
    pub async fn floats(&self, tensor: &Tensor) -> Result<Vec<f32>> {
        let quant = Quant::of(tensor.kind)?;
        let source = self.sources.get(tensor.source).ok_or_else(|| {
            Error::model(format!("the file of the tensor {} is missing", tensor.name))
        })?;
        let bytes = source.read(tensor.range.clone()).await?.into_vec();
        let mut numbers = vec![0.0; bytes.len() / quant.block_bytes * quant.block_len];
        quant.decode(&bytes, &mut numbers);
        Ok(numbers)
    }
}

/// The f16 at byte `at`.
fn half_at(bytes: &[u8], at: usize) -> f32 {
    half::f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// 32 numbers from 16 bytes: the low halves, then the high ones.
fn halves(bytes: &[u8], out: &mut [f32], number: impl Fn(u8) -> f32) {
    let (low, high) = out.split_at_mut(16);
    for ((l, h), q) in low.iter_mut().zip(high).zip(bytes) {
        *l = number(q & 15);
        *h = number(q >> 4);
    }
}

/// 32 numbers from 4 bytes of fifth bits and 16 bytes of the others.
fn five_bits(bytes: &[u8], out: &mut [f32], number: impl Fn(f32) -> f32) {
    for (i, w) in out.iter_mut().enumerate() {
        let low = bytes[4 + i % 16] >> (i / 16 * 4) & 15;
        let fifth = bytes[i / 8] >> (i % 8) & 1;
        *w = number((fifth << 4 | low).into());
    }
}
