//! A list of dispatches, made once and recorded as often as wanted: pipelines, bind groups and parameters are fixed, and
//! what changes from token to token (position, batch length, ids) lies in buffers on the GPU.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use super::clock::Moment;
use super::counts::Counts;
use super::device::Gpu;
use super::kernel::{Access, Kernel};
use super::parts::SAMPLER;
use crate::Result;

/// Bytes between two dispatches' parameters: WebGPU's greatest offset alignment of uniforms.
const SLOT: u64 = 256;

/// A dispatch's parameters, in the order of the kernel's `Params`; every field is four bytes.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<u32>);

impl Params {
    /// Parameters from integers.
    pub fn new(fields: impl IntoIterator<Item = u32>) -> Self {
        Self(fields.into_iter().collect())
    }

    /// These parameters and an f32 after them.
    pub fn float(mut self, v: f32) -> Self {
        self.0.push(v.to_bits());
        self
    }

    /// These parameters and an integer after them.
    pub fn int(mut self, v: u32) -> Self {
        self.0.push(v);
        self
    }

    /// The i-th of them; 0 if there are fewer.
    pub(crate) fn word(&self, i: usize) -> u32 {
        self.0.get(i).copied().unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

/// What a binding is bound to.
#[derive(Debug, Clone)]
pub enum Arg {
    /// A range of a buffer.
    Buffer {
        /// Which buffer.
        buffer: wgpu::Buffer,
        /// The first byte, a multiple of 256.
        offset: u64,
        /// Bytes; 0 stands for all to the end.
        size: u64,
    },
    /// A texture.
    Texture(wgpu::TextureView),
}

impl From<&wgpu::Buffer> for Arg {
    fn from(buffer: &wgpu::Buffer) -> Self {
        Self::Buffer {
            buffer: buffer.clone(),
            offset: 0,
            size: 0,
        }
    }
}

impl Arg {
    fn binding(&self) -> wgpu::BindingResource<'_> {
        match self {
            Arg::Buffer {
                buffer,
                offset,
                size,
            } => wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer,
                offset: *offset,
                size: std::num::NonZeroU64::new(*size),
            }),
            Arg::Texture(view) => wgpu::BindingResource::TextureView(view),
        }
    }

    /// Whether it is all or a part of the buffer.
    pub fn is_of(&self, other: &wgpu::Buffer) -> bool {
        matches!(self, Arg::Buffer { buffer, .. } if buffer == other)
    }

    /// Whether both cover a byte.
    fn overlaps(&self, other: &Arg) -> bool {
        match (self, other) {
            (Arg::Texture(a), Arg::Texture(b)) => a.texture() == b.texture(),
            (
                Arg::Buffer {
                    buffer: a,
                    offset: from_a,
                    size: size_a,
                },
                Arg::Buffer {
                    buffer: b,
                    offset: from_b,
                    size: size_b,
                },
            ) => {
                let end = |buffer: &wgpu::Buffer, offset: u64, size: u64| match size {
                    0 => buffer.size(),
                    _ => offset + size,
                };
                let (end_a, end_b) = (end(a, *from_a, *size_a), end(b, *from_b, *size_b));
                a == b && *from_a < end_b && *from_b < end_a
            }
            _ => false,
        }
    }
}

/// A kernel, what it is applied to, and how many workgroups.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// Which kernel.
    pub kernel: Kernel,
    /// Its parameters.
    pub params: Params,
    /// Its buffers, binding 1 first.
    pub args: Vec<Arg>,
    /// Workgroups in x, y and z.
    pub groups: [u32; 3],
}

impl Dispatch {
    /// The first binding that is written while another of this dispatch overlaps it: WebGPU forbids it.
    pub fn overlap(&self) -> Option<usize> {
        let access = &self.kernel.bindings()[1..];
        (0..self.args.len()).find(|&i| {
            matches!(access[i], Access::Write | Access::Fill)
                && (0..self.args.len()).any(|j| i != j && self.args[i].overlaps(&self.args[j]))
        })
    }
}

struct Recorded {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    groups: [u32; 3],
    kernel: Kernel,
    params: Params,
}

/// Dispatches with all that they need on the device.
pub struct Pass {
    recorded: Vec<Recorded>,
    params: wgpu::Buffer,
    counts: Rc<Cell<Counts>>,
}

