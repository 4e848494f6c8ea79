//! The tensors of a model, in the order of the forward.
//!
//! `Tree` is generic in what stands for a matrix and for a vector: plans in `plan`, GPU buffers in `weights`, floats in
//! `reference`. Names are GGUF's.

use crate::Result;

/// All tensors of a model. Letters as in docs/shapes.md.
#[derive(Debug, Clone)]
pub struct Tree<M, V> {
    pub token_embd: M,            // [V, D]
    pub layers: Vec<Layer<M, V>>, // [L]
    pub output_norm: V,           // [D]
    pub output: Option<M>,        // [V, D]; absent: the embedding
}

/// One layer.
#[derive(Debug, Clone)]
pub struct Layer<M, V> {
    pub attn_norm: V, // [D]
    pub attention: Attention<M, V>,
    pub attn_output: M,                    // [D, H·Cv]
    pub attn_output_bias: Option<V>,       // [D]
    pub post_attention_norm: Option<V>,    // [D]
    pub ffn_norm: V,                       // [D]
    pub router: Option<Router<M, V>>,      // of a sparse layer
    pub ffn: FeedForward<M, V>,            // dense: a mixture with one expert
    pub shared: Option<FeedForward<M, V>>, // the shared expert, if it is none of the mixture's
    pub post_ffw_norm: Option<V>,          // [D]
}

/// What makes q, k and v.
#[derive(Debug, Clone)]
pub enum Attention<M, V> {
    /// Query heads in groups that share a kv head (2305.13245).
    Grouped {
        qkv: Vec<M>,       // [(H + 2K)·C, D], in one matrix or, of different types, in several
        bias: Option<V>,   // [(H + 2K)·C]
        q_norm: Option<V>, // [C] or [H·C]
        k_norm: Option<V>, // [C] or [K·C]
        sinks: Option<V>,  // [H]
    },
    /// A latent that all heads share (2405.04434).
    Latent {
        down: Vec<M>, // [Rq + R + rope, D]: q_a and kv_a; without q_a [H·C + R + rope, D]: q and kv_a
        q_a_norm: Option<V>, // [Rq]
        q_b: Option<M>, // [H·C, Rq]
        kv_a_norm: V, // [R]
        k_b: M,       // [H, R, nope]
        v_b: M,       // [H, Cv, R]
    },
}

/// Scores of experts.
#[derive(Debug, Clone)]
pub struct Router<M, V> {
    pub gate: M,              // [E, D], and a row for the shared expert's gate
    pub shared_gate: bool,    // the row is there
    pub bias: Option<V>,      // [E]
    pub selection: Option<V>, // [E], added for the choice alone
}

/// A feed-forward, or E of them; in a mixture E counts the shared expert's Es too.
#[derive(Debug, Clone)]
pub struct FeedForward<M, V> {
    pub gate_up: M,              // [E, 2F, D]
    pub gate_up_bias: Option<V>, // [E, 2F]
    pub down: M,                 // [E, D, F]
    pub down_bias: Option<V>,    // [E, D]
}

impl<M, V> Tree<M, V> {
    /// Every matrix.
    pub fn matrices(&self) -> impl Iterator<Item = &M> {
        let layers = self.layers.iter().flat_map(Layer::matrices);
        [&self.token_embd]
            .into_iter()
            .chain(layers)
            .chain(&self.output)
    }

    /// Every vector.
    pub fn vectors(&self) -> impl Iterator<Item = &V> {
        let layers = self.layers.iter().flat_map(Layer::vectors);
        layers.chain([&self.output_norm])
    }

    /// The output matrix, [V, D].
    pub fn head(&self) -> &M {
        self.output.as_ref().unwrap_or(&self.token_embd)
    }

    /// The same tree of other matrices and vectors.
    pub fn try_map<N, W>(
        &self,
        m: &mut impl FnMut(&M) -> Result<N>,
        v: &mut impl FnMut(&V) -> Result<W>,
    ) -> Result<Tree<N, W>> {
        let layers = self.layers.iter().map(|layer| layer.try_map(m, v));
        let layers = layers.collect::<Result<_>>()?;
        Ok(Tree {
            token_embd: m(&self.token_embd)?,
            layers,
            output_norm: v(&self.output_norm)?,
            output: self.output.as_ref().map(m).transpose()?,
        })
    }
}

