//! The specification: the forward of `forward.rs` on the CPU, in plain f32 and in the same order of lines. Slow, and
//! easy to see to be right. Latent attention is materialised here, as published; the GPU has it absorbed.

use crate::arch::plan::{self, Plan};
use crate::arch::tree::{Attention, FeedForward, Layer, Router, Tree};
use crate::arch::{Activation, Config, Gating, GroupRule, LayerKind, Mla, Moe, QkNorm, Rope};
use crate::format::Checkpoint;
use crate::gpu::CacheType;
use crate::{Error, Result};

/// Where a token stands, and what its keys and values are rounded to.
#[derive(Clone, Copy)]
struct Position {
    pos: usize,
    span: usize,
    cache: CacheType,
}

/// A model's tensors as floats.
type Floats = Tree<Vec<f32>, Vec<f32>>;

/// Keys and values of a layer, a row a position.
#[derive(Default)]
struct Cache {
    keys: Vec<f32>,   // [S, K·C], for latent attention [S, H·C]; grows
    values: Vec<f32>, // [S, K·Cv], for latent attention [S, H·Cv]; grows
}

/// A model on the CPU with the sequence it has seen.
pub struct Reference {
    config: Config,
    tree: Floats,
    caches: Vec<Cache>, // [L]
    tokens: Vec<u32>,
    /// Tokens that the sequence is known to reach: the rope of some models depends on it.
    span: usize,
    /// What the cache's numbers are rounded to.
    kind: CacheType,
}

impl Reference {
    /// Reads all weights of a checkpoint as f32.
    ///
    /// # Errors
    /// As of [`crate::model::Model::load`].
    pub async fn load(checkpoint: &Checkpoint) -> Result<Self> {
        let config = Config::read(checkpoint).await?;
        let plan = plan::plan(&config, checkpoint)?;
        let mut read = std::collections::HashMap::new();
        for plan in plan.matrices().chain(plan.vectors()) {
            for source in &plan.sources {
                if let Some(tensor) = checkpoint.tensor(&source.tensor) {
                    read.insert(tensor.name.clone(), checkpoint.floats(tensor).await?);
                }
            }
        }
        let floats = |plan: &Plan| Ok(assemble(plan, &read));
        let tree = plan.try_map(&mut { floats }, &mut { floats })?;
        let caches = config.layers.iter().map(|_| Cache::default()).collect();
        Ok(Self {
            config,
            tree,
            caches,
            tokens: Vec::new(),
            span: 0,
            kind: CacheType::F32,
        })
    }

    /// Rounds what goes into the cache as a session of that type does.
    pub fn with_cache(self, kind: CacheType) -> Self {
        Self { kind, ..self }
    }

    /// The model's numbers.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Forgets the sequence; the next one has at least `length` tokens.
    pub fn reset(&mut self, length: usize) {
        self.tokens.clear();
        self.span = length;
        for cache in &mut self.caches {
            *cache = Cache::default();
        }
    }

