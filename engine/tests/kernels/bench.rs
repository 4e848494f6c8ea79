//! A device, buffers full of poison around what kernels may write, and a list of the variants that ran.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use motet::gpu::{
    CacheType, Dispatch, Gpu, Input, Kernel, Operand, Output, PageMemory, Place, Share, Tier,
    UNIFORM_BYTES, all_kernels, attention_rows,
};

/// A NaN that no kernel computes: what outputs are filled with beforehand.
pub const POISON: u32 = 0x7fc5_dead;

/// Numbers behind every output that must stay poison.
const GUARD: usize = 64;

/// What is to be at a place of an output after a kernel.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// These bits: of a number that is not computed, or of what was there before.
    Bits(u32),
    /// These bits or zero: devices may flush subnormal numbers.
    BitsOrZero(u32),
    /// A number within a bound.
    Near(f64, f64),
}

impl Expected {
    /// What was there before anything was written.
    pub const UNTOUCHED: Self = Self::Bits(POISON);

    pub fn holds(self, got: u32) -> bool {
        match self {
            // A zero's sign is lost where a field's offset is folded into the sum.
            Self::Bits(bits) => got == bits || (got | bits) << 1 == 0,
            Self::BitsOrZero(bits) => got == bits || got << 1 == 0,
            Self::Near(value, bound) => (f64::from(f32::from_bits(got)) - value).abs() <= bound,
        }
    }
}

/// A device and what was run on it.
pub struct Bench {
    pub gpu: Rc<Gpu>,
    /// Stands for a buffer that a variant does not read.
    pub nothing: wgpu::Buffer,
    /// Whether this is the first tier of the adapter.
    pub first: bool,
    ran: RefCell<BTreeSet<String>>,
}

const IN_STORAGE: &str = include_str!("../../../shaders/params/storage.wgsl");
const AS_UNIFORMS: &str = include_str!("../../../shaders/params/uniform.wgsl");

/// Formats whose products run in every combination of place, input and output; on the tiers after the first, the first one's.
pub const THOROUGH: [&str; 2] = ["Q4_0", "F16"];

/// Channels of the heads that attention has in the ordinary run: of less than a subgroup's share, of whole ones and not, and of
/// latents, the greatest of each among them.
const WIDTHS: [u32; 7] = [4, 16, 24, 80, 128, 256, 576];

/// Whether every variant runs on every tier: pipelines take long to compile.
pub fn full() -> bool {
    std::env::var_os("MOTET_FULL").is_some()
}

impl Bench {
    pub fn new(gpu: Rc<Gpu>, first: bool) -> Self {
        let nothing = gpu.buffer("nothing", 16);
        Self {
            gpu,
            nothing,
            first,
            ran: RefCell::default(),
        }
    }

    /// The variants that are to run on this tier.
    pub fn wanted(&self) -> Vec<Kernel> {
        let all = all_kernels().into_iter();
        all.filter(|kernel| self.possible(kernel) && (full() || self.wants(kernel)))
            .collect()
    }

    /// Whether a forward on this tier may use the variant.
    fn possible(&self, kernel: &Kernel) -> bool {
        match *kernel {
            Kernel::Matmul { operand, .. } => match operand {
                Operand::Storage | Operand::Quads => true,
                Operand::Uniform => self.gpu.tier.share != Share::Workgroup,
                Operand::Split => self.gpu.tier.share == Share::Workgroup,
            },
            Kernel::Attention { split, latent, .. } => match self.gpu.tier.share {
                Share::Workgroup => true,
                Share::Four | Share::Eight => !(split && latent),
                Share::Own => !split,
            },
            Kernel::Join => self.gpu.tier.share.hands_round(),
            _ => true,
        }
    }

