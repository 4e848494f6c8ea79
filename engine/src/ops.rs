//! One function a kernel: shapes in, dispatches out. The only place where workgroups are counted.

use crate::arch::plan::{Order, Source};
use crate::arch::tree::Router;
use crate::arch::{GroupRule, Mla, Moe};
use crate::gpu::{
    Arg, Dispatch, Input, Kernel, Operand, Output, Params, Place, SPLITS, UNIFORM_BYTES,
    attention_rows,
};
use crate::kv::Cache;
use crate::quant::BLOCK;
use crate::weights::{Matrix, Page};

/// Rows of a tensor in the window: `count` from row `first` on, each of `bytes` bytes, beginning at byte `at`.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// The first row.
    pub first: usize,
    /// How many.
    pub count: usize,
    /// Their first byte in the window.
    pub at: usize,
    /// Bytes of a row.
    pub bytes: usize,
}

/// Lays rows of a file out in the pages they belong to.
pub fn repack(raw: &wgpu::Buffer, matrix: &Matrix, source: &Source, rows: Rows) -> Vec<Dispatch> {
    let kernel = Kernel::Repack(matrix.quant);
    let blocks = matrix.blocks();
    let [head, turn_first, rot] = match source.order {
        Order::Same => [0; 3],
        Order::Neighbours { head, first, rot } => [head, first, rot],
        Order::Apart { rot } => [0, 0, rot],
    };
    let pages = matrix.pages.iter().map(|page| {
        let of_tensor = [
            rows.count,
            rows.bytes,
            rows.at + matrix.quant.row_bytes(source.part * matrix.k),
            matrix.k,
            blocks,
            rows.first,
            source.period,
            source.first,
            source.count,
            source.slab,
            source.base,
            head,
            turn_first,
            rot,
            matrix.half(),
        ];
        let of_page = [page.slab_first, page.slabs, page.pair_first, page.pairs];
        let [numbers, scales] = matrix.row_words();
        let of_row = [numbers, scales, matrix.quant.scales].map(|n| n as u32);
        let of_tensor = of_tensor.map(|n| n as u32).into_iter();
        Dispatch {
            kernel,
            params: Params::new(of_tensor.chain(of_page).chain(of_row)),
            args: vec![raw.into(), page.arg()],
            groups: [
                (rows.count as u32).div_ceil(kernel.items()),
                blocks.div_ceil(32) as u32, // a lane moves 32
                1,
            ],
        }
    });
    pages.collect()
}

/// `x[t, :] = scale · W[ids[t], :]` for up to `t` tokens, a dispatch for each page of `W [V, D]`.
pub fn embed([state, ids, x]: [&wgpu::Buffer; 3], w: &Matrix, scale: f32, t: u32) -> Vec<Dispatch> {
    let kernel = Kernel::Embed(w.quant);
    let blocks = w.blocks() as u32;
    let [numbers, scales] = w.row_words();
    let pages = w.pages.iter().map(|page| Dispatch {
        kernel,
        params: Params::new([
            w.k as u32,
            blocks,
            w.half() as u32,
            page.pair_first,
            page.pairs,
            numbers as u32,
            scales as u32,
        ])
        .float(scale),
        args: vec![state.into(), page.arg(), ids.into(), x.into()],
        groups: [blocks.div_ceil(kernel.items()), t, 1],
    });
    pages.collect()
}

/// Where the parts of a mixture's routes lie in their buffer: ids [T, slots], weights [T, slots], the order of entries
/// and their tiles.
#[derive(Debug, Clone, Copy)]
pub struct Routes {
    /// E + Es.
    pub experts: u32,
    /// A + Es: the slots whose ids are experts of the mixture's matrices.
    pub used: u32,
    /// These, and one for the weight of a shared expert with matrices of its own.
    pub slots: u32,
    /// Where weights begin.
    pub weights: u32,
    /// Where the order begins.
    pub order: u32,
    /// Where the tiles begin.
    pub tiles: u32,
    /// How many tiles there are at most.
    pub most_tiles: u32,
}

