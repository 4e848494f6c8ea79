//! The program `motet`: the engine in a terminal.
//!
//! | file | what |
//! |---|---|
//! | `args` | the verbs and options, as people type them |
//! | `failure` | what went wrong, and the exit code that says by whose doing |
//! | `output` | stdout: text as it comes, or one JSON object |
//! | `progress` | stderr: bars, where a person watches |
//! | `prompts` | prompts, messages and files to ids |
//! | `runner` | MODEL to something that answers, on the GPU or as the CPU reference |
//! | `tuning` | which kernels a device is fastest with, measured once and kept |
//! | `verbs` | one file a verb or a family of them |

mod args;
mod failure;
mod output;
mod progress;
mod prompts;
mod runner;
mod tuning;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Verb};
use failure::Failure;

fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => pollster::block_on(run(cli)),
        Err(error) => failure::of_arguments(&error),
    };
    done.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}

async fn run(Cli { verb, device }: Cli) -> Result<(), Failure> {
    match verb {
        Verb::Chat(args) => verbs::chat::run(&args, &device).await,
        Verb::Generate(args) => verbs::generate::run(&args, &device).await,
        Verb::Logits(args) => verbs::logits::run(&args, &device).await,
        Verb::Tokenize(args) => verbs::text::tokenize(&args).await,
        Verb::Render(args) => verbs::text::render(&args).await,
        Verb::Score(args) => verbs::score::run(&args, &device).await,
        Verb::Inspect(args) => verbs::inspect::run(&args, &device).await,
        Verb::Bench(args) => verbs::bench::run(&args, &device).await,
        Verb::List(args) => verbs::models::list(&args),
        Verb::Pull(args) => verbs::models::pull(&args),
        Verb::Devices(args) => verbs::devices::run(&args).await,
    }
}
