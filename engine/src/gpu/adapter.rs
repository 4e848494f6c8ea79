//! Adapters: what they offer, which one is taken, and what kernels use of it.

use super::parts::{Kernels, Memory, Share, Tier};
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
    /// Textures are better read through a sampler ([`Memory::Sampled`]), and come out of it bit for bit.
    #[serde(skip)]
    pub(super) samples: bool,
}

/// How the names of Mesa's adapters begin that compute on the CPU.
pub(super) const LLVMPIPE: &str = "llvmpipe";

impl GpuInfo {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        let limits = adapter.limits();
        let has = |feature| adapter.features().contains(feature);
        // wgpu's browser backend knows the sizes but not the feature; the page asks for it (web/ts/subgroups.ts).
        let subgroups = info.subgroup_min_size > 0
            && (has(wgpu::Features::SUBGROUP) || info.backend == wgpu::Backend::BrowserWebGpu);
        Self {
            // As measured (bench/README.md): in browsers, which check where every other read of a texture goes, and on llvmpipe.
            samples: info.device_type == wgpu::DeviceType::Cpu
                && (info.backend == wgpu::Backend::BrowserWebGpu
                    || info.name.starts_with(LLVMPIPE)),
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
    pub(super) fn tier(&self, options: &GpuOptions) -> Tier {
        let subgroups = options.subgroups && self.subgroups.is_some_and(|(least, _)| least >= 4);
        // Adapters that compute on the CPU read a storage buffer for each lane alone, and textures many lanes at a time.
        let (memory, share) = if self.software {
            (self.cpu_memory(), self.cpu_share(subgroups))
        } else {
            (Memory::Buffers, Share::Workgroup)
        };
        let wanted = Kernels {
            weights: options.weights.unwrap_or(memory),
            share: options.share.unwrap_or(share),
        };
        let Kernels { weights, share } = self.possible(wanted, subgroups);
        Tier {
            subgroups,
            f16: options.f16 && self.f16,
            weights,
            share,
        }
    }

    /// Where weights and caches are best read from by adapters that compute on the CPU.
    pub(crate) fn cpu_memory(&self) -> Memory {
        if self.samples {
            Memory::Sampled
        } else {
            Memory::Textures
        }
    }

    /// How lanes share activations best there.
    pub(crate) fn cpu_share(&self, subgroups: bool) -> Share {
        let fixed = self.subgroups.filter(|(least, most)| least == most);
        Share::on_cpu(fixed.filter(|_| subgroups).map(|(size, _)| size))
    }

    /// What is wanted; lanes hand round where subgroups are of that size alone, and otherwise do what is best on a CPU without.
    /// Samplers are used where they are exact.
    pub(super) fn possible(&self, wanted: Kernels, subgroups: bool) -> Kernels {
        let cannot = wanted.share.hands_round() && wanted.share != self.cpu_share(subgroups);
        Kernels {
            share: if cannot {
                self.cpu_share(subgroups)
            } else {
                wanted.share
            },
            weights: match wanted.weights {
                Memory::Sampled => self.cpu_memory(),
                other => other,
            },
        }
    }
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

/// The adapter whose name contains `wanted`, or else the fastest kind there is.
///
/// # Errors
/// There is none, or it is below the bounds that every kernel keeps to.
pub(super) async fn choose(wanted: Option<&str>) -> Result<(wgpu::Adapter, GpuInfo)> {
    let mut found = adapters(&instance()).await;
    let place = found.iter().position(|adapter| {
        let name = adapter.get_info().name.to_lowercase();
        wanted.is_none_or(|part| name.contains(&part.to_lowercase()))
    });
    let Some(place) = place else {
        return Err(no_adapter(wanted, &found));
    };
    let adapter = found.swap_remove(place);
    let info = GpuInfo::of(&adapter);
    check_limits(&adapter.limits(), &info.name)?;
    Ok((adapter, info))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samplers_are_used_where_they_are_exact() {
        let info = |samples| GpuInfo {
            name: "a program".into(),
            backend: "webgpu".into(),
            driver: String::new(),
            software: true,
            subgroups: Some((4, 4)),
            f16: false,
            max_binding: 1 << 27,
            max_buffer: 1 << 28,
            samples,
        };
        let of = |samples, weights| {
            let options = GpuOptions {
                weights,
                ..GpuOptions::default()
            };
            info(samples).tier(&options).weights
        };
        assert_eq!(of(true, None), Memory::Sampled);
        assert_eq!(of(false, None), Memory::Textures);
        assert_eq!(of(false, Some(Memory::Sampled)), Memory::Textures);
        assert_eq!(of(true, Some(Memory::Textures)), Memory::Textures);
        assert_eq!(of(true, Some(Memory::Buffers)), Memory::Buffers);
    }
}
