//! lab: times WGSL files given on the command line: lab SHAPE file.wgsl...
use std::time::Instant;
fn main() {
    pollster::block_on(run());
}
async fn run() {
    let args: Vec<String> = std::env::args().collect();
    let mut d = wgpu::InstanceDescriptor::new_without_display_handle();
    d.backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(d);
    let adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    let adapter = adapters
        .iter()
        .find(|a| a.get_info().backend != wgpu::Backend::Noop)
        .unwrap();
    let mut f = wgpu::Features::empty();
    if adapter.features().contains(wgpu::Features::SUBGROUP) {
        f |= wgpu::Features::SUBGROUP;
    }
    if adapter.features().contains(wgpu::Features::SHADER_F16) {
        f |= wgpu::Features::SHADER_F16;
    }
    let (device, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            required_features: f,
            required_limits: adapter.limits(),
            ..Default::default()
        })
        .await
        .unwrap();
    println!("{} dp4a-ish features", adapter.get_info().name);
    let mk = |bytes: u64| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_DST
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::UNIFORM,
            mapped_at_creation: false,
        })
    };
    for file in &args[1..] {
        let text = std::fs::read_to_string(file).unwrap();
        // first line: // groups X Y Z bytes B flops F
        let first = text.lines().next().unwrap();
        let n: Vec<f64> = first
            .split_whitespace()
            .filter_map(|w| w.parse().ok())
            .collect();
        let (gx, gy, gz, bytes, flops) = (n[0] as u32, n[1] as u32, n[2] as u32, n[3], n[4]);
        let trusted = std::env::var("CHECKED").is_err();
        let desc = wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(text.clone().into()),
        };
        let module = if trusted {
            unsafe {
                device.create_shader_module_trusted(desc, wgpu::ShaderRuntimeChecks::unchecked())
            }
        } else {
            device.create_shader_module(desc)
        };
        let t0 = Instant::now();
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        let compile = t0.elapsed();
        let layout = pipeline.get_bind_group_layout(0);
        let (q, s, x, y) = (mk(64 << 20), mk(16 << 20), mk(4 << 20), mk(4 << 20));
        let fill = |b: &wgpu::Buffer, small: bool| {
            let n = (b.size() / 4) as usize;
            let v: Vec<u32> = (0..n as u32)
                .map(|i| {
                    let h = i.wrapping_mul(2654435761);
                    if small {
                        ((h >> 16) as f32 / 65536.0 - 0.5).to_bits()
                    } else {
                        h
                    }
                })
                .collect();
            queue.write_buffer(b, 0, bytemuck::cast_slice(&v));
        };
        fill(&q, false);
        let v: Vec<u32> = (0..(s.size() / 4) as u32)
            .map(|i| 0x2c002e00 + (i % 7))
            .collect();
        queue.write_buffer(&s, 0, bytemuck::cast_slice(&v));
        fill(&x, true);
        let mut entries = vec![];
        for (i, b) in [&q, &s, &x, &y].iter().enumerate() {
            if text.contains(&format!("@binding({i})")) {
                entries.push(wgpu::BindGroupEntry {
                    binding: i as u32,
                    resource: if text.contains(&format!("@binding({i}) var<uniform>")) {
                        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                            buffer: b,
                            offset: 0,
                            size: std::num::NonZeroU64::new(65536),
                        })
                    } else {
                        b.as_entire_binding()
                    },
                });
            }
        }
        let tex = |fmt: wgpu::TextureFormat, h: u32| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d {
                    width: 4096,
                    height: h,
                    depth_or_array_layers: 1,
                },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: fmt,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            })
        };
        let (t4, t1) = (
            tex(wgpu::TextureFormat::Rgba32Uint, 1024),
            tex(wgpu::TextureFormat::R32Uint, 1024),
        );
        let (v4, v1) = (
            t4.create_view(&Default::default()),
            t1.create_view(&Default::default()),
        );
        {
            let mut e = device.create_command_encoder(&Default::default());
            e.copy_buffer_to_texture(
                wgpu::TexelCopyBufferInfo {
                    buffer: &q,
                    layout: wgpu::TexelCopyBufferLayout {
                        offset: 0,
                        bytes_per_row: Some(65536),
                        rows_per_image: None,
                    },
                },
                t4.as_image_copy(),
                t4.size(),
            );
            e.copy_buffer_to_texture(
                wgpu::TexelCopyBufferInfo {
                    buffer: &s,
                    layout: wgpu::TexelCopyBufferLayout {
                        offset: 0,
                        bytes_per_row: Some(16384),
                        rows_per_image: None,
                    },
                },
                t1.as_image_copy(),
                t1.size(),
            );
            queue.submit([e.finish()]);
        }
        if text.contains("@binding(4)") {
            entries.push(wgpu::BindGroupEntry {
                binding: 4,
                resource: wgpu::BindingResource::TextureView(&v4),
            });
        }
        if text.contains("@binding(5)") {
            entries.push(wgpu::BindGroupEntry {
                binding: 5,
                resource: wgpu::BindingResource::TextureView(&v1),
            });
        }
        let bg = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &layout,
            entries: &entries,
        });
        let go = |reps: u32| {
            let mut e = device.create_command_encoder(&Default::default());
            {
                let mut p = e.begin_compute_pass(&Default::default());
                p.set_pipeline(&pipeline);
                p.set_bind_group(0, &bg, &[]);
                for _ in 0..reps {
                    p.dispatch_workgroups(gx, gy, gz);
                }
            }
            let t = Instant::now();
            queue.submit([e.finish()]);
            device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
            t.elapsed().as_secs_f64()
        };
        let t1 = Instant::now();
        go(1);
        let firstrun = t1.elapsed();
        let one = go(1);
        let reps = ((0.25 / one) as u32).clamp(1, 200);
        let mut times: Vec<f64> = (0..5).map(|_| go(reps) / reps as f64).collect();
        times.sort_by(f64::total_cmp);
        let t = times[2];
        // checksum
        let rb = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 4 * 1024,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut e = device.create_command_encoder(&Default::default());
        e.copy_buffer_to_buffer(&y, 0, &rb, 0, 4096);
        queue.submit([e.finish()]);
        rb.map_async(wgpu::MapMode::Read, .., |_| {});
        device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let bytes_v = rb.get_mapped_range(..).unwrap().to_vec();
        let v: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes_v);
        let sum: f64 = v.iter().take(256).map(|x| *x as f64).sum();
        println!(
            "{:40} {:9.3} ms  {:6.2} GB/s {:7.2} GFLOP/s  compile {:.0?}+{:.0?} sum {:.4}",
            file.rsplit('/').next().unwrap(),
            t * 1e3,
            bytes / t / 1e9,
            flops / t / 1e9,
            compile,
            firstrun,
            sum
        );
    }
}
