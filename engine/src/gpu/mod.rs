//! The device and what runs on it: kernels put together from shaders/, buffers, a list of dispatches, readback.

mod device;
mod kernel;
mod pass;
mod readback;
#[cfg(target_arch = "wasm32")]
mod web;

pub use device::{Gpu, GpuInfo, GpuOptions, PageMemory, list_adapters};
pub use kernel::{
    CacheType, Input, Kernel, Memory, Operand, Output, Place, RING, Share, Tier, UNIFORM_BYTES,
    all_kernels, attention_rows,
};
pub use pass::{Arg, Dispatch, Params, Pass};
pub use readback::Readback;
