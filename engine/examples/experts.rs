//! Whether a mixture's decode costs what its active experts cost: one layer's two expert products with 8, 64 and 256 experts
//! of one size, 8 of them active.
//!
//!     cargo run --release -p motet --example experts

use motet::arch::{Activation, Gating, GroupRule, Moe};
use motet::format::TensorType;
use motet::gpu::{Dispatch, Gpu, GpuOptions, Output, Pass};
use motet::ops::{self, Product, Routes, Through};
use motet::quant::Quant;
use motet::weights::Matrix;

const D: usize = 1024;
const F: usize = 512;
const ACTIVE: usize = 8;
/// Layers a pass stands for, each with experts of its own choice, and how often it is timed.
const LAYERS: usize = 16;
const ROUNDS: usize = 15;

fn main() -> motet::Result<()> {
    let gpu = pollster::block_on(Gpu::open(&GpuOptions::default()))?;
    println!(
        "{}: {LAYERS} layers of {D} and {F}, {ACTIVE} experts active",
        gpu.info.name
    );
    for e in [8, 64, 256] {
        let mut times = pollster::block_on(measure(&gpu, e))?;
        times.sort_by(f64::total_cmp);
        println!(
            "{e:>4} experts: {:.3} ms a layer (median of {ROUNDS})",
            times[ROUNDS / 2]
        );
    }
    Ok(())
}

/// Milliseconds a layer takes.
async fn measure(gpu: &Gpu, e: usize) -> motet::Result<Vec<f64>> {
    let moe = Moe {
        e,
        a: ACTIVE,
        f: F,
        shared: 0,
        es: 0,
        gating: Gating::Softmax,
        norm: true,
        scale: 1.0,
        groups: 1,
        groups_used: 1,
        group_rule: GroupRule::Best,
    };
    let quant = Quant::of(TensorType::Q4_0)?;
    let dispatches = gpu
        .scoped("making room", || -> motet::Result<Vec<Dispatch>> {
            let gate_up = Matrix::new(gpu, "gate_up", quant, [e, 2 * F, D], 0)?;
            let down = Matrix::new(gpu, "down", quant, [e, D, F], 0)?;
            let layout = Routes::new(&moe, 1);
            let floats = |numbers: usize| gpu.buffer("numbers", 4 * numbers as u64);
            let (place, x, hidden, none) = (floats(4), floats(D), floats(ACTIVE * F), floats(4));
            gpu.write(&place, bytemuck::cast_slice(&[0u32, 1, 0, 0]));
            let mut all = Vec::new();
            for layer in 0..LAYERS {
                let routes = floats(layout.size() as usize);
                // Experts far apart, others in each layer.
                let ids: Vec<u32> = (0..ACTIVE)
                    .map(|i| ((i * e / ACTIVE + layer) % e) as u32)
                    .collect();
                gpu.write(&routes, bytemuck::cast_slice(&ids));
                let gates = Product {
                    through: Through::Gates(&routes, layout),
                    split: None,
                    norm: Some((&x, 1e-5)),
                    bias: None,
                    output: Output::Gated(Activation::SwiGlu),
                    x_stride: [D, 0],
                    y_stride: [ACTIVE * F, F],
                    t: 1,
                    last: false,
                    scale: 1.0,
                };
                all.extend(ops::matmul([&place, &x, &hidden, &none], &gate_up, &gates));
                let downs = Product {
                    through: Through::Downs(&routes, layout),
                    norm: None,
                    output: Output::Add,
                    x_stride: [ACTIVE * F, F],
                    y_stride: [D, 0],
                    ..gates
                };
                all.extend(ops::matmul([&place, &hidden, &x, &none], &down, &downs));
            }
            Ok(all)
        })
        .await??;
    let pass = gpu
        .scoped("preparing the pass", || Pass::new(gpu, &dispatches))
        .await?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS + 1 {
        let time = gpu.time(&pass).await?;
        times.push(time.as_secs_f64() * 1e3 / LAYERS as f64);
    }
    times.remove(0); // the first has what the driver puts off
    Ok(times)
}
