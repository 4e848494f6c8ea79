//! Weights on the GPU: how a matrix lies there (`matrix`), how it gets there (`load`), and what is done to bytes on the
//! way where the GPU's kernel alone does not do (`convert`).

pub mod convert;
mod load;
mod matrix;

pub use load::{LoadOptions, Progress, load, planned_bytes};
pub use matrix::{Matrix, Page};

use crate::arch::tree::Tree;

/// The weights of a model, on the GPU.
pub struct Weights {
    pub(crate) tree: Tree<Matrix, wgpu::Buffer>,
    pub(crate) nothing: wgpu::Buffer, // stands for a part that a kernel does not read
    pub(crate) usage: wgpu::Buffer,   // [L, E] u32: how often each expert was chosen
}

impl Weights {
    /// Bytes of GPU memory the weights take.
    pub fn bytes(&self) -> u64 {
        let matrices = self.tree.matrices().map(Matrix::bytes).sum::<u64>();
        matrices + self.tree.vectors().map(wgpu::Buffer::size).sum::<u64>()
    }
}
