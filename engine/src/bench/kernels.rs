//! Every kernel of a step and of a prompt's batch alone: how long it takes, beside what it has to do.

use super::Both;
use super::lists::Lists;
use super::work::{Work, matrix};
use crate::Result;
use crate::gpu::ceilings::{Ceilings, middle};
use crate::gpu::{Dispatch, Kernel, Pass};
use crate::model::Model;

/// A round takes at least this long, where repeating makes it so.
const ROUND_MS: f64 = 10.0;
/// Rounds of a kernel at most, and after how long no more is begun.
const ROUNDS: usize = 5;
const BUDGET_MS: f64 = 400.0;

/// One kernel in one shape.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KernelRow {
    /// The variant's name.
    pub kernel: String,
    /// The matrix's slabs, rows and columns, or empty.
    pub shape: String,
    /// How many dispatches of it there are.
    pub dispatches: usize,
    /// Milliseconds of one of them, the median of rounds that go through all of them.
    pub ms: f64,
    /// 10⁹ bytes a second of weights, cache and activations.
    pub gb_per_s: f64,
    /// 10⁹ operations a second.
    pub gflop_per_s: f64,
    /// Milliseconds that one takes at least.
    pub floor_ms: f64,
    /// `floor_ms` over `ms`: 1 is as good as it can be.
    pub share: f64,
}

/// Dispatches of a list that are the same kernel in the same shape.
pub struct Kind {
    pub kernel: String,
    pub shape: String,
    /// Which of the list.
    pub members: Vec<usize>,
    /// Of all of them.
    pub work: Work,
}

/// The kinds of a list for `t` tokens, in its order.
pub fn kinds(model: &Model, lists: &Lists, list: &[Dispatch], t: usize) -> Vec<Kind> {
    let mut all: Vec<Kind> = Vec::new();
    for (index, dispatch) in list.iter().enumerate() {
        let (kernel, shape) = (dispatch.kernel.label(), shape(model, dispatch));
        let known = all
            .iter_mut()
            .find(|kind| kind.kernel == kernel && kind.shape == shape);
        let work = lists.work(dispatch, lists.position, t);
        match known {
            Some(kind) => {
                kind.members.push(index);
                kind.work += work;
            }
            None => all.push(Kind {
                kernel,
                shape,
                members: vec![index],
                work,
            }),
        }
    }
    all
}

fn shape(model: &Model, dispatch: &Dispatch) -> String {
    match (dispatch.kernel, matrix(model, dispatch)) {
        (Kernel::Matmul { .. } | Kernel::Embed(_), Some((matrix, page))) => {
            let rows = (2 * page.pairs as usize).min(matrix.n);
            match page.slabs {
                1 => format!("{rows} × {}", matrix.k),
                slabs => format!("{slabs} × {rows} × {}", matrix.k),
            }
        }
        _ => String::new(),
    }
}

/// Every kernel of a decode step and of a prompt's batch.
pub async fn alone(
    model: &Model,
    lists: &Lists,
    ceilings: &Ceilings,
) -> Result<Both<Vec<KernelRow>>> {
    let chunk = lists.state.batch as usize;
    Ok(Both {
        decode: list(model, lists, &lists.step, 1, ceilings).await?,
        prefill: list(model, lists, &lists.chunk, chunk, ceilings).await?,
    })
}

async fn list(
    model: &Model,
    lists: &Lists,
    list: &[Dispatch],
    t: usize,
    ceilings: &Ceilings,
) -> Result<Vec<KernelRow>> {
    let gpu = model.gpu();
    // Once as they follow each other, so that each finds numbers as it would.
    lists.begin(t);
    gpu.time(&lists.pass(list).await?).await?;
    let mut rows = Vec::new();
    for kind in kinds(model, lists, list, t) {
        let members: Vec<Dispatch> = kind.members.iter().map(|i| list[*i].clone()).collect();
        let pass = lists.pass(&members).await?;
        let ms = once(model, lists, &pass, t, ceilings).await? / members.len() as f64;
        let of_one = |all: f64| all / members.len() as f64;
        let bytes = of_one(kind.work.bytes() + kind.work.activations);
        let flop = of_one(kind.work.flop);
        let floor_ms = ceilings.floor_ms(bytes, flop, 1.0);
        rows.push(KernelRow {
            kernel: kind.kernel,
            shape: kind.shape,
            dispatches: members.len(),
            ms,
            gb_per_s: bytes / ms / 1e6,
            gflop_per_s: flop / ms / 1e6,
            floor_ms,
            share: floor_ms / ms,
        });
    }
    Ok(rows)
}

/// Milliseconds of a pass without its submission. All layers' dispatches follow each other, so that no layer's weights
/// stay in a cache for the next round.
pub async fn once(
    model: &Model,
    lists: &Lists,
    pass: &Pass,
    t: usize,
    ceilings: &Ceilings,
) -> Result<f64> {
    let gpu = model.gpu();
    let round = async |times: u32| -> Result<f64> {
        lists.begin(t);
        gpu.idle().await?;
        gpu.time_repeated(pass, times).await
    };
    let mut times = 1;
    let mut first = round(times).await?;
    while times < 1024 && first - ceilings.submit_ms < ROUND_MS {
        times *= 2;
        first = round(times).await?;
    }
    let (mut all, mut spent) = (vec![first], first);
    while all.len() < ROUNDS && spent < BUDGET_MS {
        let ms = round(times).await?;
        spent += ms;
        all.push(ms);
    }
    let ms = middle(&mut all);
    // Clocks may be coarse, and rates are divided by this.
    Ok((ms - ceilings.submit_ms).max(ms / 1e3) / f64::from(times))
}
