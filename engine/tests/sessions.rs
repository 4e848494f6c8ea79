//! Sessions: what is held, biased, kept, forked and resumed is what an undisturbed one gives.

mod support {
    pub mod compare;
    pub mod gpus;
    pub mod models;
    pub mod open;
}

use std::rc::Rc;

use motet::gpu::CacheType;
use motet::model::Model;
use motet::sample::{FORBIDDEN, Sampling};
use motet::session::{Session, SessionOptions};
use support::compare::error_in_std;
use support::gpus::default_gpu;
use support::models::{Expected, greedy, lengths, logits};
use support::open::open;

/// Heads of their own, a rope that changes within the answer, windows, experts and latents.
const FOLDERS: [&str; 4] = ["llama-odd", "phi3-long", "mistral", "deepseek2"];

/// Ids of an answer.
const ANSWER: usize = 12;

/// The bound of all comparisons with Hugging Face, in standard deviations of the logits.
const HUGGING_FACE: f32 = 1e-3;

/// A step's sums may have another order than a batch's, which rounds each of them otherwise.
const ROUNDING: f32 = 1e-4;

/// Warm, with every penalty, so that what a session remembers of its own choices counts.
const WARM: Sampling = Sampling {
    temperature: 0.9,
    top_k: 0,
    top_p: 0.95,
    min_p: 0.0,
    repetition_penalty: 1.1,
    frequency_penalty: 0.4,
    presence_penalty: 0.2,
    seed: 7,
};

/// Runs `test` with each model and a prompt, from which an answer crosses to the longer rope where the model has two; where it
/// has one, with Hugging Face's logits after the prompt.
fn each(test: impl AsyncFn(&Rc<Model>, &[u32], Option<&[f32]>)) {
    let gpu = &default_gpu("sessions");
    for folder in FOLDERS {
        pollster::block_on(async {
            let model = Model::load(gpu, &open(folder, ""), &mut |_| {})
                .await
                .expect("the model loads");
            let mut ropes = model.config.ropes.iter();
            let long = ropes.find_map(|rope| rope.long.as_ref());
            let length = long.map_or(33, |(original, ..)| original - ANSWER / 2);
            let Expected { prompt, logits } = lengths(folder, "reference").remove(3);
            let at = (length - 1) * model.config.v;
            // The longer rope is that of the whole text there, and not of what is its beginning here.
            let short = long.is_none();
            let theirs = short.then(|| &logits[at..at + model.config.v]);
            test(&model, &prompt[..length], theirs).await;
            println!("{folder}");
        });
    }
}

async fn session(model: &Rc<Model>) -> Session {
    Session::new(model, None).await.expect("a session starts")
}

/// `count` more ids, one step at a time, the first of which was submitted.
async fn go_on(session: &mut Session, count: usize) -> Vec<u32> {
    let mut ids = Vec::new();
    for i in 0..count {
        if i > 0 {
            session.step().expect("a step");
        }
        ids.push(session.next().await.expect("an id"));
    }
    ids
}

async fn answer(session: &mut Session, prompt: &[u32], sampling: &Sampling) -> Vec<u32> {
    session.prompt(prompt, sampling, false).expect("a prompt");
    go_on(session, ANSWER).await
}

#[test]
fn held_steps_choose_what_others_do() {
    each(async |model, prompt, _| {
        let expected = answer(&mut session(model).await, prompt, &WARM).await;
        let mut held = session(model).await;
        held.hold(true);
        held.prompt(prompt, &WARM, false).expect("a prompt");
        assert!(held.take().is_err(), "a choice that nobody asked for");
        let mut ids = Vec::new();
        for i in 0..ANSWER {
            if i > 0 {
                held.step().expect("a step");
                assert!(held.step().is_err(), "a step before the choice");
            }
            held.choose().expect("a choice");
            assert!(held.choose().is_err(), "a second choice");
            ids.push(held.next().await.expect("an id"));
        }
        assert_eq!(ids, expected);
        // And without being held again, on the same sequence.
        held.hold(false);
        assert_eq!(answer(&mut held, prompt, &WARM).await, expected);
    });
}

