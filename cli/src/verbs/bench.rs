//! `motet bench`: how fast a model is on an adapter, beside what the adapter can do.

mod tables;

use std::num::NonZeroUsize;

use motet::bench::{Options, run as measure};
use motet::gpu::GpuOptions;

use crate::args::{BenchArgs, DeviceArgs};
use crate::failure::Failure;
use crate::output;
use crate::progress;
use crate::runner::{load_model, locate};

pub async fn run(args: &BenchArgs, device: &DeviceArgs) -> Result<(), Failure> {
    if device.reference {
        return Err(Failure::usage(
            "the CPU reference is there to compare with, not to be measured; leave --reference out",
        ));
    }
    let gpu = GpuOptions {
        timestamps: args.profile,
        ..device.options()
    };
    let model = load_model(&locate(&args.model)?, device, &gpu).await?;
    let context = device.context.unwrap_or(model.config.context);
    let prefill = match &args.prefill {
        Some(tokens) => tokens.iter().copied().map(NonZeroUsize::get).collect(),
        None => {
            let all = Options::PREFILL.into_iter();
            all.filter(|tokens| *tokens <= context).collect()
        }
    };
    let options = Options {
        prefill,
        decode_at: args
            .decode_at
            .clone()
            .unwrap_or_else(|| Options::DECODE_AT.into()),
        context: device.context,
        cache: device.cache(),
        kernels: args.kernels,
        profile: args.profile,
    };
    let spinner = progress::spinner("measuring");
    let mut show = |what: &str| spinner.set_message(format!("measuring {what}"));
    let report = measure(&model, &options, None, &mut show).await;
    spinner.finish_and_clear();
    let report = report?;
    if args.json.json {
        return output::json(&report);
    }
    output::text(&tables::report(&report))
}
