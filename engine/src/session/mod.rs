//! A sequence of tokens on a model: prompts go in, ids come out, and what is cached is not computed twice.
//!
//! The caller drives: `prompt` and `step` submit work and return at once, `next` waits for the oldest id. Steps may be a
//! few ahead of what was read, since a step's id stays on the GPU for the next one; `stop` forgets what was decoded past
//! the last id read. A caller whose choice depends on the ids before it (a grammar) holds the session: a step then ends with
//! logits, and `choose` makes the choice.

mod choice;
mod passes;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;

use crate::arch::Config;
use crate::forward::{FEW, Logits, forward};
use crate::gpu::{CacheType, Pass, RING, Readback};
use crate::kv::{self, State, TILE};
use crate::model::Model;
use crate::sample::{CHOSEN, SEEN, Sampling};
use crate::{Error, Result};
pub use choice::Choice;
pub(crate) use passes::kernels;
use passes::{Passes, Pending, record};

/// Tokens whose logits are read back at a time.
const LOGITS_CHUNK: u32 = 32;

/// Positions that a session has room for at first; it doubles when they are full.
const FIRST: usize = TILE;

/// What a session is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionOptions {
    /// Tokens that it has room for; None: what the model was trained for, up to 4096.
    pub context: Option<usize>,
    /// How its cache keeps numbers.
    pub cache: CacheType,
}

impl From<Option<usize>> for SessionOptions {
    fn from(context: Option<usize>) -> Self {
        Self {
            context,
            ..Self::default()
        }
    }
}

/// A sequence of tokens on a model.
pub struct Session {
    model: Rc<Model>,
    context: usize,
    state: State,
    passes: Passes,
    sampling: Sampling,
    biased: bool,
    held: bool,
    keeps_logits: bool,
    logits: Vec<f32>,                  // [V], of the last id that was read
    tokens: Vec<u32>,                  // the prompt and the ids that were read
    submitted: usize, // positions that the GPU has or is going to have in its cache
    sampled: u32,     // ids submitted since the prompt
    span: usize,      // tokens that the sequence was known to reach when its rope was chosen
    written: usize,   // positions that were ever written since the sequence began
    pending: VecDeque<Pending>, // the oldest first
    spare: Rc<RefCell<Vec<Readback>>>, // ids go to the CPU through these
}

impl Session {
    /// A session, by its options or by its context alone.
    ///
    /// # Errors
    /// A context of 0 or beyond what the model was trained for, a device that is too small or fails.
    pub async fn new(model: &Rc<Model>, options: impl Into<SessionOptions>) -> Result<Self> {
        let SessionOptions { context, cache } = options.into();
        let context = room_for(&model.config, context)?;
        let gpu = &model.gpu;
        let positions = room(context.min(FIRST));
        let (state, passes) = gpu
            .scoped("making room for a session", || {
                let state = State::new(gpu, &model.config, cache, positions, 1)?;
                let passes = Passes::new(
                    model,
                    &state,
                    &Sampling::default().params(model.config.v, false),
                );
                Ok((state, passes))
            })
            .await??;
        Ok(Self::empty(model, context, state, passes))
    }

    /// A session without tokens.
    fn empty(model: &Rc<Model>, context: usize, state: State, passes: Passes) -> Self {
        Self {
            model: model.clone(),
            context,
            state,
            passes,
            sampling: Sampling::default(),
            biased: false,
            held: false,
            keeps_logits: false,
            logits: Vec::new(),
            tokens: Vec::new(),
            submitted: 0,
            sampled: 0,
            span: 0,
            written: 0,
            pending: VecDeque::new(),
            spare: Rc::default(),
        }
    }

    /// The prompt and the ids read so far.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Positions that are cached or on their way to be.
    pub fn len(&self) -> usize {
        self.submitted
    }

    /// Whether nothing is cached nor on its way.
    pub fn is_empty(&self) -> bool {
        self.submitted == 0
    }

    /// The most tokens it can hold.
    pub fn context(&self) -> usize {
        self.context
    }

    /// Steps that were submitted and whose ids were not read.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Positions that its cache has room for, as far as it has grown.
    pub fn positions(&self) -> usize {
        self.state.positions
    }

    /// Bytes of its cache on the GPU, as far as it has grown.
    pub fn cache_bytes(&self) -> u64 {
        self.state.cache_bytes()
    }

    /// Dispatches of a decode step.
    pub fn dispatches_per_token(&self) -> usize {
        self.passes.step.len()
    }