impl Routes {
    /// The layout for batches of up to `t` tokens.
    pub fn new(moe: &Moe, t: u32) -> Self {
        let [experts, used] = [moe.e, moe.a].map(|n| (n + moe.es) as u32);
        let slots = used + u32::from(moe.apart() > 0);
        let entries = t * used;
        let [_, tile] = Kernel::TILES;
        Self {
            experts,
            used,
            slots,
            weights: t * slots,
            order: 2 * t * slots,
            tiles: 2 * t * slots + entries,
            // Every expert may have one tile that is not full.
            most_tiles: entries / tile + entries.min(experts),
        }
    }

    /// u32 of the buffer.
    pub fn size(&self) -> u32 {
        self.tiles + 1 + 3 * self.most_tiles
    }
}

/// Which slabs of W the rows of x go through.
#[derive(Clone, Copy)]
pub enum Through<'a> {
    /// The only slab, or each for its own part of every token.
    All,
    /// A shared expert with matrices of its own: the only slab, weighted.
    Shared(&'a wgpu::Buffer, Routes),
    /// The first half of the chosen experts, token by token: a row of y for each slot.
    Gates(&'a wgpu::Buffer, Routes),
    /// The second half, token by token: a row of x for each slot, their weighted sum in y.
    Downs(&'a wgpu::Buffer, Routes),
    /// The first half, expert by expert: a row of y for each slot.
    BinnedGates(&'a wgpu::Buffer, Routes),
    /// The second half, expert by expert: a row of x and one of y for each slot, not yet weighted.
    BinnedDowns(&'a wgpu::Buffer, Routes),
}

/// Where attention leaves its parts of a head, one for each of [`SPLITS`] shares of the cache: `o [rows, SPLITS, head]`, then
/// `(m, l, 0, 0) [rows, SPLITS]`.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    /// Numbers of a head's value.
    pub head: usize,
    /// Rows that there is room for: tokens times heads.
    pub rows: usize,
}

impl Split {
    /// Where m and l begin.
    fn stats(self) -> u32 {
        (self.rows * self.head) as u32 * SPLITS
    }

    /// f32 of the buffer.
    pub fn size(self) -> usize {
        self.rows * SPLITS as usize * (self.head + 4)
    }
}

/// How a product is taken: what comes before, what comes after, for how many rows.
#[derive(Clone, Copy)]
pub struct Product<'a> {
    /// Which slabs.
    pub through: Through<'a>,
    /// x is what attention left of its heads.
    pub split: Option<Split>,
    /// The gains `[K]` and ε of a norm before the product.
    pub norm: Option<(&'a wgpu::Buffer, f32)>,
    /// What is added to W's rows, `[slabs, N]`.
    pub bias: Option<&'a wgpu::Buffer>,
    /// What becomes of y.
    pub output: Output,
    /// Numbers between two tokens of x, and between two slabs or slots within a token; where the rows are slots, between
    /// two of them.
    pub x_stride: [usize; 2],
    /// The same of y.
    pub y_stride: [usize; 2],
    /// Tokens of the batch at most.
    pub t: u32,
    /// Only the batch's last token.
    pub last: bool,
    /// What y is multiplied by.
    pub scale: f32,
}

/// Which of matmul's parameters say that only the batch's last token counts, how many slots a token has, and which token is the first
/// that a dispatch has.
const LAST: usize = 13;
const SLOTS: usize = 16;
pub(crate) const TOKEN_FIRST: usize = 24;

/// y = x · Wᵀ, a dispatch for each page of W `[slabs, N, K]`.
pub fn matmul(
    [state, x, y, nothing]: [&wgpu::Buffer; 4],
    w: &Matrix,
    product: &Product,
) -> Vec<Dispatch> {
    let [single, many] = Kernel::TILES;
    let tokens = if product.last { 1 } else { product.t };
    let batch_tile = if tokens == 1 { single } else { many };
    // Place, tile, workgroups in y and z, slots that are summed, entries that share a row of x, whether weights count.
    let batch = (
        Place::Batch,
        batch_tile,
        [tokens.div_ceil(batch_tile), w.slabs as u32],
    );
    let (routes, layout, (place, tile, [rows, deep]), used, share, weighted) = match product.through
    {
        Through::All => (nothing, None, batch, 1, 1, false),
        Through::Shared(routes, r) => (routes, Some(r), batch, 1, 1, true),
        Through::Gates(routes, r) => {
            let place = (Place::Routed, single, [tokens, r.used]);
            (routes, Some(r), place, 1, 1, false)
        }
        Through::Downs(routes, r) => {
            let place = (Place::Routed, single, [tokens, 1]);
            (routes, Some(r), place, r.used, 1, true)
        }
        Through::BinnedGates(routes, r) => {
            let place = (Place::Binned, many, [r.most_tiles, 1]);
            (routes, Some(r), place, 1, r.slots, false)
        }
        Through::BinnedDowns(routes, r) => {
            let place = (Place::Binned, many, [r.most_tiles, 1]);
            (routes, Some(r), place, 1, 1, false)
        }
    };
    let input = match product.norm {
        Some(_) => Input::RmsNorm,
        None => Input::Plain,
    };
    let (gain, eps) = product.norm.unwrap_or((nothing, 0.0));
    let whole = w.k.is_multiple_of(BLOCK) && product.x_stride.iter().all(|n| n.is_multiple_of(4));
    let windows = if w.uniform && whole && product.split.is_none() {
        windows(
            w.k,
            product,
            place,
            tile,
            tokens,
            x,
            product.norm.map(|(gain, _)| gain),
        )
    } else {
        None
    };
    let operand = match (product.split, &windows) {
        (Some(_), _) => Operand::Split,
        (None, Some(_)) => Operand::Uniform,
        (None, None) if whole => Operand::Quads,
        (None, None) => Operand::Storage,
    };
    let windows = windows.unwrap_or_else(|| vec![(0, tokens)]);
    let kernel = Kernel::Matmul {
        quant: w.quant,
        place,
        input,
        operand,
        output: product.output,
        tile,
    };
    let of_routes = |part: fn(&Routes) -> u32| layout.as_ref().map_or(0, part);
    let [numbers, scales] = w.row_words();
    let of_window = |page: &Page, first: u32, count: u32| Dispatch {
        kernel,
        params: Params::new([
            w.n as u32,
            w.half() as u32,
            page.slab_first,
            page.slabs,
            page.pair_first,
            page.pairs,
            w.k as u32,
            w.blocks() as u32,
            product.x_stride[0] as u32,
            product.x_stride[1] as u32,
            product.y_stride[0] as u32,
            product.y_stride[1] as u32,
            w.y_first as u32,
            u32::from(product.last),
            u32::from(product.bias.is_some()),
            used,
            of_routes(|r| r.slots),
            of_routes(|r| r.used),
            if weighted {
                of_routes(|r| r.weights)
            } else {
                0
            },
            of_routes(|r| r.order),
            of_routes(|r| r.tiles),
            share,
            numbers as u32,
            scales as u32,
            first,
            product.split.map_or(0, |split| split.head as u32),
            product.split.map_or(0, Split::stats),
        ])
        .float(eps)
        .float(product.scale),
        args: vec![
            state.into(),
            page.arg(),
            match (operand, product.norm) {
                (Operand::Uniform, Some(_)) => uniform(gain, 0),
                _ => gain.into(),
            },
            match operand {
                Operand::Uniform => uniform(x, 4 * u64::from(first) * product.x_stride[0] as u64),
                Operand::Storage | Operand::Quads | Operand::Split => x.into(),
            },
            product.bias.unwrap_or(nothing).into(),
            routes.into(),
            y.into(),
        ],
        groups: [
            page.pairs.div_ceil(kernel.items()),
            if place == Place::Batch {
                count.div_ceil(tile)
            } else {
                rows
            },
            deep,
        ],
    };
    let of_page = |page| {
        windows
            .iter()
            .map(move |(first, count)| (page, *first, *count))
    };
    let all = w.pages.iter().flat_map(of_page);
    all.map(|(page, first, count)| of_window(page, first, count))
        .collect()
}

/// A window of a buffer as uniforms.
fn uniform(buffer: &wgpu::Buffer, offset: u64) -> Arg {
    Arg::Buffer {
        buffer: buffer.clone(),
        offset,
        size: UNIFORM_BYTES,
    }
}

/// The tokens, first and count, whose rows of x, of whole blocks, fit in a uniform binding together; None if they cannot be bound so.
fn windows(
    k: usize,
    product: &Product,
    place: Place,
    tile: u32,
    tokens: u32,
    x: &wgpu::Buffer,
    gain: Option<&wgpu::Buffer>,
) -> Option<Vec<(u32, u32)>> {
    let [stride, _] = product.x_stride;
    let gains =
        gain.is_none_or(|gain| k as u64 * 4 <= UNIFORM_BYTES && gain.size() >= UNIFORM_BYTES);
    let chosen_later = product.last && product.t > 1; // which token of the batch it is
    if !gains || chosen_later || stride == 0 {
        return None;
    }
    let fit = (UNIFORM_BYTES / (4 * stride as u64)) as u32;
    let count = match place {
        _ if fit >= tokens => tokens,
        // Whole tiles, whose rows begin at a multiple of 256 bytes.
        Place::Batch => {
            let step = if stride.is_multiple_of(8) { 8 } else { 16 };
            fit / step.max(tile) * step.max(tile)
        }
        Place::Routed | Place::Binned => 0,
    };
    let reach = |first: u32| 4 * u64::from(first) * stride as u64 + UNIFORM_BYTES;
    let firsts = (0..tokens).step_by(count.max(1) as usize);
    let all: Vec<_> = firsts
        .map(|first| (first, count.min(tokens - first)))
        .collect();
    let last = all.last().map_or(0, |(first, _)| *first);
    (count > 0 && place != Place::Binned && reach(last) <= x.size()).then_some(all)
}

/// The choice of experts for up to `t` tokens x `[T, D]`, through a norm's gains `[D]` and ε and the router; `usage` `[L, E]`
/// counts a layer's choices.
pub fn route(
    [state, x, routes, nothing]: [&wgpu::Buffer; 4],
    (gain, eps): (&wgpu::Buffer, f32),
    router: &Router<Matrix, wgpu::Buffer>,
    moe: &Moe,
    layout: Routes,
    (usage, layer): (&wgpu::Buffer, usize),
    t: u32,
) -> Dispatch {
    let w = &router.gate;
    let kernel = Kernel::Route(w.quant);
    let page = &w.pages[0]; // a router that needs more is refused by `weights::load`
    let [lanes, bands] = bands(w.n as u32, kernel.items());
    let [numbers, scales] = w.row_words();
    let [bias, selection] = [&router.bias, &router.selection].map(Option::as_ref);
    Dispatch {
        kernel,
        params: Params::new([
            moe.e as u32,
            moe.a as u32,
            layout.slots,
            moe.gating as u32,
            u32::from(moe.norm),
            moe.groups as u32,
            moe.groups_used as u32,
            u32::from(moe.group_rule == GroupRule::BestTwo),
            u32::from(bias.is_some()),
            u32::from(selection.is_some()),
            layout.weights,
            w.k as u32,
            w.blocks() as u32,
            w.n as u32,
            page.pairs,
            lanes,
            bands,
            numbers as u32,
            scales as u32,
        ])
        .float(eps)
        .float(moe.scale)
        .int((layer * moe.e) as u32),
        args: vec![
            state.into(),
            page.arg(),
            gain.into(),
            x.into(),
            bias.unwrap_or(nothing).into(),
            selection.unwrap_or(nothing).into(),
            routes.into(),
            usage.into(),
        ],
        groups: [t, 1, 1],
    }
}

/// How a workgroup of `wg` lanes is divided for a product with `rows` rows: lanes of a band, a row each, and how many bands
/// share the columns. Eight lanes read whole sectors of 32 bytes of any plane.
fn bands(rows: u32, wg: u32) -> [u32; 2] {
    let rounds = rows.div_ceil(wg);
    let lanes = rows.div_ceil(rounds).next_multiple_of(8);
    [lanes, wg / lanes]
}

/// Routed tokens by expert, in tiles.
pub fn bin([state, routes]: [&wgpu::Buffer; 2], layout: Routes) -> Dispatch {
    Dispatch {
        kernel: Kernel::bin(layout.experts),
        params: Params::new([
            layout.experts,
            layout.used,
            layout.slots,
            layout.order,
            layout.tiles,
        ]),
        args: vec![state.into(), routes.into()],
        groups: [1, 1, 1],
    }
}

/// x `[T, D]` += scale · the weighted sum of y `[T, slots, D]`.
pub fn combine(
    [state, routes, y, x]: [&wgpu::Buffer; 4],
    layout: Routes,
    d: usize,
    scale: f32,
    t: u32,
) -> Dispatch {
    let kernel = Kernel::Combine;
    Dispatch {
        kernel,
        params: Params::new([d as u32, layout.slots, layout.weights, layout.used]).float(scale),
        args: vec![state.into(), routes.into(), y.into(), x.into()],
        groups: [(d as u32).div_ceil(kernel.items()), t, 1],
    }
}

/// x `[T, D]` += scale · norm(y `[T, D]`).
pub fn post_norm(
    [state, y, gain, x]: [&wgpu::Buffer; 4],
    d: usize,
    eps: f32,
    scale: f32,
    t: u32,
) -> Dispatch {
    Dispatch {
        kernel: Kernel::PostNorm,
        params: Params::new([d as u32]).float(eps).float(scale),
        args: vec![state.into(), y.into(), gain.into(), x.into()],
        groups: [t, 1, 1],
    }
}

/// H, K and C of attention, and the channels that rope turns.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
    /// H, query heads.
    pub h: u32,
    /// K, kv heads.
    pub kv: u32,
    /// C, channels of a head of q and k.
    pub c: u32,
    /// Channels of a value.
    pub cv: u32,
    /// Channels that rope turns.
    pub rot: u32,
}

/// Norms and turns q and k by position and writes k and v to the cache, for up to `t` tokens. A norm is its gains and the
/// numbers it is over.
pub fn rope(
    [state, turns, qkv, q, nothing]: [&wgpu::Buffer; 5],
    norms: [Option<(&wgpu::Buffer, usize)>; 2],
    cache: &Cache,
    heads: Heads,
    eps: f32,
    t: u32,
) -> Dispatch {
    let over = norms.map(|norm| norm.map_or(0, |(_, over)| over as u32));
    let [q_norm, k_norm] = norms.map(|norm| norm.map_or(nothing, |(gain, _)| gain));
    Dispatch {
        kernel: Kernel::Rope {
            c: heads.c,
            cache: cache.kind,
        },
        params: Params::new([
            heads.h,
            heads.kv,
            heads.rot,
            over[0],
            over[1],
            cache.tiles(),
        ])
        .float(eps),
        args: vec![
            state.into(),
            turns.into(),
            q_norm.into(),
            k_norm.into(),
            qkv.into(),
            q.into(),
            cache.k.arg(),
            cache.v.arg(),
        ],
        groups: [heads.h + 2 * heads.kv, t, 1],
    }
}

/// Where a token's q and latent lie for `latent`.
#[derive(Debug, Clone, Copy)]
pub struct LatentInput {
    /// Numbers of a token of kv, and where its latent begins.
    pub kv: [usize; 2],
    /// Numbers of a token of q and of a head, and where a head's channels with position begin.
    pub q: [usize; 3],
}

/// Norms a token's latent, turns what has positions, and writes latent and k to the cache, for up to `t` tokens.
pub fn latent(
    [state, turns, gain, kv, q, heads]: [&wgpu::Buffer; 6],
    input: LatentInput,
    cache: &Cache,
    h: usize,
    mla: Mla,
    t: u32,
) -> Dispatch {
    Dispatch {
        kernel: Kernel::Latent {
            r: mla.r as u32,
            rope: mla.rope as u32,
            cache: cache.kind,
        },
        params: Params::new(
            [
                h,
                input.kv[0],
                input.kv[1],
                input.q[0],
                input.q[1],
                input.q[2],
            ]
            .map(|n| n as u32),
        )
        .int(cache.tiles())
        .float(mla.eps),
        args: vec![
            state.into(),
            turns.into(),
            gain.into(),
            kv.into(),
            q.into(),
            heads.into(),
            cache.k.arg(),
        ],
        groups: [h as u32 + 1, t, 1],
    }
}

/// Attention of up to `t` tokens over the cache. Values are the keys' first channels where the cache has none of its own.
/// A query sees `window` positions, itself included (0: all), and scores are q·k times `scale`. With `split`, out is what a
/// [`Split`] describes.
pub fn attention(
    [state, q, out, nothing]: [&wgpu::Buffer; 4],
    sinks: Option<&wgpu::Buffer>,
    cache: &Cache,
    heads: Heads,
    (window, scale): (usize, f32),
    t: u32,
    split: Option<Split>,
) -> Dispatch {
    let g = heads.h / heads.kv;
    let rows = attention_rows(t, g, heads.c);
    Dispatch {
        kernel: Kernel::Attention {
            c: heads.c,
            cv: heads.cv,
            rows,
            latent: cache.latent,
            cache: cache.kind,
            split: split.is_some(),
        },
        params: Params::new([
            heads.h,
            heads.kv,
            window as u32,
            cache.tiles(),
            u32::from(sinks.is_some()),
            0,
            split.map_or(0, |split| split.stats() / 4),
        ])
        .float(scale),
        args: vec![
            state.into(),
            q.into(),
            cache.k.arg(),
            cache.v.arg(),
            sinks.unwrap_or(nothing).into(),
            out.into(),
        ],
        groups: [
            (t * g).div_ceil(rows),
            heads.kv,
            split.map_or(1, |_| SPLITS),
        ],
    }
}

/// What [`attention`] left of `rows` heads in parts, put together: out `[rows, head]`.
pub fn join([parts, out, nothing]: [&wgpu::Buffer; 3], split: Split, rows: usize) -> Dispatch {
    let kernel = Kernel::Join;
    let numbers = (rows * split.head) as u32;
    Dispatch {
        kernel,
        params: Params::new([numbers, split.head as u32, split.stats()]),
        args: [out, nothing, nothing, parts].map(Arg::from).into(),
        groups: [(numbers / 4).div_ceil(kernel.items()), 1, 1],
    }
}

/// The next id from logits, marks, the place, ids, the ring and the bias; parameters are the sampler's.
pub fn sample(args: [&wgpu::Buffer; 6], params: Params) -> Dispatch {
    let args = args.map(Arg::from).into();
    Dispatch {
        kernel: Kernel::Sample,
        params,
        args,
        groups: [1, 1, 1],
    }
}

/// Of a dispatch's workgroups, `most` for the batch that it was made for, those that have something to do for a batch of `t` tokens;
/// it can be left out if there are none along one dimension.
pub(crate) fn groups(kernel: Kernel, params: &Params, most: [u32; 3], t: u32) -> [u32; 3] {
    let [x, y, z] = most;
    match kernel {
        Kernel::Matmul {
            place: Place::Batch,
            tile,
            ..
        } if params.word(LAST) == 0 => {
            let behind = t.saturating_sub(params.word(TOKEN_FIRST));
            [x, y.min(behind.div_ceil(tile)), z]
        }
        Kernel::Matmul {
            place: Place::Binned,
            tile,
            ..
        } => {
            // Full tiles, and one an entry at most that is not.
            let entries = t.saturating_mul(params.word(SLOTS));
            [x, y.min(entries / tile + entries), z]
        }
        Kernel::Matmul {
            place: Place::Routed,
            ..
        }
        | Kernel::Embed(_)
        | Kernel::Rope { .. }
        | Kernel::Latent { .. }
        | Kernel::Combine => [x, y.min(t), z],
        Kernel::Route(_) | Kernel::PostNorm => [x.min(t), y, z],
        Kernel::Attention { rows, .. } => {
            let shared = params.word(0) / params.word(1).max(1); // query heads of a kv head
            [x.min((t * shared).div_ceil(rows)), y, z]
        }
        // The last token alone, tokens where the router sent them, and what has no tokens.
        _ => most,
    }
}