impl<M, V> Layer<M, V> {
    fn matrices(&self) -> impl Iterator<Item = &M> {
        let attention: Vec<&M> = match &self.attention {
            Attention::Grouped { qkv, .. } => qkv.iter().collect(),
            Attention::Latent {
                down,
                q_b,
                k_b,
                v_b,
                ..
            } => down.iter().chain(q_b).chain([k_b, v_b]).collect(),
        };
        let feeds = [Some(&self.ffn), self.shared.as_ref()]
            .into_iter()
            .flatten();
        let feeds = feeds.flat_map(|ffn| [&ffn.gate_up, &ffn.down]);
        let router = self.router.iter().map(|router| &router.gate);
        attention
            .into_iter()
            .chain([&self.attn_output])
            .chain(router)
            .chain(feeds)
    }

    fn vectors(&self) -> impl Iterator<Item = &V> {
        let mut all = vec![&self.attn_norm, &self.ffn_norm];
        match &self.attention {
            Attention::Grouped {
                bias,
                q_norm,
                k_norm,
                sinks,
                ..
            } => {
                all.extend([bias, q_norm, k_norm, sinks].into_iter().flatten());
            }
            Attention::Latent {
                q_a_norm,
                kv_a_norm,
                ..
            } => {
                all.extend(q_a_norm);
                all.push(kv_a_norm);
            }
        }
        all.extend(
            [
                &self.attn_output_bias,
                &self.post_attention_norm,
                &self.post_ffw_norm,
            ]
            .into_iter()
            .flatten(),
        );
        if let Some(router) = &self.router {
            all.extend([&router.bias, &router.selection].into_iter().flatten());
        }
        for ffn in [Some(&self.ffn), self.shared.as_ref()]
            .into_iter()
            .flatten()
        {
            all.extend([&ffn.gate_up_bias, &ffn.down_bias].into_iter().flatten());
        }
        all.into_iter()
    }

    fn try_map<N, W>(
        &self,
        m: &mut impl FnMut(&M) -> Result<N>,
        v: &mut impl FnMut(&V) -> Result<W>,
    ) -> Result<Layer<N, W>> {
        let opt = |v: &mut dyn FnMut(&V) -> Result<W>, x: &Option<V>| x.as_ref().map(v).transpose();
        Ok(Layer {
            attn_norm: v(&self.attn_norm)?,
            attention: match &self.attention {
                Attention::Grouped {
                    qkv,
                    bias,
                    q_norm,
                    k_norm,
                    sinks,
                } => Attention::Grouped {
                    qkv: qkv.iter().map(&mut *m).collect::<Result<_>>()?,
                    bias: opt(v, bias)?,
                    q_norm: opt(v, q_norm)?,
                    k_norm: opt(v, k_norm)?,
                    sinks: opt(v, sinks)?,
                },
                Attention::Latent {
                    down,
                    q_a_norm,
                    q_b,
                    kv_a_norm,
                    k_b,
                    v_b,
                } => Attention::Latent {
                    down: down.iter().map(&mut *m).collect::<Result<_>>()?,
                    q_a_norm: opt(v, q_a_norm)?,
                    q_b: q_b.as_ref().map(&mut *m).transpose()?,
                    kv_a_norm: v(kv_a_norm)?,
                    k_b: m(k_b)?,
                    v_b: m(v_b)?,
                },
            },
            attn_output: m(&self.attn_output)?,
            attn_output_bias: opt(v, &self.attn_output_bias)?,
            post_attention_norm: opt(v, &self.post_attention_norm)?,
            ffn_norm: v(&self.ffn_norm)?,
            router: match &self.router {
                None => None,
                Some(router) => Some(Router {
                    gate: m(&router.gate)?,
                    shared_gate: router.shared_gate,
                    bias: opt(v, &router.bias)?,
                    selection: opt(v, &router.selection)?,
                }),
            },
            ffn: self.ffn.try_map(m, v)?,
            shared: self
                .shared
                .as_ref()
                .map(|ffn| ffn.try_map(m, v))
                .transpose()?,
            post_ffw_norm: opt(v, &self.post_ffw_norm)?,
        })
    }
}

impl<M, V> FeedForward<M, V> {
    fn try_map<N, W>(
        &self,
        m: &mut impl FnMut(&M) -> Result<N>,
        v: &mut impl FnMut(&V) -> Result<W>,
    ) -> Result<FeedForward<N, W>> {
        Ok(FeedForward {
            gate_up: m(&self.gate_up)?,
            gate_up_bias: self.gate_up_bias.as_ref().map(&mut *v).transpose()?,
            down: m(&self.down)?,
            down_bias: self.down_bias.as_ref().map(&mut *v).transpose()?,
        })
    }
}
