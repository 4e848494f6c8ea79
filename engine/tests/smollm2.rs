//! SmolLM2-135M-Instruct, the default model, against transformers on its dequantized weights (tests/fixtures/smollm2.json).
//! The file comes from `cargo xtask test`, which names it in MOTET_SMOLLM2.

mod support {
    pub mod compare;
    pub mod gpus;
    pub mod smollm2;
}

use std::rc::Rc;

use motet::format::Checkpoint;
use motet::gpu::Gpu;
use motet::model::Model;
use motet::sample::Sampling;
use motet::session::Session;
use support::compare::error_in_std;
use support::gpus::{default_gpu, gpus};
use support::smollm2::{Fixture, Prompt, fixture, full, path, prompts};

fn load(gpu: &Rc<Gpu>) -> Rc<Model> {
    let path = path();
    pollster::block_on(async {
        let checkpoint = Checkpoint::open(&path).await.expect("the file opens");
        Model::load(gpu, &checkpoint, &mut |_| {})
            .await
            .expect("the model loads")
    })
}

/// The greedy ids after a few prompts; on a tier that a CPU runs slowly, the first of one's, but in the full run.
#[test]
fn greedy_text_equals_transformers() {
    let all = gpus("smollm2");
    for (i, gpu) in all.iter().enumerate() {
        let (texts, length) = match full() || i + 1 == all.len() {
            true => (usize::MAX, usize::MAX),
            false => (1, 16),
        };
        let model = load(gpu);
        pollster::block_on(async {
            let mut session = Session::new(&model, Some(512))
                .await
                .expect("a session starts");
            for prompt in prompts().into_iter().take(texts) {
                let Prompt {
                    kind, ids, greedy, ..
                } = prompt;
                let expected = &greedy[..length.min(greedy.len())];
                session
                    .prompt(&ids, &Sampling::default(), true)
                    .expect("the prompt is taken");
                let mut got = Vec::new();
                while got.len() < expected.len() {
                    while session.in_flight() < 3 {
                        session.step().expect("a step is taken");
                    }
                    got.push(session.next().await.expect("an id comes"));
                }
                assert_eq!(got, expected, "{kind} on {} {:?}", gpu.info.name, gpu.tier);
            }
        });
    }
}

#[test]
fn the_passage_is_as_likely_as_to_transformers() {
    let model = load(&default_gpu("smollm2"));
    let Fixture {
        mut passage_ids,
        mut passage_nlls,
        ..
    } = fixture();
    if std::env::var_os("MOTET_SOME").is_some() {
        // A second adapter, in the ordinary run: as many tokens as three tiles of attention and a bit.
        passage_ids.truncate(200);
        passage_nlls.truncate(199);
    }
    let mut nlls = Vec::new();
    pollster::block_on(async {
        let mut session = Session::new(&model, Some(512))
            .await
            .expect("a session starts");
        let each = |position: usize, logits: &[f32]| {
            if let Some(&next) = passage_ids.get(position + 1) {
                nlls.push(-motet::sample::log_probability(logits, next));
            }
        };
        session
            .logits(&passage_ids, each)
            .await
            .expect("logits are computed");
    });
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    println!(
        "mean NLL {:.5}, transformers {:.5}",
        mean(&nlls),
        mean(&passage_nlls)
    );
    assert_eq!(nlls.len(), passage_nlls.len());
    assert!((mean(&nlls) - mean(&passage_nlls)).abs() < 1e-3); // the bound for real models, expected 1e-5
    for (got, expected) in nlls.iter().zip(&passage_nlls) {
        assert!((got - expected).abs() < 1e-2, "{got} for {expected}");
    }
}

/// Where a cache is so long that attention of one token has shares of it, a step gives what a batch gives, which has none on adapters
/// that compute on the CPU. Of the cache, only what the last hundred tokens left is computed; the rest is zeros.
#[test]
fn a_step_at_a_long_cache_equals_a_batch() {
    const ROUNDING: f32 = 1e-4; // in standard deviations of the logits: sums of another order
    let model = load(&default_gpu("smollm2"));
    let passage = fixture().passage_ids;
    let ids: Vec<u32> = passage.iter().copied().cycle().take(1100).collect();
    pollster::block_on(async {
        let mut session = Session::new(&model, Some(2048))
            .await
            .expect("a session starts");
        session.assume(&ids[..1000]).await.expect("there is room");
        session.keep_logits(true);
        let greedy = Sampling::default();
        session.prompt(&ids, &greedy, true).expect("a prompt");
        let id = session.next().await.expect("an id");
        session.step().expect("a step");
        session.next().await.expect("an id");
        let step = session.last_logits().to_vec();

        // A prompt that ends earlier, so that the next one has two tokens to compute.
        session
            .prompt(&ids[..ids.len() - 1], &greedy, true)
            .expect("a prompt");
        session.next().await.expect("an id");
        let all = [ids.as_slice(), &[id]].concat();
        assert_eq!(session.reusable(&all), all.len() - 2);
        session.prompt(&all, &greedy, true).expect("a prompt");
        session.next().await.expect("an id");
        let error = error_in_std(session.last_logits(), &step);
        assert!(error < ROUNDING, "{error} std");
    });
}
