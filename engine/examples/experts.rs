//! What a mixture costs beside a dense feed-forward of its active size. A decode step: one layer's two expert products with 8, 64
//! and 256 experts of one size, 8 of them active. A prompt of 512 tokens: 64 experts, 8 active.
//!
//!     cargo run --release -p motet --example experts

use motet::arch::{Activation, Gating, GroupRule, Moe};
use motet::format::TensorType;
use motet::gpu::{Dispatch, Gpu, GpuOptions, Output, Pass};
use motet::kv::batch;
use motet::ops::{self, Product, Routes, Through};
use motet::quant::Quant;
use motet::weights::Matrix;

const D: usize = 1024;
const F: usize = 512;
const ACTIVE: usize = 8;
/// Layers a pass of a decode step stands for, each with experts of its own choice, and how often it is timed.
const LAYERS: usize = 16;
const ROUNDS: usize = 15;
/// The prompt, which either takes in batches of its own, and how often it is timed.
const TOKENS: usize = 512;
const PROMPTS: usize = 5;

fn main() -> motet::Result<()> {
    pollster::block_on(compare())
}

async fn compare() -> motet::Result<()> {
    let gpu = Gpu::open(&GpuOptions::default()).await?;
    println!(
        "{}: {LAYERS} layers of {D} and {F}, {ACTIVE} experts active; a step, median of {ROUNDS}",
        gpu.info.name
    );
    let dense = Layer::new(&gpu, None).await?;
    let time = dense.time(&gpu, 1, LAYERS, ROUNDS).await?;
    println!("dense of that size: {:.3} ms a layer", time / LAYERS as f64);
    for e in [8, 64, 256] {
        let mixture = Layer::new(&gpu, Some(e)).await?;
        let time = mixture.time(&gpu, 1, LAYERS, ROUNDS).await?;
        println!("{e:>4} experts: {:.3} ms a layer", time / LAYERS as f64);
    }
    let [of_dense, of_mixture] = [None, Some(mixture(64))].map(|moe| batch(moe) as usize);
    println!(
        "a prompt of {TOKENS} in batches of {of_dense} and {of_mixture}, one layer, median of {PROMPTS}"
    );
    let batches = |of: usize| TOKENS / of;
    let dense = dense
        .time(&gpu, of_dense, batches(of_dense), PROMPTS)
        .await?;
    let sparse = Layer::new(&gpu, Some(64)).await?;
    let sparse = sparse
        .time(&gpu, of_mixture, batches(of_mixture), PROMPTS)
        .await?;
    let rate = |ms: f64| (2 * TOKENS * 3 * ACTIVE * F * D) as f64 / ms / 1e6;
    println!("dense: {dense:.0} ms, {:.1} GFLOP/s", rate(dense));
    println!(
        "64 experts: {sparse:.0} ms, {:.1} GFLOP/s: {:.0} % of dense",
        rate(sparse),
        100.0 * dense / sparse
    );
    Ok(())
}

/// Layers of a feed-forward: dense, or a mixture of so many experts.
struct Layer {
    /// Gates and downs, of as many layers as a pass needs so that what it reads does not stay in a cache.
    weights: Vec<[Matrix; 2]>,
    experts: Option<Moe>,
}

impl Layer {
    async fn new(gpu: &Gpu, experts: Option<usize>) -> motet::Result<Self> {
        let quant = Quant::of(TensorType::Q4_0)?;
        let (slabs, f) = experts.map_or((1, ACTIVE * F), |e| (e, F));
        let layers = (LAYERS * ACTIVE).div_ceil(experts.unwrap_or(ACTIVE));
        gpu.scoped("making room", || {
            let layer = |_| {
                Ok([
                    Matrix::new(gpu, "gate_up", quant, [slabs, 2 * f, D], 0)?,
                    Matrix::new(gpu, "down", quant, [slabs, D, f], 0)?,
                ])
            };
            Ok(Self {
                weights: (0..layers).map(layer).collect::<motet::Result<_>>()?,
                experts: experts.map(mixture),
            })
        })
        .await?
    }

    /// Milliseconds of a pass of `layers` times this layer for `t` tokens: the median of `rounds`.
    async fn time(&self, gpu: &Gpu, t: usize, layers: usize, rounds: usize) -> motet::Result<f64> {
        let made = gpu.scoped("preparing", || {
            let floats = |numbers: usize| gpu.operand("numbers", 4 * numbers as u64);
            let (place, x, none) = (floats(4), floats(t * D), floats(4));
            let gain = floats(D);
            gpu.write(&place, bytemuck::cast_slice(&[0, t as u32, 0, 0]));
            let mut all = Vec::new();
            for layer in 0..layers {
                let buffers = [&place, &x, &gain, &none];
                let weights = &self.weights[layer % self.weights.len()];
                all.extend(match self.experts {
                    None => dense(gpu, buffers, weights, t),
                    Some(moe) => routed(gpu, buffers, weights, (moe, layer), t),
                });
            }
            Pass::new(gpu, &all)
        });
        let pass = made.await?;
        let mut times = Vec::new();
        for _ in 0..rounds + 1 {
            times.push(gpu.time(&pass).await?.as_secs_f64() * 1e3);
        }
        times.remove(0); // the first has what the driver puts off
        times.sort_by(f64::total_cmp);
        Ok(times[rounds / 2])
    }
}