#[test]
fn a_bias_forbids_and_prefers() {
    each(async |model, prompt, _| {
        let v = model.config.v;
        let mut session = session(model).await;
        let free = greedy(&mut session, prompt, ANSWER, 2).await;
        let mut bias = vec![0.0; v];
        bias[free[0] as usize] = FORBIDDEN;
        session.set_bias(Some(&bias)).expect("a bias");
        let without = greedy(&mut session, prompt, ANSWER, 2).await;
        assert!(!without.contains(&free[0]), "a forbidden id was chosen");
        let wanted = (free[0] + 1) % v as u32;
        bias[wanted as usize] = 1e6;
        session.set_bias(Some(&bias)).expect("a bias");
        assert_eq!(greedy(&mut session, prompt, 3, 2).await, [wanted; 3]);
        session.set_bias(None).expect("no bias");
        assert_eq!(greedy(&mut session, prompt, ANSWER, 2).await, free);
        assert!(session.set_bias(Some(&bias[1..])).is_err());
    });
}

#[test]
fn kept_logits_are_those_of_the_sequence() {
    each(async |model, prompt, theirs| {
        let mut session = session(model).await;
        session.keep_logits(true);
        session
            .prompt(prompt, &Sampling::default(), false)
            .expect("a prompt");
        let mut rows = Vec::new();
        for i in 0..3 {
            if i > 0 {
                session.step().expect("a step");
            }
            let id = session.next().await.expect("an id");
            let row = session.last_logits().to_vec();
            let best = (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
            assert_eq!(best, Some(id as usize));
            rows.push(row);
        }
        let all = [prompt, &session.tokens()[prompt.len()..][..2]].concat();
        if let Some(theirs) = theirs {
            let error = error_in_std(&rows[0], theirs);
            assert!(error < HUGGING_FACE, "{error} std");
        }
        let v = model.config.v;
        let at_once = logits(&mut self::session(model).await, &all).await;
        for (row, expected) in rows
            .iter()
            .zip(at_once[(prompt.len() - 1) * v..].chunks_exact(v))
        {
            let error = error_in_std(row, expected);
            assert!(error < ROUNDING, "{error} std");
        }
        session.keep_logits(false);
        session
            .prompt(prompt, &Sampling::default(), true)
            .expect("a prompt");
        session.next().await.expect("an id");
        assert!(session.last_logits().is_empty());
    });
}

#[test]
fn forks_go_on_alone() {
    each(async |model, prompt, _| {
        for cache in [CacheType::F32, CacheType::Q8] {
            let options = SessionOptions {
                context: None,
                cache,
            };
            let mut first = Session::new(model, options).await.expect("a session");
            let expected = answer(&mut first, prompt, &WARM).await;
            let whole: Vec<u32> = first.tokens().to_vec();
            let mut fork = first.fork().await.expect("a fork");
            assert_eq!(fork.tokens(), &whole[..fork.len()]);
            // The original goes elsewhere; the fork still has what was computed.
            let elsewhere: Vec<u32> = prompt.iter().rev().copied().collect();
            answer(&mut first, &elsewhere, &WARM).await;
            let before = model.gpu().counts();
            fork.resume(&whole, ANSWER, &WARM, true).expect("a prompt");
            let more = go_on(&mut fork, ANSWER).await;
            let dispatches = model.gpu().counts().dispatches - before.dispatches;
            let mut straight = Session::new(model, options).await.expect("a session");
            straight.prompt(prompt, &WARM, false).expect("a prompt");
            let all = go_on(&mut straight, 2 * ANSWER).await;
            assert_eq!(all[..ANSWER], expected);
            assert_eq!(all[ANSWER..], more, "{cache:?}");
            assert!(
                dispatches <= (ANSWER * fork.dispatches_per_token()) as u64
                    || model.config.ropes.iter().any(|rope| rope.long.is_some()),
                "{dispatches} dispatches: the fork computed what it had"
            );
        }
    });
}

#[test]
fn an_answer_goes_on_in_another_session() {
    each(async |model, prompt, _| {
        let expected = answer(&mut session(model).await, prompt, &WARM).await;
        for said in [1, 5, ANSWER - 1] {
            let ids = [prompt, &expected[..said]].concat();
            let mut other = session(model).await;
            other.resume(&ids, said, &WARM, true).expect("a prompt");
            let rest = go_on(&mut other, ANSWER - said).await;
            assert_eq!(rest, expected[said..], "after {said} ids");
        }
    });
}
