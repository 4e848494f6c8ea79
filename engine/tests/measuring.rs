//! What measurements rest on: what is counted, what an assumed cache costs, what a step has to read and to compute.

#[allow(dead_code, reason = "these tests need a part of it")]
mod support {
    pub mod gpus;
    pub mod models;
    pub mod open;
}

use std::rc::Rc;

use motet::arch::Config;
use motet::bench::{Options, Report, run};
use motet::gpu::{CacheType, Gpu};
use motet::model::Model;
use motet::sample::Sampling;
use motet::session::Session;
use motet::tune::Tried;
use support::gpus::default_gpu;
use support::models::{greedy, json, u32s};
use support::open::open;

async fn load(gpu: &Rc<Gpu>, folder: &str) -> Rc<Model> {
    let model = Model::load(gpu, &open(folder, ""), &mut |_| {}).await;
    model.expect("the model loads")
}

/// The report of a prompt of three tokens and of decoding at these cache lengths, with what it is of.
fn measured(folder: &str, decode_at: Vec<usize>) -> (Config, Report) {
    let gpu = default_gpu("measuring");
    pollster::block_on(async {
        let model = load(&gpu, folder).await;
        let options = Options {
            prefill: vec![3],
            decode_at,
            context: None,
            cache: CacheType::F16,
            kernels: false,
            profile: false,
        };
        let report = run(&model, &options, None, &mut |_| {}).await;
        (model.config.clone(), report.expect("it is measured"))
    })
}

async fn session(model: &Rc<Model>) -> Session {
    Session::new(model, None).await.expect("a session starts")
}

#[test]
fn a_step_is_one_submission_and_one_readback() {
    let gpu = default_gpu("measuring");
    pollster::block_on(async {
        for folder in ["llama-gqa", "qwen3moe"] {
            let mut session = session(&load(&gpu, folder).await).await;
            greedy(&mut session, &[3, 4, 5], 2, 1).await;
            let before = gpu.counts();
            for _ in 0..4 {
                session.step().expect("a step is taken");
                session.next().await.expect("an id comes");
            }
            let counts = gpu.counts() - before;
            let dispatches = 4 * session.dispatches_per_token() as u64;
            assert_eq!(counts.dispatches, dispatches, "{folder}");
            assert_eq!([counts.submits, counts.readbacks], [4, 4], "{folder}");
            assert_eq!(counts.bind_groups, 0, "{folder}");
        }
    });
}

/// Full attention, windows, latents: an assumed cache is decoded at its length, and nothing of it stays.
/// Which is faster is the machine's affair; that the choice follows from what was measured is not.
#[test]
fn the_fastest_kernels_are_those_that_took_least() {
    let gpu = default_gpu("measuring");
    let tuning = pollster::block_on(gpu.tune()).expect("it is measured");
    let [default, others @ ..] = &tuning.tried[..] else {
        panic!("nothing was tried");
    };
    assert_eq!(default.kernels, gpu.kernels());
    assert!(!others.is_empty(), "only the default was tried");
    let cost = |tried: &Tried| tried.token_ms + tried.prompt_ms;
    for (i, tried) in tuning.tried.iter().enumerate() {
        assert!(tried.token_ms > 0.0 && tried.prompt_ms > 0.0, "{tried:?}");
        assert_eq!(gpu.with_kernels(tried.kernels).kernels(), tried.kernels);
        let same = |other: &Tried| other.kernels == tried.kernels;
        assert!(!tuning.tried[..i].iter().any(same), "{tried:?} twice");
    }
    let best = tuning
        .tried
        .iter()
        .min_by(|a, b| cost(a).total_cmp(&cost(b)));
    let best = best.expect("something was tried");
    // Others have to be a tenth faster.
    let expected = match cost(best) < 0.9 * cost(default) {
        true => best,
        false => default,
    };
    assert_eq!(tuning.kernels, expected.kernels, "{tuning:?}");
}

