//! The adapter with and without what is beyond the baseline, for the tests that need a GPU.

use std::io::Write;
use std::rc::Rc;

use motet::gpu::{Gpu, GpuOptions, Memory, Share};

/// The adapter as the baseline has it, without subgroups, and as it is used by default; a second adapter, in the ordinary run
/// (MOTET_SOME), as it is used by default. No adapter is a failure.
#[allow(dead_code, reason = "not every test is of both")]
pub fn gpus(suite: &str) -> Vec<Rc<Gpu>> {
    let options = GpuOptions::default();
    match std::env::var_os("MOTET_SOME") {
        None => open_each(suite, [baseline(&options), options]),
        Some(_) => open_each(suite, [options]),
    }
}

/// The adapter as it is used by default. No adapter is a failure.
#[allow(dead_code, reason = "not every test is of one tier")]
pub fn default_gpu(suite: &str) -> Rc<Gpu> {
    let gpu = pollster::block_on(Gpu::open(&GpuOptions::default()));
    let gpu = gpu.expect("these tests need a GPU adapter");
    report(suite, &gpu);
    gpu
}

/// Without subgroups, without f16, and with nothing that only some adapters gain by.
pub fn baseline(options: &GpuOptions) -> GpuOptions {
    GpuOptions {
        subgroups: false,
        f16: false,
        weights: Some(Memory::Buffers),
        share: Some(Share::Workgroup),
        ..options.clone()
    }
}

/// Those of the options' devices that differ.
pub fn open_each<const N: usize>(suite: &str, options: [GpuOptions; N]) -> Vec<Rc<Gpu>> {
    let mut found: Vec<Rc<Gpu>> = Vec::new();
    for options in options {
        let gpu = pollster::block_on(Gpu::open(&options)).expect("these tests need a GPU adapter");
        if found.iter().all(|other| other.tier != gpu.tier) {
            report(suite, &gpu);
            found.push(gpu);
        }
    }
    found
}

/// Says which adapter a suite runs on, for people and for `cargo xtask test`.
pub fn report(suite: &str, gpu: &Gpu) {
    println!("adapter: {} {:?}", gpu.info.name, gpu.tier);
    if let Ok(path) = std::env::var("MOTET_REPORT") {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        let line = format!("{suite}\t{}\n", gpu.info.name);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .expect("MOTET_REPORT can be written");
    }
}
