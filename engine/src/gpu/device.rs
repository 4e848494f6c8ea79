//! The device: which adapter, what it offers, its pipelines, and every error it raises.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use super::counts::Counts;
use super::kernel::{Access, Kernel};
use super::parts::{Memory, PLANE_FORMAT, PLANE_WIDTH, Share, Tier, UNIFORM_BYTES};
use super::pass::Arg;
use crate::source::Piece;
use crate::{Error, Result};

/// How to choose and use a device.
#[derive(Debug, Clone)]
pub struct GpuOptions {
    /// Part of the adapter's name; `None` takes the fastest kind there is.
    pub adapter: Option<String>,
    /// Use subgroup operations where the device has them.
    pub subgroups: bool,
    /// Stage activations in f16 where the device has it: faster on GPUs, less exact.
    pub f16: bool,
    /// Cut matrices in pages of at most this many bytes, below the device's own bound.
    pub max_page: Option<u64>,
    /// Where weights and caches lie; None: where the adapter reads them fastest, as far as is known.
    pub weights: Option<Memory>,
    /// How lanes share activations; None: what is fastest on the adapter, as far as is known.
    pub share: Option<Share>,
    /// Time dispatches on the device, where it can: what a profile needs.
    pub timestamps: bool,
}

impl Default for GpuOptions {
    fn default() -> Self {
        Self {
            adapter: None,
            subgroups: true,
            f16: false,
            max_page: None,
            weights: None,
            share: None,
            timestamps: false,
        }
    }
}

/// What people want to know of an adapter.
#[derive(Debug, Clone, serde::Serialize)]
pub struct GpuInfo {
    /// The adapter's name.
    pub name: String,
    /// `vulkan`, `metal`, `dx12` or `webgpu`.
    pub backend: String,
    /// The driver and its version, as far as the backend says.
    pub driver: String,
    /// It computes on the CPU.
    pub software: bool,
    /// Subgroup operations can be used, and the smallest and greatest size of a subgroup.
    pub subgroups: Option<(u32, u32)>,
    /// f16 arithmetic can be used.
    pub f16: bool,
    /// Greatest range of a buffer that a kernel can bind, in bytes.
    pub max_binding: u64,
    /// Greatest buffer, in bytes.
    pub max_buffer: u64,
}

impl GpuInfo {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        let limits = adapter.limits();
        let has = |feature| adapter.features().contains(feature);
        // wgpu's browser backend knows the sizes but not the feature; the page asks for it (web/ts/subgroups.ts).
        let subgroups = info.subgroup_min_size > 0
            && (has(wgpu::Features::SUBGROUP) || info.backend == wgpu::Backend::BrowserWebGpu);
        Self {
            name: if info.name.is_empty() {
                "unnamed adapter".into()
            } else {
                info.name
            },
            backend: match info.backend {
                wgpu::Backend::BrowserWebGpu => "webgpu".into(),
                other => other.to_string(),
            },
            driver: format!("{} {}", info.driver, info.driver_info)
                .trim()
                .into(),
            software: info.device_type == wgpu::DeviceType::Cpu,
            subgroups: subgroups.then_some((info.subgroup_min_size, info.subgroup_max_size)),
            f16: has(wgpu::Features::SHADER_F16),
            max_binding: limits.max_storage_buffer_binding_size,
            max_buffer: limits.max_buffer_size,
        }
    }
}

impl GpuInfo {
    /// What kernels use of the adapter under these options.
    fn tier(&self, options: &GpuOptions) -> Tier {
        let subgroups = self.subgroups.filter(|_| options.subgroups);
        let fixed = subgroups.filter(|(least, most)| least == most);
        let on_cpu = Share::on_cpu(fixed.map(|(size, _)| size));
        // Adapters that compute on the CPU read a storage buffer for each lane alone, and textures many lanes at a time.
        let (memory, share) = if self.software {
            (Memory::Textures, on_cpu)
        } else {
            (Memory::Buffers, Share::Workgroup)
        };
        Tier {
            subgroups: subgroups.is_some_and(|(least, _)| least >= 4),
            f16: options.f16 && self.f16,
            weights: options.weights.unwrap_or(memory),
            share: match options.share {
                Some(wanted) if wanted.hands_round() && wanted != on_cpu => Share::Workgroup,
                Some(wanted) => wanted,
                None => share,
            },
        }
    }
}

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
    pipelines: RefCell<HashMap<Kernel, Rc<wgpu::ComputePipeline>>>,
    pub(super) counts: Rc<Cell<Counts>>,
    failure: Arc<Mutex<Option<String>>>,
}