    /// One token through the model; its logits `[V]`.
    ///
    /// # Errors
    /// An id outside of the vocabulary, more tokens than the model was trained for.
    pub fn forward(&mut self, id: u32) -> Result<Vec<f32>> {
        if self.tokens.len() >= self.config.context {
            return Err(Error::request(format!(
                "the context of {} tokens is full",
                self.config.context
            )));
        }
        let span = self.span.max(self.tokens.len() + 1);
        let stretched = |rope: &Rope| rope.is_long(self.span) != rope.is_long(span);
        if self.config.ropes.iter().any(stretched) {
            // Keys were turned by frequencies of shorter sequences.
            let tokens = std::mem::take(&mut self.tokens);
            self.reset(span);
            for id in tokens {
                self.forward(id)?;
            }
        }
        self.span = span;
        let pos = self.tokens.len();
        let config = &self.config;
        let row = id as usize * config.d;
        let mut x: Vec<f32> = match self.tree.token_embd.get(row..row + config.d) {
            Some(row) => row.iter().map(|x| x * config.embedding_scale).collect(), // [D]
            None => {
                return Err(Error::request(format!(
                    "the token id {id} is outside of the vocabulary of {}",
                    config.v
                )));
            }
        };
        let layers = self.tree.layers.iter().zip(&config.layers);
        for ((layer, kind), cache) in layers.zip(&mut self.caches) {
            let normed = rms_norm(&x, &layer.attn_norm, config.eps);
            let at = Position {
                pos,
                span,
                cache: self.kind,
            };
            let attended = match config.mla {
                None => grouped(config, layer, *kind, cache, &normed, at), // [H·Cv]
                Some(mla) => latent(config, layer, mla, cache, &normed, at), // [H·Cv]
            };
            let mut y = matmul(&layer.attn_output, &attended);
            add_bias(&mut y, &layer.attn_output_bias);
            post_norm(&mut y, &layer.post_attention_norm, config.eps);
            add(&mut x, &y, config.residual_scale);

            let normed = rms_norm(&x, &layer.ffn_norm, config.eps);
            let mut y = feed_forward(config, layer, &normed);
            post_norm(&mut y, &layer.post_ffw_norm, config.eps);
            add(&mut x, &y, config.residual_scale);
        }
        self.tokens.push(id);
        let normed = rms_norm(&x, &self.tree.output_norm, config.eps);
        let mut logits = matmul(self.tree.head(), &normed); // [V]
        for z in &mut logits {
            *z *= config.logit_scale;
        }
        Ok(logits)
    }
}

/// The rows of a plan's tensors where the plan puts them, [slabs, N, K].
fn assemble(plan: &Plan, tensors: &std::collections::HashMap<String, Vec<f32>>) -> Vec<f32> {
    let Plan { n, k, .. } = *plan;
    let mut all = vec![0.0; plan.slabs * n * k];
    for source in &plan.sources {
        let tensor = tensors.get(&source.tensor).map_or(&[][..], Vec::as_slice);
        if source.transposed {
            for (slab, stored) in tensor.chunks_exact(source.period * n).enumerate() {
                for (column, numbers) in stored
                    .chunks_exact(n)
                    .skip(source.first)
                    .take(source.count)
                    .enumerate()
                {
                    for (row, x) in numbers.iter().enumerate() {
                        let row = source.base + source.order.place(row);
                        all[((source.slab + slab) * n + row) * k + column] = *x;
                    }
                }
            }
            continue;
        }
        for (row, numbers) in tensor.chunks_exact(k * source.parts).enumerate() {
            if let Some((slab, row)) = source.target(row) {
                let numbers = &numbers[source.part * k..][..k];
                all[(slab * n + row) * k..][..k].copy_from_slice(numbers);
            }
        }
    }
    for x in &mut all {
        *x += plan.offset;
    }
    all
}

/// Grouped-query attention of one token, [H·Cv].
fn grouped(
    config: &Config,
    layer: &Layer<Vec<f32>, Vec<f32>>,
    kind: LayerKind,
    cache: &mut Cache,
    x: &[f32],
    at: Position,
) -> Vec<f32> {
    let Config { h, kv, c, cv, .. } = *config;
    let Position { pos, span, .. } = at;
    let Attention::Grouped {
        qkv,
        bias,
        q_norm,
        k_norm,
        sinks,
    } = &layer.attention
    else {
        return Vec::new();
    };
    let mut all: Vec<f32> = qkv.iter().flat_map(|w| matmul(w, x)).collect(); // [(H + K)·C + K·Cv]
    add_bias(&mut all, bias);
    let (q, rest) = all.split_at_mut(h * c);
    let (k, v) = rest.split_at_mut(kv * c);
    for (heads, norm) in [(&mut *q, q_norm), (&mut *k, k_norm)] {
        let Some(gain) = norm else { continue };
        let width = if config.qk_norm == QkNorm::All {
            heads.len()
        } else {
            c
        };
        for head in heads.chunks_exact_mut(width) {
            head.copy_from_slice(&rms_norm(head, gain, config.eps));
        }
    }
    let rope = &config.ropes[kind.rope];
    for head in q.chunks_exact_mut(c).chain(k.chunks_exact_mut(c)) {
        turn(rope, &mut head[..rope.rot], pos, span);
    }
    for head in k.chunks_exact_mut(c).chain(v.chunks_exact_mut(cv)) {
        round(at.cache, head);
    }
    cache.keys.extend_from_slice(k);
    cache.values.extend_from_slice(v);
    let first = match kind.window {
        0 => 0,
        window => (pos + 1).saturating_sub(window),
    };
    let keys = &cache.keys[first * kv * c..];
    let values = &cache.values[first * kv * cv..];
    attention(
        [h, kv, c, cv],
        q,
        keys,
        values,
        config.attention_scale,
        sinks.as_deref(),
    )
}