    /// A session that has seen the same: both go on from here, each on its own.
    ///
    /// # Errors
    /// A device that is too small or fails.
    pub async fn fork(&self) -> Result<Self> {
        let (model, gpu) = (&self.model, &self.model.gpu);
        let (state, passes) = gpu
            .scoped("copying a session", || {
                let positions = self.state.positions;
                let state = State::new(gpu, &model.config, self.state.kind, positions, 1)?;
                state.stretch(gpu, &model.config, self.span);
                self.state.copy_cache(gpu, &model.config, &state.cache);
                let greedy = Sampling::default().params(model.config.v, false);
                let passes = Passes::new(model, &state, &greedy);
                Ok((state, passes))
            })
            .await??;
        let cached = self.submitted.min(self.tokens.len());
        Ok(Self {
            tokens: self.tokens[..cached].to_vec(),
            submitted: cached,
            span: self.span,
            written: self.written,
            ..Self::empty(model, self.context, state, passes)
        })
    }

    /// Submits the prompt `ids` and the choice of the first id after it. With `reuse`, the longest prefix that `ids` and
    /// the session's tokens have in common is not computed again.
    ///
    /// # Errors
    /// An empty prompt, one longer than the context, ids outside of the vocabulary, settings that mean nothing; errors
    /// of the device come from `next`.
    pub fn prompt(&mut self, ids: &[u32], sampling: &Sampling, reuse: bool) -> Result<()> {
        self.resume(ids, 0, sampling, reuse)
    }

    /// Submits the prompt `ids`, of which the last `answered` are ids that were chosen after it, perhaps by a session that is gone:
    /// what follows is what would have followed there. Otherwise as `prompt`.
    ///
    /// # Errors
    /// As of `prompt`.
    pub fn resume(
        &mut self,
        ids: &[u32],
        answered: usize,
        sampling: &Sampling,
        reuse: bool,
    ) -> Result<()> {
        sampling.check()?;
        check_prompt(ids, self.context, self.model.config.v)?;
        self.stop();
        let kept = if reuse { self.reusable(ids) } else { 0 };
        self.sampling = *sampling;
        self.tell_sampler();
        let pending = self.run_prompt(ids, answered.min(ids.len()), kept)?;
        self.pending.push_back(pending);
        Ok(())
    }

    /// Takes `ids` as a sequence that is cached, without computing it: room is made and the position set, and the cache
    /// holds what was there before, zeros at first. What follows is no answer, but costs what it costs: for measurements,
    /// where a prompt with `reuse` that begins with `ids` then is decoded at that length.
    ///
    /// # Errors
    /// As of `prompt`; a device that is too small or fails.
    pub async fn assume(&mut self, ids: &[u32]) -> Result<()> {
        check_prompt(ids, self.context, self.model.config.v)?;
        self.stop();
        self.choose_rope(ids.len());
        let model = self.model.clone();
        let made = model.gpu.watch("making room", || self.make_room(ids.len()));
        made.1.await?;
        made.0?;
        self.tokens = ids.to_vec();
        (self.submitted, self.written) = (ids.len(), ids.len());
        Ok(())
    }

    /// Submits all of a prompt but its first `kept` tokens; its last `answered` were chosen.
    fn run_prompt(&mut self, ids: &[u32], answered: usize, kept: usize) -> Result<Pending> {
        let model = self.model.clone();
        let (done, watched) = model.gpu.watch("the prompt", || {
            let ready = self.submit_prompt(ids, answered, kept)?;
            Ok(self.submit_end(ready, |passes| match &passes.few {
                _ if ready == 1 => &passes.step,
                Some(few) if ready <= FEW as usize => few,
                _ => &passes.prompt,
            }))
        });
        Ok(done?.watched(watched))
    }

    /// Whether the model's rope is another one for a sequence of `length` tokens than for the present one.
    fn stretched(&self, length: usize) -> bool {
        let mut ropes = self.model.config.ropes.iter();
        ropes.any(|rope| rope.is_long(self.span) != rope.is_long(length))
    }

    /// Submits one more step.
    ///
    /// # Errors
    /// A full context, a step without a prompt, more steps ahead than are kept; errors of the device come from `next`.
    pub fn step(&mut self) -> Result<()> {
        if self.sampled == 0 {
            return Err(Error::request("a step was asked for before any prompt"));
        }
        if self.submitted >= self.context {
            return Err(Error::request(format!(
                "the context of {} tokens is full; start a new conversation or ask for a larger context",
                self.context
            )));
        }
        if self.pending.len() >= RING as usize {
            return Err(Error::request(format!(
                "at most {RING} steps can be ahead of what was read"
            )));
        }
        if self.held && !self.pending.is_empty() {
            return Err(Error::request(
                "a held step begins when the id before it was read",
            ));
        }
        let after_later = matches!(self.pending.back(), Some(Pending::Later));
        let pending = if self.held {
            self.run_next()?
        } else if after_later || self.stretched(self.submitted + 1) {
            Pending::Later
        } else {
            self.run_step()?
        };
        self.pending.push_back(pending);
        Ok(())
    }

