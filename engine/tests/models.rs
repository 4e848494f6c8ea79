//! Tiny random models of each architecture against Hugging Face's logits (tests/fixtures/models).

mod support {
    pub mod compare;
    #[allow(dead_code, reason = "one small file of all that it can write")]
    pub mod gguf;
    pub mod gpus;
    pub mod models;
    pub mod open;
}

use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use motet::Error;
use motet::arch::Config;
use motet::format::{Checkpoint, TensorType};
use motet::gpu::{Gpu, GpuOptions, Memory};
use motet::model::Model;
use motet::reference::Reference;
use motet::sample::Sampling;
use motet::session::Session;
use motet::source::Source;
use motet::weights::{LoadOptions, load, planned_bytes};
use support::compare::error_in_std;
use support::gguf::{Gguf, TensorInfo, kind};
use support::gpus::{gpus, report};
use support::models::{greedy, json, lengths, logits, u32s};
use support::open::{folder, open};

/// The bound for f32 arithmetic over whole models (expected are 1e-5; both sum in their own order).
const BOUND: f32 = 1e-3;

/// Cases that there have to be: a fixture that is lost is a failure, not a smaller test.
const CASES: usize = 67;

/// A model of tests/fixtures/models: the folder itself, or a GGUF within it.
struct Case {
    folder: String,
    /// Empty for the folder itself.
    file: String,
    /// Whose logits it has to have.
    references: String,
}

/// Every model there is, by name.
fn cases() -> Vec<Case> {
    let names = |path: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(path).expect("the fixtures are there");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names
            .map(|name| name.into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    };
    let mut cases = Vec::new();
    for name in names(&folder("")) {
        let files = names(&folder(&name));
        let case = |file: &str, references: String| Case {
            folder: name.clone(),
            file: file.into(),
            references,
        };
        if files
            .iter()
            .any(|file| file.ends_with(".safetensors") && file.starts_with("model"))
        {
            cases.push(case("", "reference".into()));
        }
        for file in files.iter().filter(|file| file.ends_with(".gguf")) {
            let own = format!("reference-{}", file.trim_end_matches(".gguf"));
            let has_own = files.contains(&format!("{own}.json"));
            cases.push(case(file, if has_own { own } else { "reference".into() }));
        }
    }
    assert!(
        cases.len() >= CASES,
        "{} of {CASES} fixtures are there",
        cases.len()
    );
    cases
}

/// Logits at every position of each prompt, and greedy ids with none and with two steps ahead.
async fn compare(gpu: &Rc<Gpu>, case: &Case) -> motet::Result<Vec<String>> {
    let Case {
        folder,
        file,
        references,
    } = case;
    let mut faults = Vec::new();
    let model = Model::load(gpu, &open(folder, file), &mut |_| {}).await?;
    let mut session = Session::new(&model, None).await?;
    let name = format!("{folder} {file} {:?}", gpu.tier);
    let mut greatest: f32 = 0.0;
    for expected in lengths(folder, references) {
        let got = logits(&mut session, &expected.prompt).await;
        let error = error_in_std(&got, &expected.logits);
        let length = expected.prompt.len();
        println!("{name} {length} tokens: {error:.1e} std");
        greatest = greatest.max(error);
        if error >= BOUND || error.is_nan() {
            faults.push(format!("{name} {length} tokens: {error} std off"));
        }
    }
    let json = json(folder, references);
    for length in ["7", "33"] {
        let expected = u32s(&json["greedy"][length]["ids"]);
        for ahead in [1, 3] {
            let prompt = u32s(&json["prompts"][length]);
            let got = greedy(&mut session, &prompt, expected.len(), ahead).await;
            if got != expected {
                faults.push(format!(
                    "{name} {length} tokens, {ahead} ahead: {got:?} for {expected:?}"
                ));
            }
        }
    }
    if faults.is_empty() {
        note(case, &model.config.architecture, gpu, greatest);
    }
    Ok(faults)
}

