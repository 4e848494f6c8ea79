//! Prompts and decode steps through a session, timed as a user gets them.

use std::rc::Rc;

use super::lists::{Lists, some_ids};
use super::work::Work;
use crate::Result;
use crate::forward::FEW;
use crate::gpu::ceilings::{Ceilings, middle};
use crate::gpu::{CacheType, Moment};
use crate::model::Model;
use crate::sample::Sampling;
use crate::session::{Session, SessionOptions};

/// Steps ahead of what was read, as the program has them.
const AHEAD: usize = 3;
/// Steps that are timed at most, and those before them.
const STEPS: usize = 16;
const WARM: usize = 2;
/// Tokens that decoding takes beyond the cache that it is measured at.
pub const ROOM: usize = 1 + WARM + STEPS + AHEAD;
/// Steps that are timed at least.
const LEAST_STEPS: usize = 3;
/// Times that a prompt is measured at most.
const ROUNDS: usize = 5;
/// After so many milliseconds no more is begun: software adapters take minutes for what takes others a moment.
const PREFILL_MS: f64 = 3_000.0;
const DECODE_MS: f64 = 8_000.0;

/// A prompt, or a decode step.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Row {
    /// Tokens: of the prompt, or 1.
    pub tokens: usize,
    /// Positions in the cache before them.
    pub cached: usize,
    /// Milliseconds, the median: from the prompt's submission to the first id after it, or from an id to the next.
    pub ms: f64,
    /// Tokens a second.
    pub tokens_per_s: f64,
    /// Bytes of weights and of the cache that have to be read.
    pub bytes: f64,
    /// Operations that have to be done.
    pub flop: f64,
    /// 10⁹ of these bytes a second.
    pub gb_per_s: f64,
    /// 10⁹ of these operations a second.
    pub gflop_per_s: f64,
    /// Dispatches, of the prompt or of a step.
    pub dispatches: f64,
    /// Submissions.
    pub submits: f64,
    /// Readbacks.
    pub readbacks: f64,
    /// Bind groups that were made.
    pub bind_groups: f64,
    /// Milliseconds that it takes at least: max(bytes / rate, operations / rate) + dispatches · time of a dispatch.
    pub floor_ms: f64,
    /// `ms` over `floor_ms`.
    pub ratio: f64,
}

/// A session that is measured.
pub struct Rates<'a> {
    model: &'a Rc<Model>,
    lists: &'a Lists,
    ceilings: &'a Ceilings,
    session: Session,
}

impl<'a> Rates<'a> {
    pub async fn new(
        model: &'a Rc<Model>,
        lists: &'a Lists,
        ceilings: &'a Ceilings,
        context: usize,
        cache: CacheType,
    ) -> Result<Self> {
        let options = SessionOptions {
            context: Some(context),
            cache,
        };
        let mut session = Session::new(model, options).await?;
        // What drivers put off until something is used for the first time is nobody's rate. These lengths take all
        // the ways that there are.
        for tokens in [1, 2, FEW as usize + 1] {
            let ids = some_ids(model, tokens.min(context));
            session.prompt(&ids, &Sampling::default(), false)?;
            session.next().await?;
        }
        Ok(Self {
            model,
            lists,
            ceilings,
            session,
        })
    }

    /// A prompt of `tokens`, none of them cached.
    pub async fn prefill(&mut self, tokens: usize) -> Result<Row> {
        let ids = some_ids(self.model, tokens);
        self.session.assume(&ids).await?; // room that is made once is not the prompt's
        let gpu = self.model.gpu();
        let (start, before) = (Moment::now(), gpu.counts());
        let mut times = Vec::new();
        while times.is_empty() || (times.len() < ROUNDS && start.ms() < PREFILL_MS) {
            let round = Moment::now();
            self.session.prompt(&ids, &Sampling::default(), false)?;
            self.session.next().await?;
            times.push(round.ms());
        }
        let rounds = times.len() as f64;
        let ms = middle(&mut times);
        let counts = gpu.counts() - before;
        let counts = [
            counts.dispatches,
            counts.submits,
            counts.readbacks,
            counts.bind_groups,
        ];
        let counts = counts.map(|n| n as f64 / rounds);
        let work = self.lists.prompt_work(tokens);
        Ok(self.row([tokens, 0], ms, work, counts))
    }

    /// Decode steps at a cache of `cached` positions, some steps ahead of what is read.
    pub async fn decode(&mut self, cached: usize) -> Result<Row> {
        let gpu = self.model.gpu();
        let session = &mut self.session;
        // Room first for all that follows, then the length that is to be measured.
        session.assume(&some_ids(self.model, cached + ROOM)).await?;
        let mut ids = some_ids(self.model, cached);
        if cached > 0 {
            session.assume(&ids).await?;
        }
        ids.push(0);
        session.prompt(&ids, &Sampling::default(), true)?;
        while session.in_flight() < AHEAD {
            session.step()?;
        }
        for _ in 0..WARM {
            session.next().await?;
            session.step()?;
        }
        let (start, before) = (Moment::now(), gpu.counts());
        let mut times = Vec::new();
        while times.len() < LEAST_STEPS || (times.len() < STEPS && start.ms() < DECODE_MS) {
            let step = Moment::now();
            session.next().await?;
            session.step()?;
            times.push(step.ms());
        }
        let counts = gpu.counts() - before;
        session.stop();
        gpu.idle().await?;
        let steps = times.len();
        let counts = [
            counts.dispatches,
            counts.submits,
            counts.readbacks,
            counts.bind_groups,
        ];
        let counts = counts.map(|n| n as f64 / steps as f64);
        let ms = middle(&mut times);
        // The step in the middle of those that were timed.
        let work = self.lists.step_work(cached + 1 + WARM + steps / 2);
        Ok(self.row([1, cached], ms, work, counts))
    }

    fn row(&self, [tokens, cached]: [usize; 2], ms: f64, work: Work, counts: [f64; 4]) -> Row {
        let [dispatches, submits, readbacks, bind_groups] = counts;
        let floor_ms = self.ceilings.floor_ms(work.bytes(), work.flop, dispatches);
        Row {
            tokens,
            cached,
            ms,
            tokens_per_s: tokens as f64 * 1e3 / ms,
            bytes: work.bytes(),
            flop: work.flop,
            gb_per_s: work.bytes() / ms / 1e6,
            gflop_per_s: work.flop / ms / 1e6,
            dispatches,
            submits,
            readbacks,
            bind_groups,
            floor_ms,
            ratio: ms / floor_ms,
        }
    }
}
