//! The dispatches of a step and of a prompt's batches, apart from any session, to be looked at and run alone.

use std::rc::Rc;

use crate::Result;
use crate::forward::{Logits, forward, sampled};
use crate::gpu::{CacheType, Dispatch, Pass};
use crate::kv::{State, TILE, batch};
use crate::model::Model;
use crate::sample::Sampling;

use super::work::{Work, work};

/// Lists of dispatches and the buffers they work on.
pub struct Lists {
    model: Rc<Model>,
    pub state: State,
    /// Where the step and the batches lie in their sequence.
    pub position: usize,
    /// One token and the choice of the next.
    pub step: Vec<Dispatch>,
    /// The last batch of a prompt, and the choice of the next token.
    pub prompt: Vec<Dispatch>,
    /// A batch before it.
    pub chunk: Vec<Dispatch>,
}

impl Lists {
    /// The lists, for a cache that holds `position` positions.
    pub async fn new(model: &Rc<Model>, cache: CacheType, position: usize) -> Result<Self> {
        let positions = (position + batch(model.config.moe) as usize).next_multiple_of(TILE);
        let (config, weights, gpu) = (&model.config, &model.weights, model.gpu());
        let state = gpu
            .scoped("making room to measure", || {
                State::new(gpu, config, cache, positions, 1)
            })
            .await??;
        let greedy = Sampling::default().params(config.v, false);
        let sampled = |t| sampled(config, weights, &state, t, greedy.clone());
        Ok(Self {
            step: sampled(1),
            prompt: sampled(state.batch),
            chunk: forward(config, weights, &state, state.batch, Logits::None),
            model: model.clone(),
            state,
            position,
        })
    }

    /// What a dispatch of one of the lists has to do for `t` tokens that follow `position`.
    pub fn work(&self, dispatch: &Dispatch, position: usize, t: usize) -> Work {
        work(&self.model, &self.state, dispatch, position, t)
    }

    /// What the dispatches of a prompt of `tokens` have to do, in all its batches.
    pub fn prompt_work(&self, tokens: usize) -> Work {
        let chunk = self.state.batch as usize;
        let mut all = Work::default();
        for first in (0..tokens).step_by(chunk) {
            let t = chunk.min(tokens - first);
            let list = match (first + t == tokens, t) {
                (true, 1) => &self.step,
                (true, _) => &self.prompt,
                (false, _) => &self.chunk,
            };
            all += list.iter().map(|d| self.work(d, first, t)).sum();
        }
        all
    }

    /// What a decode step at a cache of `cached` positions has to do.
    pub fn step_work(&self, cached: usize) -> Work {
        self.step.iter().map(|d| self.work(d, cached, 1)).sum()
    }

    /// A pass of dispatches.
    pub async fn pass(&self, dispatches: &[Dispatch]) -> Result<Pass> {
        let gpu = self.model.gpu();
        gpu.scoped("preparing a pass", || Pass::new(gpu, dispatches))
            .await
    }

    /// Puts the place in the sequence and the ids of `t` tokens where the lists read them: sampling moves them on.
    pub fn begin(&self, t: usize) {
        let gpu = self.model.gpu();
        gpu.write(
            &self.state.ids,
            bytemuck::cast_slice(&some_ids(&self.model, t)),
        );
        let place = [self.position as u32, t as u32, 0, 0];
        gpu.write(&self.state.place, bytemuck::cast_slice(&place));
    }
}

/// Ids from all over the vocabulary, so that a mixture's tokens go to many experts.
pub fn some_ids(model: &Model, count: usize) -> Vec<u32> {
    let v = model.config.v as u32;
    (1..=count as u32)
        .map(|i| i.wrapping_mul(2_654_435_761) % v)
        .collect()
}
