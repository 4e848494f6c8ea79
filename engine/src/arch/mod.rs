//! Architectures: what a checkpoint's metadata says, as numbers. One file a family; absence is a value.

mod deepseek2;
mod gemma3;
mod gpt_oss;
mod granite;
mod keys;
mod llama;
mod minicpm;
mod olmoe;
mod phi3;
pub mod plan;
mod qwen;
pub mod rope;
pub mod tree;

use crate::format::Checkpoint;
use crate::{Error, Result};

pub use rope::{Pairs, Rope};

/// A model as numbers. Letters as in docs/shapes.md.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Config {
    /// GGUF's name of the architecture.
    pub architecture: String,
    /// D, the model's width.
    pub d: usize,
    /// L, layers.
    pub l: usize,
    /// H, query heads.
    pub h: usize,
    /// K, kv heads; a divisor of H.
    pub kv: usize,
    /// C, channels of a head of q and k; for MLA those without position and those with it.
    pub c: usize,
    /// Channels of a head of v.
    pub cv: usize,
    /// F, the width of a dense feed-forward.
    pub f: usize,
    /// V, the vocabulary.
    pub v: usize,
    /// Positions the model was trained for.
    pub context: usize,
    /// ε of RMSNorm.
    pub eps: f32,
    /// What scores are multiplied by.
    pub attention_scale: f32,
    /// How the checkpoint pairs the channels that rope turns. On the GPU they are always neighbours.
    pub pairs: Pairs,
    /// Tables of rotary positions; layers choose one.
    pub ropes: Vec<Rope>,
    /// What differs from layer to layer, `[L]`.
    pub layers: Vec<LayerKind>,
    /// Norms of q and k before rope.
    pub qk_norm: QkNorm,
    /// Attention over a compressed cache, or None.
    pub mla: Option<Mla>,
    /// The mixture of experts of its sparse layers, or None.
    pub moe: Option<Moe>,
    /// What stands between the feed-forward's two products.
    pub activation: Activation,
    /// What embeddings are multiplied by.
    pub embedding_scale: f32,
    /// What a block's result is multiplied by before it is added to the residual stream.
    pub residual_scale: f32,
    /// What logits are multiplied by.
    pub logit_scale: f32,
    /// What is added to the checkpoint's gains of RMSNorm: 1 where they are stored less one.
    pub norm_offset: f32,
    /// The output matrix is the embedding.
    pub tied: bool,
}

/// What differs from layer to layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct LayerKind {
    /// Positions that a query sees, itself included; 0: all before it.
    pub window: usize,
    /// Which of the model's ropes it has.
    pub rope: usize,
    /// Its feed-forward is the mixture.
    pub sparse: bool,
}

/// Norms of q and k before rope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum QkNorm {
    /// None.
    None,
    /// Over each head (Qwen3, Gemma 3).
    Head,
    /// Over all heads at once (OLMoE).
    All,
}

/// What stands between the feed-forward's two products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Activation {
    /// silu(gate) · up (Shazeer 2020).
    SwiGlu,
    /// gelu(gate) · up, with the tanh approximation.
    GeGlu,
    /// gpt-oss: g = min(gate, 7), u = clamp(up, -7, 7): (u + 1) · g · sigmoid(1.702 g).
    ClampedSwiGlu,
}

/// Multi-head latent attention (DeepSeek-V2, 2405.04434): k and v of all heads come from one latent vector a token.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Mla {
    /// Rank of the latent that q comes from; 0: q comes from x.
    pub q_rank: usize,
    /// R, rank of the latent that k and v come from.
    pub r: usize,
    /// Channels of q and k without position.
    pub nope: usize,
    /// Channels of q and k with position; those of k are shared by all heads.
    pub rope: usize,
    /// ε of the latents' norms.
    pub eps: f32,
}

