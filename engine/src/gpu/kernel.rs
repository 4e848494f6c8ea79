//! Kernels: which files of shaders/ make one, with which constants. `all_kernels` is the one list that validation, the
//! comparison with the CPU reference and the benchmarks go through. shaders/README.md has the contract of the parts.

use crate::arch::{Activation, Moe};
use crate::quant::{QUANTS, Quant};

use super::parts::{
    CacheType, Memory, Operand, PAIRS, PLANE_WIDTH, SAMPLER, SPLITS, STRIP, Share, Tier,
    UNIFORM_BYTES,
};

/// Ids the sampler may be ahead of what was read back.
pub const RING: u32 = 8;

/// Which rows of x a matrix product takes, and which slab of W each meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The tokens of the batch and one slab, or each slab for its own part of every token.
    Batch,
    /// One token and the experts it was routed to.
    Routed,
    /// Tiles of tokens that were routed to the same expert.
    Binned,
}

/// What stands before a matrix product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// The activations as they are.
    Plain,
    /// RMSNorm, folded into the product.
    RmsNorm,
}

/// What becomes of a matrix product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Output {
    /// It is written.
    Store,
    /// It is added to what is there: the residual stream.
    Add,
    /// The activation of the first half and the second is written.
    Gated(Activation),
}

/// One kernel in one variant; with a [`Tier`] it determines the WGSL to the letter.
#[derive(Debug, Clone, Copy)]
pub enum Kernel {
    /// Token ids to rows of the embedding.
    Embed(&'static Quant),
    /// A matrix product over `tile` rows of x at a time.
    Matmul {
        quant: &'static Quant,
        place: Place,
        input: Input,
        operand: Operand,
        output: Output,
        tile: u32,
    },
    /// Norms of q and k, rotary positions, and the write to the cache, for heads of `c` channels.
    Rope { c: u32, cache: CacheType },
    /// The same for latent attention of rank `r` with `rope` channels that have positions.
    Latent { r: u32, rope: u32, cache: CacheType },
    /// Attention for heads of `c` channels and values of `cv`, `rows` query rows a workgroup; `latent`: values are in
    /// the cache of keys.
    Attention {
        c: u32,
        cv: u32,
        rows: u32,
        latent: bool,
        cache: CacheType,
        /// Each share of the cache has workgroups of its own: [`SPLITS`].
        split: bool,
    },
    /// A block's normed result into the residual stream.
    PostNorm,
    /// The experts of each token and their weights.
    Route(&'static Quant),
    /// Routed tokens by expert, in tiles.
    Bin { experts: u32 },
    /// The experts' results into the residual stream.
    Combine,
    /// Attention's parts of heads, for batches whose products do not put them together.
    Join,
    /// The next id from the logits.
    Sample,
    /// Rows of a file to the GPU's layout.
    Repack(&'static Quant),
    /// Words to a plane as they are.
    Put,
    /// Words of a plane, as kernels read them.
    Get,
}

/// How a kernel uses a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// A dispatch's parameters.
    Params,
    Uniform,
    Read,
    Write,
    /// A page of weights or a cache, read.
    Page,
    /// A page of weights or a cache, filled.
    Fill,
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.label() == other.label()
    }
}

impl Eq for Kernel {}

impl std::hash::Hash for Kernel {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.label().hash(state);
    }
}

/// Query rows a workgroup of attention takes for batches of `t` tokens with `g` query heads to a kv head: all of them, up to eight,
/// as far as `c` channels of each fit in 10 of the 16 KiB of workgroup memory that every device has.
pub fn attention_rows(t: u32, g: u32, c: u32) -> u32 {
    let most = (10 * 1024 / 4 / c).clamp(1, 8);
    t.saturating_mul(g).clamp(1, 1 << most.ilog2())
}

