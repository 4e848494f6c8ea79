//! The choice of an id: with the logits it is made from kept, with a bias, or held until somebody asks for it.

use std::ops::RangeFrom;

use super::Session;
use super::passes::{Chosen, Passes, Pending, record};
use crate::gpu::{Pass, RING, Readback};
use crate::{Error, Result};

/// What a step ends with.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The id.
    pub id: u32,
    /// The logits `[V]` that it was chosen from, before any bias and penalty, if the session keeps them; or none.
    pub logits: Vec<f32>,
}

impl Session {
    /// Adds `bias` `[V]` to the logits of every choice from now on, or nothing.
    ///
    /// # Errors
    /// Another length than the vocabulary's.
    pub fn set_bias(&mut self, bias: Option<&[f32]>) -> Result<()> {
        let v = self.model.config.v;
        if let Some(bias) = bias {
            if bias.len() != v {
                return Err(Error::request(format!(
                    "a bias of {} numbers was given for a vocabulary of {v}",
                    bias.len()
                )));
            }
            let queue = &self.model.gpu.queue;
            queue.write_buffer(&self.state.bias, 0, bytemuck::cast_slice(bias));
        }
        if self.biased != bias.is_some() {
            self.biased = bias.is_some();
            self.tell_sampler();
        }
        Ok(())
    }

    /// Whether prompts and steps from now on end with logits, so that `choose` has to be called before the next.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether the logits of choices from now on are read back with their ids.
    pub fn keep_logits(&mut self, kept: bool) {
        self.keeps_logits = kept;
        self.logits.clear();
    }

    /// The logits `[V]` that the last id was chosen from, before any bias and penalty; none if they are not kept.
    pub fn last_logits(&self) -> &[f32] {
        &self.logits
    }

    /// Submits the choice that a held prompt or step ended before.
    ///
    /// # Errors
    /// None was held; errors of the device come from `next`.
    pub fn choose(&mut self) -> Result<()> {
        let held = |pending: &mut Pending| matches!(pending, Pending::Held(_));
        let Some(Pending::Held(computed)) = self.pending.pop_back_if(held) else {
            return Err(Error::request("no step waits for its choice"));
        };
        let model = self.model.clone();
        let (id, watched) = model.gpu.watch("a choice", || {
            let last = self.passes.step.len() - 1;
            self.submit_choice(1, last.., |passes| &passes.step)
        });
        self.pending
            .push_back(Pending::Submitted(Box::pin(async move {
                computed.await?;
                watched.await?;
                id.await
            })));
        Ok(())
    }

    /// Gives the sampler its settings, for what is submitted from now on.
    pub(super) fn tell_sampler(&self) {
        let params = self.sampling.params(self.model.config.v, self.biased);
        let passes = [&self.passes.prompt, &self.passes.step];
        for pass in passes.into_iter().chain(&self.passes.few) {
            pass.set_params(&self.model.gpu, pass.len() - 1, &params);
        }
    }

    /// Submits a pass that ends with the sampler, for a batch of `tokens`: all of it, or what is before the choice.
    pub(super) fn submit_end(&mut self, tokens: usize, pass: impl Fn(&Passes) -> &Pass) -> Pending {
        if !self.held {
            return Pending::Submitted(self.submit_choice(tokens, 0.., pass));
        }
        let gpu = &self.model.gpu;
        let mut encoder = gpu.encoder();
        let pass = pass(&self.passes);
        record(pass, &mut encoder, tokens, 0..pass.len() - 1);
        gpu.enqueue(encoder);
        Pending::Held(Box::pin(std::future::ready(Ok(()))))
    }

    /// Submits the end of a pass, from dispatch `from` on; the future gives the choice.
    fn submit_choice(
        &mut self,
        tokens: usize,
        from: RangeFrom<usize>,
        pass: impl Fn(&Passes) -> &Pass,
    ) -> Chosen {
        let model = self.model.clone();
        let gpu = &model.gpu;
        let spare = self.spare.clone();
        let readback = spare
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| Readback::new(gpu, 4));
        let mut encoder = gpu.encoder();
        let pass = pass(&self.passes);
        record(pass, &mut encoder, tokens, from.start..pass.len());
        let slot = u64::from(self.sampled % RING);
        readback.copy_from(&mut encoder, &self.state.chosen, 4 * slot);
        let logits = self.keeps_logits.then(|| {
            let logits = Readback::new(gpu, 4 * model.config.v as u64);
            logits.copy_from(&mut encoder, &self.state.logits, 0);
            logits
        });
        let index = gpu.enqueue(encoder);
        self.sampled += 1;
        let bytes = readback.read(gpu, index.clone());
        let logits = logits.map(|logits| logits.read(gpu, index));
        Box::pin(async move {
            let bytes = bytes.await?;
            let logits = match logits {
                Some(logits) => bytemuck::pod_collect_to_vec(&logits.await?),
                None => Vec::new(),
            };
            spare.borrow_mut().push(readback);
            match bytemuck::pod_read_unaligned(&bytes) {
                u32::MAX => Err(Error::model(
                    "the model's logits are no numbers; its weights are broken or the device computes wrongly",
                )),
                id => Ok(Choice { id, logits }),
            }
        })
    }
}
