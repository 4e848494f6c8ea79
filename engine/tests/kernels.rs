//! Every kernel in every variant against the CPU, on every tier of the adapter, and what the device says when work fails.

#[path = "kernels/attention.rs"]
mod attention;
#[path = "kernels/bench.rs"]
mod bench;
#[path = "kernels/blocks.rs"]
mod blocks;
#[path = "kernels/caches.rs"]
mod caches;
#[path = "kernels/convert.rs"]
mod convert;
#[path = "support/gpus.rs"]
mod gpus;
#[path = "kernels/matmul.rs"]
mod matmul;
#[path = "kernels/matrices.rs"]
mod matrices;
#[path = "kernels/moe.rs"]
mod moe;
#[path = "kernels/planes.rs"]
mod planes;
#[path = "support/random.rs"]
mod random;
#[path = "kernels/rope.rs"]
mod rope;
#[path = "kernels/route.rs"]
mod route;
#[path = "kernels/sample.rs"]
mod sample;

use std::path::Path;

use bench::Bench;
use gpus::{baseline, default_gpu, open_each};
use motet::format::Checkpoint;
use motet::forward::{Logits, forward};
use motet::gpu::{Arg, CacheType, Dispatch, Gpu, GpuOptions, Kernel, Memory, Params, Share};
use motet::kv::State;
use motet::model::Model;

