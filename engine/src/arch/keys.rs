//! The keys that most architectures share, and the numbers of a plain decoder that a family then changes.

use super::{Activation, Config, GroupRule, LayerKind, Moe, Pairs, QkNorm, Rope};
use crate::format::{Checkpoint, Format, Metadata};
use crate::{Error, Result};

/// The metadata of one architecture.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub name: &'a str,
    pub metadata: &'a Metadata,
}

impl<'a> Keys<'a> {
    pub fn new(checkpoint: &'a Checkpoint) -> Result<Self> {
        let metadata = &checkpoint.metadata;
        let name = metadata.str("general.architecture")?;
        Ok(Self { name, metadata })
    }

    pub fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    pub fn count(&self, key: &str) -> Result<usize> {
        self.metadata.u32(&self.key(key)).map(|n| n as usize)
    }

    pub fn opt_count(&self, key: &str) -> Result<Option<usize>> {
        Ok(self.metadata.opt_u32(&self.key(key))?.map(|n| n as usize))
    }

    pub fn float(&self, key: &str) -> Result<f32> {
        self.metadata.f32(&self.key(key))
    }

    pub fn opt_float(&self, key: &str) -> Result<Option<f32>> {
        self.metadata.opt_f32(&self.key(key))
    }

    pub fn opt_bool(&self, key: &str) -> Result<Option<bool>> {
        self.metadata.opt_bool(&self.key(key))
    }

    /// A bool a layer, if the key is there.
    pub fn opt_bools(&self, key: &str, layers: usize) -> Result<Option<Vec<bool>>> {
        let key = self.key(key);
        match self.metadata.opt_bools(&key)? {
            Some(all) if all.len() != layers => Err(Error::model(format!(
                "{key} has {} entries for {layers} layers; the file is broken",
                all.len()
            ))),
            all => Ok(all.map(<[bool]>::to_vec)),
        }
    }

    /// Refuses what a key asks for beyond what is computed here.
    pub fn refuse(&self, key: &str, what: &str) -> Result<()> {
        match self.opt_float(key) {
            Ok(None | Some(0.0)) => Ok(()),
            _ => Err(Error::model(format!(
                "{what} ({}) is not supported for {}",
                self.key(key),
                self.name
            ))),
        }
    }

    /// A plain decoder: every layer alike, RMSNorm, rope over whole heads, SwiGLU.
    ///
    /// # Errors
    /// A key that every decoder has is missing or of another type.
    pub fn decoder(&self, checkpoint: &Checkpoint, pairs: Pairs) -> Result<Config> {
        let [d, l, h] = [
            self.count("embedding_length")?,
            self.count("block_count")?,
            self.count("attention.head_count")?,
        ];
        let c = match self.opt_count("attention.key_length")? {
            Some(c) => c,
            None => d.checked_div(h).unwrap_or(0),
        };
        let rot = self.opt_count("rope.dimension_count")?.unwrap_or(c);
        let v = checkpoint
            .tensor("token_embd.weight")
            .and_then(|t| t.shape.first().copied())
            .and_then(|v| usize::try_from(v).ok())
            .ok_or_else(|| {
                Error::model(format!(
                    "the tensor token_embd.weight is missing; the file is not complete or not a {} model",
                    self.name
                ))
            })?;
        self.refuse("attn_logit_softcapping", "capping of attention's logits")?;
        self.refuse("final_logit_softcapping", "capping of logits")?;
        Ok(Config {
            architecture: self.name.into(),
            d,
            l,
            h,
            kv: self.opt_count("attention.head_count_kv")?.unwrap_or(h),
            c,
            cv: self.opt_count("attention.value_length")?.unwrap_or(c),
            f: self.opt_count("feed_forward_length")?.unwrap_or(0),
            v,
            context: self.count("context_length")?,
            eps: self.float("attention.layer_norm_rms_epsilon")?,
            attention_scale: match self.opt_float("attention.scale")? {
                Some(scale) if scale != 0.0 => scale,
                _ => 1.0 / (c as f32).sqrt(),
            },
            pairs,
            ropes: vec![Rope::read(checkpoint, self.name, rot)?],
            layers: vec![LayerKind::default(); l.min(1 << 16)],
            qk_norm: QkNorm::None,
            mla: None,
            moe: None,
            activation: Activation::SwiGlu,
            embedding_scale: 1.0,
            residual_scale: 1.0,
            logit_scale: 1.0,
            norm_offset: 0.0,
            tied: checkpoint.tensor("output.weight").is_none(),
        })
    }