/// Latent attention of one token, k and v of every head materialised, [H·Cv].
fn latent(
    config: &Config,
    layer: &Layer<Vec<f32>, Vec<f32>>,
    mla: Mla,
    cache: &mut Cache,
    x: &[f32],
    at: Position,
) -> Vec<f32> {
    let Config { h, c, cv, .. } = *config;
    let Position { pos, span, .. } = at;
    let Mla { r, nope, .. } = mla;
    let Attention::Latent {
        down,
        q_a_norm,
        q_b,
        kv_a_norm,
        k_b,
        v_b,
    } = &layer.attention
    else {
        return Vec::new();
    };
    let mut all: Vec<f32> = down.iter().flat_map(|w| matmul(w, x)).collect(); // [Rq or H·C, + R + rope]
    let latent = all.split_off(all.len() - r - mla.rope);
    let mut q = match (q_a_norm, q_b) {
        (Some(norm), Some(q_b)) => matmul(q_b, &rms_norm(&all, norm, mla.eps)),
        _ => all,
    }; // [H·C]
    let (latent, k_rope) = latent.split_at(r);
    let mut cached = rms_norm(latent, kv_a_norm, mla.eps); // [R + rope]
    cached.extend_from_slice(k_rope);
    turn(&config.ropes[0], &mut cached[r..], pos, span);
    round(at.cache, &mut cached);
    let (latent, k_rope) = cached.split_at(r);
    for head in 0..h {
        turn(
            &config.ropes[0],
            &mut q[head * c + nope..][..mla.rope],
            pos,
            span,
        );
        let mut k = vec![0.0; nope];
        for (row, latent) in k_b[head * r * nope..].chunks_exact(nope).zip(latent) {
            add(&mut k, row, *latent);
        }
        cache.keys.extend(k);
        cache.keys.extend_from_slice(k_rope);
        cache
            .values
            .extend(matmul(&v_b[head * cv * r..][..cv * r], latent));
    }
    let widths = [h, h, c, cv];
    attention(
        widths,
        &q,
        &cache.keys,
        &cache.values,
        config.attention_scale,
        None,
    )
}

/// A dense feed-forward, or the chosen experts and the shared one, [D].
fn feed_forward(config: &Config, layer: &Layer<Vec<f32>, Vec<f32>>, x: &[f32]) -> Vec<f32> {
    let d = config.d;
    let (Some(moe), Some(router)) = (config.moe, &layer.router) else {
        return expert(config, &layer.ffn, 0, config.f, x);
    };
    let (scores, shared_gate) = router_logits(moe, router, x);
    let mut y = vec![0.0; d];
    for (e, weight) in route(moe, &scores, router.selection.as_deref()) {
        add(&mut y, &expert(config, &layer.ffn, e, moe.f, x), weight);
    }
    for e in moe.e..moe.e + moe.es {
        add(
            &mut y,
            &expert(config, &layer.ffn, e, moe.f, x),
            shared_gate,
        );
    }
    if let Some(shared) = &layer.shared {
        add(
            &mut y,
            &expert(config, shared, 0, moe.shared, x),
            shared_gate,
        );
    }
    y
}

/// The router's logits [E], and the weight of the shared expert.
fn router_logits(moe: Moe, router: &Router<Vec<f32>, Vec<f32>>, x: &[f32]) -> (Vec<f32>, f32) {
    let mut logits = matmul(&router.gate, x);
    let shared = logits.split_off(moe.e);
    add_bias(&mut logits, &router.bias);
    (logits, shared.first().map_or(1.0, |z| sigmoid(*z)))
}

