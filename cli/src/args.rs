//! The verbs and options, as people type them.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use motet::format::TensorType;
use motet::gpu::{CacheType, GpuOptions, Memory, Share};
use motet::sample::Sampling;
use motet::session::SessionOptions;
use motet::weights::LoadOptions;

/// Language models on WebGPU, in the terminal.
///
/// MODEL is a path (a .gguf file, the first of its splits, or a folder with config.json, tokenizer.json and
/// safetensors), an http(s) URL, or a name that `motet list` shows.
#[derive(Parser)]
#[command(name = "motet", version)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
    #[command(flatten)]
    pub device: DeviceArgs,
}

#[derive(Subcommand)]
pub enum Verb {
    /// Talk in the terminal; /new begins a new conversation, /bye ends
    Chat(ChatArgs),
    /// Continue a prompt
    Generate(GenerateArgs),
    /// Write the logits of every position to a safetensors file
    Logits(LogitsArgs),
    /// Turn text into ids
    Tokenize(TokenizeArgs),
    /// Turn messages into the text and the ids that the model is to see
    Render(RenderArgs),
    /// Measure how likely a text is to a model
    ///
    /// The mean is over every token but the first of a window. A text longer than the context is cut into windows of
    /// the context that do not overlap, and each is scored without the ones before.
    Score(ScoreArgs),
    /// Show what a model is, and the memory it takes, from its header alone
    Inspect(InspectArgs),
    /// Measure how fast a model is, beside what the adapter can do
    ///
    /// First the adapter's ceilings, then prompts and decode steps. The floor of each is what has to be read and
    /// computed at the ceilings' rates, and an empty dispatch's time for every dispatch.
    Bench(BenchArgs),
    /// Show the models that have a name, and which of them are here
    List(JsonArgs),
    /// Get a model that has a name
    Pull(PullArgs),
    /// Show the GPU adapters
    Devices(JsonArgs),
}

#[derive(Args)]
pub struct DeviceArgs {
    /// Use the adapter whose name contains NAME; `motet devices` shows them
    #[arg(long, value_name = "NAME", global = true)]
    pub adapter: Option<String>,
    /// Compute on the CPU in plain f32: slow, for comparison
    #[arg(long, global = true, conflicts_with_all = ["adapter", "no_subgroups", "kernels_for", "tune", "f16", "cache", "quantize"])]
    pub reference: bool,
    /// Do without subgroup operations
    #[arg(long, global = true)]
    pub no_subgroups: bool,
    /// Whose kernels to use [default: those for GPUs, and on adapters that compute on the CPU those for such]
    #[arg(long, value_name = "FOR", global = true)]
    pub kernels_for: Option<KernelsFor>,
    /// When to measure which kernels are the fastest here [default: auto]
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        conflicts_with = "kernels_for"
    )]
    pub tune: Option<Tune>,
    /// Compute with f16: faster on GPUs, less exact
    #[arg(long, global = true)]
    pub f16: bool,
    /// Tokens that fit into memory [default: what the model was trained for, up to 4096]
    #[arg(long, value_name = "N", global = true)]
    pub context: Option<usize>,
    /// How keys and values are cached [default: f32]
    #[arg(long, value_name = "TYPE", global = true)]
    pub cache: Option<Cache>,
    /// Quantize matrices of floats as they are loaded
    #[arg(long, value_name = "TYPE", global = true)]
    pub quantize: Option<Quantize>,
}

/// What kind of adapter kernels are shaped for.
#[derive(Clone, Copy, ValueEnum)]
pub enum KernelsFor {
    /// Weights in buffers; activations shared through workgroup memory.
    Gpus,
    /// Weights in textures; activations handed from lane to lane where subgroups are of four or eight, otherwise read by each lane.
    Cpus,
}

/// When to measure which kernels are the fastest.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tune {
    /// Once for each GPU and its driver; what is fastest on adapters that compute on the CPU is known
    Auto,
    /// Now, and keep the result
    On,
    /// Never: those for GPUs, and on adapters that compute on the CPU those for such
    Off,
}

