//! `motet inspect`: what a model is and the memory it takes, from its header alone.

use indicatif::{HumanBytes, HumanCount};
use motet::Result;
use motet::arch::Config;
use motet::format::{Checkpoint, Format};
use motet::gpu::CacheType;
use motet::kv::{cache_bytes, cache_bytes_per_token};
use motet::session::room_for;
use motet::weights::planned_bytes;
use serde::Serialize;

use crate::args::{DeviceArgs, InspectArgs};
use crate::failure::Failure;
use crate::output;
use crate::prompts::Prompts;
use crate::runner::header;

#[derive(Serialize)]
struct Report {
    name: String,
    format: &'static str,
    architecture: String,
    parameters: Parameters,
    layers: usize,
    width: usize,
    experts: Option<Experts>,
    latent: Option<Latent>,
    windows: Vec<Window>,
    context: usize, // that the model was trained for
    tensors: Tensors,
    memory: Memory,
    tokenizer: Vocabulary,
    chat_template: bool,
}

#[derive(Serialize)]
struct Parameters {
    total: u64,
    active: u64, // that a token goes through
}

/// Its mixtures of experts.
#[derive(Serialize)]
struct Experts {
    count: usize,
    active: usize,
    width: usize,
    shared_width: usize, // 0: no shared expert
    layers: usize,
}

/// What its keys and values are compressed to.
#[derive(Serialize)]
struct Latent {
    rank: usize,
    rope: usize, // numbers with position beside it
}

/// Layers that see only the last positions.
#[derive(Serialize)]
struct Window {
    positions: usize,
    layers: usize,
}

#[derive(Serialize)]
struct Tensors {
    count: usize,
    bytes: u64,
    types: Vec<Type>,
}

#[derive(Serialize)]
struct Type {
    name: &'static str,
    count: usize,
    bytes: u64,
}

/// Bytes on the GPU.
#[derive(Serialize)]
struct Memory {
    weights: u64,
    cache_type: CacheType,
    cache_per_token: u64,
    context: usize, // that a session has by default, or that was asked for
    cache: u64,     // of that context; layers with a window do not keep all of it
}

#[derive(Serialize)]
struct Vocabulary {
    tokens: usize,
    bos: Option<String>,
    eos: Vec<String>,
}

pub async fn run(args: &InspectArgs, device: &DeviceArgs) -> Result<(), Failure> {
    let checkpoint = header(&args.model).await?;
    let config = Config::read(&checkpoint).await?;
    let prompts = Prompts::of_checkpoint(&checkpoint)?;
    let (total, active) = config.parameters(&checkpoint);
    let report = Report {
        name: checkpoint.name.clone(),
        format: match checkpoint.format {
            Format::Gguf => "gguf",
            Format::HuggingFace => "safetensors",
        },
        architecture: config.architecture.clone(),
        parameters: Parameters { total, active },
        layers: config.l,
        width: config.d,
        experts: experts(&config),
        latent: config.mla.map(|mla| Latent {
            rank: mla.r,
            rope: mla.rope,
        }),
        windows: windows(&config),
        context: config.context,
        tensors: tensors(&checkpoint),
        memory: memory(&checkpoint, &config, device)?,
        tokenizer: vocabulary(&prompts),
        chat_template: prompts.has_template(),
    };
    if args.json.json {
        output::json(&report)
    } else {
        output::text(&page(&report))
    }
}

fn experts(config: &Config) -> Option<Experts> {
    config.moe.map(|moe| Experts {
        count: moe.e,
        active: moe.a,
        width: moe.f,
        shared_width: moe.shared,
        layers: config.layers.iter().filter(|layer| layer.sparse).count(),
    })
}

/// Counts layers by window.
fn windows(config: &Config) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for layer in config.layers.iter().filter(|layer| layer.window > 0) {
        let positions = layer.window;
        match windows.iter_mut().find(|of| of.positions == positions) {
            Some(of) => of.layers += 1,
            None => windows.push(Window {
                positions,
                layers: 1,
            }),
        }
    }
    windows
}

