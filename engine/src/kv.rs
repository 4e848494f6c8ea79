//! What a session keeps on the GPU: the cache of keys and values, and the scratch of a forward.

use crate::Result;
use crate::arch::{Config, Moe, Rope};
use crate::forward::FEW;
use crate::gpu::{CacheType, Gpu, PageMemory, RING, Share};
use crate::ops::{Routes, Split};

/// Positions of a tile of attention; the cache grows by whole tiles.
pub const TILE: usize = 64;

/// Positions of a cache from which on attention of a token is worth workgroups for shares of it on a CPU.
const LONG: usize = 1024;

/// Tokens of a batch at most, of models without experts.
const BATCH: u32 = 64;

/// Tokens of a mixture's batch at most that meet an expert, on average: four tiles, of which all but the last are full.
const OF_EXPERT: usize = 32;

/// T, the tokens of a batch at most. A mixture's are longer: its weights are read and unpacked for each tile of tokens that met the
/// same expert, of which a batch of 64 has few where experts are many. As many positions a layer with a window keeps beyond it.
pub fn batch(moe: Option<Moe>) -> u32 {
    let Some(moe) = moe else { return BATCH };
    let tokens = (OF_EXPERT * moe.e).div_ceil(moe.a.max(1));
    (tokens.next_multiple_of(TILE) as u32).clamp(BATCH, 4 * BATCH)
}

/// The buffers of a session. Letters as in docs/shapes.md; S is `positions`.
pub struct State {
    pub(crate) place: wgpu::Buffer, // pos, t, step: shaders/lib/state.wgsl
    pub(crate) ids: wgpu::Buffer,   // [T] u32
    pub(crate) chosen: wgpu::Buffer, // [RING] u32
    pub(crate) seen: wgpu::Buffer,  // [V] u32: sample::SEEN, sample::CHOSEN
    pub(crate) bias: wgpu::Buffer,  // [V] f32, added to logits where the sampler is told so
    pub(crate) turns: Vec<wgpu::Buffer>, // a rope: [S, rot/2] (cos, sin)
    pub(crate) x: wgpu::Buffer,     // [T, D]
    pub(crate) qkv: wgpu::Buffer,   // [T, (H + 2K)·C]; latent: [T, Rq or H·C, + R + rope]
    pub(crate) q: wgpu::Buffer,     // [T, H·C]
    pub(crate) heads: wgpu::Buffer, // latent: [T, H, R + rope]
    pub(crate) latent: wgpu::Buffer, // latent: [T, H, R]
    pub(crate) attn: wgpu::Buffer,  // [T, H·Cv]
    pub(crate) parts: Option<(wgpu::Buffer, Split)>, // of attention of few tokens, where there are workgroups to spare
    pub(crate) joins: bool, // a dispatch puts parts together, not the product behind
    pub(crate) y: wgpu::Buffer, // [T, D], of a block whose result is normed
    pub(crate) routes: wgpu::Buffer, // see ops::Routes
    pub(crate) hidden: wgpu::Buffer, // [T, F] or [T, slots, F]
    pub(crate) shared: wgpu::Buffer, // [T, F] of a shared expert with matrices of its own
    pub(crate) downs: wgpu::Buffer, // [T, slots, D]
    pub(crate) logits: wgpu::Buffer, // [rows, V]
    pub(crate) cache: Vec<Cache>, // [L]
    pub(crate) batch: u32,  // T
    pub(crate) positions: usize,
    pub(crate) kind: CacheType,
}

/// One layer's cache.
pub struct Cache {
    /// [S/64, K, record, 64] texels (shaders/lib/record.wgsl): position innermost, for attention's lanes.
    pub k: PageMemory,
    /// [S, K, record] texels; latent: the same memory as k.
    pub v: PageMemory,
    pub(crate) kind: CacheType,
    pub(crate) latent: bool,
    positions: usize, // S, or as many as a window needs
}

impl Cache {
    /// A cache of `positions` positions, which are whole tiles, for heads of k and of v with so many channels; without
    /// heads of v, values lie in k. Errors of the device go to the scope around the call.
    ///
    /// # Errors
    /// A buffer or texture beyond the device's bound.
    pub fn new(
        gpu: &Gpu,
        kind: CacheType,
        widths: [[usize; 2]; 2],
        positions: usize,
    ) -> Result<Self> {
        let latent = widths[1][0] == 0;
        let [k, v] = widths.map(|width| bytes(kind, width, positions));
        gpu.check_plane("the cache of a layer", k.max(v))?;
        let keys = gpu.plane("k cache", k);
        Ok(Self {
            v: if latent {
                keys.clone()
            } else {
                gpu.plane("v cache", v)
            },
            k: keys,
            kind,
            latent,
            positions,
        })
    }