/// A name and what runs some kernels.
type Check = (&'static str, fn(&Bench));

/// Runs checks on every tier, which are to run each variant of the kernels that `of` picks, with matrices in pages of at
/// most `max_page` bytes.
fn on_every_tier(checks: &[Check], max_page: Option<u64>, of: fn(&Kernel) -> bool) {
    let options = GpuOptions {
        max_page,
        ..GpuOptions::default()
    };
    let least = baseline(&options);
    let subgroups = GpuOptions {
        subgroups: true,
        ..least.clone()
    };
    let f16 = GpuOptions {
        f16: true,
        ..subgroups.clone()
    };
    // The kind of texture that is not the adapter's own, where it has one.
    let usual = pollster::block_on(Gpu::open(&options)).expect("these tests need a GPU adapter");
    let own = GpuOptions {
        weights: Some(match usual.tier.weights {
            Memory::Sampled => Memory::Textures,
            Memory::Buffers | Memory::Textures => Memory::Sampled,
        }),
        share: Some(Share::Own),
        ..least.clone()
    };
    // A second adapter, in the ordinary run, has the tiers that it is used with, and what they change.
    let second = std::env::var_os("MOTET_SOME").is_some();
    let all = match second {
        false => open_each("kernels", [least, subgroups, own, options, f16]),
        true => open_each("kernels", [own, options]),
    };
    for (i, gpu) in all.into_iter().enumerate() {
        let bench = Bench::new(gpu, i == 0 && !second);
        // f16 changes products alone.
        let changed = bench.wanted().into_iter().any(|kernel| of(&kernel));
        for (name, check) in checks.iter().filter(|_| changed) {
            let start = std::time::Instant::now();
            check(&bench);
            println!(
                "{name} {:?}: {:.1} s",
                bench.gpu.tier,
                start.elapsed().as_secs_f64()
            );
        }
        let ran = bench.ran();
        let missing = bench
            .wanted()
            .into_iter()
            .filter(of)
            .map(|kernel| kernel.label())
            .filter(|label| !ran.contains(label));
        assert_eq!(
            missing.collect::<Vec<_>>(),
            [""; 0],
            "variants that no test ran"
        );
    }
}

fn reads_weights(kernel: &Kernel) -> bool {
    matches!(
        kernel,
        Kernel::Repack(_) | Kernel::Embed(_) | Kernel::Matmul { .. }
    )
}

fn is_router(kernel: &Kernel) -> bool {
    matches!(kernel, Kernel::Route(_))
}

#[test]
fn every_kernel_that_reads_weights_equals_the_cpu() {
    let checks: [Check; 5] = [
        ("blocks", blocks::check),
        ("matrices", matrices::check),
        ("matmul", matmul::check),
        ("experts", moe::check_products),
        ("shared expert", moe::check_shared),
    ];
    on_every_tier(&checks, Some(matrices::PAGE), reads_weights);
}

#[test]
fn every_router_equals_the_cpu() {
    on_every_tier(&[("route", route::check)], None, is_router);
}

#[test]
fn every_other_kernel_equals_the_cpu() {
    let checks: [Check; 7] = [
        ("planes", planes::check),
        ("rope", rope::check),
        ("bin", moe::check_bins),
        ("mixture", moe::check_both_ways),
        ("post_norm", moe::check_post_norm),
        ("attention", attention::check),
        ("sample", sample::check),
    ];
    on_every_tier(&checks, Some(matrices::PAGE), |kernel| {
        !reads_weights(kernel) && !is_router(kernel)
    });
}

#[test]
fn blocks_decode_as_ggml_does() {
    blocks::decode_as_ggml_does();
}

#[test]
fn draws_follow_the_softmax() {
    sample::draws_follow_the_softmax();
}

#[test]
fn a_buffer_that_is_too_large_is_an_error() {
    let gpu = default_gpu("kernels");
    let bytes = gpu.info.max_buffer + 16;
    let made = pollster::block_on(gpu.scoped("making room", || gpu.buffer("too large", bytes)));
    let error = made.expect_err("the device has a bound").to_string();
    assert!(error.contains("at making room"), "{error}");
    assert_eq!(gpu.failure(), None);
    let bench = Bench::new(gpu, true);
    let buffer = bench.words(&[1, 2, 3, 4]);
    assert_eq!(bench.read(&buffer), [1, 2, 3, 4], "the device goes on");
}

fn attention(c: u32) -> Kernel {
    Kernel::Attention {
        c,
        cv: c,
        rows: 1,
        latent: false,
        cache: CacheType::F32,
        split: false,
    }
}

#[test]
fn a_kernel_that_does_not_compile_is_an_error_every_time() {
    let gpu = default_gpu("kernels");
    let buffer = |label| gpu.buffer(label, 64);
    let labels = ["state", "q", "k cache", "v cache", "sinks", "out"];
    let dispatch = Dispatch {
        kernel: attention(0), // arrays without elements
        params: Params::new([1, 1]).float(1.0),
        args: labels.map(|label| Arg::from(&buffer(label))).into(),
        groups: [1, 1, 1],
    };
    for time in 1..=2 {
        let ran = pollster::block_on(gpu.run("attention", std::slice::from_ref(&dispatch)));
        let error = ran
            .expect_err("heads without channels cannot be compiled")
            .to_string();
        assert!(
            error.contains("failed at attention"),
            "time {time}: {error}"
        );
    }
    assert_eq!(gpu.failure(), None);
}

#[test]
fn overlapping_bindings_are_found() {
    let gpu = default_gpu("kernels");
    let [state, turns, caches] = ["state", "turns", "caches"].map(|label| gpu.buffer(label, 1024));
    let part = |offset, size| Arg::Buffer {
        buffer: caches.clone(),
        offset,
        size,
    };
    let overlap = |q: Arg, k_cache: Arg, v_cache: Arg| {
        let read = [&state, &turns, &turns, &turns, &turns].map(Arg::from);
        let args = read.into_iter().chain([q, k_cache, v_cache]).collect();
        Dispatch {
            kernel: Kernel::Rope {
                c: 4,
                cache: CacheType::F32,
            },
            params: Params::new([]),
            args,
            groups: [1, 1, 1],
        }
        .overlap()
    };
    let q = || part(0, 256);
    assert_eq!(overlap(q(), part(256, 256), part(512, 0)), None);
    assert_eq!(overlap(q(), part(256, 256), part(256, 256)), Some(6));
    assert_eq!(
        overlap(q(), part(256, 260), part(512, 0)),
        Some(6),
        "by a word"
    );
    assert_eq!(
        overlap(q(), part(512, 0), part(256, 260)),
        Some(6),
        "by a word, the other way"
    );
    assert_eq!(
        overlap(part(0, 0), part(256, 256), part(512, 0)),
        Some(5),
        "0 bytes are all to the end"
    );
    assert_eq!(
        overlap(Arg::from(&turns), part(256, 256), part(512, 0)),
        Some(5),
        "with one that is read"
    );
    // What is only read may be bound twice.
    let args = [&state, &turns, &turns, &turns, &turns, &caches]
        .map(Arg::from)
        .into();
    assert_eq!(
        Dispatch {
            kernel: attention(4),
            params: Params::new([]),
            args,
            groups: [1, 1, 1]
        }
        .overlap(),
        None
    );
}

/// The dispatches a model is made of: the embedding, each dense layer's, each sparse layer's in small batches and in large
/// ones, and the head; the sampler is the session's.
#[test]
fn a_forward_has_few_dispatches_and_none_overlaps() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models");
    let gpu = default_gpu("kernels");
    for (case, dense, few, many) in [
        ("llama-gqa", 6, 0, 0),
        ("llama-odd", 6, 0, 0),
        ("llama-quant/MIXED.gguf", 8, 0, 0), // q, k and v apart
        ("gemma3", 8, 0, 0),                 // two norms more
        ("gpt-oss", 0, 7, 9),                // route; bin and combine
        ("mixtral", 0, 7, 9),
        ("qwen2moe", 6, 9, 11), // and two of the shared expert, which is one and a half wide
        ("deepseek2", 9, 10, 12), // q twice, k_b and v_b
        ("deepseek2-lite", 8, 9, 11), // q once
        ("deepseek2-quant/Q4_0.gguf", 9, 10, 12),
        ("deepseek2-quant/MIXED.gguf", 9, 12, 14), // the shared expert's types are others than the experts'
        ("minicpm3", 9, 0, 0),
    ] {
        let path = models.join(case);
        let checkpoint = pollster::block_on(Checkpoint::open(path.to_str().expect("UTF-8")));
        let checkpoint = checkpoint.expect("the fixture opens");
        let model = pollster::block_on(Model::load(&gpu, &checkpoint, &mut |_| ()));
        let model = model.expect("the model loads");
        let state = State::new(&gpu, &model.config, CacheType::F32, 128, 64);
        let state = state.expect("the state fits");
        for t in [1, 8, 9, 64] {
            for (logits, besides) in [(Logits::None, 1), (Logits::Last, 2), (Logits::All, 2)] {
                let all = forward(&model.config, &model.weights, &state, t, logits);
                let layers = model.config.layers.iter();
                let of_layer = layers.map(|layer| match (layer.sparse, t <= 8) {
                    (false, _) => dense,
                    (true, true) => few,
                    (true, false) => many,
                });
                let expected = of_layer.sum::<usize>() + besides;
                assert_eq!(all.len(), expected, "{case}, {t} tokens, {logits:?}");
                for dispatch in all {
                    assert_eq!(
                        dispatch.overlap(),
                        None,
                        "{case}, {t} tokens, {}",
                        dispatch.kernel.label()
                    );
                }
            }
        }
    }
}
