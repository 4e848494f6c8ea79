//! A sequence of tokens.

use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

use motet::sample::{FORBIDDEN, Sampling, likeliest, log_probability};
use wasm_bindgen::prelude::*;

use crate::engine::known;
use crate::values::{Thrown, bad, plain, thrown, value};

/// The tokens of one sequence and their cache.
#[wasm_bindgen]
pub struct Session {
    session: Rc<RefCell<motet::session::Session>>,
    v: usize,
    /// What every choice adds to logits, beside what a mask forbids.
    bias: RefCell<Option<Vec<f32>>>,
}

/// An id and ln of its probability.
#[derive(serde::Serialize)]
struct Likely {
    id: u32,
    logprob: f64,
}

/// An id that was chosen, and the likeliest ones beside it.
#[derive(serde::Serialize)]
struct Logprobs {
    logprob: f64,
    top: Vec<Likely>,
}

impl Session {
    pub(crate) fn new(session: motet::session::Session, v: usize) -> Self {
        Self {
            session: Rc::new(RefCell::new(session)),
            v,
            bias: RefCell::default(),
        }
    }

    /// A session that is being copied is borrowed across an await; nothing else is.
    fn look(&self) -> Thrown<Ref<'_, motet::session::Session>> {
        self.session.try_borrow().map_err(|_| busy())
    }

    fn change(&self) -> Thrown<RefMut<'_, motet::session::Session>> {
        self.session.try_borrow_mut().map_err(|_| busy())
    }
}

fn busy() -> JsValue {
    bad("the session is being copied; wait for that")
}

#[wasm_bindgen]
impl Session {
    /// Positions that are cached or on their way.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> Thrown<usize> {
        Ok(self.look()?.len())
    }

    /// The most tokens it can hold.
    #[wasm_bindgen(getter, js_name = contextLength)]
    pub fn context_length(&self) -> Thrown<usize> {
        Ok(self.look()?.context())
    }

    /// The prompt and the ids read so far.
    pub fn tokens(&self) -> Thrown<Vec<u32>> {
        Ok(self.look()?.tokens().to_vec())
    }

    /// Tokens at the start of `ids` that a prompt with `reuse` would not compute again.
    pub fn reusable(&self, ids: &[u32]) -> Thrown<usize> {
        Ok(self.look()?.reusable(ids))
    }

    /// A session that has seen the same and goes on alone.
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "whoever else wants the session meanwhile gets an error, see `look`"
    )]
    pub async fn fork(&self) -> Thrown<Session> {
        let (session, v) = (self.session.clone(), self.v);
        let session = session.try_borrow().map_err(|_| busy())?;
        let fork = session.fork().await.map_err(thrown)?;
        Ok(Session::new(fork, v))
    }

    /// Submits a prompt, of which the last `answered` ids were chosen after it, and the choice of the id that follows.
    pub fn prompt(
        &self,
        ids: &[u32],
        answered: usize,
        sampling: JsValue,
        reuse: bool,
    ) -> Thrown<()> {
        let sampling: Sampling = plain("The sampling settings are not understood", &sampling)?;
        self.change()?
            .resume(ids, answered, &sampling, reuse)
            .map_err(thrown)
    }

    /// Submits one more step.
    pub fn step(&self) -> Thrown<()> {
        self.change()?.step().map_err(thrown)
    }

    /// Adds numbers to the logits of ids at every choice from now on; without ids, nothing.
    #[wasm_bindgen(js_name = setBias)]
    pub fn set_bias(&self, ids: &[u32], numbers: &[f32]) -> Thrown<()> {
        let mut bias = (!ids.is_empty()).then(|| vec![0.0; self.v]);
        for (id, number) in ids.iter().zip(numbers) {
            let id = known(*id, self.v)?;
            if let Some(bias) = &mut bias {
                bias[id] = *number;
            }
        }
        self.change()?.set_bias(bias.as_deref()).map_err(thrown)?;
        self.bias.replace(bias);
        Ok(())
    }

    /// Whether prompts and steps end before the choice, which `choose` makes.
    pub fn hold(&self, held: bool) -> Thrown<()> {
        self.change()?.hold(held);
        Ok(())
    }

    /// Submits the choice of a held step among the ids whose bits are set in `mask`.
    pub fn choose(&self, mask: &[u32]) -> Thrown<()> {
        let mut bias = self
            .bias
            .borrow()
            .clone()
            .unwrap_or_else(|| vec![0.0; self.v]);
        for (id, bias) in bias.iter_mut().enumerate() {
            let word = mask.get(id / 32).copied().unwrap_or_default();
            if word >> (id % 32) & 1 == 0 {
                *bias = FORBIDDEN;
            }
        }
        let mut session = self.change()?;
        session.set_bias(Some(&bias)).map_err(thrown)?;
        session.choose().map_err(thrown)
    }

    /// Whether the logits of choices are read back with their ids.
    #[wasm_bindgen(js_name = keepLogits)]
    pub fn keep_logits(&self, kept: bool) -> Thrown<()> {
        self.change()?.keep_logits(kept);
        Ok(())
    }

    /// The logits `[V]` that the last id was chosen from; empty if they are not kept.
    pub fn logits(&self) -> Thrown<Vec<f32>> {
        Ok(self.look()?.last_logits().to_vec())
    }

    /// ln of the probability of an id by the logits that are kept, and of the `top` likeliest ids.
    pub fn logprobs(&self, id: u32, top: usize) -> Thrown<JsValue> {
        let session = self.look()?;
        let logits = session.last_logits();
        let top = likeliest(logits, top).into_iter();
        value(&Logprobs {
            logprob: log_probability(logits, id),
            top: top.map(|(id, logprob)| Likely { id, logprob }).collect(),
        })
    }

    /// Waits for the oldest id that was submitted.
    pub async fn next(&self) -> Thrown<u32> {
        let session = self.session.clone();
        let choice = session.try_borrow_mut().map_err(|_| busy())?.take();
        let choice = choice.map_err(thrown)?.await.map_err(thrown)?;
        let id = choice.id;
        session.try_borrow_mut().map_err(|_| busy())?.took(choice);
        Ok(id)
    }

    /// Ids that were submitted and not read.
    #[wasm_bindgen(js_name = inFlight)]
    pub fn in_flight(&self) -> Thrown<usize> {
        Ok(self.look()?.in_flight())
    }

    /// Forgets what was decoded past the last id that was read.
    pub fn stop(&self) -> Thrown<()> {
        self.change()?.stop();
        Ok(())
    }
}