/// Every kernel in every variant that a forward may use; heads and mixtures of other sizes get their own variant.
pub fn all_kernels() -> Vec<Kernel> {
    use CacheType::{F16, F32, Q8};
    fn both(rows: impl Iterator<Item = u32>) -> impl Iterator<Item = (u32, bool)> {
        rows.flat_map(|rows| [(rows, false), (rows, true)])
    }
    let mut all = vec![
        Kernel::Sample,
        Kernel::PostNorm,
        Kernel::Combine,
        Kernel::Join,
        Kernel::Put,
        Kernel::Get,
    ];
    all.extend([64, 256, 1024].map(|experts| Kernel::Bin { experts }));
    for cache in [F32, F16, Q8] {
        for c in [4, 8, 16, 32, 64, 80, 96, 112, 128, 256] {
            all.push(Kernel::Rope { c, cache });
            let rows = 1..=attention_rows(8, 8, c);
            all.extend(both(rows).map(|(rows, split)| Kernel::Attention {
                c,
                cv: c,
                rows,
                latent: false,
                cache,
                split,
            }));
        }
        for (r, rope) in [(16, 8), (32, 8), (256, 32), (512, 64)] {
            all.push(Kernel::Latent { r, rope, cache });
            let rows = 1..=attention_rows(8, 8, r + rope);
            all.extend(both(rows).map(|(rows, split)| Kernel::Attention {
                c: r + rope,
                cv: r,
                rows,
                latent: true,
                cache,
                split,
            }));
        }
    }
    for quant in QUANTS {
        all.extend([
            Kernel::Repack(quant),
            Kernel::Embed(quant),
            Kernel::Route(quant),
        ]);
        all.extend(
            products().map(|(place, input, operand, output, tile)| Kernel::Matmul {
                quant,
                place,
                input,
                operand,
                output,
                tile,
            }),
        );
    }
    all
}

/// The products of a forward: their place, input, operand, output and tile.
fn products() -> impl Iterator<Item = (Place, Input, Operand, Output, u32)> {
    use Activation::{ClampedSwiGlu, GeGlu, SwiGlu};
    use Input::{Plain, RmsNorm};
    use Output::{Add, Gated, Store};
    let [one, many] = Kernel::TILES;
    let batch = [
        (RmsNorm, Store),
        (RmsNorm, Gated(SwiGlu)),
        (RmsNorm, Gated(GeGlu)),
        (Plain, Add),
        (Plain, Store),
    ];
    let routed = [
        (RmsNorm, Gated(SwiGlu)),
        (RmsNorm, Gated(ClampedSwiGlu)),
        (Plain, Add),
    ];
    let binned = [
        (RmsNorm, Gated(SwiGlu)),
        (RmsNorm, Gated(ClampedSwiGlu)),
        (Plain, Store),
    ];
    let of = move |place, tile| move |(input, output)| (place, input, output, tile);
    let one_token = batch.into_iter().map(of(Place::Batch, one));
    let many_tokens = batch.into_iter().map(of(Place::Batch, many));
    let routed = routed.into_iter().map(of(Place::Routed, one));
    let binned = binned.into_iter().map(of(Place::Binned, many));
    let all = one_token.chain(many_tokens).chain(routed).chain(binned);
    all.flat_map(|(place, input, output, tile)| {
        let operands: &[Operand] = match place {
            Place::Binned => &[Operand::Storage, Operand::Quads],
            // What attention leaves goes through attn_output, or v_b.
            Place::Batch if matches!((input, output), (Plain, Add | Store)) => &[
                Operand::Storage,
                Operand::Quads,
                Operand::Uniform,
                Operand::Split,
            ],
            Place::Batch | Place::Routed => &[Operand::Storage, Operand::Quads, Operand::Uniform],
        };
        let of = move |operand: &Operand| (place, input, *operand, output, tile);
        operands.iter().map(of)
    })
}

impl Kernel {
    /// Tokens of a matmul's tile: decode's and prefill's.
    pub const TILES: [u32; 2] = [1, 8];