    /// Submits a step once all ids before it are read: the whole sequence, where its rope changes with its length.
    fn run_next(&mut self) -> Result<Pending> {
        if !self.stretched(self.tokens.len()) {
            return self.run_step();
        }
        let (tokens, sampled) = (self.tokens.clone(), self.sampled);
        self.run_prompt(&tokens, sampled as usize, 0)
    }

    fn run_step(&mut self) -> Result<Pending> {
        let model = self.model.clone();
        let (done, watched) = model.gpu.watch("a decode step", || {
            self.make_room(self.submitted + 1)?;
            self.submitted += 1;
            self.written = self.written.max(self.submitted);
            Ok(self.submit_end(1, |passes| &passes.step))
        });
        Ok(done?.watched(watched))
    }

    /// Takes the oldest id that was not read: a future to be awaited, whose id then belongs to `took`.
    ///
    /// # Errors
    /// Nothing was submitted.
    pub fn take(&mut self) -> Result<Pin<Box<dyn Future<Output = Result<Choice>>>>> {
        let pending = match self.pending.pop_front() {
            Some(Pending::Later) => self.run_next()?,
            Some(pending) => pending,
            None => return Err(Error::request("no step was submitted")),
        };
        match pending {
            Pending::Submitted(choice) => Ok(choice),
            held => {
                self.pending.push_front(held);
                Err(Error::request("the step waits for its choice"))
            }
        }
    }

    /// Notes a choice that `take`'s future gave.
    pub fn took(&mut self, choice: Choice) {
        self.tokens.push(choice.id);
        self.logits = choice.logits;
    }

    /// Waits for the oldest id that was not read.
    ///
    /// # Errors
    /// Nothing was submitted; the device failed; the model's logits are no numbers.
    pub async fn next(&mut self) -> Result<u32> {
        let choice = self.take()?.await?;
        let id = choice.id;
        self.took(choice);
        Ok(id)
    }

    /// Forgets what was decoded past the last id that was read.
    pub fn stop(&mut self) {
        self.pending.clear();
        self.submitted = self.submitted.min(self.tokens.len());
        self.sampled = 0;
    }

    /// Runs `ids` as a new sequence and gives the logits `[V]` of every position, in order, to `each`.
    ///
    /// # Errors
    /// As of `prompt` and `next`.
    pub async fn logits(&mut self, ids: &[u32], mut each: impl FnMut(usize, &[f32])) -> Result<()> {
        check_prompt(ids, self.context, self.model.config.v)?;
        self.stop();
        self.tokens.clear();
        (self.submitted, self.written) = (0, 0);
        let model = self.model.clone();
        self.choose_rope(ids.len());
        let (gpu, v) = (&model.gpu, model.config.v);
        let rows = gpu
            .scoped("making room for logits", || {
                self.make_room(ids.len())?;
                let bytes = u64::from(LOGITS_CHUNK) * 4 * v as u64;
                gpu.check_binding("the logits of a batch", bytes)?;
                self.state.logits = gpu.buffer("logits", bytes);
                Ok(())
            })
            .await?;
        rows?;
        let pass = gpu
            .scoped("preparing logits", || {
                let params = self.sampling.params(v, self.biased);
                self.passes = Passes::new(&model, &self.state, &params);
                let dispatches = forward(
                    &model.config,
                    &model.weights,
                    &self.state,
                    LOGITS_CHUNK,
                    Logits::All,
                );
                Pass::new(gpu, &dispatches)
            })
            .await?;
        for (chunk, ids) in ids.chunks(LOGITS_CHUNK as usize).enumerate() {
            let readback = Readback::new(gpu, (ids.len() * v * 4) as u64);
            let (index, watched) = gpu.watch("computing logits", || {
                self.write_batch(ids);
                let mut encoder = gpu.encoder();
                record(&pass, &mut encoder, ids.len(), 0..pass.len());
                readback.copy_from(&mut encoder, &self.state.logits, 0);
                gpu.enqueue(encoder)
            });
            watched.await?;
            self.submitted += ids.len();
            self.written = self.submitted;
            self.tokens.extend(ids);
            let bytes = readback.read(gpu, index).await?;
            let numbers: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
            for (i, row) in numbers.chunks_exact(v).enumerate() {
                each(chunk * LOGITS_CHUNK as usize + i, row);
            }
        }
        Ok(())
    }

