//! A matrix on the GPU: one or several slabs of rows (experts, heads), in pages that a kernel can bind.
//!
//! A kernel's lane keeps two rows, n and N/2 + n (for SwiGLU the gate's and up's), so a page holds whole pairs: for each
//! of its slabs rows `pair_first .. pair_first + pairs` of the first half, then the same of the second. In an odd matrix
//! the last pair's second row does not exist; its room stays zero. A slab is contiguous: an expert's words lie together, so
//! that reading one costs the same however many there are. Within a slab so is a strip of [`STRIP`] pairs, whose rows are
//! interleaved word by word (shaders/lib/page.wgsl).

use crate::gpu::{Arg, Gpu, PageMemory, STRIP, Share};
use crate::quant::{BLOCK, Quant};
use crate::{Error, Result};

/// Rows of a matrix in one buffer or texture.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it lies.
    pub memory: PageMemory,
    /// The first slab.
    pub slab_first: u32,
    /// How many slabs.
    pub slabs: u32,
    /// The first pair of rows of each slab.
    pub pair_first: u32,
    /// How many pairs of each slab.
    pub pairs: u32,
}

/// Bytes of `slabs` matrices [N, K] on the GPU in one page; textures add what their last line leaves.
pub(crate) fn planned_bytes(quant: &Quant, [slabs, n, k]: [usize; 3]) -> u64 {
    let rows = 2 * (slabs * n.div_ceil(2).next_multiple_of(STRIP)) as u64;
    rows * quant.row_words(k.div_ceil(BLOCK)).iter().sum::<usize>() as u64 * 16
}

/// `slabs` matrices [N, K] on the GPU.
#[derive(Debug, Clone)]
pub struct Matrix {
    pub(crate) quant: &'static Quant,
    pub(crate) slabs: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    /// Whether its products take x as uniforms where that is possible.
    pub(crate) uniform: bool,
    /// Where its rows begin within a token of the product.
    pub y_first: usize,
    /// Its rows, in as many buffers as the device's bound asks for.
    pub pages: Vec<Page>,
}

impl Matrix {
    /// Blocks of 32 weights in a row.
    pub(crate) fn blocks(&self) -> usize {
        self.k.div_ceil(BLOCK)
    }

    /// Pairs of rows of a slab.
    pub(crate) fn half(&self) -> usize {
        self.n.div_ceil(2)
    }

    /// Makes the buffers of `slabs` matrices [N, K]; errors of the device go to the scope around the call.
    ///
    /// # Errors
    /// Not even one strip of rows fits the device's bound.
    pub fn new(
        gpu: &Gpu,
        name: &str,
        quant: &'static Quant,
        [slabs, n, k]: [usize; 3],
        y_first: usize,
    ) -> Result<Self> {
        let mut matrix = Self {
            quant,
            slabs,
            n,
            k,
            uniform: gpu.tier.share != Share::Workgroup,
            y_first,
            pages: Vec::new(),
        };
        let strip = (32 * STRIP * matrix.row_words().iter().sum::<usize>()) as u64;
        let strips =
            usize::try_from((gpu.max_page / strip).min(u64::from(u32::MAX) / STRIP as u64))
                .unwrap_or(usize::MAX);
        if strips == 0 {
            return Err(Error::device(format!(
                "{} rows of {name} need {strip} bytes in one buffer, and {} allows {}",
                2 * STRIP,
                gpu.info.name,
                gpu.max_page
            )));
        }
        let half = matrix.half();
        // Whole slabs where one fits, otherwise pieces of one.
        let at_once = (strips / half.div_ceil(STRIP)).max(1);
        let fits = strips * STRIP;
        for slab in (0..slabs).step_by(at_once) {
            for first in (0..half).step_by(fits) {
                let (slabs, pairs) = (at_once.min(slabs - slab), fits.min(half - first));
                let page = matrix.page(gpu, name, [slab, slabs], [first, pairs]);
                matrix.pages.push(page);
            }
        }
        Ok(matrix)
    }

    /// Words of 16 bytes of numbers and of scales a row takes.
    pub(crate) fn row_words(&self) -> [usize; 2] {
        self.quant.row_words(self.blocks())
    }

    fn page(
        &self,
        gpu: &Gpu,
        name: &str,
        [slab_first, slabs]: [usize; 2],
        [pair_first, pairs]: [usize; 2],
    ) -> Page {
        let rows = 2 * slabs * pairs.next_multiple_of(STRIP);
        let words = rows * self.row_words().iter().sum::<usize>();
        Page {
            memory: gpu.page(name, words as u64),
            slab_first: slab_first as u32,
            slabs: slabs as u32,
            pair_first: pair_first as u32,
            pairs: pairs as u32,
        }
    }

    /// Bytes on the GPU.
    pub(crate) fn bytes(&self) -> u64 {
        self.pages.iter().map(|page| page.memory.size()).sum()
    }
}

impl Page {
    /// The page, for a kernel.
    pub(crate) fn arg(&self) -> Arg {
        self.memory.arg()
    }
}