    /// The variant's name, e.g. `matmul Q4_1 Batch RmsNorm Gated(SwiGlu) tile 8`.
    pub fn label(&self) -> String {
        match self {
            Kernel::Embed(quant) => format!("embed {}", quant.name),
            Kernel::Matmul {
                quant,
                place,
                input,
                operand,
                output,
                tile,
            } => {
                let name = quant.name;
                format!("matmul {name} {place:?} {input:?} {operand:?} {output:?} tile {tile}")
            }
            Kernel::Rope { c, cache } => format!("rope c {c} {cache:?}"),
            Kernel::Latent { r, rope, cache } => format!("latent r {r} rope {rope} {cache:?}"),
            Kernel::Attention {
                c,
                cv,
                rows,
                latent,
                cache,
                split,
            } => {
                let kind = if *latent { "latent " } else { "" };
                let split = if *split { " split" } else { "" };
                format!("{kind}attention c {c} cv {cv} rows {rows} {cache:?}{split}")
            }
            Kernel::PostNorm => "post_norm".into(),
            Kernel::Route(quant) => format!("route {}", quant.name),
            Kernel::Bin { experts } => format!("bin {experts}"),
            Kernel::Combine => "combine".into(),
            Kernel::Join => "join".into(),
            Kernel::Sample => "sample".into(),
            Kernel::Repack(quant) => format!("repack {}", quant.name),
            Kernel::Put => "put".into(),
            Kernel::Get => "get".into(),
        }
    }

    /// The binning of a mixture of `e` experts, the shared one's among them; rounded up, so that few variants serve all.
    pub fn bin(e: u32) -> Self {
        Kernel::Bin {
            experts: e.next_power_of_two().max(64),
        }
    }

    /// What a workgroup does along its first dimension: of a product pairs of rows, of the others a thing a lane.
    pub fn items(&self) -> u32 {
        match self {
            Kernel::Matmul { .. } => PAIRS,
            Kernel::Embed(_) => 32,
            // A lane has quads of channels of a head; no more lanes than quads, since those that rest cost, too.
            Kernel::Rope { c, .. } => (c / 4).next_power_of_two().clamp(16, 64),
            Kernel::Latent { .. }
            | Kernel::Attention { .. }
            | Kernel::Combine
            | Kernel::Join
            | Kernel::Repack(_)
            | Kernel::Put
            | Kernel::Get => 64,
            Kernel::Bin { .. } | Kernel::PostNorm => 128,
            Kernel::Route(_) | Kernel::Sample => 256,
        }
    }

    /// Lanes of a workgroup.
    fn lanes(&self, tier: Tier) -> u32 {
        match *self {
            Kernel::Matmul { tile, .. } => tier.share.row_lanes(tile) * tier.share.slices(),
            Kernel::Attention { .. } if self.is_of_a_subgroup(tier) => tier.share.lanes(),
            _ => self.items(),
        }
    }

    /// Whether a subgroup has rows of attention to itself: where lanes hand round, heads of 64 channels at most, since all of a
    /// position's and of a step's are written out.
    fn is_of_a_subgroup(&self, tier: Tier) -> bool {
        match *self {
            Kernel::Attention { c, cv, .. } => tier.share.hands_round() && c.max(cv) <= 64,
            _ => false,
        }
    }

    /// Whether the kernel reduces over a workgroup, so that subgroups change it.
    fn reduces(&self) -> bool {
        matches!(
            self,
            Kernel::Sample
                | Kernel::Rope { .. }
                | Kernel::Latent { .. }
                | Kernel::Route(_)
                | Kernel::PostNorm
        )
    }

    /// Whether lanes hand what they all need from one to the other.
    fn hands_round(&self, tier: Tier) -> bool {
        tier.share.hands_round() && matches!(self, Kernel::Matmul { .. } | Kernel::Attention { .. })
    }

    /// Whether the kernel has subgroup operations in it.
    fn uses_subgroups(&self, tier: Tier) -> bool {
        self.hands_round(tier) || tier.subgroups && self.reduces()
    }

