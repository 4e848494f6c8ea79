//! repack and embed: random blocks of every format, laid out in pieces, come back as decoded on the CPU, to the bit.

use half::{bf16, f16};
use motet::arch::plan::{Order, Source};
use motet::gpu::{Dispatch, Memory, Output, STRIP};
use motet::ops::{self, Product, Rows, Through};
use motet::quant::{BLOCK, QUANTS, Quant};
use motet::weights::Matrix;

use crate::bench::{Bench, Expected, POISON, full};
use crate::random::Random;

/// Which numbers a matrix has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// About as great as a model's, a few subnormal.
    Tame,
    /// All that are finite.
    Wild,
}

/// `slabs` matrices [N, K] and the tensors they are made of.
#[derive(Debug, Clone)]
pub struct Shape {
    pub slabs: usize,
    pub n: usize,
    pub k: usize,
    pub sources: Vec<Source>,
}

/// A matrix on the GPU and its numbers.
pub struct Loaded {
    pub matrix: Matrix,
    pub quant: &'static Quant,
    pub slabs: usize,
    pub n: usize,
    pub k: usize,
    /// [slabs, N, K], decoded on the CPU.
    pub w: Vec<f32>,
}

/// A tensor of `slabs` times `rows` rows that are a slab's from `base` on.
pub fn stack(slabs: usize, rows: usize, base: usize) -> Source {
    Source {
        tensor: format!("{slabs} times {rows} rows"),
        slabs,
        period: rows,
        first: 0,
        count: rows,
        slab: 0,
        base,
        order: Order::Same,
        transposed: false,
        parts: 1,
        part: 0,
    }
}

impl Shape {
    /// One slab of the tensors' rows, one after the other.
    pub fn whole(k: usize, parts: &[(usize, Order)]) -> Self {
        let mut n = 0;
        let sources = parts.iter().map(|&(rows, order)| {
            n += rows;
            Source {
                order,
                ..stack(1, rows, n - rows)
            }
        });
        Self {
            slabs: 1,
            sources: sources.collect(),
            n,
            k,
        }
    }
}

/// The matrices of one slab that each kernel that reads weights is tested with.
pub fn shapes(quant: &Quant) -> Vec<Shape> {
    let same = Order::Same;
    let turned = Order::Neighbours {
        head: 12,
        first: 0,
        rot: 8,
    };
    let at_the_end = Order::Neighbours {
        head: 10,
        first: 4,
        rot: 6,
    };
    let shapes = [
        (vec![(1, same)], 50_usize),
        (vec![(99, same)], 20), // more than a workgroup's 64 pairs in a page
        (vec![(cut_rows(quant, 130), same)], 130), // several pages, see `paged`
        (vec![(23, same)], 64), // whole blocks in any format, as uniforms have them
        (vec![(5, same)], 1091), // more than is staged at once
        (vec![(37, same), (37, same)], 70), // SwiGLU's gate and up
        (vec![(22, same), (22, same)], 64), // the same, in whole blocks
        (vec![(36, turned), (24, turned), (24, same)], 50), // q, k and v
        (vec![(30, at_the_end), (10, at_the_end)], 50), // MLA's q, and latent and k
        (vec![(42, Order::Apart { rot: 42 })], 33), // gpt-oss' gates and ups
    ];
    shapes
        .into_iter()
        .map(|(parts, k)| Shape::whole(k.next_multiple_of(quant.block_len), &parts))
        .collect()
}

/// Matrices of several slabs.
pub fn stacks(quant: &Quant) -> Vec<Shape> {
    let whole = |k: usize| k.next_multiple_of(quant.block_len);
    let split = |first, count| Source {
        period: 11,
        first,
        count,
        ..stack(3, 0, 0)
    };
    let one_by_one = (0..4).flat_map(|slab| {
        [0, 7].map(|base| Source {
            slab,
            ..stack(1, 7, base)
        })
    });
    let shared = (0..3).map(|part| Source {
        slab: 2 + part,
        parts: 3,
        part,
        ..stack(1, 12, 0)
    });
    let of = |slabs, n, k, sources| Shape {
        slabs,
        n,
        k: whole(k),
        sources,
    };
    // Slabs of one strip, more than fit a page, and rows of which a page takes but some.
    let (slabs, cut) = (strips(quant, 40) + 3, cut_rows(quant, 130));
    vec![
        of(
            slabs,
            26,
            40,
            vec![stack(slabs, 13, 0), stack(slabs, 13, 13)],
        ), // gates and ups; several slabs and several pages
        of(2, cut, 130, vec![stack(2, cut, 0)]), // slabs that are cut
        of(4, 14, 50, one_by_one.collect()),     // Mixtral's experts
        of(3, 7, 20, vec![split(4, 7)]),         // the second part of kv_b
        of(3, 4, 20, vec![split(0, 4)]),         // the first
        of(
            5,
            12,
            37,
            [stack(2, 12, 0)].into_iter().chain(shared).collect(),
        ), // a shared expert's down in columns
        of(
            3,
            10,
            20,
            vec![Source {
                order: Order::Apart { rot: 10 },
                ..stack(3, 10, 0)
            }],
        ),
    ]
}

