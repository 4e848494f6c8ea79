//! Mixtures whose experts are all a dense model's feed-forward (`cargo xtask upcycle`) compute what that model computes,
//! whichever experts their random routers choose.

mod support {
    pub mod compare;
    pub mod gpus;
    pub mod smollm2;
}

use std::fs::File;
use std::io::{BufWriter, Write};
use std::rc::Rc;

use motet::arch::Config;
use motet::format::Checkpoint;
use motet::gpu::{Gpu, Memory};
use motet::model::Model;
use motet::reference::Reference;
use motet::sample::Sampling;
use motet::session::Session;
use motet::source::Source;
use motet::weights::{LoadOptions, planned_bytes};
use motet_upcycle::upcycle;
use support::compare::error_in_std;
use support::gpus::{default_gpu, gpus};
use support::smollm2::{full, path, prompts};

/// The bound for weights that sum to 1 within f32's rounding, through two layers, in the logits' standard deviation.
const BOUND: f32 = 1e-5;

const EXPERTS: u32 = 8;

fn fixture(name: &str) -> Checkpoint {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/models/");
    pollster::block_on(Checkpoint::open(&format!("{models}{name}"))).expect("the fixture opens")
}

/// The mixture as a file in memory.
fn upcycled(dense: &Checkpoint, seed: u64) -> Checkpoint {
    let mut bytes = Vec::new();
    pollster::block_on(async {
        upcycle(dense, EXPERTS, seed, &mut bytes)
            .await
            .expect("the mixture is written");
        let alone = async |_: &str| panic!("it is one file");
        Checkpoint::gguf(Source::memory("upcycled.gguf", bytes), alone)
            .await
            .expect("the mixture opens")
    })
}

fn bytes(checkpoint: &Checkpoint, tensor: &str) -> Vec<u8> {
    let tensor = checkpoint.tensor(tensor).expect("it is there");
    let source = &checkpoint.sources[tensor.source];
    let piece = pollster::block_on(source.read(tensor.range.clone()));
    piece.expect("it can be read").into_vec()
}

fn logits(session: &mut Session, ids: &[u32]) -> Vec<f32> {
    let mut all = Vec::new();
    let done = pollster::block_on(session.logits(ids, |_, row| all.extend_from_slice(row)));
    done.expect("logits are computed");
    all
}

fn greedy(session: &mut Session, ids: &[u32], n: usize) -> Vec<u32> {
    pollster::block_on(async {
        session
            .prompt(ids, &Sampling::default(), true)
            .expect("the prompt is taken");
        let mut got = Vec::new();
        while got.len() < n {
            while session.in_flight() < 3 {
                session.step().expect("a step is taken");
            }
            got.push(session.next().await.expect("an id comes"));
        }
        got
    })
}

fn load(gpu: &Rc<Gpu>, checkpoint: &Checkpoint) -> Rc<Model> {
    pollster::block_on(Model::load(gpu, checkpoint, &mut |_| {})).expect("the model loads")
}

fn session(model: &Rc<Model>, context: Option<usize>) -> Session {
    pollster::block_on(Session::new(model, context)).expect("a session starts")
}

#[test]
fn everything_else_stays_as_it_was() {
    let dense = fixture("llama-quant/Q4_1.gguf");
    let mixture = upcycled(&dense, 1);
    for (key, value) in dense.metadata.iter() {
        assert_eq!(mixture.metadata.get(key), Some(value), "{key}");
    }
    let added = mixture.metadata.len() - dense.metadata.len();
    assert_eq!(added, 2, "two numbers of a mixture");
    for tensor in &dense.tensors {
        let (old, name) = (bytes(&dense, &tensor.name), &tensor.name);
        let Some((layer, rest)) = name
            .split_once(".ffn_")
            .filter(|(_, rest)| !rest.starts_with("norm"))
        else {
            assert_eq!(bytes(&mixture, name), old, "{name}");
            continue;
        };
        let (matrix, kind) = rest.split_once('.').expect("it is a weight");
        let stack = format!("{layer}.ffn_{matrix}_exps.{kind}");
        assert_eq!(
            bytes(&mixture, &stack),
            old.repeat(EXPERTS as usize),
            "{stack}"
        );
        assert_eq!(mixture.tensor(&stack).map(|t| t.kind), Some(tensor.kind));
    }
    // Another seed makes other routers, the same one the same.
    let router = |of: &Checkpoint| bytes(of, "blk.1.ffn_gate_inp.weight");
    assert_eq!(router(&upcycled(&dense, 1)), router(&mixture));
    assert_ne!(router(&upcycled(&dense, 2)), router(&mixture));

    let parameters = |of: &Checkpoint| {
        let config = pollster::block_on(Config::read(of)).expect("the model is understood");
        config.parameters(of)
    };
    let ((total, dense_active), (all, active)) = (parameters(&dense), parameters(&mixture));
    assert_eq!(total, dense_active);
    let numbers = |of: &Checkpoint, part: &str| -> u64 {
        let tensors = of.tensors.iter().filter(|t| t.name.contains(part));
        tensors.map(|t| t.shape.iter().product::<u64>()).sum()
    };
    let feeds = numbers(&dense, "ffn_") - numbers(&dense, "ffn_norm");
    let routers = numbers(&mixture, "ffn_gate_inp");
    assert_eq!(all, total + 7 * feeds + routers);
    assert_eq!(active, total + feeds + routers);
}

