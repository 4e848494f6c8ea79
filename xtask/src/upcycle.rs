//! `cargo xtask upcycle`: the default model as a mixture of equal experts.

use std::path::PathBuf;
use std::process::Command;

use crate::{Result, setup};

/// Runs the crate `motet-upcycle`, which needs the engine; `xtask` itself is built without it. The file it wrote.
pub fn upcycle(experts: u32, seed: u64, out: Option<PathBuf>) -> Result<PathBuf> {
    let model = setup::default_model()?;
    let out = out.unwrap_or_else(|| {
        let name = model.file_stem().unwrap_or_default().to_string_lossy();
        setup::target().join(format!("upcycled/{name}.{experts}x.gguf"))
    });
    let out = std::path::absolute(&out)
        .map_err(|cause| format!("{} is no path ({cause})", out.display()))?;
    setup::run(
        Command::new("cargo")
            .args(["run", "--package", "motet-upcycle", "--"])
            .arg(&model)
            .args(["--experts", &experts.to_string()])
            .args(["--seed", &seed.to_string()])
            .arg("--out")
            .arg(&out)
            .current_dir(setup::root()),
    )?;
    Ok(out)
}
