//! Which of a checkpoint's rows make which matrix. What files do differently (q, k and v fused or apart; experts stacked or
//! one by one; pairs of rope as halves; a kv_b that is not split; transposed experts) ends here: behind it there is one
//! layout.

use super::rope::{LONG_FACTORS, SHORT_FACTORS};
use super::tree::{Attention, FeedForward, Layer, Router, Tree};
use super::{Activation, Config, Mla, Moe, Pairs, QkNorm};
use crate::format::{Checkpoint, Tensor, TensorType};
use crate::quant::Quant;
use crate::{Error, Result};

/// A matrix that is to be made: `slabs` matrices [N, K] of one type.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The first of its tensors.
    pub name: String,
    /// E, or H, or 1.
    pub slabs: usize,
    /// N.
    pub n: usize,
    /// K; 1 for a vector.
    pub k: usize,
    /// Where its rows begin within a token of the product.
    pub y_first: usize,
    /// The type its rows are to have.
    pub kind: TensorType,
    /// What is added to every number: 1 for gains that are stored less one.
    pub offset: f32,
    /// Where its rows come from.
    pub sources: Vec<Source>,
}

/// A tensor that gives some of a matrix's rows.
///
/// Its rows come in periods, one a slab; in each, `count` rows from `first` on are the slab's rows from `base` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// GGUF's name.
    pub tensor: String,
    /// Periods.
    pub slabs: usize,
    /// Rows of a period.
    pub period: usize,
    /// The first that is taken.
    pub first: usize,
    /// How many are taken.
    pub count: usize,
    /// The slab of the first period.
    pub slab: usize,
    /// Where its rows begin in the slab.
    pub base: usize,
    /// How its rows are reordered.
    pub order: Order,
    /// What is taken of a period is K rows of N numbers, the transpose of the slab.
    pub transposed: bool,
    /// The tensor's rows have so many parts of K numbers.
    pub parts: usize,
    /// The part that is taken.
    pub part: usize,
}

/// An order of rows: within every `head` rows, `rot` rows from `first` on go elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they are.
    Same,
    /// i and i + rot/2 become neighbours.
    Neighbours {
        head: usize,
        first: usize,
        rot: usize,
    },
    /// Neighbours go apart: 2i to i, 2i + 1 to rot/2 + i.
    Apart { rot: usize },
}

impl Order {
    /// Where a row goes.
    pub fn place(self, row: usize) -> usize {
        match self {
            Order::Same => row,
            Order::Neighbours { head, first, rot } => match (row % head).checked_sub(first) {
                Some(c) if c < rot => row - c + Pairs::Halves.place(c, rot),
                _ => row,
            },
            Order::Apart { rot } => row / 2 + row % 2 * (rot / 2),
        }
    }
}

impl Source {
    /// A whole tensor of `rows` rows, from `base` on.
    fn whole(tensor: String, rows: usize, base: usize) -> Self {
        Self {
            tensor,
            slabs: 1,
            period: rows,
            first: 0,
            count: rows,
            slab: 0,
            base,
            order: Order::Same,
            transposed: false,
            parts: 1,
            part: 0,
        }
    }

