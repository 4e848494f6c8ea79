//! Motet: language models, mixtures of experts first of all, on WebGPU; the same code in a browser and natively.
//!
//! The modules in the order in which data flows, from a file's bytes to the next token:
//!
//! | module | in | out |
//! |---|---|---|
//! | [`source`] | a path, a URL, a Blob | bytes, by range |
//! | [`mod@format`] | bytes | [`format::Checkpoint`]: metadata and where each tensor lies |
//! | [`arch`] | metadata | [`arch::Config`]: the model as numbers |
//! | [`tokenizer`] | text, messages | ids, and back |
//! | [`quant`] | blocks of a file | floats, and how they lie on the GPU |
//! | [`weights`] | tensors | matrices on the GPU |
//! | [`gpu`] | shaders/ | the device, kernels, passes, readback |
//! | [`ops`] | shapes | dispatches |
//! | [`forward`] | Config × Weights × State | dispatches of a whole model |
//! | [`kv`] | Config | the cache and the scratch of a session |
//! | [`sample`] | logits | the next id |
//! | [`model`], [`session`] | a checkpoint, prompts | tokens |
//! | [`tune`] | a device | the kernels it is fastest with |
//! | [`mod@bench`] | a model on a device | how fast it is, beside what the device can do |
//! | [`mod@reference`] | the same, on the CPU in plain f32 | the specification |
//!
//! docs/design.md says why; docs/shapes.md declares the letters of shapes.

pub mod arch;
pub mod bench;
pub mod error;
pub mod format;
pub mod forward;
pub mod gpu;
pub mod kv;
pub mod model;
pub mod ops;
pub mod quant;
pub mod reference;
pub mod sample;
pub mod session;
pub mod source;
pub mod tokenizer;
pub mod tune;
pub mod weights;

pub use error::{Error, Result};