#[test]
fn an_assumed_cache_is_not_computed_and_forgotten_afterwards() {
    let gpu = default_gpu("measuring");
    pollster::block_on(async {
        for folder in ["llama-gqa", "mistral", "minicpm3"] {
            let mut session = session(&load(&gpu, folder).await).await;
            let mut ids: Vec<u32> = (0..100).map(|i| 3 + i % 90).collect();
            session.assume(&ids).await.expect("there is room");
            assert_eq!(session.len(), 100, "{folder}");
            ids.push(7);
            let before = gpu.counts();
            session
                .prompt(&ids, &Sampling::default(), true)
                .expect("the prompt is taken");
            session.next().await.expect("an id comes");
            let counts = gpu.counts() - before;
            let one = session.dispatches_per_token() as u64;
            assert_eq!((counts.dispatches, session.len()), (one, 101), "{folder}");

            let json = json(folder, "reference");
            let prompt = u32s(&json["prompts"]["33"]);
            let ids = greedy(&mut session, &prompt, 8, 2).await;
            assert_eq!(ids, u32s(&json["greedy"]["33"]["ids"])[..8], "{folder}");

            let too_many = vec![3; session.context() + 1];
            assert!(session.assume(&too_many).await.is_err(), "{folder}");
        }
    });
}

#[test]
fn a_dense_models_work_is_that_of_its_matrices() {
    let (config, report) = measured("llama-gqa", vec![40]);
    let (d, heads) = (config.d, (config.h + 2 * config.kv) * config.c);
    // N and K of a layer's products; rows on the GPU are whole blocks of 32 numbers.
    let layer = [
        [heads, d],
        [d, config.h * config.cv],
        [2 * config.f, d],
        [d, config.f],
    ];
    let head = [config.v, d];
    let products = |of: fn([usize; 2]) -> usize| -> usize {
        config.l * layer.map(of).iter().sum::<usize>() + of(head)
    };
    let numbers = products(|[n, k]| n * k);
    let stored = products(|[n, k]| n * k.next_multiple_of(32));
    let row = d.next_multiple_of(32);
    assert_eq!(report.model.active_bytes, (4 * (stored + row)) as f64);

    // The step in the middle of those that were timed sees some more than 40 positions.
    let decode = &report.decode[0];
    let position = config.l * config.kv * (config.c + config.cv) * 2; // bytes
    let seen = (decode.bytes - report.model.active_bytes) / position as f64;
    assert!(
        seen.fract() == 0.0 && (41.0..70.0).contains(&seen),
        "{seen}"
    );
    let attention = |seen: f64| 2.0 * seen * (config.l * config.h * (config.c + config.cv)) as f64;
    assert_eq!(decode.flop, 2.0 * numbers as f64 + attention(seen));

    // Three tokens, of which one meets the head, and which see one, two and three positions.
    let prefill = &report.prefill[0];
    let of_head = config.v * d;
    let flop = 2.0 * (3 * (numbers - of_head) + of_head) as f64 + attention(6.0);
    assert_eq!(prefill.flop, flop);
    let bytes = 4 * (stored + 3 * row) + 3 * position;
    assert_eq!(prefill.bytes, bytes as f64);
}

/// A token goes through A of E experts and all of the shared one, which is two experts more.
#[test]
fn a_mixtures_work_is_that_of_the_experts_a_token_meets() {
    let (config, report) = measured("deepseek2", vec![]);
    let (Some(moe), Some(mla)) = (config.moe, config.mla) else {
        panic!("a mixture with latent attention");
    };
    assert_eq!(moe.es, 2);
    let (d, h) = (config.d, config.h);
    // How many, N and K of a layer's products.
    let latent = [
        [1, mla.q_rank + mla.r + mla.rope, d],
        [1, h * config.c, mla.q_rank],
        [h, mla.r, mla.nope],
        [h, config.cv, mla.r],
        [1, d, h * config.cv],
    ];
    let dense = [[1, 2 * config.f, d], [1, d, config.f]];
    let used = moe.a + moe.es;
    let sparse = [[1, moe.e, d], [used, 2 * moe.f, d], [used, d, moe.f]];
    let products = |of: fn([usize; 3]) -> usize| -> usize {
        let layer = |sum: usize, sparse_layer: bool| {
            let own = if sparse_layer { &sparse[..] } else { &dense };
            sum + latent.iter().chain(own).map(|p| of(*p)).sum::<usize>()
        };
        let kinds = config.layers.iter().map(|layer| layer.sparse);
        kinds.fold(of([1, config.v, d]), layer)
    };
    let numbers = products(|[count, n, k]| count * n * k);
    let stored = products(|[count, n, k]| count * n * k.next_multiple_of(32));
    let row = d.next_multiple_of(32);
    assert_eq!(report.model.active_bytes, (2 * (stored + row)) as f64);
    let of_head = config.v * d;
    let attention = 2 * 6 * config.l * h * (2 * mla.r + mla.rope);
    let flop = 2 * (3 * (numbers - of_head) + of_head) + attention;
    assert_eq!(report.prefill[0].flop, flop as f64);
}