/// Bytes of a page at most: a strip of the longest rows of `shapes` fits, in F32, too.
pub const PAGE: u64 = 144 << 10;

/// Strips of rows of at least `k` numbers that fit a page.
fn strips(quant: &Quant, k: usize) -> usize {
    let blocks = k.next_multiple_of(quant.block_len).div_ceil(BLOCK);
    let words: usize = quant.row_words(blocks).iter().sum();
    PAGE as usize / (words * 16 * 2 * STRIP)
}

/// An odd number of rows, more than fit a page.
fn cut_rows(quant: &Quant, k: usize) -> usize {
    2 * STRIP * strips(quant, k) + 43
}

/// A scale; tame ones are at most `most`.
fn half_bits(numbers: Numbers, most: f32, random: &mut Random) -> u16 {
    let sign = (random.below(2) as u16) << 15;
    sign | match random.below(8) {
        0 => random.below(0x400) as u16, // subnormal or zero
        _ if numbers == Numbers::Wild => random.below(0x7c00) as u16,
        _ => f16::from_f32(most * (0.3 + 0.7 * random.float().abs())).to_bits(),
    }
}

fn float(numbers: Numbers, random: &mut Random) -> f32 {
    match random.below(16) {
        0 => f32::from_bits(random.below(0x80_0000) as u32), // subnormal or zero
        _ if numbers == Numbers::Wild => loop {
            let any = f32::from_bits(random.bits() as u32);
            if any.is_finite() {
                break any;
            }
        },
        _ => random.float(),
    }
}

/// Rows as a file has them.
pub fn file_rows(
    quant: &Quant,
    numbers: Numbers,
    [rows, k]: [usize; 2],
    random: &mut Random,
) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..rows * quant.row_bytes(k))
        .map(|_| random.bits() as u8)
        .collect();
    for block in bytes.chunks_exact_mut(quant.block_bytes) {
        let mut halves = |places: &[usize], most: f32| {
            for &at in places {
                let bits = half_bits(numbers, most, random);
                block[at..at + 2].copy_from_slice(&bits.to_le_bytes());
            }
        };
        match quant.name {
            "F32" => block.copy_from_slice(&float(numbers, random).to_le_bytes()),
            "F16" if numbers == Numbers::Wild => halves(&[0], 1.0),
            "F16" => {
                let subnormal = f16::from_bits(random.below(0x400) as u16);
                let normal = f16::from_f32(random.float());
                let number = if random.below(16) == 0 {
                    subnormal
                } else {
                    normal
                };
                block.copy_from_slice(&number.to_le_bytes());
            }
            "BF16" => {
                let bits = float(numbers, random).to_bits() >> 16;
                block.copy_from_slice(&bf16::from_bits(bits as u16).to_le_bytes());
            }
            "Q8_0" | "Q4_0" | "Q5_0" => halves(&[0], 0.03),
            "Q4_1" | "Q5_1" => halves(&[0, 2], 0.03),
            "Q2_K" => halves(&[80, 82], 0.004),
            "Q3_K" => halves(&[108], 0.002),
            "Q4_K" | "Q5_K" => halves(&[0, 2], 0.001),
            "Q6_K" => halves(&[208], 0.0005),
            "IQ4_NL" => halves(&[0], 0.008),
            "IQ4_XS" => halves(&[0], 0.0005),
            "MXFP4" if numbers == Numbers::Wild => block[0] = random.below(252) as u8,
            "MXFP4" if random.below(8) == 0 => block.fill(0), // zeros, as a file has them
            "MXFP4" => block[0] = 121 + random.below(4) as u8,
            other => panic!("say here what random blocks of {other} are"),
        }
    }
    bytes
}

/// The row of what is taken of a period that becomes row `row` of it.
fn row_in_file(row: usize, order: Order) -> usize {
    match order {
        Order::Same => row,
        Order::Neighbours { head, first, rot } => {
            let c = row % head;
            if c < first || c >= first + rot {
                return row;
            }
            let turned = c - first;
            row - c + first + turned / 2 + turned % 2 * (rot / 2)
        }
        Order::Apart { rot } if row < rot / 2 => 2 * row,
        Order::Apart { rot } => 2 * (row - rot / 2) + 1,
    }
}