/// Counts tensors by type, the type with the most bytes first.
fn tensors(checkpoint: &Checkpoint) -> Tensors {
    let mut types: Vec<Type> = Vec::new();
    for tensor in &checkpoint.tensors {
        let name = tensor.kind.name();
        let bytes = tensor.range.end - tensor.range.start;
        match types.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                known.count += 1;
                known.bytes += bytes;
            }
            None => types.push(Type {
                name,
                count: 1,
                bytes,
            }),
        }
    }
    types.sort_by_key(|known| std::cmp::Reverse(known.bytes));
    Tensors {
        count: checkpoint.tensors.len(),
        bytes: types.iter().map(|known| known.bytes).sum(),
        types,
    }
}

fn memory(checkpoint: &Checkpoint, config: &Config, device: &DeviceArgs) -> Result<Memory> {
    let context = room_for(config, device.context)?;
    let kind = device.cache();
    Ok(Memory {
        weights: planned_bytes(checkpoint, config, device.load_options())?,
        cache_type: kind,
        cache_per_token: cache_bytes_per_token(config, kind),
        context,
        cache: cache_bytes(config, kind, context),
    })
}

fn vocabulary(prompts: &Prompts) -> Vocabulary {
    let tokenizer = &prompts.tokenizer;
    let special = tokenizer.special();
    Vocabulary {
        tokens: tokenizer.vocab_len(),
        bos: special.bos.and_then(|id| tokenizer.token_text(id)),
        eos: special
            .eos
            .iter()
            .filter_map(|id| tokenizer.token_text(*id))
            .collect(),
    }
}

fn cache_name(kind: CacheType) -> &'static str {
    match kind {
        CacheType::F32 => "f32",
        CacheType::F16 => "f16",
        CacheType::Q8 => "q8",
    }
}

/// The report for people.
fn page(report: &Report) -> String {
    let Report {
        parameters,
        tensors,
        memory,
        tokenizer,
        ..
    } = report;
    let mut page = String::new();
    let mut line = |what: &str, says: String| page.push_str(&format!("{what:<14}{says}\n"));
    line("model", format!("{} ({})", report.name, report.format));
    line(
        "architecture",
        format!(
            "{}, {} layers of width {}",
            report.architecture, report.layers, report.width
        ),
    );
    line(
        "parameters",
        format!(
            "{}, {} active",
            HumanCount(parameters.total),
            HumanCount(parameters.active)
        ),
    );
    if let Some(experts) = &report.experts {
        let shared = match experts.shared_width {
            0 => String::new(),
            width => format!(" and a shared one of width {width}"),
        };
        line(
            "experts",
            format!(
                "{} of width {}, {} active{shared}, in {} of {} layers",
                experts.count, experts.width, experts.active, experts.layers, report.layers
            ),
        );
    }
    if let Some(Latent { rank, rope }) = report.latent {
        line("latent", format!("rank {rank} and {rope} with position"));
    }
    for Window { positions, layers } in &report.windows {
        line(
            "window",
            format!(
                "{} tokens in {layers} of {} layers",
                HumanCount(*positions as u64),
                report.layers
            ),
        );
    }
    line(
        "context",
        format!("{} tokens", HumanCount(report.context as u64)),
    );
    line(
        "tensors",
        format!("{}, {}", tensors.count, HumanBytes(tensors.bytes)),
    );
    for Type { name, count, bytes } in &tensors.types {
        line("", format!("{count} in {name}, {}", HumanBytes(*bytes)));
    }
    line(
        "memory",
        format!(
            "{} weights + {} cache in {} for {} tokens ({} each)",
            HumanBytes(memory.weights),
            HumanBytes(memory.cache),
            cache_name(memory.cache_type),
            HumanCount(memory.context as u64),
            HumanBytes(memory.cache_per_token)
        ),
    );
    let ends = if tokenizer.eos.is_empty() {
        "nothing".into()
    } else {
        tokenizer.eos.join(" ")
    };
    line(
        "tokenizer",
        format!(
            "{} tokens; {ends} ends",
            HumanCount(tokenizer.tokens as u64)
        ),
    );
    line(
        "chat template",
        if report.chat_template {
            "yes".into()
        } else {
            "no".into()
        },
    );
    page
}
