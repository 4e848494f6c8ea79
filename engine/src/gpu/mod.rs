//! The device and what runs on it: kernels put together from shaders/, buffers, a list of dispatches, readback.

mod adapter;
pub mod ceilings;
mod clock;
mod counts;
mod device;
mod kernel;
mod parts;
mod pass;
mod pipelines;
mod plane;
mod readback;
#[cfg(target_os = "linux")]
mod threads;
mod timing;
#[cfg(target_arch = "wasm32")]
mod web;

pub use adapter::{GpuInfo, GpuOptions, list_adapters};
pub use clock::Moment;
pub use counts::Counts;
pub use device::Gpu;
pub use kernel::{Input, Kernel, Output, Place, RING, all_kernels, attention_rows};
pub use parts::{CacheType, Kernels, Memory, Operand, SPLITS, STRIP, Share, Tier, UNIFORM_BYTES};
pub use pass::{Arg, Dispatch, Params, Pass};
pub(crate) use pipelines::Warming;
pub use plane::PageMemory;
pub use readback::Readback;
pub use timing::Timing;
