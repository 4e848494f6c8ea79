//! The device, its buffers, and every error it raises.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use super::adapter::{self, GpuInfo, GpuOptions};
use super::counts::Counts;
use super::kernel::Kernel;
use super::parts::{Kernels, Memory, Share, Tier, UNIFORM_BYTES};
use super::plane::largest_texture;
use crate::source::Piece;
use crate::{Error, Result};

/// Whether a device raised an error in some work.
pub(crate) type Outcome = Pin<Box<dyn Future<Output = Result<()>>>>;

/// A device with its queue and pipelines. Errors it raises outside of a call are kept and fail the next call.
pub struct Gpu {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    /// The adapter.
    pub info: GpuInfo,
    /// What kernels use of it.
    pub tier: Tier,
    /// Greatest page of a matrix, in bytes.
    pub(crate) max_page: u64,
    /// A bound of it that was asked for.
    asked_page: Option<u64>,
    pub(super) pipelines: RefCell<HashMap<Kernel, wgpu::ComputePipeline>>,
    /// The texel at a place, as it is.
    pub(super) sampler: wgpu::Sampler,
    pub(super) counts: Rc<Cell<Counts>>,
    failure: Arc<Mutex<Option<String>>>,
}

impl Gpu {
    /// Opens the adapter that `options` name with all that it allows.
    ///
    /// # Errors
    /// No adapter, or one below the bounds that every kernel keeps to.
    pub async fn open(options: &GpuOptions) -> Result<Rc<Self>> {
        #[cfg(target_os = "linux")]
        let naming = super::threads::Naming::begin();
        let (adapter, mut info) = adapter::choose(options.adapter.as_deref()).await?;
        info.samples |= options.weights == Some(Memory::Sampled);
        let tier = info.tier(options);
        let mut features = wgpu::Features::empty();
        features.set(
            wgpu::Features::SUBGROUP,
            (tier.subgroups || tier.share.hands_round()) && !cfg!(target_arch = "wasm32"),
        );
        // Whether kernels use it is the tier's affair; ceilings are measured wherever there is one.
        features.set(wgpu::Features::SHADER_F16, info.f16);
        let timed = wgpu::Features::TIMESTAMP_QUERY;
        features.set(
            timed,
            options.timestamps && adapter.features().contains(timed),
        );
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("motet"),
                required_features: features,
                required_limits: adapter.limits(),
                ..Default::default()
            })
            .await
            .map_err(|e| Error::device(format!("the adapter {} gave no device: {e}", info.name)))?;
        #[cfg(target_os = "linux")]
        {
            drop(naming);
            if info.name.starts_with(adapter::LLVMPIPE) {
                super::threads::spread();
            }
        }

        let failure = Arc::new(Mutex::new(None));
        device.on_uncaptured_error(Arc::new(keep_first(&failure, "the GPU raised an error")));
        let lost = keep_first(&failure, "the GPU was lost");
        device.set_device_lost_callback(move |reason, message| {
            // Natively that is the end of ours; in a page it is another script's doing.
            if reason != wgpu::DeviceLostReason::Destroyed || cfg!(target_arch = "wasm32") {
                lost(message);
            }
        });
        let mut gpu = Self {
            max_page: max_page(&device, &info, tier, options.max_page),
            sampler: device.create_sampler(&wgpu::SamplerDescriptor::default()),
            device,
            queue,
            info,
            tier,
            asked_page: options.max_page,
            pipelines: RefCell::default(),
            counts: Rc::default(),
            failure,
        };
        // Samplers are used where this has shown that they are exact, and by no other kind of kernels later.
        gpu.info.samples = tier.weights == Memory::Sampled && {
            // What refuses such textures keeps no bits either; what broke the device is an error.
            let kept = gpu.keeps_bits().await;
            gpu.check()?;
            gpu.pipelines.take();
            kept.unwrap_or(false)
        };
        gpu.tier = gpu.info.tier(options);
        Ok(Rc::new(gpu))
    }

    /// What kind of adapter its kernels are shaped for.
    pub fn kernels(&self) -> Kernels {
        Kernels {
            weights: self.tier.weights,
            share: self.tier.share,
        }
    }

    /// The same device with kernels of another kind, as far as it can have them, for a model that is yet to be loaded.
    pub fn with_kernels(&self, kernels: Kernels) -> Rc<Self> {
        let Kernels { weights, share } = self.info.possible(kernels, self.tier.subgroups);
        let tier = Tier {
            weights,
            share,
            ..self.tier
        };
        Rc::new(Self {
            device: self.device.clone(),
            queue: self.queue.clone(),
            info: self.info.clone(),
            tier,
            max_page: max_page(&self.device, &self.info, tier, self.asked_page),
            asked_page: self.asked_page,
            sampler: self.sampler.clone(),
            pipelines: RefCell::default(),
            counts: Rc::default(),
            failure: self.failure.clone(),
        })
    }

    /// What the device raised outside of a call, if anything: it is of no use any more.
    pub fn failure(&self) -> Option<String> {
        self.failure
            .lock()
            .map_or_else(|e| e.into_inner().clone(), |failure| failure.clone())
    }

    /// Fails if the device did.
    pub(crate) fn check(&self) -> Result<()> {
        self.failure()
            .map_or(Ok(()), |message| Err(Error::device(message)))
    }

    /// Runs `work` and returns its result, or the error that it raised on the device.
    pub async fn scoped<T>(&self, what: &str, work: impl FnOnce() -> T) -> Result<T> {
        let (value, outcome) = self.watch(what, work);
        outcome.await.map(|()| value)
    }

    /// Runs `work`; the future says whether the device raised an error in it.
    pub(crate) fn watch<T>(&self, what: &str, work: impl FnOnce() -> T) -> (T, Outcome) {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        let scopes = [Internal, OutOfMemory, Validation].map(|f| self.device.push_error_scope(f));
        let value = work();
        let [internal, memory, validation] = scopes;
        let (validation, memory, internal) = (validation.pop(), memory.pop(), internal.pop());
        let what = what.to_owned();
        let adapter = self.info.name.clone();
        let failure = self.failure.clone();
        let outcome = async move {
            let raised = [validation.await, memory.await, internal.await];
            if let Some(error) = raised.into_iter().flatten().next() {
                return Err(Error::device(match error {
                    wgpu::Error::OutOfMemory { .. } => {
                        format!(
                            "{adapter} ran out of memory at {what}; use a smaller model or context"
                        )
                    }
                    other => format!(
                        "{adapter} failed at {what}: {}",
                        one_line(&other.to_string())
                    ),
                }));
            }
            let failed = failure
                .lock()
                .map_or_else(|e| e.into_inner().clone(), |f| f.clone());
            failed.map_or(Ok(()), |message| Err(Error::device(message)))
        };
        (value, Box::pin(outcome))
    }

    /// A buffer of at least `bytes` bytes that kernels read and write and copies reach, filled with zeros.
    pub fn buffer(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        use wgpu::BufferUsages as U;
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes.next_multiple_of(16).max(16),
            usage: U::STORAGE | U::UNIFORM | U::COPY_DST | U::COPY_SRC,
            mapped_at_creation: false,
        })
    }

    /// A buffer that products read rows or gains from: where they are bound as uniforms, such a binding fits at each.
    pub fn operand(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        match self.tier.share {
            Share::Workgroup => self.buffer(label, bytes),
            Share::Four | Share::Eight | Share::Own => self.buffer(label, bytes + UNIFORM_BYTES),
        }
    }

    /// Overwrites a buffer from its start; the length is a multiple of 4.
    pub fn write(&self, buffer: &wgpu::Buffer, bytes: &[u8]) {
        self.queue.write_buffer(buffer, 0, bytes);
    }

    /// A list of commands to be filled and submitted.
    pub(crate) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// Puts bytes of a file at the start of a buffer; in a browser they do not enter wasm memory. Up to three bytes after
    /// them are overwritten, since writes go by fours.
    pub(crate) fn write_piece(&self, buffer: &wgpu::Buffer, piece: &Piece) -> Result<()> {
        #[cfg(not(target_arch = "wasm32"))]
        {
            let (whole, rest) = piece.as_slice().split_at(piece.len() / 4 * 4);
            self.queue.write_buffer(buffer, 0, whole);
            if !rest.is_empty() {
                let mut last = [0; 4];
                last[..rest.len()].copy_from_slice(rest);
                self.queue.write_buffer(buffer, whole.len() as u64, &last);
            }
        }
        #[cfg(target_arch = "wasm32")]
        super::web::write_piece(&self.queue, buffer, piece)?;
        Ok(())
    }

    /// Fails, in words, if no kernel could bind a buffer of this many bytes.
    pub(crate) fn check_binding(&self, what: &str, bytes: u64) -> Result<()> {
        let most = self.info.max_binding.min(self.info.max_buffer);
        self.check_room(what, "buffer", bytes, most)
    }

    pub(super) fn check_room(&self, what: &str, kind: &str, bytes: u64, most: u64) -> Result<()> {
        if bytes > most {
            return Err(Error::device(format!(
                "{what} needs {bytes} bytes in one {kind}, and {} allows {most}; use a smaller context or model",
                self.info.name
            )));
        }
        Ok(())
    }
}

/// The greatest page of a matrix: what can be bound, or less if that was asked for.
fn max_page(device: &wgpu::Device, info: &GpuInfo, tier: Tier, asked: Option<u64>) -> u64 {
    let bound = match tier.weights {
        Memory::Buffers => info.max_binding.min(info.max_buffer),
        Memory::Textures | Memory::Sampled => largest_texture(&device.limits()),
    };
    asked.map_or(bound, |most| most.min(bound))
}

/// A callback that keeps the first message it is given.
fn keep_first<M: ToString>(
    kept: &Arc<Mutex<Option<String>>>,
    what: &'static str,
) -> impl Fn(M) + Send + Sync + 'static + use<M> {
    let kept = kept.clone();
    move |message: M| {
        let mut kept = kept
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.get_or_insert_with(|| format!("{what}: {}", one_line(&message.to_string())));
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
