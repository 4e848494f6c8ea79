//! Parts of kernels that a device or a session chooses, and the files of shaders/ that supply them.

/// What of a device the kernels use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Tier {
    /// Subgroup operations, of any subgroup size.
    pub subgroups: bool,
    /// f16 arithmetic; activations are staged in it.
    pub f16: bool,
    /// Where weights and caches lie.
    pub weights: Memory,
    /// How the lanes of a product come by the activations.
    pub share: Share,
}

/// Where weights and caches lie on the GPU.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Memory {
    /// In storage buffers.
    #[default]
    Buffers,
    /// In textures.
    Textures,
    /// In textures of floats that kernels read through a sampler, bit for bit: of every other read it is checked where it goes.
    Sampled,
}

/// How the lanes of a product come by the activations, which they all need.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Share {
    /// Through workgroup memory.
    #[default]
    Workgroup,
    /// From lane to lane of subgroups of four.
    Four,
    /// From lane to lane of subgroups of eight.
    Eight,
    /// Every lane reads all of them: for adapters that compute on the CPU and have no such subgroups.
    Own,
}

/// What kind of adapter kernels are shaped for: the part of a [`Tier`] that costs nothing but time when it is chosen ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kernels {
    /// Where weights and caches lie.
    pub weights: Memory,
    /// How the lanes of a product come by the activations.
    pub share: Share,
}

impl Share {
    /// What adapters that compute on the CPU do best with, whose subgroups are all of one size, or that have none.
    pub fn on_cpu(subgroup: Option<u32>) -> Self {
        match subgroup {
            Some(4) => Self::Four,
            Some(8) => Self::Eight,
            _ => Self::Own,
        }
    }

    /// Whether lanes hand round what they all need, by subgroup operations.
    pub fn hands_round(self) -> bool {
        self.lanes() > 0
    }
}

/// Where a product's activations and gains are bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// As storage, whatever their size.
    Storage,
    /// As storage, by fours: rows of whole blocks.
    Quads,
    /// As uniforms: rows of whole blocks within [`UNIFORM_BYTES`].
    Uniform,
    /// As storage, in the parts that attention leaves of them: [`SPLITS`].
    Split,
}

/// Shares of the cache that attention has workgroups of their own for, for few tokens: a kv head's alone would leave most of a
/// GPU idle.
pub const SPLITS: u32 = 8;

/// Bytes of a uniform binding: what every device allows.
pub const UNIFORM_BYTES: u64 = 64 << 10;

/// Texels of a line of a texture of weights or of a cache.
pub(crate) const PLANE_WIDTH: u32 = 1024;

/// Pairs of rows that lie interleaved, by eights: eight words of 16 bytes are 128, a line of a GPU's memory, and what eight lanes on
/// a CPU read together, which keep all pairs of a strip.
pub const STRIP: usize = 16;

/// Pairs of rows that a workgroup of a product computes.
pub(crate) const PAIRS: u32 = 64;

/// The binding of the sampler, behind all others.
pub(crate) const SAMPLER: u32 = 15;

/// How the cache keeps its numbers.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum CacheType {
    /// As they are computed.
    #[default]
    F32,
    /// Rounded to f16.
    F16,
    /// Signed bytes with an f32 for each 32 channels.
    Q8,
}

impl Memory {
    /// A texel of weights or of a cache, four u32; None: they are in buffers.
    pub(super) fn format(self) -> Option<wgpu::TextureFormat> {
        match self {
            Memory::Buffers => None,
            Memory::Textures => Some(wgpu::TextureFormat::Rgba32Uint),
            Memory::Sampled => Some(wgpu::TextureFormat::Rgba32Float),
        }
    }