/// A row of docs/tested.md for a model that passed, in the file that MOTET_TABLE names.
fn note(case: &Case, architecture: &str, gpu: &Gpu, error: f32) {
    let Ok(path) = std::env::var("MOTET_TABLE") else {
        return;
    };
    let model = format!("{}/{}", case.folder, case.file);
    let (adapter, subgroups) = (&gpu.info.name, gpu.tier.subgroups);
    let row = format!("{architecture}\t{model}\t{adapter}\t{subgroups}\t{error:.0e}\n");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    file.and_then(|mut file| file.write_all(row.as_bytes()))
        .expect("MOTET_TABLE can be written");
}

/// What a second adapter takes in the ordinary test run (MOTET_SOME), and the first one without subgroups: each kind of attention,
/// of experts and of rope once. `cargo xtask test --full` takes all of them everywhere.
const SOME: [(&str, &str); 8] = [
    ("deepseek2", ""),
    ("deepseek3", ""),
    ("gemma3", ""),
    ("gpt-oss", "MXFP4.gguf"),
    ("llama-k", "K4.gguf"),
    ("minicpm3-long", ""),
    ("mixtral", ""),
    ("qwen2moe", ""),
];

#[test]
fn logits_and_greedy_ids_equal_hugging_faces() {
    let cases = cases();
    let is_some = |case: &Case| SOME.contains(&(&case.folder, &case.file));
    let some = cases.iter().filter(|case| is_some(case));
    assert_eq!(some.count(), SOME.len());
    let all = std::env::var_os("MOTET_SOME").is_none();
    let everywhere = std::env::var_os("MOTET_FULL").is_some();
    // What takes long is a driver's compilation, which keeps one core busy.
    let next = AtomicUsize::new(0);
    let work = || {
        let mut faults = Vec::new();
        let gpus = gpus("models");
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            for (i, gpu) in gpus.iter().enumerate() {
                let default = i + 1 == gpus.len();
                if !(everywhere || default && all || is_some(case)) {
                    continue;
                }
                match pollster::block_on(compare(gpu, case)) {
                    Ok(found) => faults.extend(found),
                    Err(error) => faults.push(format!("{} {}: {error}", case.folder, case.file)),
                }
            }
        }
        faults
    };
    let faults = std::thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers.map(|worker| worker.join().expect("a worker ends"))
    });
    none(faults.concat());
}

/// Fails with all that is wrong, since one family's fault says nothing of the others.
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reference_equals_hugging_face() {
    let mut faults = Vec::new();
    for Case {
        folder,
        file,
        references,
    } in &cases()
    {
        let mut reference = match pollster::block_on(Reference::load(&open(folder, file))) {
            Ok(reference) => reference,
            Err(error) => {
                faults.push(format!("{folder} {file}: {error}"));
                continue;
            }
        };
        for expected in lengths(folder, references) {
            reference.reset(expected.prompt.len());
            let got = expected
                .prompt
                .iter()
                .flat_map(|&id| reference.forward(id).expect("logits"));
            let error = error_in_std(&got.collect::<Vec<_>>(), &expected.logits);
            if error >= BOUND || error.is_nan() {
                let length = expected.prompt.len();
                faults.push(format!("{folder} {file} {length} tokens: {error} std off"));
            }
        }
    }
    none(faults);
}