/// How the cache keeps numbers.
#[derive(Clone, Copy, ValueEnum)]
pub enum Cache {
    /// As they are computed
    F32,
    /// Half of the memory
    F16,
    /// A bit more than a quarter of it
    Q8,
}

/// What matrices of floats can be quantized to.
#[derive(Clone, Copy, ValueEnum)]
pub enum Quantize {
    /// 8 bits
    #[value(name = "q8_0")]
    Q8_0,
    /// 4 bits
    #[value(name = "q4_0")]
    Q4_0,
}

impl DeviceArgs {
    /// How the cache keeps numbers, for the engine.
    pub fn cache(&self) -> CacheType {
        match self.cache {
            None | Some(Cache::F32) => CacheType::F32,
            Some(Cache::F16) => CacheType::F16,
            Some(Cache::Q8) => CacheType::Q8,
        }
    }

    /// What is done to weights, for the engine.
    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            quantize: self.quantize.map(|quantize| match quantize {
                Quantize::Q8_0 => TensorType::Q8_0,
                Quantize::Q4_0 => TensorType::Q4_0,
            }),
            cache: self.cache(),
        }
    }

    /// A session, for the engine.
    pub fn session_options(&self) -> SessionOptions {
        SessionOptions {
            context: self.context,
            cache: self.cache(),
        }
    }

    /// The device, for the engine.
    pub fn options(&self) -> GpuOptions {
        GpuOptions {
            adapter: self.adapter.clone(),
            subgroups: !self.no_subgroups,
            f16: self.f16,
            weights: self.kernels_for.map(|kernels| match kernels {
                KernelsFor::Gpus => Memory::Buffers,
                KernelsFor::Cpus => Memory::Textures,
            }),
            share: match self.kernels_for {
                Some(KernelsFor::Gpus) => Some(Share::Workgroup),
                Some(KernelsFor::Cpus) | None => None,
            },
            ..GpuOptions::default()
        }
    }
}

#[derive(Args)]
pub struct ChatArgs {
    /// The model [default: smollm2]
    pub model: Option<String>,
    #[command(flatten)]
    pub sampling: SamplingArgs,
}

#[derive(Args)]
pub struct GenerateArgs {
    /// A path, a URL or a name
    pub model: String,
    #[command(flatten)]
    pub input: Input,
    /// Stop after N ids
    #[arg(short = 'n', long = "tokens", value_name = "N", default_value = "128", value_parser = count)]
    pub tokens: NonZeroUsize,
    #[command(flatten)]
    pub sampling: SamplingArgs,
    /// Go on past the ids that end a text
    #[arg(long)]
    pub ignore_eos: bool,
    #[command(flatten)]
    pub json: JsonArgs,
}

/// What is to be continued.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Input {
    /// Text to continue; names of control tokens in it are ordinary text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// A JSON file with a list of {"role": …, "content": …}, for the model's chat template
    #[arg(long, value_name = "FILE")]
    pub messages: Option<PathBuf>,
    /// Ids, as they are
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', value_parser = id)]
    pub ids: Option<Vec<u32>>,
}

#[derive(Args)]
pub struct SamplingArgs {
    /// Always take the likeliest id
    #[arg(long, conflicts_with_all = ["temperature", "top_k", "top_p", "min_p", "repeat_penalty"])]
    pub greedy: bool,
    /// What logits are divided by; 0 takes the likeliest id
    #[arg(
        long,
        value_name = "T",
        default_value_t = 0.7,
        allow_negative_numbers = true
    )]
    pub temperature: f32,
    /// Choose among the K likeliest ids; 0 among all
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub top_k: u32,
    /// Choose among the fewest likeliest ids whose probabilities reach P; 1 among all
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.95,
        allow_negative_numbers = true
    )]
    pub top_p: f32,
    /// Choose among ids at least P times as likely as the likeliest; 0 among all
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub min_p: f32,
    /// Make ids of the context less likely by this factor; 1 leaves them
    #[arg(
        long,
        value_name = "R",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    pub repeat_penalty: f32,
    /// Make ids less likely by this much for each time they were chosen; 0 leaves them
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub frequency_penalty: f32,
    /// Make ids that were chosen less likely by this much; 0 leaves them
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub presence_penalty: f32,
    /// The same seed draws the same ids [default: another one each time]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub seed: Option<u32>,
}