    /// Where a dispatch's parameters lie: adapters with weights in textures compute on the CPU, where storage is as near as uniforms.
    pub(super) fn params(self) -> &'static str {
        match self {
            Memory::Buffers => include_str!("../../../shaders/params/uniform.wgsl"),
            Memory::Textures | Memory::Sampled => {
                include_str!("../../../shaders/params/storage.wgsl")
            }
        }
    }

    pub(super) fn read(self) -> &'static [&'static str] {
        match self {
            Memory::Buffers => &[include_str!("../../../shaders/plane/buffer_read.wgsl")],
            Memory::Textures => &[
                TEXEL,
                include_str!("../../../shaders/plane/texture_read.wgsl"),
            ],
            Memory::Sampled => &[
                TEXEL_MIDDLE,
                include_str!("../../../shaders/plane/sampled_read.wgsl"),
            ],
        }
    }

    pub(super) fn fill(self) -> &'static [&'static str] {
        match self {
            Memory::Buffers => &[include_str!("../../../shaders/plane/buffer_write.wgsl")],
            Memory::Textures => &[
                TEXEL,
                include_str!("../../../shaders/plane/texture_write.wgsl"),
            ],
            Memory::Sampled => &[
                TEXEL,
                include_str!("../../../shaders/plane/sampled_write.wgsl"),
            ],
        }
    }

    pub(super) fn read_cache(self) -> &'static [&'static str] {
        match self {
            Memory::Buffers => &[include_str!("../../../shaders/cache/buffer_read.wgsl")],
            Memory::Textures => &[
                TEXEL,
                include_str!("../../../shaders/cache/texture_read.wgsl"),
            ],
            Memory::Sampled => &[
                TEXEL_MIDDLE,
                include_str!("../../../shaders/cache/sampled_read.wgsl"),
            ],
        }
    }

    pub(super) fn write_cache(self) -> &'static [&'static str] {
        match self {
            Memory::Buffers => &[include_str!("../../../shaders/cache/buffer_write.wgsl")],
            Memory::Textures => &[
                TEXEL,
                include_str!("../../../shaders/cache/texture_write.wgsl"),
            ],
            Memory::Sampled => &[
                TEXEL,
                include_str!("../../../shaders/cache/sampled_write.wgsl"),
            ],
        }
    }
}

const TEXEL: &str = include_str!("../../../shaders/lib/texel.wgsl");
const TEXEL_MIDDLE: &str = include_str!("../../../shaders/lib/texel_middle.wgsl");

impl Share {
    /// Lanes of the subgroups that hand round; 0: none do.
    pub(super) fn lanes(self) -> u32 {
        match self {
            Share::Workgroup | Share::Own => 0,
            Share::Four => 4,
            Share::Eight => 8,
        }
    }

    /// Lanes of a workgroup of a product that share a row of W. With workgroup memory eight, as many as 256 lanes allow, since
    /// on a GPU reads have to be many at once: each has a block of every eight, and a row of a tile of eight to finish.
    pub(super) fn slices(self) -> u32 {
        match self {
            Share::Workgroup => 8,
            Share::Four | Share::Eight | Share::Own => 1,
        }
    }

    /// Lanes of a workgroup of a product of `tile` rows of x that keep other rows of W: two pairs each, four, or eight.
    pub(super) fn row_lanes(self, tile: u32) -> u32 {
        match (self, tile) {
            (Share::Workgroup, _) => PAIRS / 2,
            (Share::Four, 1) => PAIRS / 8,
            (Share::Four | Share::Eight | Share::Own, _) => PAIRS / 4,
        }
    }

    /// How far a lane's pairs are apart: a slice of a GPU's reads all that it can at once, eight lanes on a CPU have a run of memory.
    pub(super) fn spread(self) -> u32 {
        match self {
            Share::Workgroup => PAIRS / 2,
            Share::Four | Share::Eight | Share::Own => 8,
        }
    }