#[test]
fn a_tiny_mixture_computes_what_the_dense_model_computes() {
    let dense = fixture("llama-quant/Q4_1.gguf");
    let mixture = upcycled(&dense, 1);
    let ids: Vec<u32> = (0..150).map(|i| (i * 37 + 5) % 96).collect();
    for gpu in gpus("upcycled") {
        let models = [&dense, &mixture].map(|checkpoint| load(&gpu, checkpoint));
        for (model, checkpoint) in models.iter().zip([&dense, &mixture]) {
            let planned = planned_bytes(checkpoint, &model.config, LoadOptions::default());
            let planned = planned.expect("it is planned");
            // A texture's lines are whole ones, of 16 KiB, and gains are read through a window of 64 KiB.
            let more = match gpu.tier.weights {
                Memory::Buffers => 0,
                Memory::Textures | Memory::Sampled => checkpoint.tensors.len() as u64 * (64 << 10),
            };
            let bytes = planned..=planned + more;
            assert!(bytes.contains(&model.weight_bytes()), "{bytes:?}");
        }
        let mut sessions = models.each_ref().map(|model| session(model, None));
        for length in [1, 7, 33, 150] {
            let prompt = &ids[..length];
            let [expected, got] = sessions.each_mut().map(|session| logits(session, prompt));
            let error = error_in_std(&got, &expected);
            println!("{length} tokens: {error:.1e} std");
            assert!(error < BOUND, "{length} tokens {:?}: {error} std", gpu.tier);
            let [expected, got] = sessions.each_mut().map(|s| greedy(s, prompt, 32));
            assert_eq!(got, expected, "{length} tokens {:?}", gpu.tier);
        }
    }
}

#[test]
fn so_does_the_reference() {
    let dense = fixture("llama-quant/Q4_1.gguf");
    let [expected, got] = [&dense, &upcycled(&dense, 1)].map(|checkpoint| {
        let reference = pollster::block_on(Reference::load(checkpoint));
        let mut reference = reference.expect("the model loads");
        reference.reset(7);
        let rows = (3..10).flat_map(|id| reference.forward(id).expect("logits"));
        rows.collect::<Vec<f32>>()
    });
    assert!(error_in_std(&got, &expected) < BOUND);
}

/// What cannot be made a mixture is refused, and nothing is written.
#[test]
fn other_models_are_refused() {
    for (name, experts, says) in [
        ("llama-quant/Q4_1.gguf", 1, "1 experts"),
        ("llama-quant/Q4_1.gguf", 2000, "2000 experts"),
        ("mixtral/BF16.gguf", 8, "already"),
        ("qwen3/BF16.gguf", 8, "architecture llama"),
        ("llama-gqa", 8, "no GGUF"),
    ] {
        let mut out = Vec::new();
        let done = pollster::block_on(upcycle(&fixture(name), experts, 0, &mut out));
        let error = done.expect_err("it is refused").to_string();
        assert!(error.contains(says), "{error}");
        assert!(out.is_empty());
    }
}

/// SmolLM2 as a mixture of about 640 M parameters answers as SmolLM2 does, of which tests/smollm2.rs says the same: in the
/// ordinary run the start of one answer, in the full one all answers on all tiers.
#[test]
fn real_weights_in_a_mixture_give_the_dense_models_text() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("upcycled.gguf");
    let mixture = pollster::block_on(async {
        let dense = Checkpoint::open(&path()).await.expect("the file opens");
        let mut out = BufWriter::new(File::create(&file).expect("the file can be made"));
        let written = upcycle(&dense, EXPERTS, 0, &mut out).await;
        written.expect("the mixture is written");
        out.flush().expect("the mixture is written");
        let mixture = Checkpoint::open(file.to_str().expect("UTF-8")).await;
        mixture.expect("the mixture opens")
    });
    let (tiers, texts, length) = match full() {
        true => (gpus("upcycled"), usize::MAX, usize::MAX),
        false => (vec![default_gpu("upcycled")], 1, 12),
    };
    for gpu in tiers {
        let mut session = session(&load(&gpu, &mixture), Some(512));
        for prompt in prompts().into_iter().take(texts) {
            let expected = &prompt.greedy[..length.min(prompt.greedy.len())];
            let got = greedy(&mut session, &prompt.ids, expected.len());
            let (kind, name) = (prompt.kind, &gpu.info.name);
            assert_eq!(got, expected, "{kind} on {name} {:?}", gpu.tier);
        }
    }
}