/// A mixture of experts.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Moe {
    /// E, experts.
    pub e: usize,
    /// A, experts active per token.
    pub a: usize,
    /// F of an expert.
    pub f: usize,
    /// F of the shared expert; 0: none.
    pub shared: usize,
    /// Es, further experts that the shared one is, behind the E in their matrices; 0: it has matrices of its own.
    pub es: usize,
    /// Scores to weights.
    pub gating: Gating,
    /// Weights are divided by their sum.
    pub norm: bool,
    /// What weights are multiplied by.
    pub scale: f32,
    /// Groups of neighbouring experts; 1: none.
    pub groups: usize,
    /// Groups that experts are chosen from.
    pub groups_used: usize,
    /// What a group is chosen by.
    pub group_rule: GroupRule,
}

/// How router logits become scores and weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Gating {
    /// Softmax over all experts.
    Softmax = 1,
    /// A sigmoid for each expert.
    Sigmoid = 2,
    /// Softmax over the chosen experts.
    SoftmaxOfChosen = 3,
    /// sqrt(softplus) for each expert.
    SqrtSoftplus = 4,
}

/// What a group of experts is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum GroupRule {
    /// Its best expert (DeepSeek-V2).
    Best,
    /// The sum of its two best (DeepSeek-V3).
    BestTwo,
}

/// Reads an architecture's numbers.
type Reader = fn(&Checkpoint) -> Result<Config>;

/// The architectures that are supported, by GGUF's name.
const ARCHITECTURES: [(&str, Reader); 14] = [
    ("llama", llama::config),
    ("qwen2", qwen::qwen2),
    ("qwen2moe", qwen::qwen2moe),
    ("qwen3", qwen::qwen3),
    ("qwen3moe", qwen::qwen3moe),
    ("olmoe", olmoe::config),
    ("phi3", phi3::config),
    ("gemma3", gemma3::config),
    ("granite", granite::config),
    ("granitemoe", granite::config),
    ("minicpm", minicpm::minicpm),
    ("minicpm3", minicpm::minicpm3),
    ("deepseek2", deepseek2::config),
    ("gpt-oss", gpt_oss::config),
];

/// The names of the architectures that are supported, as GGUF has them.
pub fn supported() -> impl Iterator<Item = &'static str> {
    ARCHITECTURES.iter().map(|(name, _)| *name)
}

impl Config {
    /// Reads and checks the numbers of a checkpoint, and that its tensors are those of its architecture, in their shapes.
    ///
    /// # Errors
    /// An architecture that is not supported, a number that is missing or makes no sense, a tensor that is missing,
    /// unknown or of another shape.
    pub async fn read(checkpoint: &Checkpoint) -> Result<Self> {
        let name = checkpoint.metadata.str("general.architecture")?;
        let Some((_, reader)) = ARCHITECTURES.iter().find(|(known, _)| *known == name) else {
            let known: Vec<_> = supported().collect();
            return Err(Error::model(format!(
                "the architecture \"{name}\" is not supported; supported are: {}",
                known.join(", ")
            )));
        };
        let mut config = reader(checkpoint)?;
        config.check()?;
        let es = plan::further(&config, checkpoint);
        if let Some(moe) = &mut config.moe {
            moe.es = es;
        }
        plan::check(&config, checkpoint)?;
        for rope in &mut config.ropes {
            rope.read_factors(checkpoint).await?;
        }
        Ok(config)
    }