    /// The ordinary run: on the first tier every format in every place, all combinations of two formats, attention of every
    /// width over f32 and of some over the other caches; on the next ones what they change, of one format (where weights lie
    /// is tested with every format by `matrices`).
    fn wants(&self, kernel: &Kernel) -> bool {
        // Where parameters lie is nothing that a kernel does: models run with either.
        let text = |tier: Tier| kernel.wgsl(tier, false).replace(IN_STORAGE, AS_UNIFORMS);
        let tier = self.gpu.tier;
        let changed = match tier.f16 {
            true => text(tier).contains("<act>"),
            false => text(tier) != text(Tier::default()),
        };
        // Caches in textures and lanes that share workgroup memory are each tested on another tier.
        let of_plane = matches!(kernel, Kernel::Put | Kernel::Get | Kernel::Matmul { .. });
        let products_alone = tier.share == Share::Own && !of_plane;
        (self.first || changed && !products_alone || matches!(kernel, Kernel::Join))
            && match *kernel {
                Kernel::Matmul { quant, .. } if THOROUGH.contains(&quant.name) => {
                    self.first || quant.name == THOROUGH[0]
                }
                Kernel::Matmul {
                    operand: Operand::Storage | Operand::Split,
                    ..
                } => false,
                Kernel::Matmul {
                    place,
                    input,
                    output,
                    ..
                } => {
                    let one = match place {
                        Place::Batch | Place::Binned => Output::Store,
                        Place::Routed => Output::Add,
                    };
                    self.first && (input, output) == (Input::Plain, one)
                }
                Kernel::Attention {
                    c,
                    rows,
                    cache,
                    split,
                    ..
                } => {
                    let greatest = rows == attention_rows(8, 8, c);
                    match (cache, split) {
                        (CacheType::F32, false) => {
                            let some = rows == 1 || greatest;
                            c == 64 && (some || rows == 3) || WIDTHS.contains(&c) && some
                        }
                        (CacheType::F32, true) => [24, 64, 128, 576].contains(&c) && greatest,
                        (_, split) => !split && [16, 24].contains(&c) && greatest,
                    }
                }
                Kernel::Join => true,
                Kernel::Rope { c, cache } => cache == CacheType::F32 || [16, 80].contains(&c),
                Kernel::Route(quant) => self.first || THOROUGH.contains(&quant.name),
                Kernel::Latent { r, cache, .. } => cache == CacheType::F32 || r == 16,
                _ => true,
            }
    }

    /// Runs dispatches and notes their variants.
    pub fn run(&self, what: &str, dispatches: &[Dispatch]) {
        self.ran
            .borrow_mut()
            .extend(dispatches.iter().map(|d| d.kernel.label()));
        if let Err(e) = pollster::block_on(self.gpu.run(what, dispatches)) {
            panic!("{what} {:?}: {e}", self.gpu.tier);
        }
    }

    /// The variants that ran.
    pub fn ran(&self) -> BTreeSet<String> {
        self.ran.borrow().clone()
    }

    /// A buffer with these words and no more.
    pub fn words(&self, words: &[u32]) -> wgpu::Buffer {
        let buffer = self.gpu.buffer("words", 4 * words.len() as u64);
        self.gpu.write(&buffer, bytemuck::cast_slice(words));
        buffer
    }

    /// A buffer with these numbers and no more.
    pub fn floats(&self, numbers: &[f32]) -> wgpu::Buffer {
        self.words(bytemuck::cast_slice(numbers))
    }

    /// A buffer with these numbers and room behind them to bind any of them as uniforms; there stands poison.
    pub fn operand(&self, numbers: &[f32]) -> wgpu::Buffer {
        let mut words: Vec<u32> = numbers.iter().map(|x| x.to_bits()).collect();
        words.resize(words.len() + UNIFORM_BYTES as usize / 4, POISON);
        self.words(&words)
    }

    /// The place in the sequence, as of shaders/lib/state.wgsl.
    pub fn place(&self, pos: usize, t: usize) -> wgpu::Buffer {
        self.words(&[pos as u32, t as u32, 0, 0])
    }

    /// A buffer that begins with these words and goes on with poison.
    pub fn output(&self, words: &[u32]) -> wgpu::Buffer {
        let mut all = words.to_vec();
        all.resize((words.len() + GUARD).next_multiple_of(4), POISON); // buffers have 16 bytes or more
        self.words(&all)
    }

    /// A buffer for `n` words, all poison.
    pub fn poisoned(&self, n: usize) -> wgpu::Buffer {
        self.output(&vec![POISON; n])
    }

    /// Fills a page or a cache with poison, a texture's last line to its end.
    pub fn poison(&self, plane: &PageMemory) {
        let words = POISON.to_le_bytes().repeat(plane.size() as usize / 4);
        self.gpu.write_plane(plane, &words);
    }

    /// All words of a page or a cache.
    pub fn read_plane(&self, plane: &PageMemory) -> Vec<u32> {
        let bytes = pollster::block_on(self.gpu.download_plane(plane));
        bytemuck::pod_collect_to_vec(&bytes.expect("a plane is read back"))
    }

    /// All words of a buffer.
    pub fn read(&self, buffer: &wgpu::Buffer) -> Vec<u32> {
        let bytes = pollster::block_on(self.gpu.download(buffer, buffer.size()));
        bytemuck::pod_collect_to_vec(&bytes.expect("a buffer is read back"))
    }

    /// Compares an output with what is expected, and what lies behind with poison. Gives the words back.
    pub fn check(&self, what: &str, output: &wgpu::Buffer, expected: &[Expected]) -> Vec<u32> {
        let got = self.read(output);
        let behind = std::iter::repeat(&Expected::UNTOUCHED);
        for (i, (&got, expected)) in got.iter().zip(expected.iter().chain(behind)).enumerate() {
            assert!(
                expected.holds(got),
                "{what} {:?}: number {i} is {} ({got:#010x}), expected {expected:x?}",
                self.gpu.tier,
                f32::from_bits(got),
            );
        }
        got
    }
}
