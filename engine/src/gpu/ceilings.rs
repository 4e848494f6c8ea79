//! What an adapter can do at best, measured: the rates that kernels are held against. The kernels are in shaders/bench/.

use super::clock::Moment;
use super::device::Gpu;
use super::parts::Tier;
use crate::Result;

/// Lanes of a workgroup of every kernel here.
const WG: u32 = 64;
/// Vectors that a lane reads.
const READS: u32 = 64;
/// Texels of a row of the texture, 32 KiB; WebGPU has at least 8192 by 8192.
const WIDTH: u32 = 2048;
/// Bytes that one workgroup reads.
const GROUP_BYTES: u32 = READS * WG * 16;
/// Bytes that are read: more than caches hold.
const STREAM_BYTES: u32 = 64 << 20;
/// Rounds of a loop of arithmetic.
const STEPS: u32 = 1000;
/// Dispatches whose time is compared with that of one.
const DISPATCHES: u32 = 200;

/// A round takes at least this long, where repeating makes it so.
const ROUND_MS: f64 = 10.0;
/// Rounds of a measurement, and how long all of them may take together.
const ROUNDS: usize = 7;
const BUDGET_MS: f64 = 700.0;

/// What an adapter can do at best.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Ceilings {
    /// 10⁹ bytes a second out of storage buffers, as neighbouring `vec4<u32>`.
    pub storage_gb_per_s: f64,
    /// The same out of an rgba32uint texture.
    pub texture_gb_per_s: f64,
    /// 10⁹ operations a second of multiply-adds in f32, of which each is two.
    pub f32_gflop_per_s: f64,
    /// The same in f16, where the device has it.
    pub f16_gflop_per_s: Option<f64>,
    /// 10⁹ operations a second of packed 8-bit dot products, of which each is eight, where WGSL has them.
    pub dot8_gop_per_s: Option<f64>,
    /// Microseconds that a dispatch takes which does nothing but follow another one in its pass.
    pub dispatch_us: f64,
    /// Milliseconds from a submission of one such dispatch to knowing that it is done.
    pub submit_ms: f64,
}

impl Ceilings {
    /// The better way to read, in 10⁹ bytes a second.
    pub fn gb_per_s(&self) -> f64 {
        self.storage_gb_per_s.max(self.texture_gb_per_s)
    }

    /// Milliseconds that reading `bytes` and computing `flop` in `dispatches` dispatches takes at least: what is read
    /// and what is computed overlap, starting dispatches does not.
    pub fn floor_ms(&self, bytes: f64, flop: f64, dispatches: f64) -> f64 {
        let reading = bytes / (self.gb_per_s() * 1e6);
        let computing = flop / (self.f32_gflop_per_s * 1e6);
        reading.max(computing) + dispatches * self.dispatch_us / 1e3
    }
}

/// A kernel that measures a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceiling {
    /// Reads a storage buffer.
    ReadStorage,
    /// Reads a texture.
    ReadTexture,
    /// Multiplies and adds in f32.
    FmaF32,
    /// Multiplies and adds in f16; for devices that have it.
    FmaF16,
    /// Packed 8-bit dot products.
    Dot8,
    /// Does nothing.
    Empty,
}

impl Ceiling {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ReadStorage,
        Self::ReadTexture,
        Self::FmaF32,
        Self::FmaF16,
        Self::Dot8,
        Self::Empty,
    ];

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::ReadStorage => "ceiling read_storage",
            Self::ReadTexture => "ceiling read_texture",
            Self::FmaF32 => "ceiling fma f32",
            Self::FmaF16 => "ceiling fma f16",
            Self::Dot8 => "ceiling dot8",
            Self::Empty => "ceiling empty",
        }
    }

    /// What it needs of a device.
    pub fn tier(self) -> Tier {
        Tier {
            f16: self == Self::FmaF16,
            ..Tier::default()
        }
    }

    /// Its WGSL.
    pub fn wgsl(self) -> String {
        let (prelude, file) = match self {
            Self::ReadStorage => ("", include_str!("../../../shaders/bench/read_storage.wgsl")),
            Self::ReadTexture => ("", include_str!("../../../shaders/bench/read_texture.wgsl")),
            Self::FmaF32 => ("alias num = f32;\n", FMA),
            Self::FmaF16 => ("enable f16;\nalias num = f16;\n", FMA),
            Self::Dot8 => ("", include_str!("../../../shaders/bench/dot8.wgsl")),
            Self::Empty => ("", include_str!("../../../shaders/bench/empty.wgsl")),
        };
        let constants = [
            ("WG", WG),
            ("READS", READS),
            ("WIDTH", WIDTH),
            ("STEPS", STEPS),
        ];
        let constants = constants.map(|(name, value)| format!("const {name}: u32 = {value}u;\n"));
        [prelude, &constants.concat(), file].concat()
    }
}

