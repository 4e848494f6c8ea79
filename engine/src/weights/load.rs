//! From a checkpoint to the GPU: bytes go through in windows of bounded size, and a kernel lays them out.

use std::collections::HashMap;

use super::{Matrix, Weights, convert, matrix};
use crate::arch::Config;
use crate::arch::plan::{self, Plan};
use crate::arch::tree::Tree;
use crate::format::{Checkpoint, Tensor, TensorType};
use crate::gpu::{CacheType, Dispatch, Gpu, Kernel, Warming};
use crate::ops::{self, Rows};
use crate::quant::Quant;
use crate::source::{Piece, Source};
use crate::{Error, Result};

/// Bytes that are on their way at a time of files that are read with a delay: over the network, and by a browser.
const WINDOW: u64 = 8 << 20;

/// The same of files on disk, where smaller pieces cost no time and save memory: three copies are on the way.
const WINDOW_OF_FILES: u64 = 2 << 20;

/// How far loading has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Bytes of weights on the GPU.
    pub done: u64,
    /// Bytes of weights in the file.
    pub total: u64,
}

/// How weights are to lie on the GPU.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadOptions {
    /// The type, Q8_0 or Q4_0, that matrices of floats are quantized to; None leaves them as they are.
    pub quantize: Option<TensorType>,
    /// The cache that sessions are going to have, so that its kernels are compiled meanwhile; another one's are when it is made.
    pub cache: CacheType,
}

/// Some of a tensor's rows, as they lie in the file.
struct Slice<'a> {
    tensor: &'a Tensor,
    quant: &'static Quant,
    k: usize,
    first: usize,
    rows: usize,
    start: u64,
    end: u64,
}

/// One of the places that a tensor goes to.
#[derive(Clone, Copy)]
struct Target<'a> {
    plan: &'a Plan,
    source: &'a plan::Source,
    matrix: Option<&'a Matrix>,
    vector: usize, // its index among the vectors, if it is no matrix
}

/// What a load works on.
struct Loader<'a> {
    gpu: &'a Gpu,
    checkpoint: &'a Checkpoint,
    window: u64,       // bytes of it at most
    raw: wgpu::Buffer, // a window of the file
    targets: HashMap<&'a str, Vec<Target<'a>>>,
    vectors: Vec<Vec<f32>>, // filled on the way, written at the end
}

/// Makes the buffers of all weights and fills them from the checkpoint. Meanwhile the kernels are compiled that `soon` gives, in the
/// scope of errors in which the buffers are made.
///
/// # Errors
/// Types that cannot be computed with, bytes that cannot be read, a device that is too small or fails.
pub async fn load(
    gpu: &Gpu,
    checkpoint: &Checkpoint,
    config: &Config,
    options: LoadOptions,
    progress: &mut dyn FnMut(Progress),
    soon: impl FnOnce(&Weights) -> Result<Vec<Kernel>>,
) -> Result<Weights> {
    let plans = quantized(plan::plan(config, checkpoint)?, options)?;
    let window = match checkpoint.sources.iter().all(Source::is_file) {
        true => WINDOW_OF_FILES,
        false => WINDOW,
    };
    let slices = slices(checkpoint, window)?;
    let (weights, raw, kernels) = gpu
        .scoped("making room for the weights", || {
            let weights = allocate(gpu, &plans, config)?;
            let kernels = soon(&weights)?;
            Ok::<_, Error>((weights, gpu.buffer("raw", window + 256), kernels))
        })
        .await??;
    let mut warming = Warming::new(gpu, kernels);
    let mut loader = Loader {
        gpu,
        checkpoint,
        window,
        raw,
        targets: targets(&plans, &weights.tree),
        vectors: plans
            .vectors()
            .map(|v| vec![v.offset; v.slabs * v.n])
            .collect(),
    };
    let total = slices.iter().map(|s| s.end - s.start).sum();
    let mut done = 0;
    let mut rest = slices.as_slice();
    while !rest.is_empty() {
        let (first, later) = rest.split_at(first_window(rest, window));
        warming.some(gpu);
        loader.window(first).await?;
        done += first.iter().map(|s| s.end - s.start).sum::<u64>();
        progress(Progress { done, total });
        rest = later;
    }
    loader.transposed().await?;
    for (buffer, numbers) in weights.tree.vectors().zip(&loader.vectors) {
        gpu.queue
            .write_buffer(buffer, 0, bytemuck::cast_slice(numbers));
    }
    gpu.idle().await?;
    drop(loader);
    warming.end(gpu).await;
    Ok(weights)
}