/// Every sum's order is the same in a batch as alone, so a sequence in any cut gives the same bits; and so does a second
/// run, mixtures included.
#[test]
fn any_chunking_gives_the_same_ids_and_bits() {
    let gpu = &gpus("models")[0];
    for folder in [
        "llama-odd",
        "mistral",
        "mixtral",
        "qwen2moe",
        "deepseek2",
        "deepseek3",
        "gpt-oss",
        "gemma3",
    ] {
        let expected = &lengths(folder, "reference")[3];
        pollster::block_on(async {
            let model = Model::load(gpu, &open(folder, ""), &mut |_| {})
                .await
                .expect("the model loads");
            let mut session = Session::new(&model, None).await.expect("a session starts");
            let all = logits(&mut session, &expected.prompt).await;
            let v = model.config.v;
            for cut in [1, 31, 32, 33, 149] {
                let part = logits(&mut session, &expected.prompt[..cut]).await;
                assert_eq!(
                    part,
                    all[..cut * v],
                    "{folder}: the first {cut} tokens alone"
                );
            }
            // A prompt that goes on from a cached prefix, and one that is fed token by token.
            let whole = greedy(&mut session, &expected.prompt, 8, 2).await;
            for cut in [1, 63, 64, 65, 128, 143] {
                greedy(&mut session, &expected.prompt[..cut], 3, 3).await;
                session.stop();
                session
                    .prompt(&expected.prompt, &Sampling::default(), true)
                    .expect("the prompt is taken");
                assert_eq!(
                    session.next().await.expect("an id comes"),
                    whole[0],
                    "{folder}: after a prefix of {cut}"
                );
            }
        });
    }
}

/// Gives a tensor other bytes, which lie in memory.
fn replace(checkpoint: &mut Checkpoint, tensor: usize, bytes: Vec<u8>) {
    let tensor = &mut checkpoint.tensors[tensor];
    tensor.source = checkpoint.sources.len();
    tensor.range = 0..bytes.len() as u64;
    checkpoint
        .sources
        .push(Source::memory(tensor.name.clone(), bytes));
}

/// A model whose shared expert is as wide as two others, by zeros behind what it has: it computes the same.
fn widened(folder: &str, file: &str, wide: [usize; 2]) -> Checkpoint {
    let [before, f] = wide;
    let mut checkpoint = open(folder, file);
    let key = match folder {
        "qwen2moe" => ("qwen2moe.expert_shared_feed_forward_length", f as u32),
        _ => ("deepseek2.expert_shared_count", 2),
    };
    checkpoint.metadata.set(key.0, key.1);
    for i in 0..checkpoint.tensors.len() {
        let tensor = &mut checkpoint.tensors[i];
        let part = tensor.name.split('.').nth(2).unwrap_or_default();
        let axis = match part {
            "ffn_gate_shexp" | "ffn_up_shexp" => 0,
            "ffn_down_shexp" => 1,
            _ => continue,
        };
        assert_eq!(tensor.shape[axis], before as u64);
        tensor.shape[axis] = f as u64;
        let tensor = &checkpoint.tensors[i];
        let read = checkpoint.sources[tensor.source].read(tensor.range.clone());
        let bytes = pollster::block_on(read).expect("it can be read").into_vec();
        // Rows of down, or all of the others; bytes of zeros are numbers of zeros.
        let rows = if axis == 1 { tensor.shape[0] } else { 1 } as usize;
        let added = vec![0; bytes.len() / rows * (f - before) / before];
        let of_row = |row: &[u8]| [row, &added].concat();
        let bytes = bytes.chunks_exact(bytes.len() / rows).flat_map(of_row);
        replace(&mut checkpoint, i, bytes.collect());
    }
    checkpoint
}