/// Makes a random matrix on the GPU.
pub fn load(
    bench: &Bench,
    quant: &'static Quant,
    shape: &Shape,
    numbers: Numbers,
    random: &mut Random,
) -> Loaded {
    let files = shape.sources.iter().map(|source| {
        let rows = source.slabs * source.period;
        file_rows(quant, numbers, [rows, shape.k * source.parts], random)
    });
    let files: Vec<_> = files.collect();
    load_files(bench, quant, shape, &files, random)
}

/// Lays a matrix out on the GPU from the bytes of its tensors, in pieces and in any order.
pub fn load_files(
    bench: &Bench,
    quant: &'static Quant,
    shape: &Shape,
    files: &[Vec<u8>],
    random: &mut Random,
) -> Loaded {
    let Shape { slabs, n, k, .. } = *shape;
    let matrix =
        Matrix::new(&bench.gpu, "a matrix", quant, [slabs, n, k], 0).expect("a pair fits a page");
    for page in &matrix.pages {
        bench.poison(&page.memory);
    }

    let mut w = vec![f32::NAN; slabs * n * k];
    let mut dispatches = Vec::new();
    for (source, file) in shape.sources.iter().zip(files) {
        let row_bytes = quant.row_bytes(k * source.parts);
        for slab in 0..source.slabs {
            for row in 0..source.count {
                let in_file = slab * source.period + source.first + row_in_file(row, source.order);
                assert_eq!(
                    source.target(in_file),
                    Some((source.slab + slab, source.base + row))
                );
                let mut decoded = vec![0.0; row_bytes / quant.block_bytes * quant.block_len];
                quant.decode(&file[in_file * row_bytes..][..row_bytes], &mut decoded);
                let at = ((source.slab + slab) * n + source.base + row) * k;
                w[at..at + k].copy_from_slice(&decoded[source.part * k..][..k]);
            }
        }
        dispatches.extend(pieces(bench, &matrix, source, file, row_bytes, random));
    }
    assert!(w.iter().all(|w| !w.is_nan()), "every row has its tensor");
    shuffle(&mut dispatches, random);
    bench.run("laying out a matrix", &dispatches.concat());
    let loaded = Loaded {
        matrix,
        quant,
        slabs,
        n,
        k,
        w,
    };
    check_gaps(bench, &loaded);
    loaded
}

/// The dispatches that lay out a tensor in slices of a few rows, each somewhere in a window of its own.
fn pieces(
    bench: &Bench,
    matrix: &Matrix,
    source: &Source,
    file: &[u8],
    bytes: usize,
    random: &mut Random,
) -> Vec<Vec<Dispatch>> {
    let all = file.len() / bytes;
    let mut dispatches = Vec::new();
    let mut first = 0;
    while first < all {
        let count = (1 + random.below(all.min(100))).min(all - first);
        let at = random.below(40);
        let mut window: Vec<u8> = (0..at).map(|_| random.bits() as u8).collect();
        window.extend_from_slice(&file[first * bytes..][..count * bytes]);
        window.resize(window.len().next_multiple_of(4), 0xff);
        let raw = bench.words(&bytemuck::pod_collect_to_vec(&window));
        let rows = Rows {
            first,
            count,
            at,
            bytes,
        };
        dispatches.push(ops::repack(&raw, matrix, source, rows));
        first += count;
    }
    dispatches
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for i in (1..items.len()).rev() {
        items.swap(i, random.below(i + 1));
    }
}

/// What no row owns is still poison: what lies behind the rows, the rest of a slab's last strip, and in an odd matrix the second
/// row of a slab's last pair.
fn check_gaps(
    bench: &Bench,
    Loaded {
        matrix,
        quant,
        n,
        k,
        ..
    }: &Loaded,
) {
    let row: usize = quant.row_words(k.div_ceil(BLOCK)).iter().sum();
    for page in &matrix.pages {
        let words = bench.read_plane(&page.memory);
        let (slabs, pairs) = (page.slabs as usize, page.pairs as usize);
        let lacks_last = n % 2 == 1 && 2 * (page.pair_first as usize + pairs) > *n;
        let strips = pairs.div_ceil(STRIP);
        for (i, word) in words.into_iter().enumerate() {
            let strip = i / (4 * 2 * STRIP * row);
            let of_strip = i / 4 % (2 * STRIP); // by eights, first rows and second rows
            let [second, within] = [of_strip / 8 % 2, of_strip / 16 * 8 + of_strip % 8];
            let pair = strip % strips * STRIP + within;
            let lacks = lacks_last && second == 1 && pair == pairs - 1;
            if strip >= slabs * strips || pair >= pairs || lacks {
                assert_eq!(
                    word, POISON,
                    "repack {}: word {i} of a page belongs to no row",
                    quant.name
                );
            }
        }
    }
}

