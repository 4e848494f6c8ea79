//! The npm package in pkg/: Rust to wasm, wasm-bindgen's JavaScript around it, TypeScript to JavaScript.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::read::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::Result;
use crate::setup::{self, run};

/// The crates that become wasm modules, and the names of these: the engine, and what few people need, loaded when used.
pub const MODULES: [(&str, &str); 2] = [
    ("motet-web", "motet_web"),
    ("motet-grammar", "motet_grammar"),
];

/// Builds pkg/ and says how large its parts are.
pub fn build() -> Result {
    setup::wasm_target()?;
    setup::npm_packages()?;
    let (root, target) = (setup::root(), setup::target());
    let pkg = root.join("pkg");
    run(Command::new("cargo")
        .args(["build", "--profile", "web"])
        .args(
            MODULES
                .iter()
                .flat_map(|(package, _)| ["--package", package]),
        )
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .current_dir(&root))?;
    for (_, module) in MODULES {
        let wasm = target.join(format!("wasm32-unknown-unknown/web/{module}.wasm"));
        bindgen(&wasm, module, &pkg)?;
    }
    run(Command::new("node")
        .arg("build.mjs")
        .current_dir(root.join("web")))?;
    show_sizes(&pkg)
}

fn bindgen(wasm: &Path, module: &str, pkg: &Path) -> Result {
    let generate = || {
        Bindgen::new()
            .input_path(wasm)
            .out_name(module)
            .web(true)?
            .typescript(true)
            .omit_default_module_path(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(pkg)
    };
    generate().map_err(|cause| format!("wasm-bindgen cannot use {} ({cause:#})", wasm.display()))
}

/// The scripts and the module that a browser downloads, raw and as a server would compress them.
fn show_sizes(pkg: &Path) -> Result {
    let unreadable = |cause: io::Error| format!("{} cannot be read ({cause})", pkg.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(pkg).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.retain(|path| {
        path.extension()
            .is_some_and(|ending| ["wasm", "js", "css"].iter().any(|e| ending == *e))
    });
    paths.sort();
    println!("{:<24} {:>10} {:>10}", "pkg/", "kB", "gzip kB");
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (raw, zipped) = sizes(&path).map_err(unreadable)?;
        println!(
            "{name:<24} {:>10.1} {:>10.1}",
            raw as f64 / 1e3,
            zipped as f64 / 1e3
        );
    }
    Ok(())
}

fn sizes(path: &Path) -> io::Result<(u64, u64)> {
    let file = File::open(path)?;
    let raw = file.metadata()?.len();
    let zipped = io::copy(
        &mut GzEncoder::new(file, Compression::fast()).by_ref(),
        &mut io::sink(),
    )?;
    Ok((raw, zipped))
}