    /// Whether the kernel reads through a sampler, at the binding SAMPLER.
    pub(super) fn samples(&self, tier: Tier) -> bool {
        tier.weights == Memory::Sampled && self.bindings().contains(&Access::Page)
    }

    /// The bindings in order. Binding 0 is always the parameters.
    pub(super) fn bindings(&self) -> &'static [Access] {
        use Access::{Fill, Page, Params, Read, Uniform, Write};
        match self {
            Kernel::Embed(_) => &[Params, Read, Page, Read, Write],
            Kernel::Matmul {
                operand: Operand::Storage | Operand::Quads | Operand::Split,
                ..
            } => &[Params, Read, Page, Read, Read, Read, Read, Write],
            Kernel::Matmul {
                input: Input::RmsNorm,
                ..
            } => &[Params, Read, Page, Uniform, Uniform, Read, Read, Write],
            Kernel::Matmul { .. } => &[Params, Read, Page, Read, Uniform, Read, Read, Write],
            Kernel::Rope { .. } => &[Params, Read, Read, Read, Read, Read, Write, Fill, Fill],
            Kernel::Latent { .. } => &[Params, Read, Read, Read, Read, Read, Write, Fill],
            Kernel::Attention { .. } => &[Params, Read, Read, Page, Page, Read, Write],
            Kernel::PostNorm | Kernel::Combine => &[Params, Read, Read, Read, Write],
            Kernel::Join => &[Params, Write, Read, Read, Read], // x is a product's: at 4
            Kernel::Route(_) => &[Params, Read, Page, Read, Read, Read, Read, Write, Write],
            Kernel::Bin { .. } => &[Params, Read, Write],
            Kernel::Sample => &[Params, Read, Write, Write, Write, Write, Read],
            Kernel::Repack(_) | Kernel::Put => &[Params, Read, Fill],
            Kernel::Get => &[Params, Write, Page],
        }
    }

    fn constants(&self, tier: Tier) -> Vec<(&'static str, u32)> {
        let mut constants = vec![
            ("WG", self.lanes(tier)),
            ("PLANE_WIDTH", PLANE_WIDTH),
            ("STRIP", STRIP as u32),
            ("UNIFORM_QUADS", (UNIFORM_BYTES / 16) as u32),
        ];
        if self.samples(tier) {
            constants.push(("SAMPLER", SAMPLER));
        }
        if self.hands_round(tier) {
            constants.push(("SUBGROUP", tier.share.lanes()));
        }
        if let Kernel::Rope { cache, .. }
        | Kernel::Latent { cache, .. }
        | Kernel::Attention { cache, .. } = self
        {
            let [texels, scales] = cache.texels();
            constants.extend([("TEXELS", texels), ("SCALES", scales)]);
        }
        match *self {
            Kernel::Matmul { tile, operand, .. } => {
                constants.extend([
                    ("TILE_T", tile),
                    ("PAIRS", PAIRS),
                    ("ROW_LANES", tier.share.row_lanes(tile)),
                    ("SPREAD", tier.share.spread()),
                ]);
                if operand == Operand::Split {
                    constants.push(("SPLITS", SPLITS));
                }
                let staged = match tier.share {
                    // 1024 numbers of one token, 256 of eight: at most 8 of the 16 KiB every device has, and a block for
                    // every slice. The slices' sums take 4 KiB, Σx² 2.
                    Share::Workgroup => [1024, 256],
                    // Nothing is staged: all of K at once.
                    Share::Four | Share::Eight | Share::Own => [1 << 30; 2],
                };
                constants.push(("KT", staged[usize::from(tile > 1)]));
            }
            Kernel::Rope { c, .. } => constants.push(("C", c)),
            Kernel::Latent { r, rope, .. } => constants.extend([("R", r), ("ROPE", rope)]),
            Kernel::Attention {
                c,
                cv,
                rows,
                latent,
                split,
                ..
            } => constants.extend([
                ("SPLITS", if split { SPLITS } else { 1 }),
                ("C", c),
                ("CV", cv),
                ("ROWS", rows),
                ("LATENT", u32::from(latent)),
                // Whole subgroups that hand round have one share of the positions.
                ("V_LANES", (cv / 4).next_power_of_two().clamp(8, 64)),
            ]),
            Kernel::Route(_) => constants.extend([
                ("KT", 1024),
                ("EXPERTS", Moe::MOST_EXPERTS as u32),
                ("GROUPS", Moe::MOST_GROUPS as u32),
            ]),
            Kernel::Bin { experts } => {
                constants.extend([("EXPERTS", experts), ("TILE_T", Self::TILES[1])]);
            }
            Kernel::Sample => constants.push(("RING", RING)),
            Kernel::Join => constants.push(("SPLITS", SPLITS)),
            Kernel::Embed(_)
            | Kernel::PostNorm
            | Kernel::Combine
            | Kernel::Repack(_)
            | Kernel::Put
            | Kernel::Get => {}
        }
        constants
    }

    fn files(&self, tier: Tier) -> Vec<&'static str> {
        let mut files = match self {
            Kernel::Embed(quant) => [weights(quant, tier), vec![EMBED]].concat(),
            Kernel::Matmul {
                quant,
                place,
                input,
                operand,
                output,
                tile,
            } => {
                let place = match place {
                    Place::Batch => include_str!("../../../shaders/place/batch.wgsl"),
                    Place::Routed => include_str!("../../../shaders/place/routed.wgsl"),
                    Place::Binned => include_str!("../../../shaders/place/binned.wgsl"),
                };
                let norms = *input == Input::RmsNorm;
                let input = match input {
                    Input::Plain => include_str!("../../../shaders/in/plain.wgsl"),
                    Input::RmsNorm => RMS_NORM,
                };
                let output = match output {
                    Output::Store => include_str!("../../../shaders/out/store.wgsl"),
                    Output::Add => include_str!("../../../shaders/out/add.wgsl"),
                    Output::Gated(activation) => gated(*activation),
                };
                let lane = tier.share.lane(*tile);
                let tile: &[&str] = match tile {
                    1 => &[
                        include_str!("../../../shaders/tile/one.wgsl"),
                        tier.share.rows(),
                    ],
                    _ => &[
                        include_str!("../../../shaders/tile/eight.wgsl"),
                        include_str!("../../../shaders/rows/together.wgsl"),
                        tier.share.turn(),
                    ],
                };
                let mut files = weights(quant, tier);
                files.extend([place, operand.x(), input, output]);
                files.extend([tier.share.weights(), lane, MATMUL]);
                files.extend(tier.share.dot());
                files.extend(tile);
                if norms {
                    files.push(operand.gain());
                }
                files
            }
            Kernel::Rope { cache, .. } => {
                let rope = include_str!("../../../shaders/rope.wgsl");
                let mut files = vec![STATE, RECORD, cache.write(), rope];
                files.extend(tier.weights.write_cache());
                files
            }
            Kernel::Latent { cache, .. } => {
                // There are no values apart from the keys; their binding is not there.
                let latent = include_str!("../../../shaders/latent.wgsl");
                let mut files = vec![STATE, RECORD, cache.write(), latent];
                files.extend(tier.weights.write_cache());
                files
            }
            Kernel::Attention { cache, .. } => {
                let attention = include_str!("../../../shaders/lib/attention.wgsl");
                let mut files = vec![STATE, RECORD, cache.read(), attention];
                files.extend(tier.weights.read_cache());
                if self.is_of_a_subgroup(tier) {
                    files.push(include_str!("../../../shaders/attention_subgroup.wgsl"));
                } else {
                    files.push(include_str!("../../../shaders/attention.wgsl"));
                    files.push(tier.share.attend());
                }
                files.extend(tier.share.hand());
                files
            }
            Kernel::PostNorm => vec![STATE, include_str!("../../../shaders/post_norm.wgsl")],
            Kernel::Route(quant) => {
                let router = include_str!("../../../shaders/lib/router.wgsl");
                let route = include_str!("../../../shaders/route.wgsl");
                let operand = Operand::Storage;
                let mut files = weights(quant, tier);
                files.extend([RMS_NORM, operand.x(), operand.gain(), router, route]);
                files
            }
            Kernel::Bin { .. } => vec![STATE, include_str!("../../../shaders/bin.wgsl")],
            Kernel::Combine => vec![STATE, include_str!("../../../shaders/combine.wgsl")],
            Kernel::Join => vec![
                Operand::Split.x(),
                include_str!("../../../shaders/join.wgsl"),
            ],
            Kernel::Sample => vec![STATE, include_str!("../../../shaders/sample.wgsl")],
            Kernel::Repack(quant) => {
                let raw = include_str!("../../../shaders/lib/raw.wgsl");
                let repack = include_str!("../../../shaders/repack.wgsl");
                let mut files = vec![PAGE, raw, quant.repack, repack];
                files.extend(tier.weights.fill());
                files
            }
            Kernel::Put => {
                let put = include_str!("../../../shaders/put.wgsl");
                [tier.weights.fill(), &[put]].concat()
            }
            Kernel::Get => {
                let get = include_str!("../../../shaders/get.wgsl");
                [tier.weights.read(), &[get]].concat()
            }
        };
        files.push(tier.weights.params());
        if self.reduces() {
            files.push(if tier.subgroups {
                include_str!("../../../shaders/lib/reduce_subgroup.wgsl")
            } else {
                include_str!("../../../shaders/lib/reduce_workgroup.wgsl")
            });
        }
        files
    }

    /// The kernel's WGSL. `browser` says for whom: browsers demand `enable subgroups;`, naga does not know it.
    pub fn wgsl(&self, tier: Tier, browser: bool) -> String {
        let mut text = String::new();
        if tier.f16 {
            text += "enable f16;\n";
        }
        if self.uses_subgroups(tier) && browser {
            text += "enable subgroups;\n";
        }
        text += if tier.f16 {
            "alias act = f16;\n"
        } else {
            "alias act = f32;\n"
        };
        for (name, value) in self.constants(tier) {
            text += &format!("const {name}: u32 = {value}u;\n");
        }
        for file in self.files(tier) {
            text += file;
        }
        text
    }
}