/// Bytes of GPU memory that the weights are going to take, from the header alone.
///
/// # Errors
/// As of [`load`], as far as the header tells.
pub fn planned_bytes(
    checkpoint: &Checkpoint,
    config: &Config,
    options: LoadOptions,
) -> Result<u64> {
    let plans = quantized(plan::plan(config, checkpoint)?, options)?;
    let matrices = plans.matrices().map(|plan| {
        let quant = Quant::of(plan.kind)?;
        Ok(matrix::planned_bytes(quant, [plan.slabs, plan.n, plan.k]))
    });
    let vectors = plans
        .vectors()
        .map(|plan| Ok(4 * (plan.slabs * plan.n) as u64));
    // Buffers are multiples of 16.
    let buffers = matrices.chain(vectors);
    buffers.map(|bytes| Ok(bytes?.next_multiple_of(16))).sum()
}

/// The plans with the matrices of floats in the type that was asked for. Routers stay as they are: they are small, and an
/// expert chosen wrongly costs more than a weight rounded.
fn quantized(plans: Tree<Plan, Plan>, options: LoadOptions) -> Result<Tree<Plan, Plan>> {
    let Some(kind) = options.quantize else {
        return Ok(plans);
    };
    Quant::of(kind)?;
    let matrix = |plan: &Plan| {
        let whole = (plan.k as u64).is_multiple_of(kind.block_len());
        let router = plan.name.contains("ffn_gate_inp");
        Ok(match plan.kind.is_float() && whole && !router {
            true => Plan {
                kind,
                ..plan.clone()
            },
            false => plan.clone(),
        })
    };
    plans.try_map(&mut { matrix }, &mut |plan| Ok(plan.clone()))
}

fn allocate(gpu: &Gpu, plans: &Tree<Plan, Plan>, config: &Config) -> Result<Weights> {
    let mut matrix = |plan: &Plan| {
        let quant = Quant::of(plan.kind)?;
        Matrix::new(
            gpu,
            &plan.name,
            quant,
            [plan.slabs, plan.n, plan.k],
            plan.y_first,
        )
    };
    let mut vector = |plan: &Plan| {
        let bytes = 4 * (plan.slabs * plan.n) as u64;
        gpu.check_binding(&plan.name, bytes)?;
        Ok(gpu.operand(&plan.name, bytes))
    };
    let tree = plans.try_map(&mut matrix, &mut vector)?;
    let routers = tree.layers.iter().filter_map(|layer| layer.router.as_ref());
    if let Some(router) = routers.map(|r| &r.gate).find(|gate| gate.pages.len() > 1) {
        // `route` is one dispatch.
        return Err(Error::device(format!(
            "a router of {} rows of {} takes {} bytes, and {} allows {} in one buffer",
            router.n,
            router.k,
            router.bytes(),
            gpu.info.name,
            gpu.max_page
        )));
    }
    Ok(Weights {
        tree,
        nothing: gpu.buffer("nothing", 16),
        usage: gpu.buffer(
            "usage",
            4 * (config.l * config.moe.map_or(0, |moe| moe.e)) as u64,
        ),
    })
}

/// Where each tensor goes.
fn targets<'a>(
    plans: &'a Tree<Plan, Plan>,
    tree: &'a Tree<Matrix, wgpu::Buffer>,
) -> HashMap<&'a str, Vec<Target<'a>>> {
    let matrices = plans
        .matrices()
        .zip(tree.matrices())
        .map(|(plan, m)| (plan, Some(m), 0));
    let vectors = plans.vectors().enumerate().map(|(i, plan)| (plan, None, i));
    let mut targets: HashMap<_, Vec<_>> = HashMap::new();
    for (plan, matrix, vector) in matrices.chain(vectors) {
        for source in &plan.sources {
            let target = Target {
                plan,
                source,
                matrix,
                vector,
            };
            targets
                .entry(source.tensor.as_str())
                .or_default()
                .push(target);
        }
    }
    targets
}