fn dense(
    gpu: &Gpu,
    [place, x, gain, none]: [&wgpu::Buffer; 4],
    [gate_up, down]: &[Matrix; 2],
    t: usize,
) -> Vec<Dispatch> {
    let f = ACTIVE * F;
    let hidden = gpu.operand("hidden", 4 * (t * f) as u64);
    let gates = gates(gain, f, t);
    let mut all = ops::matmul([place, x, &hidden, none], gate_up, &gates);
    let downs = Product {
        norm: None,
        output: Output::Add,
        x_stride: [f, 0],
        y_stride: [D, 0],
        ..gates
    };
    all.extend(ops::matmul([place, &hidden, x, none], down, &downs));
    all
}

/// As forward.rs has it, without the router.
fn routed(
    gpu: &Gpu,
    [place, x, gain, none]: [&wgpu::Buffer; 4],
    [gate_up, down]: &[Matrix; 2],
    (moe, layer): (Moe, usize),
    t: usize,
) -> Vec<Dispatch> {
    let layout = Routes::new(&moe, t as u32);
    let floats = |numbers: usize| gpu.operand("numbers", 4 * numbers as u64);
    let routes = floats(layout.size() as usize);
    let hidden = floats(t * ACTIVE * F);
    gpu.write(&routes, bytemuck::cast_slice(&choices(moe.e, layer, t)));
    let gates = gates(gain, ACTIVE * F, t);
    if t == 1 {
        let gates = Product {
            through: Through::Gates(&routes, layout),
            y_stride: [ACTIVE * F, F],
            ..gates
        };
        let downs = Product {
            through: Through::Downs(&routes, layout),
            norm: None,
            output: Output::Add,
            x_stride: [ACTIVE * F, F],
            y_stride: [D, 0],
            ..gates
        };
        let mut all = ops::matmul([place, x, &hidden, none], gate_up, &gates);
        all.extend(ops::matmul([place, &hidden, x, none], down, &downs));
        return all;
    }
    let each = floats(t * ACTIVE * D);
    let gates = Product {
        through: Through::BinnedGates(&routes, layout),
        y_stride: [F, 0],
        ..gates
    };
    let downs = Product {
        through: Through::BinnedDowns(&routes, layout),
        norm: None,
        output: Output::Store,
        x_stride: [F, 0],
        y_stride: [D, 0],
        ..gates
    };
    let mut all = vec![ops::bin([place, &routes], layout)];
    all.extend(ops::matmul([place, x, &hidden, none], gate_up, &gates));
    all.extend(ops::matmul([place, &hidden, &each, none], down, &downs));
    all.push(ops::combine(
        [place, &routes, &each, x],
        layout,
        D,
        1.0,
        t as u32,
    ));
    all
}

/// The first product of a feed-forward whose rows have `f` numbers.
fn gates(gain: &wgpu::Buffer, f: usize, t: usize) -> Product<'_> {
    Product {
        through: Through::All,
        split: None,
        norm: Some((gain, 1e-5)),
        bias: None,
        output: Output::Gated(Activation::SwiGlu),
        x_stride: [D, 0],
        y_stride: [f, 0],
        t: t as u32,
        last: false,
        scale: 1.0,
    }
}

fn mixture(e: usize) -> Moe {
    Moe {
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
    }
}

/// Experts of `t` tokens, others in each layer and for each token: far apart for one, anywhere for many, as routers choose.
fn choices(e: usize, layer: usize, t: usize) -> Vec<u32> {
    if t == 1 {
        let of_slot = |i| ((i * e / ACTIVE + layer) % e) as u32;
        return (0..ACTIVE).map(of_slot).collect();
    }
    let mut state = layer as u64 + 1;
    let mut all = Vec::new();
    for _ in 0..t {
        let mut own = Vec::new();
        while own.len() < ACTIVE {
            // Knuth's generator (The Art of Computer Programming, volume 2).
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let expert = (state >> 33) as u32 % e as u32;
            if !own.contains(&expert) {
                own.push(expert);
            }
        }
        all.extend(own);
    }
    all
}