impl SamplingArgs {
    /// The same for the engine, refused if it means nothing.
    pub fn sampling(&self) -> motet::Result<Sampling> {
        // std draws the keys of its hash maps from the system's random numbers.
        let drawn = || RandomState::new().hash_one(0) as u32;
        let seed = self.seed.unwrap_or_else(drawn);
        let sampling = if self.greedy {
            Sampling {
                seed,
                ..Sampling::default()
            }
        } else {
            Sampling {
                temperature: self.temperature,
                top_k: self.top_k,
                top_p: self.top_p,
                min_p: self.min_p,
                repetition_penalty: self.repeat_penalty,
                frequency_penalty: self.frequency_penalty,
                presence_penalty: self.presence_penalty,
                seed,
            }
        };
        sampling.check().map(|()| sampling)
    }
}

#[derive(Args)]
pub struct LogitsArgs {
    /// A path, a URL or a name
    pub model: String,
    /// The ids whose logits are wanted
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', value_parser = id, required = true)]
    pub ids: Vec<u32>,
    /// The file to write: `logits`, f32 [tokens, vocabulary]
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Args)]
pub struct TokenizeArgs {
    /// A path, a URL or a name
    pub model: String,
    /// The text; names of control tokens in it are ordinary text
    #[arg(long, allow_hyphen_values = true)]
    pub text: String,
    #[command(flatten)]
    pub json: JsonArgs,
}

#[derive(Args)]
pub struct RenderArgs {
    /// A path, a URL or a name
    pub model: String,
    /// A JSON file with a list of {"role": …, "content": …}
    #[arg(long, value_name = "FILE")]
    pub messages: PathBuf,
    #[command(flatten)]
    pub json: JsonArgs,
}

#[derive(Args)]
pub struct ScoreArgs {
    /// A path, a URL or a name
    pub model: String,
    /// The file with the text, in UTF-8
    #[arg(long)]
    pub file: PathBuf,
    /// Score the first N tokens of the text only
    #[arg(short = 'n', long = "tokens", value_name = "N", value_parser = count)]
    pub tokens: Option<NonZeroUsize>,
    #[command(flatten)]
    pub json: JsonArgs,
}

#[derive(Args)]
pub struct InspectArgs {
    /// A path, a URL or a name
    pub model: String,
    #[command(flatten)]
    pub json: JsonArgs,
}

#[derive(Args)]
pub struct BenchArgs {
    /// A path, a URL or a name
    pub model: String,
    /// Time every kernel alone, too
    #[arg(long)]
    pub kernels: bool,
    /// Account for all the time of a decode step and of a batch of a prompt, too
    #[arg(long)]
    pub profile: bool,
    /// Tokens in the cache when decoding is measured; more than fit stands for as many as do [default: 0,512,2048,8192]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = length, allow_negative_numbers = true)]
    pub decode_at: Option<Vec<usize>>,
    /// Tokens of the prompts that are measured [default: 1,2,4,8,32,128,512]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = count, allow_negative_numbers = true)]
    pub prefill: Option<Vec<NonZeroUsize>>,
    #[command(flatten)]
    pub json: JsonArgs,
}

#[derive(Args)]
pub struct PullArgs {
    /// A name that `motet list` shows
    pub name: String,
    #[command(flatten)]
    pub json: JsonArgs,
}

#[derive(Args)]
pub struct JsonArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn id(text: &str) -> Result<u32, &'static str> {
    text.trim()
        .parse()
        .map_err(|_| "ids are whole numbers with commas between, as 1,2,3")
}

fn length(text: &str) -> Result<usize, &'static str> {
    text.trim()
        .parse()
        .map_err(|_| "lengths are whole numbers with commas between, as 0,512")
}

fn count(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse()
        .map_err(|_| "a whole number from 1 on belongs here")
}
