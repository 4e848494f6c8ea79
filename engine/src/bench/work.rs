//! What a dispatch has to read and to compute at least, whatever its kernel makes of it.
//!
//! A weight and a cached number are read once a dispatch, though a kernel may read them once for each tile of tokens. Of
//! a mixture only the experts that tokens were routed to count: the number of different ones is the mean under even
//! routing; the shared one is read by all. Operations are those of products and of attention; norms, rope and the choice of
//! ids count none.

use crate::gpu::{Dispatch, Kernel, Output, PageMemory, Place, SPLITS};
use crate::kv::{State, cache_bytes_per_token};
use crate::model::Model;
use crate::ops::TOKEN_FIRST;
use crate::weights::{Matrix, Page};

/// Bytes of a number of activations.
const F32: f64 = 4.0;

/// What has to be done; means, where it depends on how tokens are routed.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Work {
    /// Bytes of weights that are read.
    pub weights: f64,
    /// Bytes of the cache that are read.
    pub cache: f64,
    /// Bytes of everything else that is read or written.
    pub activations: f64,
    /// Operations; a multiplication and an addition are two.
    pub flop: f64,
}

impl Work {
    /// Bytes of weights and of the cache.
    pub fn bytes(&self) -> f64 {
        self.weights + self.cache
    }
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.weights += other.weights;
        self.cache += other.cache;
        self.activations += other.activations;
        self.flop += other.flop;
    }
}

impl std::ops::Mul<f64> for Work {
    type Output = Self;

    fn mul(self, share: f64) -> Self {
        Self {
            weights: share * self.weights,
            cache: share * self.cache,
            activations: share * self.activations,
            flop: share * self.flop,
        }
    }
}

impl std::iter::Sum for Work {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, work| {
            sum += work;
            sum
        })
    }
}

/// The matrix that a dispatch reads, and the page of it.
pub fn matrix<'a>(model: &'a Model, dispatch: &Dispatch) -> Option<(&'a Matrix, &'a Page)> {
    let reads = |page: &Page| dispatch.args.iter().any(|arg| page.memory.is_bound_by(arg));
    let pages = |matrix: &'a Matrix| matrix.pages.iter().map(move |page| (matrix, page));
    let mut all = model.weights.tree.matrices().flat_map(pages);
    all.find(|(_, page)| reads(page))
}

/// What a dispatch has to do for `t` tokens that follow `position`.
pub fn work(model: &Model, state: &State, dispatch: &Dispatch, position: usize, t: usize) -> Work {
    let config = &model.config;
    let (tokens, d) = (t as f64, config.d as f64);
    let used = config.moe.map_or(0.0, |moe| (moe.a + moe.es) as f64);
    let moved = |numbers: f64| Work {
        activations: F32 * tokens * numbers,
        ..Work::default()
    };
    let (h, c, cv) = (config.h as f64, config.c as f64, config.cv as f64);
    match dispatch.kernel {
        Kernel::Embed(_) => {
            let read = matrix(model, dispatch).map(|(matrix, page)| {
                let rows = f64::from(2 * page.pairs) / matrix.n as f64;
                tokens * rows * row_bytes(matrix)
            });
            Work {
                weights: read.unwrap_or_default(),
                ..moved(d)
            }
        }
        Kernel::Matmul {
            place,
            output,
            tile,
            ..
        } => {
            matrix(model, dispatch).map_or_else(Work::default, |(matrix, page)| {
                let last = std::ptr::eq(matrix, model.weights.tree.head());
                let tokens = if last { 1.0 } else { tokens };
                let all = product(
                    model,
                    [matrix.k as f64, tokens],
                    place,
                    output,
                    (matrix, page),
                );
                // A dispatch of several has a share of the tokens, or none of a batch that is shorter than the pass is for; W need be
                // read but once for all of them.
                let behind = tokens - f64::from(dispatch.params.word(TOKEN_FIRST));
                let own = f64::from(dispatch.groups[1] * tile).min(behind);
                let share = match place {
                    Place::Batch => own.max(0.0) / tokens,
                    Place::Routed | Place::Binned => 1.0,
                };
                all * share
            })
        }
        Kernel::Attention { c, cv, .. } => attention(model, state, dispatch, position, t, [c, cv]),
        Kernel::Rope { .. } => moved(2.0 * h * c + config.kv as f64 * 2.0 * (c + cv)),
        Kernel::Latent { r, rope, .. } => moved(2.0 * (f64::from(r + rope) + h * f64::from(rope))),
        Kernel::PostNorm => moved(3.0 * d),
        Kernel::Route(_) => matrix(model, dispatch).map_or_else(Work::default, |(router, _)| {
            let rows = router.n as f64;
            Work {
                weights: rows * row_bytes(router),
                flop: 2.0 * tokens * rows * d,
                ..moved(d + 2.0 * used)
            }
        }),
        Kernel::Bin { .. } => moved(2.0 * used),
        Kernel::Combine => moved((used + 2.0) * d),
        Kernel::Join => moved(f64::from(SPLITS + 1) * h * cv),
        // Logits, and the marks of ids.
        Kernel::Sample => Work {
            activations: F32 * 2.0 * config.v as f64,
            ..Work::default()
        },
        Kernel::Repack(_) | Kernel::Put | Kernel::Get => Work::default(),
    }
}