/// A shared expert behind a gate, and one of blocks, whose columns are two experts'.
#[test]
fn a_shared_expert_of_two_equals_hugging_face() {
    for gpu in gpus("models") {
        for (folder, file, references, wide) in [
            ("qwen2moe", "", "reference", [24, 32]),
            ("qwen2moe", "BF16.gguf", "reference", [24, 32]),
            ("deepseek2-quant", "Q8_0.gguf", "reference-Q8_0", [32, 64]),
            ("deepseek2-quant", "Q4_0.gguf", "reference-Q4_0", [32, 64]),
        ] {
            let checkpoint = widened(folder, file, wide);
            let mut reference =
                pollster::block_on(Reference::load(&checkpoint)).expect("the reference loads");
            let es = reference.config().moe.map(|moe| moe.es);
            assert_eq!(es, Some(2), "{folder} {file}");
            let model = pollster::block_on(Model::load(&gpu, &checkpoint, &mut |_| {}));
            let model = model.expect("the model loads");
            if gpu.tier.weights == Memory::Buffers {
                let planned = planned_bytes(&checkpoint, &model.config, LoadOptions::default());
                assert_eq!(planned.expect("it is planned"), model.weight_bytes());
            }
            let session = pollster::block_on(Session::new(&model, None));
            let mut session = session.expect("a session starts");
            for expected in &lengths(folder, references)[..3] {
                let got = pollster::block_on(logits(&mut session, &expected.prompt));
                reference.reset(expected.prompt.len());
                let ids = expected.prompt.iter();
                let on_cpu = ids.flat_map(|id| reference.forward(*id).expect("logits"));
                for got in [got, on_cpu.collect()] {
                    let error = error_in_std(&got, &expected.logits);
                    assert!(error < BOUND, "{folder} {file}: {error} std off");
                }
            }
        }
    }
}

/// Floats that are quantized on the way, columns of a shared expert among them: decoded blocks give the same blocks again.
#[test]
fn quantized_floats_are_the_blocks_they_were_decoded_from() {
    let gpu = &gpus("models")[0];
    let blocks = widened("deepseek2-quant", "Q8_0.gguf", [32, 64]);
    let mut floats = widened("deepseek2-quant", "Q8_0.gguf", [32, 64]);
    for i in 0..floats.tensors.len() {
        if floats.tensors[i].kind == TensorType::Q8_0 {
            let numbers = pollster::block_on(floats.floats(&floats.tensors[i]));
            let numbers = numbers.expect("it is decoded");
            floats.tensors[i].kind = TensorType::F32;
            replace(&mut floats, i, bytemuck::cast_slice(&numbers).to_vec());
        }
    }
    let quantize = LoadOptions {
        quantize: Some(TensorType::Q8_0),
        ..LoadOptions::default()
    };
    let prompt = &lengths("deepseek2-quant", "reference-Q8_0")[2].prompt;
    let [expected, got] =
        [(blocks, LoadOptions::default()), (floats, quantize)].map(|(checkpoint, options)| {
            pollster::block_on(async {
                let model = Model::load_with(gpu, &checkpoint, options, &mut |_| {}).await;
                let model = model.expect("the model loads");
                let mut session = Session::new(&model, None).await.expect("a session starts");
                logits(&mut session, prompt).await
            })
        });
    assert_eq!(expected, got);
}

/// Matrices cut in many pages, as a small device asks for: the same bits, but for a token's experts in several pages, whose
/// sum is then taken page by page.
#[test]
fn pages_change_nothing() {
    let open_gpu = |max_page| {
        let options = GpuOptions {
            max_page,
            ..GpuOptions::default()
        };
        pollster::block_on(Gpu::open(&options)).expect("these tests need a GPU adapter")
    };
    let (whole, paged) = (open_gpu(None), open_gpu(Some(12_000)));
    report("models", &paged);
    for (case, file, references) in [
        ("llama-quant", "MIXED.gguf", "reference-MIXED"),
        ("llama-odd", "", "reference"),
        ("qwen3moe-quant", "Q8_0.gguf", "reference-Q8_0"),
        ("deepseek2", "", "reference"),
    ] {
        let checkpoint = open(case, file);
        let prompts = lengths(case, references);
        let (expected, long) = (&prompts[1], &prompts[3]); // the long one goes in chunks
        let greedy_ids = u32s(&json(case, references)["greedy"]["7"]["ids"]);
        let results = [&whole, &paged].map(|gpu| {
            pollster::block_on(async {
                let model = Model::load(gpu, &checkpoint, &mut |_| {})
                    .await
                    .expect("the model loads");
                let mut session = Session::new(&model, None).await.expect("a session starts");
                let logits = logits(&mut session, &expected.prompt).await;
                (
                    logits,
                    greedy(&mut session, &expected.prompt, greedy_ids.len(), 2).await,
                    greedy(&mut session, &long.prompt, 4, 1).await,
                    session.dispatches_per_token(),
                )
            })
        });
        assert_eq!(results[0].0, results[1].0, "{case} {file}");
        assert_eq!(results[1].1, greedy_ids, "{case} {file}");
        assert_eq!(results[0].2, results[1].2, "{case} {file}, in chunks");
        assert!(results[0].3 < results[1].3, "{case} {file} is not cut");
    }
}