impl Pass {
    /// Makes pipelines, bind groups and parameters; errors go to the scope around the call.
    pub fn new(gpu: &Gpu, dispatches: &[Dispatch]) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        gpu.compile(dispatches.iter().map(|dispatch| dispatch.kernel));
        let params = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("params"),
            size: SLOT * dispatches.len().max(1) as u64,
            usage: wgpu::BufferUsages::UNIFORM
                | wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut bytes = vec![0; params.size() as usize];
        let recorded = dispatches.iter().enumerate().map(|(i, dispatch)| {
            let fields = dispatch.params.bytes();
            let slot = i * SLOT as usize;
            bytes[slot..slot + fields.len()].copy_from_slice(fields);
            record(gpu, dispatch, &params, slot as u64)
        });
        let recorded = recorded.collect();
        gpu.queue.write_buffer(&params, 0, &bytes);
        Self {
            recorded,
            params,
            counts: gpu.counts.clone(),
        }
    }

    /// How many dispatches it has.
    pub fn len(&self) -> usize {
        self.recorded.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.recorded.is_empty()
    }

    /// Gives dispatch `index` other parameters, for what is submitted from now on.
    pub fn set_params(&self, gpu: &Gpu, index: usize, params: &Params) {
        gpu.queue
            .write_buffer(&self.params, SLOT * index as u64, params.bytes());
    }

    /// Appends all dispatches to `encoder`, as one compute pass.
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder) {
        self.repeat(encoder, 1);
    }

    /// Appends some of the dispatches to `encoder`, as one compute pass, with as many of their workgroups as `groups` says.
    pub(crate) fn record_some(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        which: Range<usize>,
        groups: impl Fn(Kernel, &Params, [u32; 3]) -> [u32; 3],
    ) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for item in &self.recorded[which] {
            self.append(
                &mut pass,
                item,
                groups(item.kernel, &item.params, item.groups),
            );
        }
    }

    /// Appends all dispatches to `encoder` so many times, as one compute pass.
    pub fn repeat(&self, encoder: &mut wgpu::CommandEncoder, times: u32) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for _ in 0..times {
            for index in 0..self.len() {
                self.dispatch(&mut pass, index);
            }
        }
    }

    /// Appends dispatch `index` to a compute pass.
    pub(super) fn dispatch(&self, pass: &mut wgpu::ComputePass, index: usize) {
        let item = &self.recorded[index];
        self.append(pass, item, item.groups);
    }

    /// Appends so many workgroups of a dispatch, if there are any.
    fn append(&self, pass: &mut wgpu::ComputePass, item: &Recorded, groups: [u32; 3]) {
        if groups.contains(&0) {
            return;
        }
        pass.set_pipeline(&item.pipeline);
        pass.set_bind_group(0, &item.bindings, &[]);
        let [x, y, z] = groups;
        pass.dispatch_workgroups(x, y, z);
        let mut counts = self.counts.get();
        counts.dispatches += 1;
        self.counts.set(counts);
    }
}

impl Gpu {
    /// Runs dispatches once.
    ///
    /// # Errors
    /// The device failed at them.
    pub async fn run(&self, what: &str, dispatches: &[Dispatch]) -> Result<()> {
        self.scoped(what, || self.submit(dispatches)).await
    }

    /// Runs a pass to its end; how long that took, from its submission on.
    ///
    /// # Errors
    /// The device failed at it.
    pub async fn time(&self, pass: &Pass) -> Result<Duration> {
        let ms = self.time_repeated(pass, 1).await?;
        Ok(Duration::from_secs_f64(ms / 1e3))
    }

    /// Runs a pass so many times in one submission; milliseconds from there to its end.
    ///
    /// # Errors
    /// The device failed at it.
    pub async fn time_repeated(&self, pass: &Pass, times: u32) -> Result<f64> {
        let (start, watched) = self.watch("timing a pass", || {
            let mut encoder = self.encoder();
            pass.repeat(&mut encoder, times);
            let commands = encoder.finish();
            let start = Moment::now();
            self.count(|counts| counts.submits += 1);
            self.queue.submit([commands]);
            start
        });
        self.idle().await?;
        let ms = start.ms();
        watched.await?;
        Ok(ms)
    }

    /// Submits dispatches once; errors of the device go to the scope around the call.
    pub(crate) fn submit(&self, dispatches: &[Dispatch]) {
        let mut encoder = self.encoder();
        Pass::new(self, dispatches).record(&mut encoder);
        self.enqueue(encoder);
    }
}

fn record(gpu: &Gpu, dispatch: &Dispatch, params: &wgpu::Buffer, slot: u64) -> Recorded {
    debug_assert_eq!(
        dispatch.args.len() + 1,
        dispatch.kernel.bindings().len(),
        "{:?}",
        dispatch.kernel
    );
    debug_assert_eq!(dispatch.overlap(), None, "{:?}", dispatch.kernel);
    let pipeline = gpu.pipeline(dispatch.kernel);
    gpu.count(|counts| counts.bind_groups += 1);
    let own = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
        buffer: params,
        offset: slot,
        size: std::num::NonZeroU64::new(SLOT),
    });
    let sampler = wgpu::BindGroupEntry {
        binding: SAMPLER,
        resource: wgpu::BindingResource::Sampler(&gpu.sampler),
    };
    let entries: Vec<_> = std::iter::once(own)
        .chain(dispatch.args.iter().map(Arg::binding))
        .zip(0..)
        .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
        .chain(dispatch.kernel.samples(gpu.tier).then_some(sampler))
        .collect();
    let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(&dispatch.kernel.label()),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    Recorded {
        pipeline,
        bindings,
        groups: dispatch.groups,
        kernel: dispatch.kernel,
        params: dispatch.params.clone(),
    }
}