/// Bytes of a matrix's row on the GPU.
fn row_bytes(matrix: &Matrix) -> f64 {
    let bytes = 16 * matrix.row_words().iter().sum::<usize>();
    bytes as f64
}

/// A product of `tokens` rows of `k` numbers with a page of a matrix.
fn product(
    model: &Model,
    [k, tokens]: [f64; 2],
    place: Place,
    output: Output,
    (matrix, page): (&Matrix, &Page),
) -> Work {
    let rows = f64::from(2 * page.pairs).min(matrix.n as f64);
    let slabs = f64::from(page.slabs);
    // Slabs that are read, and rows of x that meet each.
    let (read, products) = match (place, model.config.moe) {
        (Place::Routed | Place::Binned, Some(moe)) => {
            let chosen = moe.a as f64 / moe.e as f64;
            let before = |slab: u32| slab.min(moe.e as u32);
            let routed = before(page.slab_first + page.slabs) - before(page.slab_first);
            let (routed, shared) = (f64::from(routed), f64::from(page.slabs - routed));
            let read = routed * (1.0 - (1.0 - chosen).powf(tokens)) + shared;
            (read, (routed * chosen + shared) * tokens)
        }
        _ => (slabs, slabs * tokens),
    };
    let written = match output {
        Output::Store => rows,
        Output::Add => 2.0 * rows, // read before
        Output::Gated(_) => rows / 2.0,
    };
    Work {
        weights: read * rows * row_bytes(matrix),
        cache: 0.0,
        activations: F32 * products * (k + written),
        flop: 2.0 * products * rows * k,
    }
}

/// Attention of `t` tokens over a layer's cache.
fn attention(
    model: &Model,
    state: &State,
    dispatch: &Dispatch,
    position: usize,
    t: usize,
    [c, cv]: [u32; 2],
) -> Work {
    let config = &model.config;
    let reads = |keys: &PageMemory| dispatch.args.iter().any(|arg| keys.is_bound_by(arg));
    let layer = state.cache.iter().position(|cache| reads(&cache.k));
    let window = match layer.map_or(0, |layer| config.layers[layer].window) {
        0 => usize::MAX,
        window => window,
    };
    let seen: usize = (position + 1..=position + t).map(|n| n.min(window)).sum();
    let read = (position + t).min(window.saturating_add(t - 1));
    let of_layer = cache_bytes_per_token(config, state.kind) as f64 / config.l as f64;
    let (h, wide) = (config.h as f64, f64::from(c + cv));
    Work {
        weights: 0.0,
        cache: read as f64 * of_layer,
        activations: F32 * t as f64 * h * wide,
        flop: 2.0 * seen as f64 * h * wide,
    }
}
