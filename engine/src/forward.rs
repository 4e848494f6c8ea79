//! The model: Config × Weights × State to dispatches, to be read like the paper. `reference.rs` is the same on the CPU,
//! line by line.
//!
//! T tokens, D width, H query heads, K kv heads, C channels a head, F feed-forward, E experts, A active ones, R latent rank,
//! V vocabulary, L layers.

use crate::arch::tree::{self, Attention};
use crate::arch::{Config, LayerKind, Mla, Moe, QkNorm};
use crate::gpu::{Dispatch, Output, Params};
use crate::kv::{Cache, State};
use crate::ops::{self, Heads, LatentInput, Product, Routes, Split, Through};
use crate::weights::{Matrix, Weights};

/// Which tokens of a batch get logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logits {
    /// None: a prompt's earlier chunks.
    None,
    /// The last: what comes next is sampled from it.
    Last,
    /// All of them.
    All,
}

/// Tokens up to which experts are taken token by token; beyond, tokens are taken expert by expert.
pub(crate) const FEW: u32 = 8;

type Layer = tree::Layer<Matrix, wgpu::Buffer>;
type FeedForward = tree::FeedForward<Matrix, wgpu::Buffer>;

/// One batch of up to `t` tokens through the model. Decode is `t` = 1.
pub fn forward(
    config: &Config,
    weights: &Weights,
    state: &State,
    t: u32,
    logits: Logits,
) -> Vec<Dispatch> {
    let (tree, none) = (&weights.tree, &weights.nothing);
    let embedded = [&state.place, &state.ids, &state.x];
    let all = ops::embed(embedded, &tree.token_embd, config.embedding_scale, t); // x [T, D]
    let mut graph = Graph {
        config,
        state,
        none,
        t,
        parts: state
            .parts
            .as_ref()
            .filter(|_| t <= if state.joins { 1 } else { FEW })
            .map(|(parts, split)| (parts, *split)),
        all,
    };
    for (i, layer) in tree.layers.iter().enumerate() {
        let (kind, cache) = (config.layers[i], &state.cache[i]);
        match config.mla {
            None => graph.grouped(layer, kind, cache), // attn [T, H·Cv]
            Some(mla) => graph.latent(layer, mla, cache), // attn [T, H·Cv]
        }
        let heads = config.h * config.cv;
        let (attended, split) = match config.mla {
            None => graph.attended(&state.attn),
            Some(_) => (&state.attn, None), // v_b has put parts together
        };
        let product = Product {
            split,
            bias: layer.attn_output_bias.as_ref(),
            ..graph.to_x(heads, &layer.post_attention_norm)
        };
        graph.product(
            attended,
            graph.target(&product),
            &layer.attn_output,
            &product,
        );
        graph.post_norm(&layer.post_attention_norm);

        match config.moe {
            Some(moe) if kind.sparse => graph.mixture(layer, moe, (&weights.usage, i)),
            _ => graph.dense(layer, &layer.ffn, config.f, Through::All),
        }
        graph.post_norm(&layer.post_ffw_norm);
    }
    if logits != Logits::None {
        let head = Product {
            last: logits == Logits::Last,
            scale: config.logit_scale,
            ..graph.normed(&tree.output_norm, Output::Store, config.v)
        };
        graph.product(&state.x, &state.logits, tree.head(), &head); // [T or 1, V]
    }
    graph.all
}

/// A forward and, as its last dispatch, the choice of the id that comes next; its parameters are `Sampling::params`.
pub fn sampled(
    config: &Config,
    weights: &Weights,
    state: &State,
    t: u32,
    choice: Params,
) -> Vec<Dispatch> {
    let mut all = forward(config, weights, state, t, Logits::Last);
    let buffers = [
        &state.logits,
        &state.seen,
        &state.place,
        &state.ids,
        &state.chosen,
        &state.bias,
    ];
    all.push(ops::sample(buffers, choice));
    all
}

/// The dispatches of a forward so far.
struct Graph<'a> {
    config: &'a Config,
    state: &'a State,
    none: &'a wgpu::Buffer,
    t: u32,
    /// Where attention of few tokens leaves its parts, on devices that gain by it.
    parts: Option<(&'a wgpu::Buffer, Split)>,
    all: Vec<Dispatch>,
}

impl<'a> Graph<'a> {
    fn product(&mut self, x: &wgpu::Buffer, y: &wgpu::Buffer, w: &Matrix, product: &Product) {
        self.all.extend(ops::matmul(
            [&self.state.place, x, y, self.none],
            w,
            product,
        ));
    }

    /// Where attention's heads go: `whole`, or parts.
    fn attending(&self, whole: &'a wgpu::Buffer) -> (&'a wgpu::Buffer, Option<Split>) {
        match self.parts {
            Some((parts, split)) => (parts, Some(split)),
            None => (whole, None),
        }
    }

    /// Where the product behind attention has them from.
    fn attended(&self, whole: &'a wgpu::Buffer) -> (&'a wgpu::Buffer, Option<Split>) {
        if self.state.joins {
            return (whole, None);
        }
        self.attending(whole)
    }

