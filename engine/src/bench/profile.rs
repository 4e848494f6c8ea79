//! Where all the time of a decode step and of a prompt's batch goes: kernels, what lies between them, the CPU.

use super::Both;
use super::kernels::{KernelRow, kinds, once};
use super::lists::Lists;
use crate::Result;
use crate::gpu::ceilings::{Ceilings, middle};
use crate::gpu::{Dispatch, Moment, Timing};
use crate::model::Model;

/// Runs at most, and after how long no more is begun.
const RUNS: usize = 5;
const BUDGET_MS: f64 = 2_000.0;

/// How the times of kernels were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// By the device, of every dispatch in its place.
    Timestamps,
    /// By the device too, but from the end of the dispatch before to its own, less the time of an empty one: the driver
    /// (llvmpipe's) stamps a pass's begin when its work is done.
    Ends,
    /// Each kernel alone, on a device without timestamps: what it takes among the others may differ.
    Alone,
}

/// All dispatches of a kernel in a shape.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ProfileLine {
    /// The variant's name.
    pub kernel: String,
    /// The matrix's slabs, rows and columns, or empty.
    pub shape: String,
    /// How many dispatches.
    pub dispatches: usize,
    /// Milliseconds of all of them.
    pub ms: f64,
    /// Of the profiled run.
    pub share: f64,
}

/// Where the time goes. The lines and the other times add up to `total_ms`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Profile {
    /// How the times of kernels were taken.
    pub source: Source,
    /// Milliseconds of the run that was taken apart, the median one.
    pub total_ms: f64,
    /// Milliseconds of a run that was not: what profiling itself costs is the difference.
    pub plain_ms: f64,
    /// By kernel and shape, the longest first.
    pub kernels: Vec<ProfileLine>,
    /// Between a dispatch's end and the next one's begin, milliseconds in all.
    pub gaps_ms: f64,
    /// From the submission to the first dispatch, and from the last one's end to the CPU's knowing it.
    pub submit_ms: f64,
    /// From there to having the id.
    pub readback_ms: f64,
    /// Recording commands, on the CPU. Steps that are ahead hide it behind the step before.
    pub encode_ms: f64,
}

/// Profiles of a decode step and of a prompt's batch; `alone` has the kernels' times where the device has no timestamps.
pub async fn both(
    model: &Model,
    lists: &Lists,
    ceilings: &Ceilings,
    alone: Option<&Both<Vec<KernelRow>>>,
) -> Result<Both<Profile>> {
    let decode = alone.map(|both| both.decode.as_slice());
    let prefill = alone.map(|both| both.prefill.as_slice());
    let chunk = lists.state.batch as usize;
    Ok(Both {
        decode: one(model, lists, &lists.step, 1, ceilings, decode).await?,
        prefill: one(model, lists, &lists.chunk, chunk, ceilings, prefill).await?,
    })
}

/// How the times of a list's kernels can be taken: timestamps are believed where they say of the greatest dispatch, at
/// least by half, what it takes alone.
async fn source(
    model: &Model,
    lists: &Lists,
    list: &[Dispatch],
    t: usize,
    ceilings: &Ceilings,
) -> Result<Source> {
    let gpu = model.gpu();
    let flop = |dispatch: &&Dispatch| lists.work(dispatch, lists.position, t).flop;
    let greatest = list.iter().max_by(|a, b| flop(a).total_cmp(&flop(b)));
    let Some(greatest) = greatest.filter(|_| gpu.has_timestamps()) else {
        return Ok(Source::Alone);
    };
    let one = lists.pass(std::slice::from_ref(greatest)).await?;
    let alone = once(model, lists, &one, t, ceilings).await?;
    let several = lists
        .pass(&[greatest.clone(), greatest.clone(), greatest.clone()])
        .await?;
    let timing = gpu.timing(&several, &lists.state.chosen, true).await?;
    let mut spans: Vec<f64> = timing
        .spans
        .iter()
        .map(|[begin, end]| end - begin)
        .collect();
    Ok(match middle(&mut spans) < alone / 2.0 {
        true => Source::Ends,
        false => Source::Timestamps,
    })
}

async fn one(
    model: &Model,
    lists: &Lists,
    list: &[Dispatch],
    t: usize,
    ceilings: &Ceilings,
    alone: Option<&[KernelRow]>,
) -> Result<Profile> {
    let gpu = model.gpu();
    let pass = lists.pass(list).await?;
    let run = async |stamped: bool| -> Result<Timing> {
        let (start, mut all) = (Moment::now(), Vec::new());
        while all.is_empty() || (all.len() < RUNS && start.ms() < BUDGET_MS) {
            lists.begin(t);
            gpu.idle().await?;
            all.push(gpu.timing(&pass, &lists.state.chosen, stamped).await?);
        }
        all.sort_by(|a, b| a.total().total_cmp(&b.total()));
        Ok(all.swap_remove(all.len() / 2))
    };
    let plain = run(false).await?;
    let source = source(model, lists, list, t, ceilings).await?;
    let timing = match source {
        Source::Timestamps | Source::Ends => run(true).await?,
        Source::Alone => plain.clone(),
    };
    let total_ms = timing.total();
    let submit_ms = match (source, timing.spans.last()) {
        (Source::Timestamps, Some([_, end])) => timing.wait - end,
        _ => ceilings.submit_ms,
    };
    let times = times(source, &timing, submit_ms, ceilings);
    let mut kernels: Vec<ProfileLine> = kinds(model, lists, list, t)
        .into_iter()
        .map(|kind| {
            let stamped = kind.members.iter().filter_map(|i| times.get(*i));
            let same = |row: &&KernelRow| row.kernel == kind.kernel && row.shape == kind.shape;
            let known = alone.and_then(|rows| rows.iter().find(same));
            let ms = match source {
                Source::Timestamps | Source::Ends => stamped.sum(),
                Source::Alone => known.map_or(0.0, |row| row.ms * kind.members.len() as f64),
            };
            ProfileLine {
                kernel: kind.kernel,
                shape: kind.shape,
                dispatches: kind.members.len(),
                ms,
                share: ms / total_ms,
            }
        })
        .collect();
    kernels.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    let computing: f64 = kernels.iter().map(|line| line.ms).sum();
    Ok(Profile {
        source,
        total_ms,
        plain_ms: plain.total(),
        kernels,
        gaps_ms: timing.wait - submit_ms - computing,
        submit_ms,
        readback_ms: timing.readback,
        encode_ms: timing.encode,
    })
}

/// Milliseconds of each dispatch by the device's timestamps.
fn times(source: Source, timing: &Timing, submit_ms: f64, ceilings: &Ceilings) -> Vec<f64> {
    let spans = timing.spans.iter();
    match source {
        Source::Timestamps => spans.map(|[begin, end]| end - begin).collect(),
        Source::Ends => {
            // Times are counted from the first begin, which is late as the others are.
            let last = timing.spans.last().map_or(0.0, |[_, end]| *end);
            let mut before = last - (timing.wait - submit_ms);
            let empty = ceilings.dispatch_us / 1e3;
            spans
                .map(|[_, end]| {
                    let ms = (end - before - empty).max(0.0);
                    before = *end;
                    ms
                })
                .collect()
        }
        Source::Alone => Vec::new(),
    }
}
