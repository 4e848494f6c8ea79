//! Which kernels a device is fastest with: measured once, and kept beside the models.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use motet::gpu::{Gpu, Kernels, Memory};
use motet::tune::Tuning;
use motet_hub::Hub;

use crate::args::Tune;
use crate::failure::Failure;
use crate::progress;

const FILE: &str = "tuning.json";

/// The device with the kernels that are to be used.
pub async fn tuned(gpu: Rc<Gpu>, tune: Tune) -> Result<Rc<Gpu>, Failure> {
    if tune == Tune::Off {
        return Ok(gpu);
    }
    let file = Hub::platform().ok().map(|hub| hub.folder().join(FILE));
    let mut kept = file.as_deref().map(read).unwrap_or_default();
    let key = gpu.tuning_key();
    if tune == Tune::Auto {
        if let Some(kernels) = kept.get(&key) {
            return Ok(gpu.with_kernels(*kernels));
        }
        // What is fastest on adapters that compute on the CPU is known.
        if gpu.info.software {
            return Ok(gpu);
        }
    }
    let spinner = progress::spinner("finding the fastest kernels");
    let tuning = gpu.tune().await;
    spinner.finish_and_clear();
    let tuning = tuning?;
    if tune == Tune::On {
        eprintln!("{}", words(&tuning));
    }
    kept.insert(key, tuning.kernels);
    if let Some(file) = file {
        keep(&file, &kept);
    }
    Ok(gpu.with_kernels(tuning.kernels))
}

/// What is kept; a file that is missing or says nothing is measured anew.
fn read(file: &Path) -> BTreeMap<String, Kernels> {
    let text = fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Keeps for the next time, whole or not at all; where nothing can be written, the next time measures again.
fn keep(file: &Path, kept: &BTreeMap<String, Kernels>) {
    let part: PathBuf = file.with_extension(format!("{}.part", std::process::id()));
    let Ok(text) = serde_json::to_string_pretty(kept) else {
        return;
    };
    let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
    if folder.and_then(|()| fs::write(&part, text)).is_err() || fs::rename(&part, file).is_err() {
        let _ = fs::remove_file(&part);
    }
}

fn words(tuning: &Tuning) -> String {
    let name = |kernels: Kernels| match kernels.weights {
        Memory::Buffers => "kernels for GPUs",
        Memory::Textures | Memory::Sampled => "kernels for CPUs",
    };
    let tried = tuning.tried.iter().map(|tried| {
        format!(
            "{}: {:.2} ms a token, {:.2} of a prompt",
            name(tried.kernels),
            tried.token_ms,
            tried.prompt_ms
        )
    });
    let tried: Vec<_> = tried.collect();
    format!("{}; {} are taken", tried.join("; "), name(tuning.kernels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use motet::gpu::Share;

    #[test]
    fn what_is_kept_is_read_and_what_is_damaged_is_measured_anew() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("deep").join(FILE);
        assert!(read(&file).is_empty());
        let kernels = Kernels {
            weights: Memory::Textures,
            share: Share::Own,
        };
        let kept = BTreeMap::from([("a device".to_string(), kernels)]);
        keep(&file, &kept);
        assert_eq!(read(&file), kept);
        fs::write(&file, "{\"a device\": {\"weights\": \"sand\"}}").expect("the file is ours");
        assert!(read(&file).is_empty());
        keep(&file, &kept);
        assert_eq!(read(&file), kept);
        let names: Vec<_> = fs::read_dir(folder.path().join("deep"))
            .expect("the folder is ours")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(names, [FILE]);
    }
}