    /// Tiles it has room for; a layer with a window begins again after them.
    pub(crate) fn tiles(&self) -> u32 {
        (self.positions / TILE) as u32
    }
}

impl State {
    /// Buffers for `positions` positions and `rows` rows of logits; errors of the device go to the scope around the call.
    ///
    /// # Errors
    /// A buffer or texture beyond the device's bound.
    pub fn new(
        gpu: &Gpu,
        config: &Config,
        kind: CacheType,
        positions: usize,
        rows: u32,
    ) -> Result<Self> {
        let f32s = |label: &str, numbers: usize| {
            let bytes = 4 * numbers.max(4) as u64;
            gpu.check_binding(label, bytes)?;
            Ok(gpu.operand(label, bytes))
        };
        let batch = batch(config.moe);
        let t = batch as usize;
        let Config {
            d, h, kv, c, cv, ..
        } = *config;
        let [qkv, heads, latent] = match config.mla {
            None => [(h + 2 * kv) * c, 0, 0],
            Some(mla) => {
                let q = if mla.q_rank == 0 { h * c } else { mla.q_rank };
                [q + mla.r + mla.rope, h * (mla.r + mla.rope), h * mla.r]
            }
        };
        let moe = config.moe.map(|moe| (moe, Routes::new(&moe, batch)));
        let slots = moe.map_or(0, |(_, routes)| routes.slots as usize);
        let [routes, hidden, shared] = moe.map_or([0; 3], |(moe, routes)| {
            [routes.size() as usize, slots * moe.f, moe.apart()]
        });
        Ok(Self {
            place: f32s("place", 4)?,
            ids: f32s("ids", t)?,
            chosen: f32s("chosen", RING as usize)?,
            seen: f32s("seen", config.v)?,
            bias: f32s("bias", config.v)?,
            turns: all_turns(gpu, config, positions, 0)?,
            x: f32s("x", t * d)?,
            qkv: f32s("qkv", t * qkv)?,
            q: f32s("q", t * h * c)?,
            heads: f32s("heads", t * heads)?,
            latent: f32s("latent", t * latent)?,
            attn: f32s("attn", t * h * cv)?,
            parts: parts(gpu, config, positions)?,
            joins: gpu.tier.share.hands_round(),
            y: f32s("y", t * d)?,
            routes: f32s("routes", routes)?,
            hidden: f32s("hidden", t * hidden.max(config.f))?,
            shared: f32s("shared", t * shared)?,
            downs: f32s("downs", t * slots * d)?,
            logits: f32s("logits", rows as usize * config.v)?,
            cache: caches(gpu, config, kind, positions)?,
            batch,
            positions,
            kind,
        })
    }

    /// Makes room for `positions` positions, keeping what is cached; errors of the device go to the scope around.
    pub(crate) fn grow(
        &mut self,
        gpu: &Gpu,
        config: &Config,
        positions: usize,
        span: usize,
    ) -> Result<()> {
        let cache = caches(gpu, config, self.kind, positions)?;
        self.copy_cache(gpu, config, &cache);
        self.turns = all_turns(gpu, config, positions, span)?;
        self.parts = parts(gpu, config, positions)?;
        self.cache = cache;
        self.positions = positions;
        Ok(())
    }

    /// Copies what is cached to a cache of at least as many positions.
    pub(crate) fn copy_cache(&self, gpu: &Gpu, config: &Config, cache: &[Cache]) {
        let mut encoder = gpu.encoder();
        for (old, new) in self.cache.iter().zip(cache) {
            // Whole tiles, one after the other.
            let [k, v] = cached(config).map(|width| bytes(old.kind, width, old.positions));
            old.k.copy(&mut encoder, &new.k, k);
            if !old.latent {
                old.v.copy(&mut encoder, &new.v, v);
            }
        }
        gpu.enqueue(encoder);
    }

    /// Writes the turns of sequences of `span` tokens, where the rope depends on it.
    pub(crate) fn stretch(&self, gpu: &Gpu, config: &Config, span: usize) {
        for (buffer, rope) in self.turns.iter().zip(&config.ropes) {
            if rope.long.is_some() {
                let numbers = turns(rope, self.positions, span);
                gpu.queue
                    .write_buffer(buffer, 0, bytemuck::cast_slice(&numbers));
            }
        }
    }

