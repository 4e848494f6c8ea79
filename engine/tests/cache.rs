//! The cache: its types against f32, its windows, its bytes.

mod support {
    pub mod compare;
    pub mod gpus;
    pub mod models;
    pub mod open;
}

use std::rc::Rc;

use motet::arch::{Config, LayerKind, Mla};
use motet::gpu::{CacheType, Gpu, GpuOptions, Memory};
use motet::kv::{Cache, State, cache_bytes_per_token};
use motet::model::Model;
use motet::reference::Reference;
use motet::session::{Session, SessionOptions};
use support::compare::error_in_std;
use support::gpus::{default_gpu, gpus};
use support::models::{Expected, greedy, json, lengths, logits, u32s};
use support::open::open;

/// Families with heads of their own, latents, windows. No mixtures: where a rounding moves a router's choice, an expert's
/// whole share of the logits is another one.
const FOLDERS: [&str; 4] = ["llama-odd", "minicpm3", "gemma3", "mistral"];

/// The bound against the reference with a cache rounded alike. A number on the edge between two values of the type may be
/// rounded the other way for a difference of 1e-7, which a step of f16 (2^-11) hardly shows and one of 8 bits (1/127 of its
/// block's greatest) does. Where all the roundings together move the logits far (gemma3 in 8 bits: 0.8 std), one of them may
/// move them further than that; a quarter of the whole is allowed. A number read from the wrong place moves them by 1 and more.
const BOUNDS: [(CacheType, f32); 2] = [(CacheType::F16, 5e-3), (CacheType::Q8, 5e-2)];

#[test]
fn smaller_types_round_as_the_reference_does() {
    for gpu in gpus("cache") {
        for folder in FOLDERS {
            for (cache, bound) in BOUNDS {
                let options = SessionOptions {
                    cache,
                    context: None,
                };
                pollster::block_on(compare(&gpu, folder, options, bound));
            }
        }
    }
}

async fn compare(gpu: &Rc<Gpu>, folder: &str, options: SessionOptions, bound: f32) {
    let checkpoint = open(folder, "");
    let reference = Reference::load(&checkpoint)
        .await
        .expect("the reference loads");
    let mut reference = reference.with_cache(options.cache);
    let model = Model::load(gpu, &checkpoint, &mut |_| {})
        .await
        .expect("the model loads");
    let mut session = Session::new(&model, options)
        .await
        .expect("a session starts");
    for Expected {
        prompt,
        logits: exact,
    } in lengths(folder, "reference")
    {
        let got = logits(&mut session, &prompt).await;
        reference.reset(prompt.len());
        let rows = prompt
            .iter()
            .flat_map(|id| reference.forward(*id).expect("logits"));
        let expected: Vec<f32> = rows.collect();
        let name = format!("{folder} {:?} {} tokens", options.cache, prompt.len());
        let (error, rounding) = (error_in_std(&got, &expected), error_in_std(&got, &exact));
        println!("{name}: {error:.1e} std off, {rounding:.1e} from f32");
        assert!(error < bound.max(rounding / 4.0), "{name}: {error} std off");
        assert!(rounding > 1e-4, "{name}: the cache is not rounded");
    }
}

/// A sequence far longer than the window: what is overwritten is not needed, and the greedy ids stay Hugging Face's after
/// the session went elsewhere and came back.
#[test]
fn layers_with_a_window_keep_only_it() {
    let gpu = &default_gpu("cache");
    for (folder, windowed) in [("mistral", true), ("gemma3", true), ("llama-odd", false)] {
        pollster::block_on(async {
            let model = Model::load(gpu, &open(folder, ""), &mut |_| {})
                .await
                .expect("the model loads");
            let mut session = Session::new(&model, None).await.expect("a session starts");
            let expected = &lengths(folder, "reference")[3];
            logits(&mut session, &expected.prompt).await;
            let positions = expected.prompt.len().next_multiple_of(64); // whole tiles
            let full = positions as u64 * cache_bytes_per_token(&model.config, CacheType::F32);
            assert_eq!(session.cache_bytes() < full, windowed, "{folder}");
            let json = json(folder, "reference");
            let prompt = u32s(&json["prompts"]["33"]);
            let ids = u32s(&json["greedy"]["33"]["ids"]);
            assert_eq!(
                greedy(&mut session, &prompt, ids.len(), 3).await,
                ids,
                "{folder}"
            );
        });
    }
}