/// The choice of experts is one dispatch, so a router is one page.
#[test]
fn a_router_of_several_pages_is_refused() {
    let options = GpuOptions {
        max_page: Some(4096), // every other matrix fits, or is cut
        ..GpuOptions::default()
    };
    let gpu = pollster::block_on(Gpu::open(&options)).expect("these tests need a GPU adapter");
    report("models", &gpu);
    let loaded = pollster::block_on(async {
        let source = Source::memory("many-experts.gguf", many_experts());
        let alone = async |name: &str| Err(Error::source(format!("There is no {name}.")));
        let checkpoint = Checkpoint::gguf(source, alone).await?;
        let config = Config::read(&checkpoint).await?;
        load(
            &gpu,
            &checkpoint,
            &config,
            LoadOptions::default(),
            &mut |_| {},
            |_| Ok(Vec::new()),
        )
        .await
    });
    let Err(error) = loaded else {
        panic!("a router of several pages was taken");
    };
    let error = error.to_string();
    assert!(error.contains("a router of 40 rows of 32"), "{error}");
}

/// A layer of 40 experts, whose weights are all zero: routers of the fixtures are smaller than any page.
fn many_experts() -> Vec<u8> {
    let [d, f, experts, v] = [32, 32, 40, 32];
    let zeros = |name: &str, shape: &[u64]| {
        let bytes = 4 * shape.iter().product::<u64>() as usize;
        TensorInfo::new(name, shape, 0, vec![0; bytes])
    };
    let numbers = [
        ("block_count", 1),
        ("context_length", 64),
        ("embedding_length", d),
        ("feed_forward_length", f),
        ("attention.head_count", 2),
        ("expert_count", experts),
        ("expert_used_count", 2),
        ("vocab_size", v),
    ];
    let tensors: [(&str, &[u64]); 13] = [
        ("token_embd.weight", &[d, v]),
        ("output_norm.weight", &[d]),
        ("blk.0.attn_norm.weight", &[d]),
        ("blk.0.attn_q.weight", &[d, d]),
        ("blk.0.attn_k.weight", &[d, d]),
        ("blk.0.attn_v.weight", &[d, d]),
        ("blk.0.attn_output.weight", &[d, d]),
        ("blk.0.ffn_norm.weight", &[d]),
        ("blk.0.ffn_gate_inp.weight", &[d, experts]),
        ("blk.0.ffn_gate_exps.weight", &[d, f, experts]),
        ("blk.0.ffn_up_exps.weight", &[d, f, experts]),
        ("blk.0.ffn_down_exps.weight", &[f, d, experts]),
        ("output.weight", &[d, v]),
    ];
    let file = Gguf::new().str("general.architecture", "llama").entry(
        "llama.attention.layer_norm_rms_epsilon",
        kind::F32,
        &1e-5f32.to_le_bytes(),
    );
    let file = numbers.iter().fold(file, |file, (key, value)| {
        file.u32(&format!("llama.{key}"), *value as u32)
    });
    let all = tensors.iter().map(|(name, shape)| zeros(name, shape));
    all.fold(file, Gguf::tensor).bytes()
}