    fn ordered(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// The slab and the row within it that row `row` of the tensor becomes, if it is taken.
    pub fn target(&self, row: usize) -> Option<(usize, usize)> {
        let i = (row % self.period).checked_sub(self.first)?;
        (i < self.count).then(|| {
            let slab = self.slab + row / self.period;
            (slab, self.base + self.order.place(i))
        })
    }
}

/// Whether a tensor is divided among experts of which few are active.
pub(super) fn is_expert(name: &str) -> bool {
    let part = name.split('.').nth(2).unwrap_or_default();
    let third_is_number = name
        .split('.')
        .nth(3)
        .is_some_and(|e| e.parse::<u32>().is_ok());
    part.ends_with("_exps") || third_is_number
}

/// Plans the matrices and vectors of a checkpoint.
///
/// # Errors
/// A tensor that is missing or of another shape than the numbers say.
pub fn plan(config: &Config, checkpoint: &Checkpoint) -> Result<Tree<Plan, Plan>> {
    let planner = Planner { config, checkpoint };
    let Config { d, v, .. } = *config;
    let layers = (0..config.l).map(|i| planner.layer(i));
    Ok(Tree {
        token_embd: planner.matrix("token_embd.weight", [v, d])?,
        layers: layers.collect::<Result<_>>()?,
        output_norm: planner.gain("output_norm.weight", d)?,
        output: match config.tied {
            true => None,
            false => Some(planner.matrix("output.weight", [v, d])?),
        },
    })
}

/// How many further experts of width F the shared one is: its rows of gate and up in slabs, its columns of down likewise.
/// 0 if it has to stay apart: they lie in the experts' matrices as they are in the file, in every sparse layer or in none, so
/// both matrices' tensors have to be of one type each and the cuts between blocks.
pub(super) fn further(config: &Config, checkpoint: &Checkpoint) -> usize {
    let Some(moe) = config.moe else { return 0 };
    let es = moe.shared / moe.f;
    if es == 0 || !moe.shared.is_multiple_of(moe.f) || es > Moe::MOST_EXPERTS - moe.e {
        return 0;
    }
    let (planner, moe) = (Planner { config, checkpoint }, Moe { es, ..moe });
    let joins = |i: usize| {
        let [gate_up, down] = planner.experts(i, moe, "weight");
        let whole = |kind: TensorType| (moe.f as u64).is_multiple_of(kind.block_len());
        planner.one_type(&gate_up).is_some() && planner.one_type(&down).is_some_and(whole)
    };
    let mut sparse = (0..config.l).filter(|i| config.layers[*i].sparse);
    if sparse.all(joins) { es } else { 0 }
}

/// Plans the matrices, and refuses tensors that none of them takes: computing without one would be wrong.
pub(super) fn check(config: &Config, checkpoint: &Checkpoint) -> Result<()> {
    let tree = plan(config, checkpoint)?;
    let plans = tree.matrices().chain(tree.vectors());
    let known: std::collections::HashSet<_> = plans
        .flat_map(|plan| &plan.sources)
        .map(|source| source.tensor.as_str())
        // Read with the numbers of rope.
        .chain(["rope_freqs.weight", SHORT_FACTORS, LONG_FACTORS])
        .collect();
    match checkpoint
        .tensors
        .iter()
        .find(|t| !known.contains(t.name.as_str()))
    {
        Some(unknown) => Err(Error::model(format!(
            "the tensor {} is not one of a {} model that this version knows; computing without it would be wrong",
            unknown.name, config.architecture
        ))),
        None => Ok(()),
    }
}

struct Planner<'a> {
    config: &'a Config,
    checkpoint: &'a Checkpoint,
}