/// The bounds of every kernel; WebGPU's defaults, so that a device below them is the exception.
fn check_limits(limits: &wgpu::Limits, name: &str) -> Result<()> {
    let needs = [
        (
            "storage buffers a shader",
            limits.max_storage_buffers_per_shader_stage,
            8,
        ),
        (
            "bytes of workgroup memory",
            limits.max_compute_workgroup_storage_size,
            16 << 10,
        ),
        (
            "lanes a workgroup",
            limits.max_compute_invocations_per_workgroup,
            256,
        ),
        (
            "workgroups a dimension",
            limits.max_compute_workgroups_per_dimension,
            65_535,
        ),
    ];
    for (what, has, least) in needs {
        if has < least {
            return Err(Error::device(format!(
                "the adapter {name} allows {has} {what}, and {least} are needed; choose another adapter"
            )));
        }
    }
    Ok(())
}

fn instance() -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::PRIMARY;
    wgpu::Instance::new(descriptor)
}

/// The adapters there are; in a browser the one that the browser chooses.
pub async fn list_adapters() -> Vec<GpuInfo> {
    adapters(&instance())
        .await
        .iter()
        .map(GpuInfo::of)
        .collect()
}

/// Adapters that compute (wgpu's noop backend does not), in the order of preference.
async fn adapters(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    let mut found: Vec<wgpu::Adapter> = if cfg!(target_arch = "wasm32") {
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        instance
            .request_adapter(&options)
            .await
            .into_iter()
            .collect()
    } else {
        instance.enumerate_adapters(wgpu::Backends::PRIMARY).await
    };
    found.retain(|adapter| adapter.get_info().backend != wgpu::Backend::Noop);
    found.sort_by_key(|adapter| match adapter.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    found
}

fn no_adapter(wanted: Option<&str>, found: &[wgpu::Adapter]) -> Error {
    let names: Vec<_> = found.iter().map(|a| a.get_info().name).collect();
    Error::device(match wanted {
        Some(wanted) if !names.is_empty() => {
            format!("no adapter's name contains \"{wanted}\"; there are: {}", names.join(", "))
        }
        _ if cfg!(target_arch = "wasm32") => {
            "this browser offers no WebGPU adapter; use a recent Chrome, Edge, Firefox or Safari, and see \
             that hardware acceleration is switched on"
                .into()
        }
        _ => "no GPU adapter was found; install a Vulkan, Metal or DirectX 12 driver (on Debian \
              mesa-vulkan-drivers has one that computes on the CPU)"
            .into(),
    })
}

impl Gpu {
    /// Opens the adapter that `options` name with all that it allows.
    ///
    /// # Errors
    /// No adapter, or one below the bounds that every kernel keeps to.
    pub async fn open(options: &GpuOptions) -> Result<Rc<Self>> {
        let instance = instance();
        let found = adapters(&instance).await;
        let wanted = options.adapter.as_deref();
        let adapter = found
            .iter()
            .find(|adapter| {
                let name = adapter.get_info().name.to_lowercase();
                wanted.is_none_or(|part| name.contains(&part.to_lowercase()))
            })
            .ok_or_else(|| no_adapter(wanted, &found))?;
        let info = GpuInfo::of(adapter);
        let bound = info.max_binding.min(info.max_buffer);
        check_limits(&adapter.limits(), &info.name)?;

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

        let failure = Arc::new(Mutex::new(None));
        device.on_uncaptured_error(Arc::new(keep_first(&failure, "the GPU raised an error")));
        let lost = keep_first(&failure, "the GPU was lost");
        device.set_device_lost_callback(move |reason, message| {
            // Natively that is the end of ours; in a page it is another script's doing.
            if reason != wgpu::DeviceLostReason::Destroyed || cfg!(target_arch = "wasm32") {
                lost(message);
            }
        });
        let limits = adapter.limits();
        let bound = match tier.weights {
            Memory::Buffers => bound,
            Memory::Textures => largest_texture(&limits, PLANE_FORMAT),
        };
        Ok(Rc::new(Self {
            device,
            queue,
            info,
            tier,
            max_page: options.max_page.map_or(bound, |most| most.min(bound)),
            pipelines: RefCell::default(),
            counts: Rc::default(),
            failure,
        }))
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

    /// The kernel's pipeline, compiled on first use. An error it raises goes to the scope around the call.
    pub(crate) fn pipeline(&self, kernel: Kernel) -> Rc<wgpu::ComputePipeline> {
        if let Some(pipeline) = self.pipelines.borrow().get(&kernel) {
            return pipeline.clone();
        }
        let label = kernel.label();
        let entries: Vec<_> = (0..)
            .zip(kernel.bindings())
            .map(|(i, a)| layout_entry(i, *a, self.tier.weights, kernel.fills()))
            .collect();
        let bindings = self
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(&label),
                entries: &entries,
            });
        let layout = self
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(&label),
                bind_group_layouts: &[Some(&bindings)],
                immediate_size: 0,
            });
        let text = kernel.wgsl(self.tier, cfg!(target_arch = "wasm32"));
        let module = self
            .device
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(&label),
                source: wgpu::ShaderSource::Wgsl(text.into()),
            });
        let pipeline = Rc::new(self.device.create_compute_pipeline(
            &wgpu::ComputePipelineDescriptor {
                label: Some(&label),
                layout: Some(&layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // Every kernel writes its workgroup memory before it reads what counts.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            },
        ));
        self.pipelines.borrow_mut().insert(kernel, pipeline.clone());
        pipeline
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

    /// Room for a page of `words` words of weights.
    pub(crate) fn page(&self, label: &str, words: u64) -> PageMemory {
        self.plane(label, PLANE_FORMAT, 16 * words)
    }

    /// Room for `bytes` bytes where weights and caches lie, in texels of `format` where that is a texture.
    pub(crate) fn plane(&self, label: &str, format: wgpu::TextureFormat, bytes: u64) -> PageMemory {
        if self.tier.weights == Memory::Buffers {
            return PageMemory::Buffer(self.buffer(label, bytes));
        }
        use wgpu::TextureUsages as U;
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size: wgpu::Extent3d {
                width: PLANE_WIDTH,
                height: bytes.div_ceil(line(format)).max(1) as u32,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: U::TEXTURE_BINDING | U::STORAGE_BINDING | U::COPY_SRC | U::COPY_DST,
            view_formats: &[],
        });
        PageMemory::Texture(texture)
    }

    /// Where in a plane another part may begin behind `bytes` bytes: textures are copied by whole lines.
    pub(crate) fn part(&self, format: wgpu::TextureFormat, bytes: u64) -> u64 {
        match self.tier.weights {
            Memory::Buffers => bytes,
            Memory::Textures => bytes.next_multiple_of(line(format)),
        }
    }

    /// Overwrites all of a plane.
    pub fn write_plane(&self, plane: &PageMemory, bytes: &[u8]) {
        match plane {
            PageMemory::Buffer(buffer) => self.write(buffer, bytes),
            PageMemory::Texture(texture) => self.queue.write_texture(
                texture.as_image_copy(),
                bytes,
                data_layout(texture.format()),
                texture.size(),
            ),
        }
    }

    /// All the bytes of a plane, once all that was submitted is done.
    ///
    /// # Errors
    /// The device failed or does not finish.
    pub async fn download_plane(&self, plane: &PageMemory) -> Result<Vec<u8>> {
        match plane {
            PageMemory::Buffer(buffer) => self.download(buffer, buffer.size()).await,
            PageMemory::Texture(texture) => {
                let copied = self.scoped("reading back", || {
                    let buffer = self.buffer("lines", plane.size());
                    let target = wgpu::TexelCopyBufferInfo {
                        buffer: &buffer,
                        layout: data_layout(texture.format()),
                    };
                    let mut encoder = self.encoder();
                    let source = texture.as_image_copy();
                    encoder.copy_texture_to_buffer(source, target, texture.size());
                    self.enqueue(encoder);
                    buffer
                });
                self.download(&copied.await?, plane.size()).await
            }
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

    /// Fails, in words, if no kernel could bind a plane of this many bytes.
    pub(crate) fn check_plane(
        &self,
        what: &str,
        format: wgpu::TextureFormat,
        bytes: u64,
    ) -> Result<()> {
        match self.tier.weights {
            Memory::Buffers => self.check_binding(what, bytes),
            Memory::Textures => {
                let most = largest_texture(&self.device.limits(), format);
                self.check_room(what, "texture", bytes, most)
            }
        }
    }

    fn check_room(&self, what: &str, kind: &str, bytes: u64, most: u64) -> Result<()> {
        if bytes > most {
            return Err(Error::device(format!(
                "{what} needs {bytes} bytes in one {kind}, and {} allows {most}; use a smaller context or model",
                self.info.name
            )));
        }
        Ok(())
    }
}

/// Bytes of a line of a texture.
fn line(format: wgpu::TextureFormat) -> u64 {
    u64::from(PLANE_WIDTH * texel(format))
}

/// Bytes of a texel; the formats of planes are of one block size.
fn texel(format: wgpu::TextureFormat) -> u32 {
    format.block_copy_size(None).unwrap_or_default()
}

fn largest_texture(limits: &wgpu::Limits, format: wgpu::TextureFormat) -> u64 {
    let lines = limits.max_texture_dimension_2d.min(16_384); // shaders/lib/texel.wgsl: less than 2^24 texels
    line(format) * u64::from(lines)
}

/// A texture's lines one after the other.
fn data_layout(format: wgpu::TextureFormat) -> wgpu::TexelCopyBufferLayout {
    wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(PLANE_WIDTH * texel(format)),
        rows_per_image: None,
    }
}

/// What holds a page of weights, or a cache.
#[derive(Debug, Clone)]
pub enum PageMemory {
    /// A buffer.
    Buffer(wgpu::Buffer),
    /// A texture of PLANE_WIDTH texels a line.
    Texture(wgpu::Texture),
}

impl PageMemory {
    /// Bytes it takes.
    pub fn size(&self) -> u64 {
        match self {
            PageMemory::Buffer(buffer) => buffer.size(),
            PageMemory::Texture(texture) => line(texture.format()) * u64::from(texture.height()),
        }
    }

    /// Whether the binding is to it.
    pub fn is_bound_by(&self, arg: &Arg) -> bool {
        match (self, arg) {
            (PageMemory::Buffer(buffer), arg) => arg.is_of(buffer),
            (PageMemory::Texture(texture), Arg::Texture(view)) => view.texture() == texture,
            (PageMemory::Texture(_), Arg::Buffer { .. }) => false,
        }
    }

    /// Appends the copy of `bytes` bytes from byte `at` on to byte `to_at` of another of its kind. In textures all that
    /// begins lines (`Gpu::part`), and the last line is copied to its end.
    pub(crate) fn copy(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        at: u64,
        (to, to_at): (&PageMemory, u64),
        bytes: u64,
    ) {
        match (self, to) {
            (PageMemory::Buffer(from), PageMemory::Buffer(to)) => {
                encoder.copy_buffer_to_buffer(from, at, to, to_at, bytes);
            }
            (PageMemory::Texture(from), PageMemory::Texture(to)) => {
                let line = line(from.format());
                let from_line = |texture, at| wgpu::TexelCopyTextureInfo {
                    texture,
                    mip_level: 0,
                    origin: wgpu::Origin3d {
                        y: (at / line) as u32,
                        ..wgpu::Origin3d::ZERO
                    },
                    aspect: wgpu::TextureAspect::All,
                };
                let size = wgpu::Extent3d {
                    width: PLANE_WIDTH,
                    height: bytes.div_ceil(line) as u32,
                    depth_or_array_layers: 1,
                };
                encoder.copy_texture_to_texture(from_line(from, at), from_line(to, to_at), size);
            }
            _ => unreachable!("one device has one kind"),
        }
    }

    /// The whole of it, for a kernel.
    pub(crate) fn arg(&self) -> Arg {
        match self {
            PageMemory::Buffer(buffer) => buffer.into(),
            PageMemory::Texture(texture) => {
                Arg::Texture(texture.create_view(&wgpu::TextureViewDescriptor::default()))
            }
        }
    }
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

fn layout_entry(
    binding: u32,
    access: Access,
    weights: Memory,
    fills: wgpu::TextureFormat,
) -> wgpu::BindGroupLayoutEntry {
    let buffer = |ty| wgpu::BindingType::Buffer {
        ty,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let storage = |read_only| buffer(wgpu::BufferBindingType::Storage { read_only });
    let view_dimension = wgpu::TextureViewDimension::D2;
    let ty = match (access, weights) {
        (Access::Uniform, _) => buffer(wgpu::BufferBindingType::Uniform),
        (Access::Read, _) | (Access::Page, Memory::Buffers) => storage(true),
        (Access::Write, _) | (Access::Fill, Memory::Buffers) => storage(false),
        (Access::Page, Memory::Textures) => wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Uint,
            view_dimension,
            multisampled: false,
        },
        (Access::Fill, Memory::Textures) => wgpu::BindingType::StorageTexture {
            access: wgpu::StorageTextureAccess::WriteOnly,
            format: fills,
            view_dimension,
        },
    };
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty,
        count: None,
    }
}
