//! `cargo xtask test`: all tests on every adapter this machine has for them; `check`: what needs no browser.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::lines::Lines;
use crate::report::{Outcome, Report};
use crate::tested::{self, TABLE};
use crate::{Result, build_web, serve, setup, upcycle};
use setup::run;

/// The test targets of the crate `motet` that use a GPU.
const GPU_TESTS: [&str; 5] = ["cache", "kernels", "models", "smollm2", "upcycled"];

/// Tests append lines `suite<TAB>adapter` to the file this names.
const REPORT_VARIABLE: &str = "MOTET_REPORT";

/// Tests read the default model from the file this names.
const MODEL_VARIABLE: &str = "MOTET_SMOLLM2";

/// Set for the long run: tests then take every case they have.
const FULL_VARIABLE: &str = "MOTET_FULL";

/// Set for a second adapter in the ordinary run: tests of models then take one of each kind.
const SOME_VARIABLE: &str = "MOTET_SOME";

/// Tests of models append a row for each that passed to the file this names.
const TABLE_VARIABLE: &str = "MOTET_TABLE";

/// The browser test uses the browser this names.
const BROWSER_VARIABLE: &str = "CHROMIUM";

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// All native tests, on lavapipe or this machine's own adapter.
    Native,
    /// The tests of the GPU on SwiftShader.
    Swiftshader,
    /// The package's, and the stories in a browser.
    Web,
}

/// Every test, natively and in the browser, or some parts of them; a part adds to what docs/tested.md says of the others.
pub fn test(full: bool, only: &[Part]) -> Result {
    let runs = |part| only.is_empty() || only.contains(&part);
    let mut report = Report::default();
    report.plain("set-up", || {
        setup::system_packages(true)?;
        if only.is_empty() {
            Lines::new(TABLE)?;
        }
        Ok(())
    });
    let model = default_model(&mut report);
    if runs(Part::Native) {
        native_tests(&mut report, model.as_deref(), full);
    }
    if runs(Part::Swiftshader) {
        swiftshader_tests(&mut report, model.as_deref(), full);
    }
    if runs(Part::Web) {
        let built = report.plain("web build", build_web::build);
        report.plain("API over a scripted model", api_tests);
        report.step("browser story", || match (built, &model) {
            (true, Some(model)) => browser_story(model, full),
            _ => Err("needs the web build and the default model".to_string()),
        });
    }
    report.plain("docs/tested.md", tested::write);
    report.end()
}

/// Formatting, lints, docs and the native tests.
pub fn check() -> Result {
    let native = everything();
    let packages = build_web::MODULES.iter();
    let web = packages
        .flat_map(|(package, _)| ["--package", package])
        .chain(["--target", "wasm32-unknown-unknown"]);
    let strict = ["--", "-D", "warnings"];
    let mut report = Report::default();
    report.plain("set-up", || {
        setup::system_packages(false).and_then(|()| setup::wasm_target())
    });
    report.plain(
        "formatting",
        || run(cargo("fmt").args(["--all", "--check"])),
    );
    report.plain("lints", || {
        run(cargo("clippy")
            .args(&native)
            .arg("--all-targets")
            .args(strict))?;
        run(cargo("clippy").args(web).args(strict))
    });
    report.plain("docs", || {
        run(cargo("doc")
            .arg("--no-deps")
            .args(&native)
            .env("RUSTDOCFLAGS", "-D warnings"))
    });
    let model = default_model(&mut report);
    native_tests(&mut report, model.as_deref(), false);
    report.end()
}

fn default_model(report: &mut Report) -> Option<PathBuf> {
    let mut model = None;
    report.plain("default model", || {
        model = Some(setup::default_model()?);
        Ok(())
    });
    model
}

/// All native tests: on lavapipe where it is installed, otherwise on the adapter that is this machine's default.
fn native_tests(report: &mut Report, model: Option<&Path>, full: bool) {
    let lavapipe = setup::lavapipe();
    let name = match lavapipe {
        Some(_) => "native tests, lavapipe",
        None => "native tests, default adapter",
    };
    report.step(name, || {
        let extent = if full { Extent::Full } else { Extent::Ordinary };
        cargo_test(&everything(), model, lavapipe.as_deref(), extent)
    });
}