    /// Tokens at the start of `ids` that a prompt with `reuse` would not compute again; at least one is left to compute.
    pub fn reusable(&self, ids: &[u32]) -> usize {
        if self.stretched(ids.len()) {
            return 0;
        }
        let cached = &self.tokens[..self.submitted.min(self.tokens.len())];
        let common = cached.iter().zip(ids).take_while(|(a, b)| a == b).count();
        let common = common.min(ids.len().saturating_sub(1));
        // A layer with a window has lost what was overwritten since.
        let lost = |window: usize| {
            let room = kv::kept(window, self.state.batch, self.state.positions);
            window > 0 && (common + 1).saturating_sub(window) + room < self.written
        };
        let mut layers = self.model.config.layers.iter();
        if layers.any(|layer| lost(layer.window)) {
            return 0;
        }
        common
    }

    /// Chooses the rope for a sequence of `length` tokens.
    fn choose_rope(&mut self, length: usize) {
        if self.stretched(length) {
            let model = self.model.clone();
            self.state.stretch(&model.gpu, &model.config, length);
        }
        self.span = length;
    }

    /// Submits all of a prompt but its first `kept` tokens and its last batch, which is written; how many tokens that has.
    fn submit_prompt(&mut self, ids: &[u32], answered: usize, kept: usize) -> Result<usize> {
        let model = self.model.clone();
        let gpu = &model.gpu;
        self.choose_rope(ids.len());
        self.make_room(ids.len())?;
        let mut seen = vec![0u32; model.config.v];
        for id in ids {
            seen[*id as usize] = SEEN;
        }
        for id in &ids[ids.len() - answered..] {
            seen[*id as usize] += CHOSEN;
        }
        self.sampled = answered as u32;
        gpu.queue
            .write_buffer(&self.state.seen, 0, bytemuck::cast_slice(&seen));
        self.tokens = ids.to_vec();
        self.submitted = kept;
        if kept == 0 {
            self.written = 0;
        }
        let batch = self.state.batch as usize;
        let last = (ids.len() - kept - 1) / batch * batch + kept;
        for chunk in ids[kept..last].chunks(batch) {
            self.write_batch(chunk);
            let mut encoder = gpu.encoder();
            let passes = &self.passes;
            let before_logits = 0..passes.no_logits;
            record(&passes.prompt, &mut encoder, chunk.len(), before_logits);
            gpu.enqueue(encoder);
            self.submitted += chunk.len();
        }
        let chunk = &ids[last..];
        self.write_batch(chunk);
        self.submitted += chunk.len();
        self.written = self.written.max(self.submitted);
        Ok(chunk.len())
    }

    /// Writes a batch's ids and its place.
    fn write_batch(&self, ids: &[u32]) {
        let queue = &self.model.gpu.queue;
        queue.write_buffer(&self.state.ids, 0, bytemuck::cast_slice(ids));
        let place = [self.submitted as u32, ids.len() as u32, self.sampled, 0];
        queue.write_buffer(&self.state.place, 0, bytemuck::cast_slice(&place));
    }

    /// Room for `positions` positions in the cache: doubled as the sequence grows.
    fn make_room(&mut self, positions: usize) -> Result<()> {
        if positions <= self.state.positions {
            return Ok(());
        }
        let wanted = positions
            .max(2 * self.state.positions)
            .min(self.context.max(positions));
        let model = self.model.clone();
        self.state
            .grow(&model.gpu, &model.config, room(wanted), self.span)?;
        let params = self.sampling.params(model.config.v, self.biased);
        self.passes = Passes::new(&model, &self.state, &params);
        Ok(())
    }
}

/// Tokens that a sequence on this model may have: `wanted`, or what the model was trained for, up to 4096.
///
/// # Errors
/// 0, or more than the model was trained for.
pub fn room_for(config: &Config, wanted: Option<usize>) -> Result<usize> {
    let trained = config.context;
    let context = wanted.unwrap_or_else(|| trained.min(4096));
    if context == 0 || context > trained {
        return Err(Error::request(format!(
            "a context of {context} tokens was asked for; this model takes 1 to {trained}"
        )));
    }
    Ok(context)
}

/// Refuses a prompt that is empty, longer than the context, or has ids outside of the vocabulary.
///
/// # Errors
/// Those.
pub fn check_prompt(ids: &[u32], context: usize, vocabulary: usize) -> Result<()> {
    if ids.is_empty() {
        return Err(Error::request(
            "the prompt is empty; give at least one token",
        ));
    }
    if ids.len() > context {
        return Err(Error::request(format!(
            "the prompt has {} tokens and the context takes {context}; shorten it or ask for a larger context",
            ids.len(),
        )));
    }
    match ids.iter().find(|id| **id as usize >= vocabulary) {
        Some(id) => Err(Error::request(format!(
            "the token id {id} is outside of the vocabulary of {vocabulary}"
        ))),
        None => Ok(()),
    }
}

/// Whole tiles of attention.
fn room(positions: usize) -> usize {
    positions.next_multiple_of(TILE)
}
