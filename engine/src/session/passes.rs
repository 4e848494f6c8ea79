//! What a session submits: passes that are recorded once and submitted for every batch, and steps that were submitted and
//! whose ids were not read.

use std::ops::Range;
use std::pin::Pin;

use super::Choice;
use crate::Result;
use crate::arch::Config;
use crate::forward::{FEW, sampled};
use crate::gpu::{CacheType, Gpu, Kernel, Params, Pass};
use crate::kv::{State, TILE};
use crate::model::Model;
use crate::ops;
use crate::sample::Sampling;
use crate::weights::Weights;

pub(super) type Chosen = Pin<Box<dyn Future<Output = Result<Choice>>>>;
pub(super) type Watched = Pin<Box<dyn Future<Output = Result<()>>>>;

/// The passes of a session: recorded once, submitted for every batch.
pub(super) struct Passes {
    pub(super) prompt: Pass,      // a batch, the last one's logits, the next id
    pub(super) no_logits: usize,  // how much of it is before the logits
    pub(super) few: Option<Pass>, // the same for up to FEW, where a mixture takes them another way
    pub(super) step: Pass,        // one token, its logits, the next id
}

impl Passes {
    pub(super) fn new(model: &Model, state: &State, choice: &Params) -> Self {
        let (config, weights, gpu) = (&model.config, &model.weights, &model.gpu);
        let sampled = |t| Pass::new(gpu, &sampled(config, weights, state, t, choice.clone()));
        let prompt = sampled(state.batch);
        Self {
            // The head has a dispatch a page, and the sampler is the last.
            no_logits: prompt.len() - weights.tree.head().pages.len() - 1,
            prompt,
            few: config.moe.map(|_| sampled(FEW)),
            step: sampled(1),
        }
    }
}

/// The kernels of a session's passes on these weights. Errors of the device go to the scope around the call.
///
/// # Errors
/// A buffer or texture beyond the device's bound.
pub(crate) fn kernels(
    gpu: &Gpu,
    config: &Config,
    weights: &Weights,
    cache: CacheType,
) -> Result<Vec<Kernel>> {
    let state = State::new(gpu, config, cache, TILE, 1)?;
    let greedy = Sampling::default().params(config.v, false);
    let mut all = Vec::new();
    for t in [1, FEW, state.batch] {
        if t != FEW || config.moe.is_some() {
            let dispatches = sampled(config, weights, &state, t, greedy.clone());
            all.extend(dispatches.into_iter().map(|dispatch| dispatch.kernel));
        }
    }
    Ok(all)
}

/// Appends some dispatches of a pass with what they have to do for a batch of `tokens`: a pass is made for the longest, and
/// workgroups that find nothing to do take their time, too.
pub(super) fn record(
    pass: &Pass,
    encoder: &mut wgpu::CommandEncoder,
    tokens: usize,
    which: Range<usize>,
) {
    pass.record_some(encoder, which, |kernel, params, most| {
        ops::groups(kernel, params, most, tokens as u32)
    });
}

/// A step whose id was not read.
pub(super) enum Pending {
    /// On its way.
    Submitted(Chosen),
    /// Logits are on their way, the choice was not asked for.
    Held(Watched),
    /// To be submitted once the ids before it are read: the rope changes with the sequence's length, and all of it has
    /// to be computed again.
    Later,
}

impl Pending {
    /// The same, which fails if what it was submitted by failed.
    pub(super) fn watched(self, watched: impl Future<Output = Result<()>> + 'static) -> Self {
        match self {
            Pending::Submitted(choice) => Pending::Submitted(Box::pin(async move {
                watched.await?;
                choice.await
            })),
            Pending::Held(computed) => Pending::Held(Box::pin(async move {
                watched.await?;
                computed.await
            })),
            Pending::Later => Pending::Later,
        }
    }
}