const FMA: &str = include_str!("../../../shaders/bench/fma.wgsl");

/// A kernel that is ready to run.
struct Probe<'a> {
    gpu: &'a Gpu,
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
}

impl Gpu {
    /// Measures what the adapter can do at best, each rate as the median of several rounds. It takes some seconds on
    /// an adapter that computes on the CPU, less on others.
    ///
    /// # Errors
    /// The device failed, or has no room for what is read.
    pub async fn ceilings(&self) -> Result<Ceilings> {
        let most = self.info.max_binding.min(self.info.max_buffer);
        let stream = u64::from(STREAM_BYTES).min(most) as u32 / GROUP_BYTES;
        let lanes = u64::from(MOST_GROUPS * WG);
        let y = self
            .scoped("making room to measure", || self.buffer("y", 4 * lanes))
            .await?;

        // Two that take turns: a real pass changes pipeline and bindings from dispatch to dispatch.
        let other = self
            .scoped("making room to measure", || self.buffer("y", 16))
            .await?;
        let empty = Probe::new(self, Ceiling::Empty, None, &y).await?;
        let other = Probe::new(self, Ceiling::Empty, None, &other).await?;
        let submit_ms = median(async || empty.run(1, 1).await).await?;
        let turns = [&empty, &other];
        let many = median(async || run(self, &turns, 1, DISPATCHES).await).await?;
        // A submission may vary by more than an empty dispatch takes.
        let dispatch_ms = (many - submit_ms).max(many / 1e3) / f64::from(DISPATCHES - 1);

        let bytes = f64::from(stream) * f64::from(GROUP_BYTES);
        let storage_gb_per_s = {
            let x = self
                .scoped("making room to measure", || self.buffer("x", bytes as u64))
                .await?;
            let x = x.as_entire_binding();
            let probe = Probe::new(self, Ceiling::ReadStorage, Some(x), &y).await?;
            bytes / probe.ms(stream, submit_ms).await? / 1e6
        };
        let texture_gb_per_s = {
            let rows =
                (stream * READS * WG / WIDTH).min(self.device.limits().max_texture_dimension_2d);
            let groups = rows * WIDTH / (READS * WG);
            let x = self
                .scoped("making room to measure", || texture(self, rows))
                .await?;
            let x = wgpu::BindingResource::TextureView(&x);
            let probe = Probe::new(self, Ceiling::ReadTexture, Some(x), &y).await?;
            let bytes = f64::from(groups) * f64::from(GROUP_BYTES);
            bytes / probe.ms(groups, submit_ms).await? / 1e6
        };
        let f16 = self.device.features().contains(wgpu::Features::SHADER_F16);
        Ok(Ceilings {
            storage_gb_per_s,
            texture_gb_per_s,
            f32_gflop_per_s: self.arithmetic(Ceiling::FmaF32, 32, submit_ms, &y).await?,
            f16_gflop_per_s: if f16 {
                Some(self.arithmetic(Ceiling::FmaF16, 32, submit_ms, &y).await?)
            } else {
                None
            },
            // Browsers that do not know these functions refuse the kernel.
            dot8_gop_per_s: self.arithmetic(Ceiling::Dot8, 64, submit_ms, &y).await.ok(),
            dispatch_us: dispatch_ms * 1e3,
            submit_ms,
        })
    }

    /// 10⁹ operations a second of a kernel whose lanes do `each` operations a step.
    async fn arithmetic(
        &self,
        kernel: Ceiling,
        each: u32,
        submit_ms: f64,
        y: &wgpu::Buffer,
    ) -> Result<f64> {
        let probe = Probe::new(self, kernel, None, y).await?;
        let groups = probe.busy(submit_ms).await?;
        let operations = f64::from(groups * WG) * f64::from(STEPS) * f64::from(each);
        Ok(operations / probe.ms(groups, submit_ms).await? / 1e6)
    }
}