/// The chosen experts of one token and their weights. Ties go to the lower index.
pub fn route(moe: Moe, logits: &[f32], selection: Option<&[f32]>) -> Vec<(usize, f32)> {
    let scores: Vec<f32> = match moe.gating {
        Gating::Softmax => softmax(logits),
        Gating::Sigmoid => logits.iter().map(|z| sigmoid(*z)).collect(),
        Gating::SoftmaxOfChosen => logits.to_vec(),
        Gating::SqrtSoftplus => logits.iter().map(|z| softplus(*z).sqrt()).collect(),
    };
    let mut choice = scores.clone();
    add_bias(&mut choice, &selection);
    if moe.groups > 1 {
        let groups: Vec<f32> = choice
            .chunks_exact(moe.e / moe.groups)
            .map(|group| {
                let best = greatest(group, 2);
                match moe.group_rule {
                    GroupRule::Best => group[best[0]],
                    GroupRule::BestTwo => best.iter().map(|e| group[*e]).sum(),
                }
            })
            .collect();
        let used = greatest(&groups, moe.groups_used);
        for (e, choice) in choice.iter_mut().enumerate() {
            if !used.contains(&(e / (moe.e / moe.groups))) {
                *choice = f32::NEG_INFINITY;
            }
        }
    }
    let chosen = greatest(&choice, moe.a);
    let mut weights: Vec<f32> = chosen.iter().map(|e| scores[*e]).collect();
    if moe.gating == Gating::SoftmaxOfChosen {
        weights = softmax(&weights);
    }
    if moe.norm {
        let sum: f32 = weights.iter().sum::<f32>() + 1e-20;
        weights.iter_mut().for_each(|w| *w /= sum);
    }
    let scaled = weights.into_iter().map(|w| w * moe.scale);
    chosen.into_iter().zip(scaled).collect()
}

/// The indices of the `n` greatest, the greatest first, of equals the lowest.
fn greatest(values: &[f32], n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order.truncate(n);
    order
}

/// Expert `e`'s feed-forward of width `f`, [D].
fn expert(
    config: &Config,
    ffn: &FeedForward<Vec<f32>, Vec<f32>>,
    e: usize,
    f: usize,
    x: &[f32],
) -> Vec<f32> {
    let d = config.d;
    let slab = |all: &[f32], size: usize| all[e * size..(e + 1) * size].to_vec();
    let bias = |bias: &Option<Vec<f32>>, size| bias.as_ref().map(|all| slab(all, size));
    let mut hidden = matmul(&slab(&ffn.gate_up, 2 * f * d), x); // [2F]
    add_bias(&mut hidden, &bias(&ffn.gate_up_bias, 2 * f));
    let (gate, up) = hidden.split_at(f);
    let pairs = gate.iter().zip(up);
    let hidden: Vec<f32> = pairs
        .map(|(g, u)| gated(config.activation, *g, *u))
        .collect(); // [F]
    let mut y = matmul(&slab(&ffn.down, d * f), &hidden); // [D]
    add_bias(&mut y, &bias(&ffn.down_bias, d));
    y
}

/// What stands between the two products of a feed-forward.
pub fn gated(activation: Activation, gate: f32, up: f32) -> f32 {
    match activation {
        Activation::SwiGlu => silu(gate) * up,
        Activation::GeGlu => {
            // gelu by tanh (Hendrycks and Gimpel 2016): sqrt(2/π) is 0.7978846.
            let inner = 0.797_884_6 * (gate + 0.044_715 * gate * gate * gate);
            0.5 * gate * (1.0 + inner.tanh()) * up
        }
        Activation::ClampedSwiGlu => {
            let (gate, up) = (gate.min(7.0), up.clamp(-7.0, 7.0));
            (up + 1.0) * gate * sigmoid(1.702 * gate)
        }
    }
}

/// g·x / sqrt(mean x² + ε)
pub fn rms_norm(x: &[f32], gain: &[f32], eps: f32) -> Vec<f32> {
    let mean = x.iter().map(|v| v * v).sum::<f32>() / x.len() as f32;
    let r = 1.0 / (mean + eps).sqrt();
    x.iter().zip(gain).map(|(x, g)| x * r * g).collect()
}