    /// The rows of W that a lane keeps: eight where a row of x costs more than they do, sixteen where it costs most and they are unpacked
    /// one by one.
    pub(super) fn lane(self, tile: u32) -> &'static str {
        match (self, tile) {
            (Share::Workgroup, _) => include_str!("../../../shaders/lane/four.wgsl"),
            (Share::Four, 1) => include_str!("../../../shaders/lane/sixteen.wgsl"),
            (Share::Four | Share::Eight | Share::Own, _) => {
                include_str!("../../../shaders/lane/eight.wgsl")
            }
        }
    }

    /// How four rows of W meet a row of x.
    pub(super) fn weights(self) -> &'static str {
        match self {
            Share::Workgroup => include_str!("../../../shaders/weights/whole.wgsl"),
            Share::Four | Share::Eight | Share::Own => {
                include_str!("../../../shaders/weights/factored.wgsl")
            }
        }
    }

    pub(super) fn dot(self) -> &'static [&'static str] {
        const UNSTAGED: &str = include_str!("../../../shaders/dot/unstaged.wgsl");
        const HANDED: &str = include_str!("../../../shaders/dot/handed.wgsl");
        match self {
            Share::Workgroup => &[include_str!("../../../shaders/dot/staged.wgsl")],
            Share::Four => &[UNSTAGED, HANDED, HAND_FOUR],
            Share::Eight => &[UNSTAGED, HANDED, HAND_EIGHT],
            Share::Own => &[UNSTAGED, include_str!("../../../shaders/dot/own.wgsl")],
        }
    }

    /// How a lane's rows of W meet one row of x.
    pub(super) fn rows(self) -> &'static str {
        match self {
            Share::Workgroup => include_str!("../../../shaders/rows/together.wgsl"),
            Share::Four | Share::Eight | Share::Own => {
                include_str!("../../../shaders/rows/apart.wgsl")
            }
        }
    }

    /// How the rows of a tile of eight meet a block.
    pub(super) fn turn(self) -> &'static str {
        match self {
            Share::Workgroup => include_str!("../../../shaders/turn/unrolled.wgsl"),
            Share::Four | Share::Eight | Share::Own => {
                include_str!("../../../shaders/turn/looped.wgsl")
            }
        }
    }

    /// How lanes come by queries and probabilities, where a workgroup has several subgroups.
    pub(super) fn attend(self) -> &'static str {
        match self {
            Share::Workgroup | Share::Own => include_str!("../../../shaders/attend/staged.wgsl"),
            Share::Four | Share::Eight => include_str!("../../../shaders/attend/handed.wgsl"),
        }
    }

    /// How lanes hand round, where they do.
    pub(super) fn hand(self) -> Option<&'static str> {
        match self {
            Share::Workgroup | Share::Own => None,
            Share::Four => Some(HAND_FOUR),
            Share::Eight => Some(HAND_EIGHT),
        }
    }
}

const HAND_FOUR: &str = include_str!("../../../shaders/hand/four.wgsl");
const HAND_EIGHT: &str = include_str!("../../../shaders/hand/eight.wgsl");

impl Operand {
    pub(super) fn x(self) -> &'static str {
        match self {
            Operand::Storage => include_str!("../../../shaders/x/storage.wgsl"),
            Operand::Quads => include_str!("../../../shaders/x/quads.wgsl"),
            Operand::Uniform => include_str!("../../../shaders/x/uniform.wgsl"),
            Operand::Split => include_str!("../../../shaders/x/split.wgsl"),
        }
    }

    pub(super) fn gain(self) -> &'static str {
        match self {
            Operand::Storage | Operand::Split => {
                include_str!("../../../shaders/gain/storage.wgsl")
            }
            Operand::Quads => include_str!("../../../shaders/gain/quads.wgsl"),
            Operand::Uniform => include_str!("../../../shaders/gain/uniform.wgsl"),
        }
    }
}

impl CacheType {
    /// Texels of sixteen channels, and of the scales of 128: shaders/lib/record.wgsl.
    pub(super) fn texels(self) -> [u32; 2] {
        match self {
            CacheType::F32 => [4, 0],
            CacheType::F16 => [2, 0],
            CacheType::Q8 => [1, 1],
        }
    }

    /// Bytes of a head of `channels` channels at a position: whole sixteens of channels, and their scales.
    pub fn record_bytes(self, channels: usize) -> usize {
        let [texels, scales] = self.texels().map(|n| n as usize);
        let sixteens = channels.div_ceil(16);
        16 * (sixteens * texels + sixteens.div_ceil(8) * scales)
    }

    pub(super) fn write(self) -> &'static str {
        match self {
            CacheType::F32 => include_str!("../../../shaders/cache/f32_write.wgsl"),
            CacheType::F16 => include_str!("../../../shaders/cache/f16_write.wgsl"),
            CacheType::Q8 => include_str!("../../../shaders/cache/q8_write.wgsl"),
        }
    }

    pub(super) fn read(self) -> &'static str {
        match self {
            CacheType::F32 => include_str!("../../../shaders/cache/f32_read.wgsl"),
            CacheType::F16 => include_str!("../../../shaders/cache/f16_read.wgsl"),
            CacheType::Q8 => include_str!("../../../shaders/cache/q8_read.wgsl"),
        }
    }
}
