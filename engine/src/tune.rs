//! Which kernels a device is fastest with, measured in a moment on products like a small model's: for GPUs that we have never met.
//!
//! Whatever comes out of it computes the same: kernels of every kind are held against the CPU in tests/kernels.rs.

use std::rc::Rc;

use crate::Result;
use crate::format::TensorType;
use crate::gpu::ceilings::middle;
use crate::gpu::{Dispatch, Gpu, Kernels, Memory, Moment, Output, Pass, Share};
use crate::ops::{self, Product, Through};
use crate::quant::Quant;
use crate::weights::Matrix;

/// Rows and columns of a matrix, and how many there are: together more than caches hold.
const N: usize = 4096;
const K: usize = 1024;
const MATRICES: usize = 16;
/// Tokens of a prompt, through so many of the matrices.
const TOKENS: u32 = 32;
const OF_PROMPT: usize = 2;
/// Rounds of a measurement, and after how many milliseconds of them no more is begun.
const ROUNDS: usize = 5;
const ROUNDS_MS: f64 = 200.0;
/// What others have to be at least as much faster than the default, so that noise changes nothing.
const GAIN: f64 = 0.9;
/// After so many milliseconds nothing more is begun; adapters that compute on the CPU take long to compile alone.
const BUDGET_MS: f64 = 2_000.0;
const SOFTWARE_BUDGET_MS: f64 = 10_000.0;

/// What was measured of one kind of kernels, in milliseconds.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Tried {
    /// The kind.
    pub kernels: Kernels,
    /// Products of one token with all matrices.
    pub token_ms: f64,
    /// The same share of a token of a prompt.
    pub prompt_ms: f64,
}

impl Tried {
    /// A token of an answer for each of its prompt.
    fn cost(&self) -> f64 {
        self.token_ms + self.prompt_ms
    }
}

/// The fastest kernels, and what was tried: the default first.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Tuning {
    /// What was taken.
    pub kernels: Kernels,
    /// What was measured before the time was up.
    pub tried: Vec<Tried>,
}

impl Gpu {
    /// What a tuning of this device is kept under: it holds for the adapter, its driver and this version of the kernels.
    pub fn tuning_key(&self) -> String {
        let (info, subgroups) = (&self.info, self.tier.subgroups);
        format!(
            "{} {} {}, subgroups {subgroups}, motet {}",
            info.backend,
            info.name,
            info.driver,
            env!("CARGO_PKG_VERSION")
        )
    }

    /// Measures which kernels are fastest here. After 2 seconds, or 10 on an adapter that computes on the CPU, nothing more is begun.
    ///
    /// # Errors
    /// The device failed, or has no room for some 40 MB of weights.
    pub async fn tune(&self) -> Result<Tuning> {
        let budget = match self.info.software {
            true => SOFTWARE_BUDGET_MS,
            false => BUDGET_MS,
        };
        let start = Moment::now();
        let own = self.kernels();
        let default = measure(&self.with_kernels(own), own).await?;
        let mut tuning = Tuning {
            kernels: own,
            tried: vec![default],
        };
        let mut least = GAIN * default.cost();
        for kernels in self.others(own) {
            if start.ms() > budget {
                break;
            }
            // What the device has no room for is not taken; what broke it is an error.
            let tried = measure(&self.with_kernels(kernels), kernels).await;
            self.check()?;
            let Ok(tried) = tried else { continue };
            if tried.cost() < least {
                (tuning.kernels, least) = (kernels, tried.cost());
            }
            tuning.tried.push(tried);
        }
        Ok(tuning)
    }

    /// The other kinds of kernels that are worth a try.
    fn others(&self, own: Kernels) -> impl Iterator<Item = Kernels> {
        let gpus = Kernels {
            weights: Memory::Buffers,
            share: Share::Workgroup,
        };
        let cpus = Kernels {
            weights: self.info.cpu_memory(),
            share: self.info.cpu_share(self.tier.subgroups),
        };
        [gpus, cpus].into_iter().filter(move |kind| *kind != own)
    }
}

async fn measure(gpu: &Rc<Gpu>, kernels: Kernels) -> Result<Tried> {
    let prepare = || -> Result<_> {
        let quant = Quant::of(TensorType::Q4_0)?;
        let matrices = (0..MATRICES)
            .map(|_| Matrix::new(gpu, "tuning", quant, [1, N, K], 0))
            .collect::<Result<Vec<_>>>()?;
        Ok([
            Pass::new(gpu, &products(gpu, &matrices, 1)),
            Pass::new(gpu, &products(gpu, &matrices[..OF_PROMPT], TOKENS)),
        ])
    };
    let [token, prompt] = gpu.scoped("preparing to tune", prepare).await??;
    let share = OF_PROMPT as f64 / MATRICES as f64 * f64::from(TOKENS);
    Ok(Tried {
        kernels,
        token_ms: time(gpu, &token).await?,
        prompt_ms: time(gpu, &prompt).await? / share,
    })
}

/// Each matrix with `t` rows of x.
fn products(gpu: &Gpu, matrices: &[Matrix], t: u32) -> Vec<Dispatch> {
    let numbers = |label, n: usize| gpu.operand(label, 4 * n as u64);
    let (x, y) = (numbers("x", t as usize * K), numbers("y", t as usize * N));
    let (place, nothing) = (numbers("place", 4), numbers("nothing", 4));
    gpu.write(&place, bytemuck::cast_slice(&[0, t, 0, 0]));
    let product = Product {
        through: Through::All,
        split: None,
        norm: None,
        bias: None,
        output: Output::Store,
        x_stride: [K, 0],
        y_stride: [N, 0],
        t,
        last: false,
        scale: 1.0,
    };
    let of = |w| ops::matmul([&place, &x, &y, &nothing], w, &product);
    matrices.iter().flat_map(of).collect()
}

/// Milliseconds of a pass, the median of a few runs; the one before them compiles what a driver puts off.
async fn time(gpu: &Gpu, pass: &Pass) -> Result<f64> {
    gpu.time(pass).await?;
    let (mut all, start) = (Vec::with_capacity(ROUNDS), Moment::now());
    while all.is_empty() || all.len() < ROUNDS && start.ms() < ROUNDS_MS {
        all.push(gpu.time_repeated(pass, 1).await?);
    }
    Ok(middle(&mut all))
}