fn post_norm(y: &mut Vec<f32>, gain: &Option<Vec<f32>>, eps: f32) {
    if let Some(gain) = gain {
        *y = rms_norm(y, gain, eps);
    }
}

/// `y [N] = W [N, K] · x [K]`
pub fn matmul(w: &[f32], x: &[f32]) -> Vec<f32> {
    w.chunks_exact(x.len()).map(|row| dot(row, x)).collect()
}

/// Sixteen sums side by side, so that the compiler can keep them in vector registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a16, a_rest) = a.as_chunks::<16>();
    let (b16, b_rest) = b.as_chunks::<16>();
    let mut sums = [0.0f32; 16];
    for (a, b) in a16.iter().zip(b16) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// Turns the neighbouring channels of x by position `pos` of a sequence of `span` tokens.
pub fn turn(rope: &Rope, x: &mut [f32], pos: usize, span: usize) {
    let pairs = x.as_chunks_mut::<2>().0.iter_mut();
    for (pair, [cos, sin]) in pairs.zip(rope.turns(pos, span)) {
        let [a, b] = *pair;
        *pair = [a * cos - b * sin, a * sin + b * cos];
    }
}

/// softmax(scale · q·k) v of one token, for query heads [H·C] over keys [S, K·C] and values [S, K·Cv]. A head's sink
/// takes part in the softmax and has no value.
pub fn attention(
    [h, kv, c, cv]: [usize; 4],
    q: &[f32],
    keys: &[f32],
    values: &[f32],
    scale: f32,
    sinks: Option<&[f32]>,
) -> Vec<f32> {
    let mut out = vec![0.0; h * cv];
    for (head, out) in out.chunks_exact_mut(cv).enumerate() {
        let q = &q[head * c..][..c];
        let shared = head / (h / kv); // this head's kv head
        let scores: Vec<f32> = keys
            .chunks_exact(kv * c)
            .map(|k| scale * dot(q, &k[shared * c..][..c]))
            .collect();
        let sink = sinks.map(|sinks| sinks[head]);
        let greatest = scores.iter().copied().chain(sink).fold(f32::MIN, f32::max);
        let weights: Vec<f32> = scores.iter().map(|s| (s - greatest).exp()).collect();
        let mass = weights.iter().sum::<f32>() + sink.map_or(0.0, |sink| (sink - greatest).exp());
        for (weight, v) in weights.iter().zip(values.chunks_exact(kv * cv)) {
            add(out, &v[shared * cv..][..cv], weight / mass);
        }
    }
    out
}

/// x / (1 + e^-x)
pub fn silu(x: f32) -> f32 {
    x / (1.0 + (-x).exp())
}

/// 1 / (1 + e^-x)
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// ln(1 + e^x)
fn softplus(x: f32) -> f32 {
    if x > 20.0 { x } else { x.exp().ln_1p() }
}

fn softmax(x: &[f32]) -> Vec<f32> {
    let greatest = x.iter().copied().fold(f32::MIN, f32::max);
    let all: Vec<f32> = x.iter().map(|x| (x - greatest).exp()).collect();
    let sum: f32 = all.iter().sum();
    all.into_iter().map(|x| x / sum).collect()
}

/// Rounds a head as the cache does.
fn round(kind: CacheType, head: &mut [f32]) {
    match kind {
        CacheType::F32 => {}
        CacheType::F16 => head
            .iter_mut()
            .for_each(|x| *x = half::f16::from_f32(*x).to_f32()),
        CacheType::Q8 => {
            for block in head.chunks_mut(32) {
                let most = block.iter().fold(0.0f32, |most, x| most.max(x.abs()));
                if most > 0.0 {
                    let rounded = |x: f32| (x * (127.0 / most)).round_ties_even() * (most / 127.0);
                    block.iter_mut().for_each(|x| *x = rounded(*x));
                }
            }
        }
    }
}

/// x += scale · y
fn add(x: &mut [f32], y: &[f32], scale: f32) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += scale * y;
    }
}

fn add_bias(x: &mut [f32], bias: &Option<impl AsRef<[f32]>>) {
    if let Some(bias) = bias {
        add(x, bias.as_ref(), 1.0);
    }
}