/// Workgroups of arithmetic at most: lanes for the greatest of GPUs.
const MOST_GROUPS: u32 = 1 << 14;

/// A texture of whole rows, filled with zeros.
fn texture(gpu: &Gpu, rows: u32) -> wgpu::TextureView {
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("x"),
        size: wgpu::Extent3d {
            width: WIDTH,
            height: rows,
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba32Uint,
        usage: wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

impl<'a> Probe<'a> {
    async fn new(
        gpu: &'a Gpu,
        kernel: Ceiling,
        x: Option<wgpu::BindingResource<'_>>,
        y: &wgpu::Buffer,
    ) -> Result<Self> {
        let make = || {
            let module = gpu
                .device
                .create_shader_module(wgpu::ShaderModuleDescriptor {
                    label: Some(kernel.label()),
                    source: wgpu::ShaderSource::Wgsl(kernel.wgsl().into()),
                });
            let pipeline = gpu
                .device
                .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                    label: Some(kernel.label()),
                    layout: None,
                    module: &module,
                    entry_point: Some("main"),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    cache: None,
                });
            let entries: Vec<_> = x
                .into_iter()
                .chain([y.as_entire_binding()])
                .zip(0..)
                .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
                .collect();
            let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(kernel.label()),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            (pipeline, bindings)
        };
        let (pipeline, bindings) = gpu.scoped(kernel.label(), make).await?;
        Ok(Self {
            gpu,
            pipeline,
            bindings,
        })
    }

    fn dispatch(&self, pass: &mut wgpu::ComputePass, groups: u32) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.dispatch_workgroups(groups, 1, 1);
    }

    /// As many workgroups as keep the device busy for a while.
    async fn busy(&self, submit_ms: f64) -> Result<u32> {
        let mut groups = 64;
        while groups < MOST_GROUPS && self.run(groups, 1).await? - submit_ms < ROUND_MS / 2.0 {
            groups *= 4;
        }
        Ok(groups)
    }

    /// Milliseconds of this one, as `run` has them.
    async fn run(&self, groups: u32, times: u32) -> Result<f64> {
        run(self.gpu, &[self], groups, times).await
    }

    /// Milliseconds that a dispatch of `groups` workgroups takes without its submission.
    async fn ms(&self, groups: u32, submit_ms: f64) -> Result<f64> {
        let mut times = 1;
        while times < 256 && self.run(groups, times).await? - submit_ms < ROUND_MS {
            times *= 2;
        }
        let ms = median(async || self.run(groups, times).await).await?;
        // Clocks may be coarse, and rates are divided by this.
        Ok((ms - submit_ms).max(ms / 1e3) / f64::from(times))
    }
}

/// Milliseconds that `times` dispatches of `groups` workgroups take in one pass, from submission to their end; probes
/// take turns.
async fn run(gpu: &Gpu, probes: &[&Probe<'_>], groups: u32, times: u32) -> Result<f64> {
    let (start, watched) = gpu.watch("measuring", || {
        let mut encoder = gpu.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for probe in probes.iter().cycle().take(times as usize) {
                probe.dispatch(&mut pass, groups);
            }
        }
        let commands = encoder.finish();
        let start = Moment::now();
        gpu.queue.submit([commands]);
        start
    });
    gpu.idle().await?;
    let ms = start.ms();
    watched.await?;
    Ok(ms)
}

/// The median of what rounds give, in milliseconds: as many as fit the budget, after one that does not count.
async fn median(mut round: impl AsyncFnMut() -> Result<f64>) -> Result<f64> {
    let start = Moment::now();
    round().await?;
    let mut all = Vec::new();
    while all.is_empty() || (all.len() < ROUNDS && start.ms() < BUDGET_MS) {
        all.push(round().await?);
    }
    Ok(middle(&mut all))
}

/// The median of numbers, or 0 of none.
pub(crate) fn middle(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    match all.len() {
        0 => 0.0,
        n if n % 2 == 1 => all[n / 2],
        n => f64::midpoint(all[n / 2 - 1], all[n / 2]),
    }
}