    /// A sliding window in the layers that `pattern` says, unless the metadata has a pattern of its own.
    pub fn windows(&self, config: &mut Config, pattern: impl Fn(usize) -> bool) -> Result<()> {
        let window = self.opt_count("attention.sliding_window")?.unwrap_or(0);
        let own = self.opt_bools("attention.sliding_window_pattern", config.l);
        // Some files have the period as a number here.
        let own = own.ok().flatten();
        for (i, layer) in config.layers.iter_mut().enumerate() {
            let windowed = own.as_ref().map_or_else(|| pattern(i), |own| own[i]);
            layer.window = if windowed { window } else { 0 };
        }
        Ok(())
    }

    /// The mixture that the keys describe, or None; `base` has what the family does where keys are silent.
    pub fn mixture(&self, config: &mut Config, base: Moe) -> Result<()> {
        let Some(e) = self.opt_count("expert_count")?.filter(|e| *e > 0) else {
            return Ok(());
        };
        let gating = match self.opt_count("expert_gating_func")? {
            None | Some(0) => base.gating,
            Some(1) => super::Gating::Softmax,
            Some(2) => super::Gating::Sigmoid,
            Some(3) => super::Gating::SoftmaxOfChosen,
            Some(4) => super::Gating::SqrtSoftplus,
            Some(other) => {
                return Err(Error::model(format!(
                    "the gating {other} of experts ({}) is unknown; 1 to 4 are known",
                    self.key("expert_gating_func")
                )));
            }
        };
        let group_rule = match self.metadata.opt_str(&self.key("expert_group_rule"))? {
            None => base.group_rule,
            Some("max") => GroupRule::Best,
            Some("sum2") => GroupRule::BestTwo,
            Some(other) => {
                return Err(Error::model(format!(
                    "the rule \"{other}\" for groups of experts is unknown; \"max\" and \"sum2\" are known"
                )));
            }
        };
        let f = self.opt_count("expert_feed_forward_length")?;
        config.moe = Some(Moe {
            e,
            a: self.count("expert_used_count")?,
            f: f.unwrap_or(if base.f == 0 { config.f } else { base.f }),
            shared: self
                .opt_count("expert_shared_feed_forward_length")?
                .unwrap_or(base.shared),
            es: base.es,
            gating,
            norm: self.opt_bool("expert_weights_norm")?.unwrap_or(base.norm),
            scale: match self.opt_float("expert_weights_scale")? {
                None | Some(0.0) => base.scale,
                Some(scale) => scale,
            },
            groups: self.opt_count("expert_group_count")?.unwrap_or(1).max(1),
            groups_used: self
                .opt_count("expert_group_used_count")?
                .unwrap_or(1)
                .max(1),
            group_rule,
        });
        let own = self.opt_bools("moe_layers", config.l)?;
        let lead = self.opt_count("leading_dense_block_count")?.unwrap_or(0);
        for (i, layer) in config.layers.iter_mut().enumerate() {
            layer.sparse = own.as_ref().map_or(i >= lead, |own| own[i]);
        }
        Ok(())
    }
}

/// A mixture whose keys are silent: softmax over all experts, renormalised.
pub(super) fn mixture() -> Moe {
    Moe {
        e: 0,
        a: 0,
        f: 0,
        shared: 0,
        es: 0,
        gating: super::Gating::Softmax,
        norm: true,
        scale: 1.0,
        groups: 1,
        groups_used: 1,
        group_rule: GroupRule::Best,
    }
}

/// How families pair channels whose rows GGUF's converter permutes, and Hugging Face's folders do not.
pub(super) fn permuted(checkpoint: &Checkpoint) -> Pairs {
    match checkpoint.format {
        Format::Gguf => Pairs::Neighbours,
        Format::HuggingFace => Pairs::Halves,
    }
}