/// What a kernel that reads weights has.
fn weights(quant: &Quant, tier: Tier) -> Vec<&'static str> {
    let rest = [STATE, BITS, PAGE, ROW, quant.load, BLOCK];
    [tier.weights.read(), &rest].concat()
}

fn gated(activation: Activation) -> &'static str {
    match activation {
        Activation::SwiGlu => include_str!("../../../shaders/out/swiglu.wgsl"),
        Activation::GeGlu => include_str!("../../../shaders/out/geglu.wgsl"),
        Activation::ClampedSwiGlu => include_str!("../../../shaders/out/clamped_swiglu.wgsl"),
    }
}

const STATE: &str = include_str!("../../../shaders/lib/state.wgsl");
const RECORD: &str = include_str!("../../../shaders/lib/record.wgsl");
const PAGE: &str = include_str!("../../../shaders/lib/page.wgsl");
const BLOCK: &str = include_str!("../../../shaders/lib/block.wgsl");
const ROW: &str = include_str!("../../../shaders/lib/row.wgsl");
const BITS: &str = include_str!("../../../shaders/lib/bits.wgsl");
const RMS_NORM: &str = include_str!("../../../shaders/in/rmsnorm.wgsl");
const EMBED: &str = include_str!("../../../shaders/embed.wgsl");
const MATMUL: &str = include_str!("../../../shaders/matmul.wgsl");
