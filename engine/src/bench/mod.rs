//! How fast a model is on a device, beside what the device can do.
//!
//! First the ceilings of the adapter ([`crate::gpu::ceilings`]), then prompts and decode steps through a session, as a
//! user gets them (`rates`), each beside its floor: what its dispatches have to read and to compute (`work`) at the
//! ceilings' rates, and a ceiling's time for each dispatch. On demand every kernel alone (`kernels`), and where all of a
//! step's time goes (`profile`). Nothing here needs a clock or a thread that a browser lacks.

mod kernels;
mod lists;
mod profile;
mod rates;
mod work;

use std::rc::Rc;

pub use kernels::KernelRow;
pub use profile::{Profile, ProfileLine, Source};
pub use rates::Row;
pub use work::Work;

use crate::gpu::ceilings::Ceilings;
use crate::gpu::{CacheType, GpuInfo, Tier};
use crate::model::Model;
use crate::session::room_for;
use crate::{Error, Result};
use lists::Lists;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Options {
    /// Tokens of prompts.
    pub prefill: Vec<usize>,
    /// Cache lengths at which steps are decoded; one beyond the context stands for as many as fit.
    pub decode_at: Vec<usize>,
    /// Tokens that fit into the session; None: as many as the others ask for and the model was trained for.
    pub context: Option<usize>,
    /// How the cache keeps numbers.
    pub cache: CacheType,
    /// Time every kernel alone.
    pub kernels: bool,
    /// Account for all the time of a step and of a batch of a prompt.
    pub profile: bool,
}

impl Options {
    /// Tokens of prompts, unless others are asked for.
    pub const PREFILL: [usize; 7] = [1, 2, 4, 8, 32, 128, 512];
    /// Cache lengths, unless others are asked for.
    pub const DECODE_AT: [usize; 4] = [0, 512, 2048, 8192];
}

/// The model that was measured.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ModelInfo {
    /// The checkpoint's name.
    pub name: String,
    /// GGUF's name of the architecture.
    pub architecture: String,
    /// Layers.
    pub layers: usize,
    /// Bytes of weights on the GPU.
    pub weight_bytes: u64,
    /// Bytes of them that a decode step reads: active experts only, on average.
    pub active_bytes: f64,
    /// Tokens that fit into the session.
    pub context: usize,
}

/// A step's and a prompt batch's share of something.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Both<T> {
    /// Of a decode step.
    pub decode: T,
    /// Of a full batch of a prompt, without logits.
    pub prefill: T,
}

/// All that was measured.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// The adapter.
    pub adapter: GpuInfo,
    /// What kernels use of it.
    pub tier: Tier,
    /// The model.
    pub model: ModelInfo,
    /// How the cache keeps numbers.
    pub cache: CacheType,
    /// What the adapter can do.
    pub ceilings: Ceilings,
    /// Prompts.
    pub prefill: Vec<Row>,
    /// Decode steps.
    pub decode: Vec<Row>,
    /// Each kernel alone, if asked for.
    pub kernels: Option<Both<Vec<KernelRow>>>,
    /// Where the time goes, if asked for.
    pub profile: Option<Both<Profile>>,
}

/// Measures; `ceilings` may be known from before, and `progress` is told what is measured next.
///
/// # Errors
/// Prompts that are empty or longer than the context, a context that the model was not trained for, a device that is
/// too small or fails.
pub async fn run(
    model: &Rc<Model>,
    options: &Options,
    ceilings: Option<Ceilings>,
    progress: &mut dyn FnMut(&str),
) -> Result<Report> {
    let context = context(model, options)?;
    let gpu = model.gpu();
    let ceilings = match ceilings {
        Some(ceilings) => ceilings,
        None => {
            progress("the adapter's ceilings");
            gpu.ceilings().await?
        }
    };
    let decode_at = fitting(&options.decode_at, context);
    let position = decode_at.first().copied().unwrap_or_default();
    let lists = Lists::new(model, options.cache, position).await?;
    let mut rates = rates::Rates::new(model, &lists, &ceilings, context, options.cache).await?;
    let (mut prefill, mut decode) = (Vec::new(), Vec::new());
    for tokens in &options.prefill {
        progress(&format!("a prompt of {tokens}"));
        prefill.push(rates.prefill(*tokens).await?);
    }
    for cached in decode_at {
        progress(&format!("decoding at a cache of {cached}"));
        decode.push(rates.decode(cached).await?);
    }
    drop(rates);

    let kernels = if options.kernels || (options.profile && !gpu.has_timestamps()) {
        progress("kernels alone");
        Some(kernels::alone(model, &lists, &ceilings).await?)
    } else {
        None
    };
    let profile = if options.profile {
        progress("where the time goes");
        Some(profile::both(model, &lists, &ceilings, kernels.as_ref()).await?)
    } else {
        None
    };
    Ok(Report {
        adapter: gpu.info.clone(),
        tier: gpu.tier,
        model: ModelInfo {
            name: model.name.clone(),
            architecture: model.config.architecture.clone(),
            layers: model.config.l,
            weight_bytes: model.weight_bytes(),
            active_bytes: lists.step.iter().map(|d| lists.work(d, 0, 1).weights).sum(),
            context,
        },
        cache: options.cache,
        ceilings,
        prefill,
        decode,
        kernels: kernels.filter(|_| options.kernels),
        profile,
    })
}

/// The context of the session.
fn context(model: &Model, options: &Options) -> Result<usize> {
    let longest = options.prefill.iter().max().copied().unwrap_or_default();
    let decoded = options
        .decode_at
        .iter()
        .max()
        .map(|at| at.saturating_add(rates::ROOM));
    let wanted = longest.max(decoded.unwrap_or_default()).max(1);
    let trained = model.config.context;
    let context = room_for(
        &model.config,
        options.context.or_else(|| Some(wanted.min(trained))),
    )?;
    if options.prefill.contains(&0) {
        return Err(Error::request(
            "a prompt of 0 tokens cannot be measured; give 1 or more",
        ));
    }
    if longest > context {
        return Err(Error::request(format!(
            "a prompt of {longest} tokens does not fit the context of {context}; leave it out or ask for a larger context"
        )));
    }
    if decoded.is_some() && context < rates::ROOM {
        return Err(Error::request(format!(
            "decoding is measured over {} tokens and the context takes {context}; ask for a larger context",
            rates::ROOM
        )));
    }
    Ok(context)
}

/// The cache lengths that leave room for the steps that are measured, each once.
fn fitting(decode_at: &[usize], context: usize) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    for at in decode_at {
        let at = (*at).min(context.saturating_sub(rates::ROOM));
        if !all.contains(&at) {
            all.push(at);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_lengths_beyond_the_context_are_one_that_fits() {
        let room = rates::ROOM;
        assert_eq!(fitting(&[0, 512, 2048, 8192], 512), [0, 512 - room]);
        assert_eq!(fitting(&[4, 4, 9], 4096), [4, 9]);
        assert_eq!(fitting(&[], 4096), [0usize; 0]);
    }
}