    /// y [T, n] from a plain x [T, k].
    fn plain(&self, k: usize, output: Output, n: usize) -> Product<'a> {
        Product {
            through: Through::All,
            split: None,
            norm: None,
            bias: None,
            output,
            x_stride: [k, 0],
            y_stride: [n, 0],
            t: self.t,
            last: false,
            scale: 1.0,
        }
    }

    /// y [T, n] from the normed residual stream.
    fn normed(&self, gain: &'a wgpu::Buffer, output: Output, n: usize) -> Product<'a> {
        Product {
            norm: Some((gain, self.config.eps)),
            ..self.plain(self.config.d, output, n)
        }
    }

    /// A block's result into the residual stream, or aside if it is normed first.
    fn to_x(&self, k: usize, post_norm: &Option<wgpu::Buffer>) -> Product<'a> {
        let d = self.config.d;
        match post_norm {
            Some(_) => self.plain(k, Output::Store, d),
            None => Product {
                scale: self.config.residual_scale,
                ..self.plain(k, Output::Add, d)
            },
        }
    }

    fn target(&self, product: &Product) -> &'a wgpu::Buffer {
        match product.output {
            Output::Add => &self.state.x,
            _ => &self.state.y,
        }
    }

    fn post_norm(&mut self, gain: &Option<wgpu::Buffer>) {
        if let Some(gain) = gain {
            let Config {
                d,
                eps,
                residual_scale,
                ..
            } = *self.config;
            let args = [&self.state.place, &self.state.y, gain, &self.state.x];
            self.all
                .push(ops::post_norm(args, d, eps, residual_scale, self.t)); // x +=
        }
    }

    /// Grouped-query attention.
    fn grouped(&mut self, layer: &'a Layer, kind: LayerKind, cache: &Cache) {
        let Attention::Grouped {
            qkv,
            bias,
            q_norm,
            k_norm,
            sinks,
        } = &layer.attention
        else {
            return;
        };
        let Config {
            h,
            kv,
            c,
            cv,
            qk_norm,
            eps,
            attention_scale,
            ..
        } = *self.config;
        let (state, none, t) = (self.state, self.none, self.t);
        let product = self.normed(&layer.attn_norm, Output::Store, (h + 2 * kv) * c);
        for w in qkv {
            let product = Product {
                bias: bias.as_ref(),
                ..product
            };
            self.product(&state.x, &state.qkv, w, &product); // [T, (H + 2K)·C]
        }
        let heads = Heads {
            h: h as u32,
            kv: kv as u32,
            c: c as u32,
            cv: cv as u32,
            rot: self.config.ropes[kind.rope].rot as u32,
        };
        let over = |heads| if qk_norm == QkNorm::All { heads * c } else { c };
        let norms = [
            q_norm.as_ref().map(|gain| (gain, over(h))),
            k_norm.as_ref().map(|gain| (gain, over(kv))),
        ];
        let turned = [
            &state.place,
            &state.turns[kind.rope],
            &state.qkv,
            &state.q,
            none,
        ];
        self.all
            .push(ops::rope(turned, norms, cache, heads, eps, t)); // q [T, H·C]
        let (out, split) = self.attending(&state.attn);
        let attended = [&state.place, &state.q, out, none];
        let (sinks, seen) = (sinks.as_ref(), (kind.window, attention_scale));
        self.all.push(ops::attention(
            attended, sinks, cache, heads, seen, t, split,
        ));
        if let (Some(split), true) = (split, state.joins) {
            let args = [out, &state.attn, none];
            self.all.push(ops::join(args, split, t as usize * h)); // attn [T, H·Cv]
        }
    }

    /// Latent attention, absorbed: k_b goes to the queries' side and v_b behind the sum, so that scores and values are
    /// taken from the latents themselves (DeepSeek-V2, section 2.1.2).
    fn latent(&mut self, layer: &'a Layer, mla: Mla, cache: &Cache) {
        let Attention::Latent {
            down,
            q_a_norm,
            q_b,
            kv_a_norm,
            k_b,
            v_b,
        } = &layer.attention
        else {
            return;
        };
        let Config {
            h,
            c,
            cv,
            attention_scale,
            ..
        } = *self.config;
        let Mla {
            q_rank,
            r,
            nope,
            rope,
            ..
        } = mla;
        let (state, t) = (self.state, self.t);
        let wide = r + rope;
        let first = if q_rank == 0 { h * c } else { q_rank };
        let product = self.normed(&layer.attn_norm, Output::Store, first + wide);
        for w in down {
            self.product(&state.x, &state.qkv, w, &product); // [T, Rq or H·C, + R + rope]
        }
        let (q, q_stride) = match (q_a_norm, q_b) {
            (Some(gain), Some(q_b)) => {
                let product = Product {
                    norm: Some((gain, mla.eps)),
                    ..self.plain(first + wide, Output::Store, h * c)
                };
                self.product(&state.qkv, &state.q, q_b, &product); // [T, H·C]
                (&state.q, h * c)
            }
            _ => (&state.qkv, first + wide),
        };
        let absorbed = Product {
            x_stride: [q_stride, c],
            y_stride: [h * wide, wide],
            ..self.plain(0, Output::Store, 0)
        };
        self.product(q, &state.heads, k_b, &absorbed); // heads [T, H, R + rope], the first R
        let input = LatentInput {
            kv: [first + wide, first],
            q: [q_stride, c, nope],
        };
        let turned = [
            &state.place,
            &state.turns[0],
            kv_a_norm,
            &state.qkv,
            q,
            &state.heads,
        ];
        self.all.push(ops::latent(turned, input, cache, h, mla, t)); // the last rope
        let heads = Heads {
            h: h as u32,
            kv: 1,
            c: wide as u32,
            cv: r as u32,
            rot: 0,
        };
        let (out, split) = self.attending(&state.latent);
        let attended = [&state.place, &state.heads, out, self.none];
        self.all.push(ops::attention(
            attended,
            None,
            cache,
            heads,
            (0, attention_scale),
            t,
            split,
        )); // [T, H, R]
        let values = Product {
            split,
            x_stride: [h * r, r],
            y_stride: [h * cv, cv],
            ..absorbed
        };
        self.product(out, &state.attn, v_b, &values); // [T, H·Cv]
    }

    /// A dense feed-forward.
    fn dense(&mut self, layer: &'a Layer, ffn: &'a FeedForward, f: usize, through: Through<'a>) {
        let state = self.state;
        let gated = Product {
            bias: ffn.gate_up_bias.as_ref(),
            ..self.normed(&layer.ffn_norm, Output::Gated(self.config.activation), f)
        };
        self.product(&state.x, &state.hidden, &ffn.gate_up, &gated); // [T, F]
        let down = Product {
            through,
            bias: ffn.down_bias.as_ref(),
            ..self.to_x(f, &layer.post_ffw_norm)
        };
        self.product(&state.hidden, self.target(&down), &ffn.down, &down); // x +=
    }

    /// A mixture of experts, whose choices are counted: A of E for each token, and the shared one: the last Es of the mixture's E + Es experts in slots
    /// A .. A + Es of every token, or a feed-forward of its own.
    fn mixture(&mut self, layer: &'a Layer, moe: Moe, usage: (&wgpu::Buffer, usize)) {
        let Some(router) = &layer.router else { return };
        let Config {
            d,
            eps,
            activation,
            residual_scale,
            ..
        } = *self.config;
        let (state, none, t) = (self.state, self.none, self.t);
        let layout = Routes::new(&moe, state.batch);
        let args = [&state.place, &state.x, &state.routes, none];
        let norm = (&layer.ffn_norm, eps);
        self.all
            .push(ops::route(args, norm, router, &moe, layout, usage, t)); // [T, slots]

        let few = t <= FEW;
        let (routes, slots) = (&state.routes, layout.slots as usize);
        let (ffn, f) = (&layer.ffn, moe.f);
        let gated = self.normed(&layer.ffn_norm, Output::Gated(activation), 0);
        let gated = Product {
            bias: ffn.gate_up_bias.as_ref(),
            ..gated
        };
        let down = Product {
            bias: ffn.down_bias.as_ref(),
            scale: residual_scale,
            ..self.plain(0, Output::Add, d)
        };
        // A shared expert of its own reads x before the others add to it.
        if let Some(shared) = &layer.shared {
            let gated = Product {
                y_stride: [moe.shared, 0],
                bias: shared.gate_up_bias.as_ref(),
                ..gated
            };
            self.product(&state.x, &state.shared, &shared.gate_up, &gated); // [T, Fs]
        }
        if few {
            let gated = Product {
                through: Through::Gates(routes, layout),
                y_stride: [slots * f, f],
                ..gated
            };
            self.product(&state.x, &state.hidden, &ffn.gate_up, &gated); // [T, slots, F]
            let down = Product {
                through: Through::Downs(routes, layout),
                x_stride: [slots * f, f],
                ..down
            };
            self.product(&state.hidden, &state.x, &ffn.down, &down); // x +=
        } else {
            self.all.push(ops::bin([&state.place, routes], layout));
            let gated = Product {
                through: Through::BinnedGates(routes, layout),
                y_stride: [f, 0],
                ..gated
            };
            self.product(&state.x, &state.hidden, &ffn.gate_up, &gated); // [T, slots, F]
            let down = Product {
                through: Through::BinnedDowns(routes, layout),
                output: Output::Store,
                x_stride: [f, 0],
                scale: 1.0,
                ..down
            };
            self.product(&state.hidden, &state.downs, &ffn.down, &down); // [T, slots, D]
            let args = [&state.place, routes, &state.downs, &state.x];
            self.all
                .push(ops::combine(args, layout, d, residual_scale, t)); // x +=
        }
        if let Some(shared) = &layer.shared {
            let down = Product {
                through: Through::Shared(routes, layout),
                bias: shared.down_bias.as_ref(),
                x_stride: [moe.shared, 0],
                ..down
            };
            self.product(&state.shared, &state.x, &shared.down, &down); // x +=
        }
    }
}