impl Planner<'_> {
    fn has(&self, name: &str) -> bool {
        self.checkpoint.tensor(name).is_some()
    }

    /// The tensor, if it has `rows` rows of `k` numbers.
    fn tensor(&self, name: &str, rows: usize, k: usize) -> Result<&Tensor> {
        let tensor = self.checkpoint.tensor(name).ok_or_else(|| {
            Error::model(format!(
                "the tensor {name} is missing; the file is not complete or not a {} model",
                self.config.architecture
            ))
        })?;
        let numbers = tensor
            .shape
            .iter()
            .try_fold(1u64, |all, n| all.checked_mul(*n));
        let fits = numbers == Some(rows as u64 * k as u64)
            && (k == 1 || rows == 1 || tensor.shape.last() == Some(&(k as u64)));
        if !fits {
            return Err(Error::model(format!(
                "the tensor {name} has the shape {:?} and the metadata says {rows} rows of {k}; the file is broken",
                tensor.shape
            )));
        }
        Ok(tensor)
    }

    /// A matrix of several tensors; all are checked, and the type is that of all or, if they differ, F32.
    fn of(
        &self,
        slabs: usize,
        [n, k]: [usize; 2],
        y_first: usize,
        sources: Vec<Source>,
    ) -> Result<Plan> {
        let mut kinds = Vec::new();
        for source in &sources {
            let columns = if source.transposed {
                n
            } else {
                k * source.parts
            };
            let rows = source.slabs * source.period;
            let kind = self.tensor(&source.tensor, rows, columns)?.kind;
            Quant::of(kind)?;
            kinds.push(kind);
        }
        let turned = sources.iter().any(|source| source.transposed);
        let kind = match kinds.first() {
            Some(kind)
                if kinds.iter().all(|other| other == kind) && (!turned || kind.is_float()) =>
            {
                *kind
            }
            // Blocks do not survive being transposed, and rows of two types cannot lie in one matrix.
            _ => TensorType::F32,
        };
        Ok(Plan {
            name: sources
                .first()
                .map_or_else(String::new, |source| source.tensor.clone()),
            slabs,
            n,
            k,
            y_first,
            kind,
            offset: 0.0,
            sources,
        })
    }

    /// The type that all tensors have, or None.
    fn one_type(&self, sources: &[Source]) -> Option<TensorType> {
        let kind = |source: &Source| Some(self.checkpoint.tensor(&source.tensor)?.kind);
        let first = kind(sources.first()?);
        let same = sources.iter().all(|source| kind(source) == first);
        if same { first } else { None }
    }

    fn matrix(&self, name: &str, [n, k]: [usize; 2]) -> Result<Plan> {
        self.of(1, [n, k], 0, vec![Source::whole(name.into(), n, 0)])
    }

    /// Rows of one product: in one matrix if all tensors are of one type, and otherwise a matrix each.
    fn fused(&self, k: usize, sources: Vec<Source>) -> Result<Vec<Plan>> {
        let n = sources.iter().map(|source| source.count).sum();
        if self.one_type(&sources).is_some() {
            return Ok(vec![self.of(1, [n, k], 0, sources)?]);
        }
        let alone = sources.into_iter().map(|source| {
            let (n, y_first) = (source.count, source.base);
            self.of(1, [n, k], y_first, vec![Source { base: 0, ..source }])
        });
        alone.collect()
    }

    /// A vector of `slabs` times `n` numbers; those that no tensor gives are 0.
    fn vector(&self, slabs: usize, n: usize, sources: Vec<Source>) -> Result<Plan> {
        Ok(Plan {
            kind: TensorType::F32,
            ..self.of(slabs, [n, 1], 0, sources)?
        })
    }

    /// A vector of the tensors that are there, or None if none is.
    fn opt_vector(&self, slabs: usize, n: usize, sources: Vec<Source>) -> Result<Option<Plan>> {
        let there: Vec<_> = sources
            .into_iter()
            .filter(|source| self.has(&source.tensor))
            .collect();
        if there.is_empty() {
            return Ok(None);
        }
        self.vector(slabs, n, there).map(Some)
    }

    /// The gain of a norm.
    fn gain(&self, name: &str, n: usize) -> Result<Plan> {
        Ok(Plan {
            offset: self.config.norm_offset,
            ..self.vector(1, n, vec![Source::whole(name.into(), n, 0)])?
        })
    }

    fn opt_gain(&self, name: &str, n: usize) -> Result<Option<Plan>> {
        self.has(name).then(|| self.gain(name, n)).transpose()
    }

    fn layer(&self, i: usize) -> Result<Layer<Plan, Plan>> {
        let Config { d, h, cv, .. } = *self.config;
        let name = |part: &str| format!("blk.{i}.{part}");
        let router = match self.config.moe {
            Some(moe) if self.config.layers[i].sparse => Some((self.router(i, moe)?, moe)),
            _ => None,
        };
        let (router, ffn, shared) = match router {
            None => (None, self.dense(i, "", self.config.f)?, None),
            Some((router, moe)) => {
                let shared = match moe.apart() {
                    0 => None,
                    f => Some(self.dense(i, "_shexp", f)?),
                };
                (Some(router), self.mixture(i, moe)?, shared)
            }
        };
        // gpt-oss calls the feed-forward's norm by the name that Gemma has for attention's second one.
        let post_attention_norm = name("post_attention_norm.weight");
        let ffn_norm = name("ffn_norm.weight");
        let [ffn_norm, post_attention_norm] =
            match self.has(&ffn_norm) || !self.has(&post_attention_norm) {
                true => [ffn_norm, post_attention_norm],
                false => [post_attention_norm, String::new()],
            };
        let post_ffw_norm = self.opt_gain(&name("post_ffw_norm.weight"), d)?;
        if router.is_some() && post_ffw_norm.is_some() {
            return Err(Error::model(
                "norms behind a mixture of experts are not supported",
            ));
        }
        Ok(Layer {
            attn_norm: self.gain(&name("attn_norm.weight"), d)?,
            attention: match self.config.mla {
                None => self.grouped(i)?,
                Some(mla) => self.latent(i, mla)?,
            },
            attn_output: self.matrix(&name("attn_output.weight"), [d, h * cv])?,
            attn_output_bias: self.opt_vector(
                1,
                d,
                vec![Source::whole(name("attn_output.bias"), d, 0)],
            )?,
            post_attention_norm: self.opt_gain(&post_attention_norm, d)?,
            ffn_norm: self.gain(&ffn_norm, d)?,
            router,
            ffn,
            shared,
            post_ffw_norm,
        })
    }

    fn grouped(&self, i: usize) -> Result<Attention<Plan, Plan>> {
        let Config {
            d,
            h,
            kv,
            c,
            cv,
            qk_norm,
            ..
        } = *self.config;
        let rot = self.config.ropes[0].rot;
        let order = match self.config.pairs {
            Pairs::Neighbours => Order::Same,
            Pairs::Halves => Order::Neighbours {
                head: c,
                first: 0,
                rot,
            },
        };
        let (q, k, v) = (h * c, kv * c, kv * cv);
        let name = |part: &str| format!("blk.{i}.{part}");
        // q, k and v apart or fused, as weights or as biases.
        let parts = |kind: &str| {
            let fused = name(&format!("attn_qkv.{kind}"));
            if !self.has(&fused) {
                return [
                    ("attn_q", 0, q, order),
                    ("attn_k", q, k, order),
                    ("attn_v", q + k, v, Order::Same),
                ]
                .map(|(part, base, rows, order)| {
                    Source::whole(name(&format!("{part}.{kind}")), rows, base).ordered(order)
                });
            }
            [(0, q, order), (q, k, order), (q + k, v, Order::Same)].map(|(first, count, order)| {
                Source {
                    period: q + k + v,
                    first,
                    count,
                    base: first,
                    ..Source::whole(fused.clone(), q + k + v, 0).ordered(order)
                }
            })
        };
        let norm = |part: &str, heads: usize| -> Result<Option<Plan>> {
            let n = match qk_norm {
                QkNorm::None => return Ok(None),
                QkNorm::Head => c,
                QkNorm::All => heads * c,
            };
            let source = Source::whole(name(part), n, 0).ordered(order);
            Ok(Some(Plan {
                offset: self.config.norm_offset,
                ..self.vector(1, n, vec![source])?
            }))
        };
        Ok(Attention::Grouped {
            qkv: self.fused(d, parts("weight").into())?,
            bias: self.opt_vector(1, q + k + v, parts("bias").into())?,
            q_norm: norm("attn_q_norm.weight", h)?,
            k_norm: norm("attn_k_norm.weight", kv)?,
            sinks: self.opt_vector(1, h, vec![Source::whole(name("attn_sinks.weight"), h, 0)])?,
        })
    }

    fn latent(&self, i: usize, mla: Mla) -> Result<Attention<Plan, Plan>> {
        let Config { d, h, c, cv, .. } = *self.config;
        let Mla {
            q_rank,
            r,
            nope,
            rope,
            ..
        } = mla;
        let name = |part: &str| format!("blk.{i}.{part}.weight");
        let turned = |head: usize| match self.config.pairs {
            Pairs::Neighbours => Order::Same,
            Pairs::Halves => Order::Neighbours {
                head,
                first: head - rope,
                rot: rope,
            },
        };
        let q = |rank: &str, base| Source::whole(name(rank), h * c, base).ordered(turned(c));
        let kv_a =
            |base| Source::whole(name("attn_kv_a_mqa"), r + rope, base).ordered(turned(r + rope));
        let (down, q_a_norm, q_b) = if q_rank == 0 {
            (
                self.fused(d, vec![q("attn_q", 0), kv_a(h * c)])?,
                None,
                None,
            )
        } else {
            let q_a = Source::whole(name("attn_q_a"), q_rank, 0);
            (
                self.fused(d, vec![q_a, kv_a(q_rank)])?,
                Some(self.gain(&name("attn_q_a_norm"), q_rank)?),
                Some(self.of(1, [h * c, q_rank], 0, vec![q("attn_q_b", 0)])?),
            )
        };
        // A slab a head, of tensors whose rows are k's channels and then v's, or of two tensors.
        let (k_b, v_b) = if self.has(&name("attn_kv_b")) {
            let part = |first, count, transposed| Source {
                slabs: h,
                period: nope + cv,
                first,
                count,
                transposed,
                ..Source::whole(name("attn_kv_b"), 0, 0)
            };
            (part(0, nope, true), part(nope, cv, false))
        } else {
            let part = |part: &str, rows| Source {
                slabs: h,
                ..Source::whole(name(part), rows, 0)
            };
            (part("attn_k_b", r), part("attn_v_b", cv))
        };
        Ok(Attention::Latent {
            down,
            q_a_norm,
            q_b,
            kv_a_norm: self.gain(&name("attn_kv_a_norm"), r)?,
            k_b: self.of(h, [r, nope], 0, vec![k_b])?,
            v_b: self.of(h, [cv, r], 0, vec![v_b])?,
        })
    }

    fn router(&self, i: usize, moe: Moe) -> Result<Router<Plan, Plan>> {
        let e = moe.e;
        let name = |part: &str| format!("blk.{i}.{part}");
        let mut rows = vec![Source::whole(name("ffn_gate_inp.weight"), e, 0)];
        let shared_gate = name("ffn_gate_inp_shexp.weight");
        let shared_gate = (moe.shared > 0 && self.has(&shared_gate)).then_some(shared_gate);
        rows.extend(
            shared_gate
                .iter()
                .map(|gate| Source::whole(gate.clone(), 1, e)),
        );
        let n = e + usize::from(shared_gate.is_some());
        let vector = |part: &str| self.opt_vector(1, e, vec![Source::whole(name(part), e, 0)]);
        Ok(Router {
            gate: self.of(1, [n, self.config.d], 0, rows)?,
            shared_gate: shared_gate.is_some(),
            bias: vector("ffn_gate_inp.bias")?,
            selection: vector("exp_probs_b.bias")?,
        })
    }

    fn dense(&self, i: usize, suffix: &str, f: usize) -> Result<FeedForward<Plan, Plan>> {
        let d = self.config.d;
        let name = |part: &str, kind: &str| format!("blk.{i}.{part}{suffix}.{kind}");
        // Phi-3 has gate and up in one tensor, gate first.
        let halves = |kind: &str| match self.has(&name("ffn_gate", "weight")) {
            true => vec![
                Source::whole(name("ffn_gate", kind), f, 0),
                Source::whole(name("ffn_up", kind), f, f),
            ],
            false => vec![Source::whole(name("ffn_up", kind), 2 * f, 0)],
        };
        Ok(FeedForward {
            gate_up: self.of(1, [2 * f, d], 0, halves("weight"))?,
            gate_up_bias: self.opt_vector(1, 2 * f, halves("bias"))?,
            down: self.matrix(&name("ffn_down", "weight"), [d, f])?,
            down_bias: self.opt_vector(
                1,
                d,
                vec![Source::whole(name("ffn_down", "bias"), d, 0)],
            )?,
        })
    }

    fn mixture(&self, i: usize, moe: Moe) -> Result<FeedForward<Plan, Plan>> {
        let (e, f, d) = (moe.e + moe.es, moe.f, self.config.d);
        let [gate_up, down] = self.experts(i, moe, "weight");
        let [gate_up_bias, down_bias] = self.experts(i, moe, "bias");
        Ok(FeedForward {
            gate_up: self.of(e, [2 * f, d], 0, gate_up)?,
            gate_up_bias: self.opt_vector(e, 2 * f, gate_up_bias)?,
            down: self.of(e, [d, f], 0, down)?,
            down_bias: self.opt_vector(e, d, down_bias)?,
        })
    }

    /// What makes gate_up and down, or their biases: experts in stacks, in stacks of gates and ups together, or one by one,
    /// and behind them the shared one in slabs.
    fn experts(&self, i: usize, moe: Moe, kind: &str) -> [Vec<Source>; 2] {
        let (Moe { e, es, f, .. }, d) = (moe, self.config.d);
        let weights = kind == "weight";
        let name = |part: &str| format!("blk.{i}.{part}.{kind}");
        let has = |part: &str| self.has(&format!("blk.{i}.{part}.weight"));
        let stack = |part: &str, rows, base| Source {
            slabs: e,
            ..Source::whole(name(&format!("{part}_exps")), rows, base)
        };
        let each = |part: &str, rows, base| -> Vec<Source> {
            let one = |slab| Source {
                slab,
                ..Source::whole(name(&format!("{part}.{slab}")), rows, base)
            };
            (0..e).map(one).collect()
        };
        // transformers keeps gpt-oss' experts transposed, with gates and ups as neighbours.
        let turned = self.config.activation == Activation::ClampedSwiGlu;
        let turn = |source: Source, k: usize, order| match turned {
            true if weights => Source {
                period: k,
                count: k,
                transposed: true,
                order,
                ..source
            },
            true => source.ordered(order),
            false => source,
        };
        let [mut gate_up, mut down] = if has("ffn_gate_up_exps") {
            let order = Order::Apart { rot: 2 * f };
            [
                vec![turn(stack("ffn_gate_up", 2 * f, 0), d, order)],
                vec![turn(stack("ffn_down", d, 0), f, Order::Same)],
            ]
        } else if has("ffn_gate_exps") || !weights {
            // One by one they have no biases.
            let gate_up = vec![stack("ffn_gate", f, 0), stack("ffn_up", f, f)];
            [gate_up, vec![stack("ffn_down", d, 0)]]
        } else {
            let gate_up = [each("ffn_gate", f, 0), each("ffn_up", f, f)].concat();
            [gate_up, each("ffn_down", d, 0)]
        };
        if es > 0 {
            let rows = |part, base| Source {
                slabs: es,
                slab: e,
                ..Source::whole(name(part), f, base)
            };
            gate_up.extend([rows("ffn_gate_shexp", 0), rows("ffn_up_shexp", f)]);
            // Columns of weights; what is added behind the sum of all columns is the first's.
            let parts = if weights { es } else { 1 };
            down.extend((0..parts).map(|part| Source {
                slab: e + part,
                parts,
                part,
                ..Source::whole(name("ffn_down_shexp"), d, 0)
            }));
        }
        [gate_up, down]
    }
}