/// [N, K] of a tensor; a vector is one row, and what stacks matrices is rows.
fn shape(tensor: &Tensor) -> Result<[usize; 2]> {
    let cast = |n: u64| usize::try_from(n).ok();
    let k = tensor.shape.last().copied().unwrap_or(1);
    let numbers = tensor
        .shape
        .iter()
        .try_fold(1u64, |all, n| all.checked_mul(*n));
    numbers
        .and_then(|all| Some([cast(all.checked_div(k)?)?, cast(k)?]))
        .ok_or_else(|| {
            Error::model(format!(
                "the tensor {} has the shape {:?}, which is not supported",
                tensor.name, tensor.shape
            ))
        })
}

/// All tensors in row-aligned slices of at most a window, in the order of the files.
fn slices(checkpoint: &Checkpoint, window: u64) -> Result<Vec<Slice<'_>>> {
    let mut slices = Vec::new();
    for tensor in &checkpoint.tensors {
        let quant = Quant::of(tensor.kind)?;
        let [n, k] = shape(tensor)?;
        let row = quant.row_bytes(k) as u64;
        if n as u64 * row != tensor.range.end - tensor.range.start || row > window - 4 {
            return Err(Error::model(format!(
                "the tensor {} has {} bytes for {n} rows of {row}; the file is broken",
                tensor.name,
                tensor.range.end - tensor.range.start
            )));
        }
        let most = ((window - 4) / row.max(1)) as usize;
        for first in (0..n).step_by(most) {
            let rows = most.min(n - first);
            let start = tensor.range.start + first as u64 * row;
            let end = start + rows as u64 * row;
            slices.push(Slice {
                tensor,
                quant,
                k,
                first,
                rows,
                start,
                end,
            });
        }
    }
    slices.sort_by_key(|s| (s.tensor.source, s.start));
    Ok(slices)
}

/// How many slices, from the first on, lie in one window of one file.
fn first_window(slices: &[Slice], window: u64) -> usize {
    let Some(first) = slices.first() else {
        return 0;
    };
    let start = first.start / 4 * 4;
    slices
        .iter()
        .take_while(|s| s.tensor.source == first.tensor.source && s.end - start <= window)
        .count()
        .max(1)
}

