//! The project's chores: `cargo xtask web` shows the page, `cargo xtask test` proves everything.

mod build_web;
mod fixtures;
mod lines;
mod report;
mod serve;
mod setup;
mod test;
mod tested;
mod upcycle;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The result of a chore; its error is one sentence.
type Result<T = ()> = std::result::Result<T, String>;

/// Set-up, web build, serving and the whole test run of Motet.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Get the default model, build the page and serve it on 127.0.0.1.
    Web {
        /// The port to serve on.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Build pkg/ alone: the wasm module and the TypeScript around it.
    BuildWeb,
    /// Formatting, lints, docs and the tests that need no browser.
    Check,
    /// Every test there is, natively and in the browser.
    Test {
        /// Every case there is, which takes hours: all kernels on all tiers, all models on all adapters, all stories.
        #[arg(long)]
        full: bool,
        /// Some parts alone, one after the other if need be.
        #[arg(long, value_name = "PART", value_delimiter = ',')]
        only: Vec<test::Part>,
    },
    /// Write the default model as a mixture of equal experts, which has to answer as before.
    Upcycle {
        /// How many experts.
        #[arg(long, default_value_t = 8)]
        experts: u32,
        /// What the routers are drawn from.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// The GGUF file to write [default: one in target/upcycled].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Make the tiny models of tests/fixtures and their references anew, by transformers (3 GB of Python packages).
    Fixtures {
        /// The models to make [default: all].
        #[arg(value_name = "CASE")]
        cases: Vec<String>,
        /// A Python that has the packages, in place of a new environment.
        #[arg(long, value_name = "PROGRAM")]
        python: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Web { port } => web(port),
        Command::BuildWeb => build_web::build(),
        Command::Check => test::check(),
        Command::Test { full, only } => test::test(full, &only),
        Command::Upcycle { experts, seed, out } => upcycle::upcycle(experts, seed, out).map(drop),
        Command::Fixtures { cases, python } => fixtures::fixtures(&cases, python),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("error: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn web(port: u16) -> Result {
    // A port in use is better known before the download and the build.
    let listener = serve::listen(port)?;
    let model = setup::default_model()?;
    build_web::build()?;
    let site = serve::Site::new(&setup::root(), &model)?;
    let server = serve::start(listener, site)?;
    println!("Motet is at {} (Ctrl-C ends it)", server.url());
    server.wait();
    Ok(())
}
