//! Pipelines: each kernel is compiled when it is first needed; natively those of a pass on all cores at once.

use super::device::Gpu;
use super::kernel::{Access, Kernel};
use super::parts::{Memory, SAMPLER, Tier};

impl Gpu {
    /// The kernel's pipeline, compiled on first use. An error it raises goes to the scope around the call.
    pub(crate) fn pipeline(&self, kernel: Kernel) -> wgpu::ComputePipeline {
        if let Some(pipeline) = self.pipelines.borrow().get(&kernel) {
            return pipeline.clone();
        }
        let pipeline = compiled(&self.device, self.tier, kernel);
        let mut pipelines = self.pipelines.borrow_mut();
        pipelines.insert(kernel, pipeline.clone());
        pipeline
    }

    /// Whether there is a gain in compiling while something else is waited for. Natively an adapter that computes on the CPU has no
    /// core to spare for it.
    pub(crate) fn compiles_ahead(&self) -> bool {
        cfg!(target_arch = "wasm32") || !self.info.software
    }

    /// Those that have no pipeline, once each.
    fn not_compiled(&self, kernels: impl IntoIterator<Item = Kernel>) -> Vec<Kernel> {
        let pipelines = self.pipelines.borrow();
        let mut wanted = Vec::new();
        for kernel in kernels {
            if !pipelines.contains_key(&kernel) && !wanted.contains(&kernel) {
                wanted.push(kernel);
            }
        }
        wanted
    }

    /// Compiles on all cores what a pass needs and has not been compiled. What fails is left to [`Gpu::pipeline`], in whose scope
    /// it fails again: scopes of errors are a thread's own.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn compile(&self, kernels: impl Iterator<Item = Kernel>) {
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::thread;

        let wanted = self.not_compiled(kernels);
        let mut pipelines = self.pipelines.borrow_mut();
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = cores.min(wanted.len());
        if threads < 2 {
            return;
        }
        let (device, tier, next) = (&self.device, self.tier, AtomicUsize::new(0));
        let some = || {
            let mut made = Vec::new();
            while let Some(kernel) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                made.extend(sound(device, tier, *kernel).map(|pipeline| (*kernel, pipeline)));
            }
            made
        };
        thread::scope(|scope| {
            // This one, too: each that is more keeps memory of its own.
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
            pipelines.extend(some());
            for other in others {
                pipelines.extend(other.join().unwrap_or_default());
            }
        });
    }
}

/// Kernels that are compiled while weights are on their way. What fails is left to [`Gpu::pipeline`], too.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Warming(Option<std::thread::JoinHandle<Vec<(Kernel, wgpu::ComputePipeline)>>>);

#[cfg(not(target_arch = "wasm32"))]
impl Warming {
    /// Begins on a thread of its own.
    pub(crate) fn new(gpu: &Gpu, kernels: Vec<Kernel>) -> Self {
        let (device, tier, wanted) = (gpu.device.clone(), gpu.tier, gpu.not_compiled(kernels));
        if wanted.is_empty() {
            return Self(None);
        }
        let all = move || {
            let one = |kernel| Some((kernel, sound(&device, tier, kernel)?));
            wanted.into_iter().filter_map(one).collect()
        };
        let thread = std::thread::Builder::new().name("kernels".into());
        Self(thread.spawn(all).ok())
    }

    /// Before some of the weights are waited for.
    pub(crate) fn some(&mut self, _gpu: &Gpu) {}

    pub(crate) async fn end(self, gpu: &Gpu) {
        let made = self.0.and_then(|thread| thread.join().ok());
        gpu.pipelines.borrow_mut().extend(made.unwrap_or_default());
    }
}

/// The same in a browser, which compiles in another process: what it was asked for before some weights are waited for.
#[cfg(target_arch = "wasm32")]
pub(crate) struct Warming {
    wanted: std::vec::IntoIter<Kernel>,
    asked: Vec<(Kernel, super::device::Outcome)>,
}

#[cfg(target_arch = "wasm32")]
impl Warming {
    pub(crate) fn new(gpu: &Gpu, kernels: Vec<Kernel>) -> Self {
        Self {
            wanted: gpu.not_compiled(kernels).into_iter(),
            asked: Vec::new(),
        }
    }

    /// Asks for a few, so that what reads the weights has its turn in between.
    pub(crate) fn some(&mut self, gpu: &Gpu) {
        for kernel in self.wanted.by_ref().take(2) {
            let (_, outcome) = gpu.watch("preparing kernels", || gpu.pipeline(kernel));
            self.asked.push((kernel, outcome));
        }
    }

    pub(crate) async fn end(self, gpu: &Gpu) {
        for (kernel, outcome) in self.asked {
            if outcome.await.is_err() {
                gpu.pipelines.borrow_mut().remove(&kernel);
            }
        }
    }
}

/// A pipeline that was made without an error.
#[cfg(not(target_arch = "wasm32"))]
fn sound(device: &wgpu::Device, tier: Tier, kernel: Kernel) -> Option<wgpu::ComputePipeline> {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};

    let [internal, memory, validation] =
        [Internal, OutOfMemory, Validation].map(|filter| device.push_error_scope(filter));
    let pipeline = compiled(device, tier, kernel);
    // Natively what was raised is known at once.
    let silent = |scope: wgpu::ErrorScopeGuard| {
        let mut raised = pin!(scope.pop());
        let mut context = Context::from_waker(Waker::noop());
        matches!(raised.as_mut().poll(&mut context), Poll::Ready(None))
    };
    let silent = [validation, memory, internal].map(silent);
    silent.iter().all(|silent| *silent).then_some(pipeline)
}

fn compiled(device: &wgpu::Device, tier: Tier, kernel: Kernel) -> wgpu::ComputePipeline {
    let label = kernel.label();
    let bound = (0..).zip(kernel.bindings());
    let sampler = wgpu::BindGroupLayoutEntry {
        binding: SAMPLER,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::NonFiltering),
        count: None,
    };
    let entries: Vec<_> = bound
        .map(|(i, access)| layout_entry(i, *access, tier.weights))
        .chain(kernel.samples(tier).then_some(sampler))
        .collect();
    let bindings = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(&label),
        entries: &entries,
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(&label),
        bind_group_layouts: &[Some(&bindings)],
        immediate_size: 0,
    });
    let text = kernel.wgsl(tier, cfg!(target_arch = "wasm32"));
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(&label),
        source: wgpu::ShaderSource::Wgsl(text.into()),
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
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
    })
}

fn layout_entry(binding: u32, access: Access, weights: Memory) -> wgpu::BindGroupLayoutEntry {
    let buffer = |ty| wgpu::BindingType::Buffer {
        ty,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let storage = |read_only| buffer(wgpu::BufferBindingType::Storage { read_only });
    let view_dimension = wgpu::TextureViewDimension::D2;
    let ty = match (access, weights.format()) {
        (Access::Uniform, _) | (Access::Params, None) => buffer(wgpu::BufferBindingType::Uniform),
        (Access::Read, _) | (Access::Page, None) | (Access::Params, Some(_)) => storage(true),
        (Access::Write, _) | (Access::Fill, None) => storage(false),
        (Access::Page, Some(_)) => wgpu::BindingType::Texture {
            sample_type: match weights {
                Memory::Sampled => wgpu::TextureSampleType::Float { filterable: false },
                Memory::Buffers | Memory::Textures => wgpu::TextureSampleType::Uint,
            },
            view_dimension,
            multisampled: false,
        },
        (Access::Fill, Some(format)) => wgpu::BindingType::StorageTexture {
            access: wgpu::StorageTextureAccess::WriteOnly,
            format,
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