/// The GPU tests, or all native tests, on SwiftShader, which comes with Chromium on Linux.
fn swiftshader_tests(report: &mut Report, model: Option<&Path>, full: bool) {
    let icd = setup::swiftshader();
    if icd.is_none() && !cfg!(target_os = "linux") {
        eprintln!("note: no SwiftShader on this system; the native tests ran on its own adapter");
        return;
    }
    let name = if full {
        "native tests, SwiftShader"
    } else {
        "GPU tests, SwiftShader"
    };
    report.step(name, || {
        let icd = icd.ok_or("SwiftShader is missing; install Chromium, which brings it")?;
        let arguments = if full { everything() } else { gpu_tests() };
        let extent = if full { Extent::Full } else { Extent::Some };
        cargo_test(&arguments, model, Some(&icd), extent)
    });
}

/// What is not for the browser alone.
fn everything() -> Vec<&'static str> {
    let web = build_web::MODULES.iter();
    let excluded = web.flat_map(|(package, _)| ["--exclude", package]);
    ["--workspace"].into_iter().chain(excluded).collect()
}

/// Of the same packages as all tests, so that nothing is compiled again with other features.
fn gpu_tests() -> Vec<&'static str> {
    let targets = GPU_TESTS.iter().flat_map(|target| ["--test", target]);
    everything().into_iter().chain(targets).collect()
}

fn cargo(verb: &str) -> Command {
    let mut command = Command::new("cargo");
    command.arg(verb).current_dir(setup::root());
    command
}

/// How many of their cases tests take.
enum Extent {
    /// Of the models one of each kind.
    Some,
    Ordinary,
    /// Every one.
    Full,
}

/// Runs `cargo test` on the adapter of the Vulkan manifest `icd`, and on the default one when there is none.
fn cargo_test(
    arguments: &[&str],
    model: Option<&Path>,
    icd: Option<&Path>,
    extent: Extent,
) -> Result<Outcome> {
    let mut command = cargo("test");
    match extent {
        Extent::Some => command.env(SOME_VARIABLE, "1"),
        Extent::Ordinary => &mut command,
        Extent::Full => command.env(FULL_VARIABLE, "1"),
    };
    command.arg("--no-fail-fast").args(arguments);
    if let Some(model) = model {
        command.env(MODEL_VARIABLE, model);
    }
    if let Some(icd) = icd {
        command.env("VK_DRIVER_FILES", icd);
    }
    run_tests(&mut command)
}

/// Runs test programs, which say their counts as `cargo test` does and their adapters in the report file.
fn run_tests(command: &mut Command) -> Result<Outcome> {
    let ran_on = Lines::new("adapters.tsv")?;
    command.env(REPORT_VARIABLE, &ran_on.path);
    command.env(TABLE_VARIABLE, setup::target().join(TABLE));
    let mut counts = Counts::default();
    let status = watch(command, |line| counts.see(line))?;
    Ok(outcome(adapters(&ran_on), &counts, status))
}

/// Runs a command to its end; `see` gets each line of its output, which also goes to the terminal.
fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<ExitStatus> {
    let shown = setup::shown(command);
    let failed = |cause| format!("`{shown}` does not run ({cause})");
    eprintln!("$ {shown}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|out| BufReader::new(out).split(b'\n'))
    {
        let line = line.map_err(failed)?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        see(line.trim_end());
    }
    child.wait().map_err(failed)
}

/// Tests passed when they ended well, there were some, and they say which GPU they used.
fn outcome(adapters: Vec<String>, counts: &Counts, status: ExitStatus) -> Outcome {
    let mut words = format!("{} passed, {} failed", counts.passed, counts.failed);
    if !counts.names.is_empty() {
        words += &format!(" ({})", counts.names.join("; "));
    }
    if !status.success() && counts.failed == 0 {
        words += &format!(", then ended before its time ({status})");
    }
    if adapters.is_empty() {
        words += ", and none says that it used a GPU";
    }
    let passed = status.success() && counts.passed > 0 && !adapters.is_empty();
    Outcome {
        adapters,
        words,
        passed,
    }
}

/// What the lines of the test programs add up to.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    passed: u64,
    failed: u64,
    /// Of those that failed.
    names: Vec<String>,
}