    /// Bytes of the cache's buffers or textures, whose last lines are filled up.
    pub fn cache_bytes(&self) -> u64 {
        let bytes = |cache: &Cache| cache.k.size() + if cache.latent { 0 } else { cache.v.size() };
        self.cache.iter().map(bytes).sum()
    }
}

/// Room for attention's parts of few tokens. A GPU has workgroups to spare at any length; a CPU's cores want some more to do than a few
/// kv heads where the cache is so long that a dispatch more is little.
fn parts(gpu: &Gpu, config: &Config, positions: usize) -> Result<Option<(wgpu::Buffer, Split)>> {
    let wanted = match gpu.tier.share {
        Share::Workgroup => true,
        Share::Four | Share::Eight => config.mla.is_none() && config.kv < 8 && positions >= LONG,
        Share::Own => false,
    };
    if !wanted {
        return Ok(None);
    }
    let split = Split {
        head: config.mla.map_or(config.cv, |mla| mla.r),
        rows: FEW as usize * config.h,
    };
    let bytes = 4 * split.size() as u64;
    gpu.check_binding("parts", bytes)?;
    Ok(Some((gpu.operand("parts", bytes), split)))
}

/// Heads and channels of k, and of v where it is kept apart.
fn cached(config: &Config) -> [[usize; 2]; 2] {
    match config.mla {
        Some(mla) => [[1, mla.r + mla.rope], [0, 0]],
        None => [[config.kv, config.c], [config.kv, config.cv]],
    }
}

/// Bytes of heads of `c` channels at `positions` positions.
fn bytes(kind: CacheType, [heads, c]: [usize; 2], positions: usize) -> u64 {
    positions as u64 * heads as u64 * kind.record_bytes(c) as u64
}

/// Bytes that a token takes in the cache, over all layers: windows do not keep more than they see.
pub fn cache_bytes_per_token(config: &Config, kind: CacheType) -> u64 {
    let of_layer: u64 = cached(config)
        .map(|width| bytes(kind, width, 1))
        .iter()
        .sum();
    of_layer * config.l as u64
}

/// Bytes of the cache of a sequence of `positions` tokens, over all layers: those with a window keep only that.
pub fn cache_bytes(config: &Config, kind: CacheType, positions: usize) -> u64 {
    let of_layer = |window: usize| -> u64 {
        let positions = kept(window, batch(config.moe), positions);
        cached(config)
            .map(|width| bytes(kind, width, positions))
            .iter()
            .sum()
    };
    let windows = config.layers.iter().map(|layer| layer.window);
    windows.map(of_layer).sum()
}

/// Positions that a layer with a window of `window` keeps in a cache of `positions`, for batches of up to `batch` tokens.
pub fn kept(window: usize, batch: u32, positions: usize) -> usize {
    match window {
        0 => positions,
        window => (window + batch as usize)
            .next_multiple_of(TILE)
            .min(positions),
    }
}

fn caches(gpu: &Gpu, config: &Config, kind: CacheType, positions: usize) -> Result<Vec<Cache>> {
    let of_layer = |window| kept(window, batch(config.moe), positions);
    let layers = config.layers.iter();
    layers
        .map(|layer| Cache::new(gpu, kind, cached(config), of_layer(layer.window)))
        .collect()
}

/// (cos, sin) of every turn, [S, rot/2]: computed here since a GPU's own sine may be off by 2^-11.
fn turns(rope: &Rope, positions: usize, span: usize) -> Vec<f32> {
    (0..positions)
        .flat_map(|pos| rope.turns(pos, span).flatten().collect::<Vec<_>>())
        .collect()
}

fn all_turns(
    gpu: &Gpu,
    config: &Config,
    positions: usize,
    span: usize,
) -> Result<Vec<wgpu::Buffer>> {
    let table = |rope: &Rope| {
        let numbers = turns(rope, positions, span);
        let bytes: &[u8] = bytemuck::cast_slice(&numbers);
        gpu.check_binding("the table of rope", bytes.len() as u64)?;
        let buffer = gpu.buffer("turns", bytes.len() as u64);
        gpu.queue.write_buffer(&buffer, 0, bytes);
        Ok(buffer)
    };
    config.ropes.iter().map(table).collect()
}