    /// Numbers that kernels and sizes rely on.
    fn check(&self) -> Result<()> {
        for (what, n) in [
            ("embedding_length", self.d),
            ("block_count", self.l),
            ("attention.head_count", self.h),
            ("attention.head_count_kv", self.kv),
            ("attention.key_length", self.c),
            ("attention.value_length", self.cv),
            ("feed_forward_length", self.f),
            ("vocab_size", self.v),
            ("context_length", self.context),
        ] {
            sensible(what, n)?;
        }
        if !self.h.is_multiple_of(self.kv) {
            return senseless(format!(
                "{} query heads cannot share {} kv heads evenly",
                self.h, self.kv
            ));
        }
        for (what, c) in [("keys", self.c), ("values", self.cv)] {
            if !c.is_multiple_of(4) || (self.mla.is_none() && c > 256) {
                return Err(Error::model(format!(
                    "heads whose {what} have {c} channels are not supported; a multiple of 4 up to 256 is"
                )));
            }
        }
        if self.mla.is_none() && self.c != self.cv {
            return Err(Error::model(format!(
                "heads whose keys have {} channels and whose values have {} are not supported for {}",
                self.c, self.cv, self.architecture
            )));
        }
        if let Some(Mla {
            q_rank,
            r,
            nope,
            rope,
            ..
        }) = self.mla
            && ([r, nope, rope]
                .iter()
                .any(|n| *n == 0 || !n.is_multiple_of(4))
                || r + rope > 640
                || q_rank > MOST)
        {
            return Err(Error::model(format!(
                "latent attention of rank {r} with heads of {nope} and {rope} channels is not supported; multiples of 4 and at most 640 together are"
            )));
        }
        if let Some(moe) = &self.moe {
            moe.check()?;
        }
        let turned = self.mla.map_or(self.c, |mla| mla.rope);
        for rope in &self.ropes {
            rope.check(turned)?;
        }
        for (what, x) in [
            ("norm's epsilon", self.eps),
            ("attention scale", self.attention_scale),
            ("embedding scale", self.embedding_scale),
            ("residual scale", self.residual_scale),
            ("logit scale", self.logit_scale),
        ] {
            positive(what, x)?;
        }
        Ok(())
    }

    /// Parameters of the model, and those a token goes through.
    pub fn parameters(&self, checkpoint: &Checkpoint) -> (u64, u64) {
        let numbers = |t: &crate::format::Tensor| t.shape.iter().product::<u64>();
        let total = checkpoint.tensors.iter().map(numbers).sum();
        let experts: u64 = checkpoint
            .tensors
            .iter()
            .filter(|t| plan::is_expert(&t.name))
            .map(numbers)
            .sum();
        let active = self
            .moe
            .map_or(experts, |moe| experts / moe.e as u64 * moe.a as u64);
        (total, total - experts + active)
    }
}

impl Moe {
    /// Experts of a layer at most.
    pub const MOST_EXPERTS: usize = 1024;
    /// Groups of experts at most.
    pub const MOST_GROUPS: usize = 256;

    /// F of a shared expert that has matrices of its own; 0: there is none.
    pub fn apart(&self) -> usize {
        if self.es == 0 { self.shared } else { 0 }
    }

    /// Numbers that the router relies on.
    fn check(&self) -> Result<()> {
        for (what, n) in [
            ("expert_count", self.e),
            ("expert_used_count", self.a),
            ("expert_feed_forward_length", self.f),
            ("expert_group_count", self.groups),
            ("expert_group_used_count", self.groups_used),
        ] {
            sensible(what, n)?;
        }
        let (most, most_groups) = (Self::MOST_EXPERTS, Self::MOST_GROUPS);
        if self.a > self.e || self.e > most || self.a > 64 {
            return senseless(format!(
                "{} of {} experts a token make no sense (up to 64 of up to {most} do)",
                self.a, self.e
            ));
        }
        if self.groups > most_groups {
            return senseless(format!(
                "{} groups of experts make no sense (up to {most_groups} do)",
                self.groups
            ));
        }
        if !self.e.is_multiple_of(self.groups)
            || self.groups_used > self.groups
            || self.a > self.e / self.groups * self.groups_used
        {
            return senseless(format!(
                "{} experts cannot be chosen from {} of {} groups of {} experts",
                self.a, self.groups_used, self.groups, self.e
            ));
        }
        positive("scale of expert weights", self.scale)
    }
}

/// The greatest size: every product of two stays within u64 and every index of a kernel within u32.
const MOST: usize = 1 << 24;

fn sensible(what: &str, n: usize) -> Result<()> {
    if n == 0 || n > MOST {
        return Err(Error::model(format!(
            "the model's {what} is {n}, which makes no sense"
        )));
    }
    Ok(())
}

fn positive(what: &str, x: f32) -> Result<()> {
    if !x.is_finite() || x < 0.0 {
        return senseless(format!("the {what} is {x}"));
    }
    Ok(())
}

fn senseless(what: String) -> Result<()> {
    Err(Error::model(format!("{what}; the file is broken")))
}