impl Counts {
    /// Takes a line of a program's output: `cargo test` says `test NAME ... FAILED`, a story `NAME: FAILED (3.1 s): …`.
    fn see(&mut self, line: &str) {
        if let Some((_, results)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        {
            self.add(results);
            return;
        }
        let test = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"));
        let story = || Some(line.split_once(": FAILED (")?.0);
        self.names
            .extend(test.or_else(story).map(ToString::to_string));
    }

    /// Adds what `12 passed; 0 failed; 1 ignored` says.
    fn add(&mut self, results: &str) {
        for result in results.split(';') {
            let Some((Ok(number), what)) = result
                .trim()
                .split_once(' ')
                .map(|(number, what)| (number.parse::<u64>(), what))
            else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                _ => {}
            }
        }
    }
}

/// The distinct adapters in lines of `suite<TAB>adapter`.
fn adapters(lines: &Lines) -> Vec<String> {
    let text = lines.read();
    let adapters = text
        .lines()
        .filter_map(|line| Some(line.split_once('\t')?.1.to_string()));
    adapters.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The OpenAI-shaped half of the package in Node.js, where no GPU is needed.
fn api_tests() -> Result {
    setup::npm_packages()?;
    let folder = setup::root().join("tests/api");
    let unreadable = |cause| format!("{} cannot be read ({cause})", folder.display());
    let mut tests = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".test.mjs") {
            tests.push(path);
        }
    }
    run(Command::new("node").arg("--test").args(tests))
}

/// The page in a headless browser, against a server in this process.
fn browser_story(model: &Path, full: bool) -> Result<Outcome> {
    let browser = setup::chromium().ok_or("Chromium is missing; install it or Google Chrome")?;
    let root = setup::root();
    let site = serve::Site::new(&root, model)?;
    let server = serve::start(serve::listen(0)?, site)?;
    let shots = setup::target().join("screenshots");
    let mut command = Command::new("node");
    command.args([
        "tests/web/story.mjs",
        "--url",
        server.url(),
        "--screenshots",
    ]);
    command.arg(&shots).env(BROWSER_VARIABLE, browser);
    if full {
        let mixture = upcycle::upcycle(8, 0, None)?;
        command
            .env(FULL_VARIABLE, "1")
            .arg("--upcycled")
            .arg(mixture);
    }
    let outcome = run_tests(command.current_dir(&root))?;
    if full && outcome.passed {
        take_pictures(&shots, &root.join("docs/pictures"))?;
    }
    Ok(outcome)
}

/// Replaces the pictures in the docs by what the stories saw.
fn take_pictures(shots: &Path, pictures: &Path) -> Result {
    let failed = |cause| format!("the pictures in {} stay ({cause})", pictures.display());
    for entry in std::fs::read_dir(pictures).map_err(failed)? {
        let picture = entry.map_err(failed)?.path();
        let name = picture.file_name().unwrap_or_default();
        std::fs::copy(shots.join(name), &picture).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s",
            "test whole::sums ... ok",
            "test whole::products ... FAILED",
            "test parts ... FAILED",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.2s",
            "answers: ok (3.1 s); FAILED is not its end",
            "store: removal: FAILED (5.6 s): AssertionError: there is one",
            "test result: FAILED. 4 passed; 1 failed",
        ] {
            counts.see(line);
        }
        let names = ["whole::products", "parts", "store: removal"];
        assert_eq!(
            counts,
            Counts {
                passed: 17,
                failed: 3,
                names: names.map(str::to_string).to_vec()
            }
        );
    }
}