impl<'a> Loader<'a> {
    fn targets(&self, tensor: &Tensor) -> Vec<Target<'a>> {
        self.targets
            .get(tensor.name.as_str())
            .cloned()
            .unwrap_or_default()
    }

    fn file(&self, tensor: &Tensor) -> Result<&'a Source> {
        self.checkpoint.sources.get(tensor.source).ok_or_else(|| {
            Error::model(format!("the file of the tensor {} is missing", tensor.name))
        })
    }

    /// Reads a window and puts its slices where they belong.
    async fn window(&mut self, window: &[Slice<'a>]) -> Result<()> {
        let (Some(first), Some(last)) = (window.first(), window.last()) else {
            return Ok(());
        };
        let start = first.start / 4 * 4;
        let piece = self.file(first.tensor)?.read(start..last.end).await?;
        let (outcome, watched) = self
            .gpu
            .watch("uploading weights", || self.direct(&piece, start, window));
        outcome?;
        watched.await?;
        for slice in window {
            for target in self.targets(slice.tensor) {
                self.on_the_cpu(&piece, start, slice, target)?;
            }
        }
        self.gpu.idle().await
    }

    /// Uploads a window as it is, and submits the kernels that lay out the rows that need nothing else.
    fn direct(&self, piece: &Piece, start: u64, window: &[Slice<'a>]) -> Result<()> {
        self.gpu.write_piece(&self.raw, piece)?;
        let mut dispatches: Vec<Dispatch> = Vec::new();
        for slice in window {
            let rows = Rows {
                first: slice.first,
                count: slice.rows,
                at: (slice.start - start) as usize,
                bytes: slice.quant.row_bytes(slice.k),
            };
            for Target { source, matrix, .. } in self.targets(slice.tensor) {
                if let Some(matrix) = matrix
                    && matrix.quant == slice.quant
                    && !source.transposed
                {
                    dispatches.extend(ops::repack(&self.raw, matrix, source, rows));
                }
            }
        }
        self.gpu.submit(&dispatches);
        Ok(())
    }

    /// Decodes a slice for a vector, or for a matrix of another type.
    fn on_the_cpu(
        &mut self,
        piece: &Piece,
        start: u64,
        slice: &Slice,
        target: Target,
    ) -> Result<()> {
        let Target {
            plan,
            source,
            matrix,
            vector,
        } = target;
        if source.transposed || matrix.is_some_and(|matrix| matrix.quant == slice.quant) {
            return Ok(());
        }
        let at = (slice.start - start) as usize;
        let bytes = piece.slice(at..at + (slice.end - slice.start) as usize)?;
        let mut numbers = vec![0.0; slice.rows * slice.k];
        slice.quant.decode(&bytes, &mut numbers);
        if let Some(matrix) = matrix {
            return self.encoded(matrix, source, slice.first, slice.k, &numbers);
        }
        let first = slice.first * slice.k;
        for (i, x) in numbers.iter().enumerate() {
            if let Some((slab, row)) = source.target(first + i)
                && let Some(out) = self
                    .vectors
                    .get_mut(vector)
                    .and_then(|v| v.get_mut(slab * plan.n + row))
            {
                *out = x + plan.offset;
            }
        }
        Ok(())
    }

    /// Encodes rows of a tensor, from row `first` on, in the matrix's type and lays them out.
    fn encoded(
        &self,
        matrix: &Matrix,
        source: &plan::Source,
        first: usize,
        k: usize,
        numbers: &[f32],
    ) -> Result<()> {
        let row_bytes = matrix.quant.row_bytes(k);
        let most = ((self.window as usize - 4) / row_bytes).max(1);
        for (i, rows) in numbers.chunks(most * k).enumerate() {
            let mut bytes = convert::encode(matrix.quant, k, rows)?;
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            self.gpu.queue.write_buffer(&self.raw, 0, &bytes);
            let rows = Rows {
                first: first + i * most,
                count: rows.len() / k,
                at: 0,
                bytes: row_bytes,
            };
            self.gpu
                .submit(&ops::repack(&self.raw, matrix, source, rows));
        }
        Ok(())
    }

    /// Transposes what lies in its file as columns, a slab at a time.
    async fn transposed(&self) -> Result<()> {
        for tensor in &self.checkpoint.tensors {
            for Target { source, matrix, .. } in self.targets(tensor) {
                if let (Some(matrix), true) = (matrix, source.transposed) {
                    for slab in 0..source.slabs {
                        self.transpose(tensor, source, matrix, slab).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn transpose(
        &self,
        tensor: &Tensor,
        source: &plan::Source,
        matrix: &Matrix,
        slab: usize,
    ) -> Result<()> {
        let quant = Quant::of(tensor.kind)?;
        let row = quant.row_bytes(matrix.n);
        let mut stored = Vec::with_capacity(source.count * matrix.n);
        let most = ((self.window as usize - 4) / row).max(1);
        for first in (0..source.count).step_by(most) {
            let rows = most.min(source.count - first);
            let at =
                tensor.range.start + ((slab * source.period + source.first + first) * row) as u64;
            let bytes = self
                .file(tensor)?
                .read(at..at + (rows * row) as u64)
                .await?
                .into_vec();
            let mut numbers = vec![0.0; rows * matrix.n];
            quant.decode(&bytes, &mut numbers);
            stored.extend(numbers);
        }
        let rows = convert::transposed(&stored, matrix.n);
        // The rows of a slab as a tensor of their own.
        let source = plan::Source {
            slabs: 1,
            period: matrix.n,
            first: 0,
            count: matrix.n,
            slab: source.slab + slab,
            transposed: false,
            ..source.clone()
        };
        let (outcome, watched) = self.gpu.watch("uploading weights", || {
            self.encoded(matrix, &source, 0, matrix.k, &rows)
        });
        outcome?;
        watched.await
    }
}