/// LongRoPE's factors change with the sequence's length, and the keys of a shorter one are computed again: the reference does so
/// token by token, a session with steps that are ahead of what was read.
#[test]
fn the_rope_of_longer_sequences_replaces_the_cache() {
    let gpu = &default_gpu("cache");
    for folder in ["phi3-long", "minicpm3-long"] {
        pollster::block_on(async {
            let checkpoint = open(folder, "");
            let mut reference = Reference::load(&checkpoint)
                .await
                .expect("the reference loads");
            let original = reference.config().ropes[0]
                .long
                .as_ref()
                .expect("a longrope")
                .0;
            let prompt = &lengths(folder, "reference")[3].prompt[..original - 5];
            let mut expected = Vec::new();
            reference.reset(prompt.len());
            let mut rows = prompt
                .iter()
                .map(|id| reference.forward(*id).expect("logits"));
            let mut row = rows.by_ref().last().expect("a prompt");
            drop(rows);
            for _ in 0..16 {
                let best = (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
                let id = best.expect("a vocabulary") as u32;
                expected.push(id);
                row = reference.forward(id).expect("logits");
            }
            let model = Model::load(gpu, &checkpoint, &mut |_| {})
                .await
                .expect("the model loads");
            let mut session = Session::new(&model, None).await.expect("a session starts");
            for ahead in [1, 3] {
                let got = greedy(&mut session, prompt, expected.len(), ahead).await;
                assert_eq!(got, expected, "{folder}, {ahead} ahead");
            }
        });
    }
}

/// Weights and caches in textures are the same numbers in the same order; what is cached outlasts the cache's growth, the scales
/// behind 8 bits included.
#[test]
fn where_a_cache_lies_changes_no_bit() {
    let each = [Memory::Buffers, Memory::Textures, Memory::Sampled].map(|weights| {
        let options = GpuOptions {
            weights: Some(weights),
            ..GpuOptions::default()
        };
        let gpu = pollster::block_on(Gpu::open(&options)).expect("these tests need a GPU adapter");
        assert_eq!(gpu.tier.weights, weights, "samplers are exact here");
        gpu
    });
    for folder in ["llama-odd", "minicpm3"] {
        let models = each.each_ref().map(|gpu| {
            pollster::block_on(Model::load(gpu, &open(folder, ""), &mut |_| {}))
                .expect("the model loads")
        });
        for cache in [CacheType::F32, CacheType::F16, CacheType::Q8] {
            let [buffers, textures, sampled] = models
                .each_ref()
                .map(|model| pollster::block_on(all_that_is_computed(model, folder, cache)));
            assert!(buffers == textures, "{folder} {cache:?}");
            assert!(buffers == sampled, "{folder} {cache:?}, sampled");
        }
    }
}

/// A layer's cache of 19 GB in 8 bits: in words, before anything is made.
#[test]
fn a_cache_beyond_the_device_is_one_error() {
    for (weights, kind) in [(Memory::Buffers, "buffer"), (Memory::Textures, "texture")] {
        let options = GpuOptions {
            weights: Some(weights),
            ..GpuOptions::default()
        };
        let gpu = pollster::block_on(Gpu::open(&options)).expect("these tests need a GPU adapter");
        let made = Cache::new(&gpu, CacheType::Q8, [[8, 128]; 2], 1 << 24);
        let error = made.err().expect("the device has a bound").to_string();
        let what = format!("the cache of a layer needs 19327352832 bytes in one {kind}");
        assert!(error.starts_with(&what), "{error}");
        assert_eq!(gpu.failure(), None);
    }
}

/// The bits of a prompt's logits, and greedy ids behind a shorter one; these from a cache that grows on the way, too.
async fn all_that_is_computed(
    model: &Rc<Model>,
    folder: &str,
    cache: CacheType,
) -> (Vec<u32>, Vec<u32>) {
    let options = SessionOptions {
        cache,
        context: None,
    };
    let all = lengths(folder, "reference");
    let (short, long) = (&all[2].prompt, &all[3].prompt);
    let mut session = Session::new(model, options)
        .await
        .expect("a session starts");
    let positions = session.positions();
    let ids = greedy(&mut session, short, 110, 3).await;
    assert!(session.positions() > positions, "{folder}: the cache grew");
    let rows = logits(&mut session, long).await;
    let again = greedy(&mut session, short, 110, 3).await;
    assert_eq!(ids, again, "{folder} {cache:?}, a cache that grew");
    (rows.into_iter().map(f32::to_bits).collect(), ids)
}

/// DeepSeek-V2-Lite keeps 27 layers of 512 + 64 numbers a token: 31,104 bytes in f16. Scales of 8 bits come in
/// fours: 18 take five texels. A texture's last line is filled up.
#[test]
fn latents_take_the_bytes_of_the_formula() {
    let gpu = &default_gpu("cache");
    let tiny = pollster::block_on(Config::read(&open("deepseek2-lite", ""))).expect("a config");
    let lite = Config {
        l: 27,
        layers: vec![LayerKind::default(); 27],
        mla: tiny.mla.map(|mla| Mla {
            r: 512,
            rope: 64,
            ..mla
        }),
        ..tiny
    };
    for (kind, bytes) in [
        (CacheType::F32, 62_208),
        (CacheType::F16, 31_104),
        (CacheType::Q8, 17_712),
    ] {
        assert_eq!(cache_bytes_per_token(&lite, kind), bytes);
        let positions = 128;
        let state = pollster::block_on(
            gpu.scoped("making room", || State::new(gpu, &lite, kind, positions, 1)),
        );
        let state = state.expect("no error of the device").expect("it fits");
        let filled = match gpu.tier.weights {
            Memory::Buffers => 0,
            Memory::Textures | Memory::Sampled => 27 * (1024 * 16 - 1),
        };
        let needed = bytes * positions as u64;
        let taken = state.cache_bytes();
        assert!(
            (needed..=needed + filled).contains(&taken),
            "{kind:?}: {taken} for {needed}"
        );
    }
}