pub fn check(bench: &Bench) {
    if !bench.first && bench.gpu.tier.weights == Memory::Buffers && !full() {
        return; // neither kernel depends on what else the tier has
    }
    let mut random = Random::new(1);
    for quant in QUANTS {
        for shape in shapes(quant) {
            for (numbers, scale) in [(Numbers::Tame, 11.3), (Numbers::Wild, 1.0)] {
                let loaded = load(bench, quant, &shape, numbers, &mut random);
                let mut all: Vec<u32> = (0..loaded.n as u32).collect();
                shuffle(&mut all, &mut random);
                let t = 1 + random.below(20);
                let some: Vec<_> = (0..t).map(|_| random.below(loaded.n) as u32).collect();
                embed(bench, &loaded, &all, scale);
                embed(bench, &loaded, &some, scale);
            }
        }
        let mut pages = [false; 2];
        for shape in stacks(quant) {
            let loaded = load(bench, quant, &shape, Numbers::Wild, &mut random);
            for page in &loaded.matrix.pages {
                pages[0] |= page.slabs > 1 && loaded.matrix.pages.len() > 1;
                pages[1] |= (page.pairs as usize) < loaded.n.div_ceil(2);
            }
            read_back(bench, &loaded);
        }
        assert_eq!(pages, [true; 2], "{}", quant.name);
    }
}

/// Reads every number through a product with the unit vectors: token k of x is the k-th, so row k of y has every weight k.
fn read_back(bench: &Bench, loaded: &Loaded) {
    let Loaded {
        matrix,
        quant,
        slabs,
        n,
        k,
        w,
    } = loaded;
    let mut units = vec![0.0f32; k * k];
    for i in 0..*k {
        units[i * k + i] = 1.0;
    }
    let (place, x) = (bench.place(0, *k), bench.floats(&units));
    let y = bench.poisoned(k * slabs * n);
    let all = Product {
        through: Through::All,
        split: None,
        norm: None,
        bias: None,
        output: Output::Store,
        x_stride: [*k, 0],
        y_stride: [slabs * n, *n],
        t: *k as u32,
        last: false,
        scale: 1.0,
    };
    let what = format!("repack {} of {slabs} slabs [{n}, {k}]", quant.name);
    let buffers = [&place, &x, &y, &bench.nothing];
    bench.run(&what, &ops::matmul(buffers, matrix, &all));
    let weights = (0..*k).flat_map(|i| (0..slabs * n).map(move |row| w[row * k + i]));
    let expected: Vec<_> = weights.map(|w| product(quant, w, 1.0)).collect();
    bench.check(&what, &y, &expected);
}

/// Embeds `ids`, in a pass recorded for a batch of three tokens more.
pub fn embed(bench: &Bench, loaded: &Loaded, ids: &[u32], scale: f32) {
    let Loaded {
        matrix,
        quant,
        n: v,
        k: d,
        w,
        ..
    } = loaded;
    let (t, room) = (ids.len(), ids.len() + 3);
    let x = bench.poisoned(room * d);
    let (place, ids_and_others) = (bench.place(9, t), bench.words(&[ids, &[0; 3]].concat()));
    let buffers = [&place, &ids_and_others, &x];
    let what = format!("embed {} [{v}, {d}] · {scale}", quant.name);
    bench.run(&what, &ops::embed(buffers, matrix, scale, room as u32));

    let rows = ids.iter().flat_map(|&id| &w[id as usize * d..][..*d]);
    let mut expected: Vec<_> = rows.map(|&w| product(quant, w, scale)).collect();
    expected.resize(room * d, Expected::UNTOUCHED);
    bench.check(&what, &x, &expected);
}

/// w · scale, to the bit: one product, which WGSL rounds as IEEE 754 does.
fn product(quant: &Quant, w: f32, scale: f32) -> Expected {
    let product = w * scale;
    let bits = product.to_bits();
    // MXFP4's blocks below 2^-96 may be zero, see shaders/quant/mxfp4.wgsl; their numbers are at most 12 times as great.
    let tiny = quant.name == "MXFP4" && w.abs() < 2f32.powi(-92);
    if tiny || w.is_subnormal() || product.is_subnormal() {
        Expected::BitsOrZero(bits)
    } else {
        Expected::Bits(bits)
    }
}
