//! matmul against sums in f64, for every format, place, input and output, alone and in batches.

use motet::arch::Activation;
use motet::gpu::{Input, Kernel, Operand, Output, Place, SPLITS, Share};
use motet::ops::{self, Product, Split, Through};
use motet::quant::{BLOCK, QUANTS};

use crate::bench::{Bench, Expected, POISON, THOROUGH, full};
use crate::matrices::{self, Loaded, Numbers};
use crate::random::Random;

/// Half a unit in the last place of f32: the error of one operation.
const U: f64 = 1.0 / (1 << 24) as f64;

const EPS: f32 = 1e-5;

/// A number and the bound of its error.
type Bounded = (f64, f64);

/// A row of y: the weighted sum of some slabs' products.
pub struct Sum {
    /// Where the row begins.
    pub y: usize,
    /// A slab, where its row of x begins, and its weight.
    pub terms: Vec<(usize, usize, f32)>,
}

/// A product that is to be computed.
pub struct Case<'a> {
    pub loaded: &'a Loaded,
    pub through: Through<'a>,
    pub input: Input,
    pub output: Output,
    pub gain: &'a [f32],         // [K]
    pub bias: Option<&'a [f32]>, // [slabs, N]
    pub x: &'a [f32],
    pub x_stride: [usize; 2],
    pub y_stride: [usize; 2],
    pub before: &'a [u32], // y
    pub tokens: usize,     // of the batch
    pub room: usize,       // tokens that the pass is recorded for
    pub last: bool,
    pub scale: f32,
}

impl Case<'_> {
    /// Where y begins within a row: a product may share its rows with others.
    fn y_first(&self) -> usize {
        self.loaded.matrix.y_first
    }

    fn what(&self) -> String {
        let Self {
            input,
            output,
            room,
            last,
            tokens,
            ..
        } = self;
        let Loaded {
            quant, slabs, n, k, ..
        } = self.loaded;
        let (name, bias) = (quant.name, self.bias.is_some());
        format!(
            "matmul {name} {input:?} {output:?} {slabs} of [{n}, {k}], {tokens} of {room} tokens, last {last}, bias {bias}"
        )
    }

    /// Runs it, compares all of y with the sums, and gives it. Rows of x that begin anywhere give the same bits, and so does x where it
    /// may be bound as uniforms.
    pub fn run(&self, bench: &Bench, sums: &[Sum]) -> Vec<u32> {
        let operands = [bench.floats(self.x), bench.floats(self.gain)];
        let got = self.run_on(bench, sums, operands, None);
        let [stride, within] = self.x_stride;
        if stride > 0 && THOROUGH.contains(&self.loaded.quant.name) {
            let rows = self.x.chunks(stride);
            let apart: Vec<_> = rows.flat_map(|row| [row, &[f32::NAN]].concat()).collect();
            let anywhere = Case {
                x_stride: [stride + 1, within],
                ..*self
            };
            let operands = [bench.floats(&apart), bench.floats(self.gain)];
            let again = anywhere.run_on(bench, sums, operands, None);
            assert_eq!(got, again, "{}, rows anywhere", self.what());
        }
        if let Some((x, split)) = self.split() {
            let operands = [bench.floats(&x), bench.floats(self.gain)];
            let parts = self.run_on(bench, sums, operands, Some(split));
            assert_eq!(got, parts, "{}, in parts", self.what());
        }
        if bench.gpu.tier.share != Share::Workgroup {
            let operands = [bench.operand(self.x), bench.operand(self.gain)];
            assert_eq!(
                got,
                self.run_on(bench, sums, operands, None),
                "{}",
                self.what()
            );
        }
        got
    }

    /// Parts that give x again, bit for bit, where the product takes them: two of a head's are as heavy, with half of its mass
    /// each or all of it in one, and the others weigh nothing.
    fn split(&self) -> Option<(Vec<f32>, Split)> {
        const HEAD: usize = 4;
        let k = self.loaded.k;
        let batch = matches!(self.through, Through::All) && self.input == Input::Plain;
        let stored = matches!(self.output, Output::Add | Output::Store);
        let whole = [k, self.x_stride[0], self.x_stride[1], self.x.len()];
        let whole = whole.iter().all(|n| n.is_multiple_of(HEAD));
        let wanted = full() || THOROUGH.contains(&self.loaded.quant.name);
        if !(batch && stored && whole && wanted) {
            return None;
        }
        let (head, rows) = (HEAD, self.x.len() / HEAD);
        let (mut o, mut stats) = (Vec::new(), Vec::new());
        for (row, x) in self.x.chunks_exact(HEAD).enumerate() {
            for z in 0..SPLITS as usize {
                let light = [row % 8, (row + 1 + row / 8 % 7) % 8];
                let (values, m, l) = match light.contains(&z) {
                    true if row % 3 == 0 => (x.to_vec(), 2.5, 1.0),
                    true => (x.iter().map(|v| v * 0.5).collect(), 2.5, 0.5),
                    false => (vec![1e30; HEAD], -3e38, 7.0),
                };
                o.extend(values);
                stats.extend([m, l, 0.0, 0.0]);
            }
        }
        o.extend(stats);
        Some((o, Split { head, rows }))
    }

    fn run_on(
        &self,
        bench: &Bench,
        sums: &[Sum],
        [x, gain]: [wgpu::Buffer; 2],
        split: Option<Split>,
    ) -> Vec<u32> {
        let y = bench.output(self.before);
        let place = bench.place(5, self.tokens);
        let bias = self.bias.map(|bias| bench.floats(bias));
        let product = Product {
            through: self.through,
            split,
            norm: (self.input == Input::RmsNorm).then_some((&gain, EPS)),
            bias: bias.as_ref(),
            output: self.output,
            x_stride: self.x_stride,
            y_stride: self.y_stride,
            t: self.room as u32,
            last: self.last,
            scale: self.scale,
        };
        let what = self.what();
        let buffers = [&place, &x, &y, &bench.nothing];
        bench.run(&what, &ops::matmul(buffers, &self.loaded.matrix, &product));
        let mut expected: Vec<_> = self.before.iter().map(|b| Expected::Bits(*b)).collect();
        for sum in sums {
            let start = sum.y + self.y_first();
            for (at, (value, bound)) in (start..).zip(self.sum(sum, bench.gpu.tier.f16)) {
                expected[at] = match self.output {
                    Output::Add => {
                        let all = f64::from(f32::from_bits(self.before[at])) + value;
                        // A page each adds what it has.
                        let pages = self.loaded.matrix.pages.len().min(sum.terms.len());
                        Expected::Near(all, bound + U * (pages as f64) * (all.abs() + value.abs()))
                    }
                    Output::Store | Output::Gated(_) => Expected::Near(value, bound),
                };
            }
        }
        let mut got = bench.check(&what, &y, &expected);
        got.truncate(self.before.len());
        got
    }

    /// The numbers of a row of y.
    fn sum(&self, sum: &Sum, f16: bool) -> Vec<Bounded> {
        let Loaded { n, k, .. } = *self.loaded;
        let mut row = vec![(0.0, 0.0); n];
        for &(slab, x, weight) in &sum.terms {
            let weight = f64::from(weight);
            let terms = self.product(slab, &self.x[x..x + k], f16);
            for ((value, error), (v, e)) in row.iter_mut().zip(terms) {
                *value += weight * v;
                *error += weight.abs() * (e + U * v.abs()) + U * value.abs();
            }
        }
        if let Output::Gated(activation) = self.output {
            let (gates, ups) = row.split_at(n / 2);
            let pairs = gates.iter().zip(ups);
            return pairs.map(|(g, u)| gated(activation, *g, *u)).collect();
        }
        let scale = f64::from(self.scale);
        let scaled = row
            .iter()
            .map(|(v, e)| (scale * v, scale.abs() * (e + U * v.abs())));
        scaled.collect()
    }

    /// One slab's product with a row of x, and its bias.
    fn product(&self, slab: usize, x: &[f32], f16: bool) -> Vec<Bounded> {
        let Loaded { n, k, .. } = *self.loaded;
        let squares: f64 = x.iter().map(|&v| f64::from(v).powi(2)).sum();
        let (staged, r): (Vec<f64>, f64) = match self.input {
            Input::Plain => (x.iter().map(|&v| v.into()).collect(), 1.0),
            Input::RmsNorm => {
                let pairs = x.iter().zip(self.gain);
                let staged = pairs.map(|(&x, &g)| f64::from(x) * f64::from(g));
                let mean = squares / k as f64;
                (staged.collect(), 1.0 / (mean + f64::from(EPS)).sqrt())
            }
        };
        let w = self.loaded.w[slab * n * k..].chunks_exact(k).take(n);
        let rows = w.enumerate().map(|(row, w)| {
            let terms = w.iter().zip(&staged).map(|(&w, x)| f64::from(w) * x);
            let (sum, magnitude) = terms.fold((0.0, 0.0), |(s, m), v| (s + v, m + v.abs()));
            let bias = self.bias.map_or(0.0, |bias| bias[slab * n + row].into());
            let value = sum * r + bias;
            let error = magnitude * r * self.relative_error(f16) + U * value.abs();
            (value, error)
        });
        rows.collect()
    }

    /// The error of a sum, by Σ|w·g·x|·r. A term is rounded as g·x and w·g·x, then by 7 additions to its lane of four,
    /// 2 additions of the lanes and one for each block after it, or fewer where slices share the blocks (Higham 2002, 3.1: as
    /// many units as roundings). In f16 g·x is rounded to 11 bits, in any direction. r: of a lane's squares K/128 sums of four
    /// or fewer, 12 sums over lanes, the mean (2.5 ulp) and ε make half as great an error under the root, which adds 2 ulp.
    /// Then r is multiplied. An ulp is 2 units.
    fn relative_error(&self, f16: bool) -> f64 {
        let k = self.loaded.k;
        let sum = 2 + 7 + 2 + k.div_ceil(BLOCK);
        let under_root = 4 + k.div_ceil(128) + 12 + 5 + 1;
        let staging = if f16 { 2f64.powi(-10) } else { 0.0 };
        ((sum + 4 + 1) as f64 + under_root as f64 / 2.0) * U + staging
    }
}

/// Numbers of y that n rows give.
pub fn numbers(n: usize, output: Output) -> usize {
    match output {
        Output::Gated(_) => n / 2,
        Output::Store | Output::Add => n,
    }
}

/// What an activation makes of gate and up, and its bound. All are g·sigmoid(z)·u with z = g, 1.5957(g + 0.0447g³) and
/// 1.702g, and the slope of g·sigmoid(z) is at most 1.13. Its own operations are off by e^-z (3 + 2|z| ulp and what z is
/// off by, four units, and as much in the quotient at most), an addition, a division (2.5 ulp) and two products.
fn gated(activation: Activation, (gate, gate_error): Bounded, (up, up_error): Bounded) -> Bounded {
    let (g, u, z) = match activation {
        Activation::SwiGlu => (gate, up, gate),
        Activation::GeGlu => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (gate + 0.044_715 * gate.powi(3));
            (gate, up, 2.0 * inner)
        }
        Activation::ClampedSwiGlu => {
            let g = gate.min(7.0);
            (g, up.clamp(-7.0, 7.0) + 1.0, 1.702 * g)
        }
    };
    let value = g / (1.0 + (-z).exp());
    let own = (2.0 * (3.0 + 2.0 * z.abs()) + 4.0 * z.abs() + 1.0 + 5.0 + 2.0) * U * value.abs();
    let error = 1.13 * gate_error + own;
    let up_error = up_error + U * u.abs();
    // Beyond e^88 the exponential is infinite and the quotient zero; what it should be is below f32's normal numbers.
    (
        value * u,
        error * (u.abs() + up_error)
            + value.abs() * up_error
            + f64::from(f32::MIN_POSITIVE) * (1.0 + u.abs()),
    )
}

/// Activations of very different magnitudes from token to token; the second is all zeros.
pub fn activations(t: usize, k: usize, random: &mut Random) -> Vec<f32> {
    let row = |t| {
        let magnitude = if t == 1 {
            0.0
        } else {
            2f32.powi(random.below(9) as i32 - 6)
        };
        random
            .floats(k)
            .into_iter()
            .map(move |v| magnitude * v)
            .collect::<Vec<_>>()
    };
    (0..t).flat_map(row).collect()
}

/// What y is before: numbers where it is added to, otherwise poison.
pub fn before(n: usize, output: Output, random: &mut Random) -> Vec<u32> {
    match output {
        Output::Add => random.floats(n).iter().map(|v| v.to_bits()).collect(),
        Output::Store | Output::Gated(_) => vec![POISON; n],
    }
}

pub fn check(bench: &Bench) {
    let mut random = Random::new(2);
    let wanted = bench.wanted();
    for quant in QUANTS {
        let variants: Vec<_> = wanted
            .iter()
            .filter_map(|kernel| match *kernel {
                Kernel::Matmul {
                    quant: of,
                    place: Place::Batch,
                    input,
                    operand: Operand::Quads, // `Case::run` takes the others too
                    output,
                    tile: 1, // the batches of `products` need the other tile
                } if of == quant => Some((input, output)),
                _ => None,
            })
            .collect();
        if variants.is_empty() {
            continue;
        }
        let mut paged = 0;
        let shapes = [matrices::shapes(quant), matrices::stacks(quant)].concat();
        for shape in &shapes {
            let mut loaded = matrices::load(bench, quant, shape, Numbers::Tame, &mut random);
            paged += usize::from(loaded.matrix.pages.len() > 1);
            for &(input, output) in &variants {
                if matches!(output, Output::Gated(_)) && loaded.n % 2 == 1 {
                    continue;
                }
                loaded.matrix.y_first = random.below(3) * 5;
                let lengths: &[_] = match THOROUGH.contains(&quant.name) && loaded.n < 60 {
                    true => &[1, 20, 70],
                    false => &[1, 20],
                };
                for &t in lengths {
                    products(bench, &loaded, (input, output), [t, t], &mut random);
                }
                let room = 2 + random.below(19);
                let fewer = 1 + random.below(room);
                products(bench, &loaded, (input, output), [fewer, room], &mut random);
            }
        }
        assert!(
            (1..shapes.len()).contains(&paged),
            "{}: {paged} of {} matrices have several pages",
            quant.name,
            shapes.len()
        );
    }
}

/// One matrix with a batch of `t` tokens in a pass for `room`; every slab has a part of each token.
fn products(
    bench: &Bench,
    loaded: &Loaded,
    (input, output): (Input, Output),
    [t, room]: [usize; 2],
    random: &mut Random,
) {
    let Loaded { slabs, n, k, .. } = *loaded;
    let gain: Vec<_> = random.floats(k).iter().map(|v| 1.0 + v / 2.0).collect();
    let bias = random.floats(slabs * n);
    let bias = (random.below(2) == 0).then_some(bias.as_slice());
    let numbers = numbers(n, output);
    let group = loaded.matrix.y_first + numbers + random.below(3); // numbers of a slab's part of y
    // Where there are uniforms, several windows of them, too.
    let between = match bench.gpu.tier.share {
        Share::Workgroup => 4 * random.below(2),
        Share::Four | Share::Eight | Share::Own => 4 * random.below(90),
    };
    let [x_row, y_row] = [slabs * k + between, slabs * group + random.below(3)];
    let x = activations(t, x_row, random);
    let y = before(room * y_row, output, random);
    let sums = |tokens: std::ops::Range<usize>| -> Vec<Sum> {
        let each = tokens.enumerate().flat_map(|(row, token)| {
            (0..slabs).map(move |slab| Sum {
                y: row * y_row + slab * group,
                terms: vec![(slab, token * x_row + slab * k, 1.0)],
            })
        });
        each.collect()
    };
    let case = Case {
        loaded,
        through: Through::All,
        input,
        output,
        gain: &gain,
        bias,
        x: &x,
        x_stride: [x_row, k],
        y_stride: [y_row, group],
        before: &y,
        tokens: t,
        room,
        last: false,
        scale: 1.5,
    };
    let rows = case.run(bench, &sums(0..t));
    // A token comes out the same in a batch, alone, and as the batch's last, to the bit.
    let one = random.below(t);
    let alone = Case {
        x: &x[one * x_row..][..x_row],
        before: &y[one * y_row..][..y_row],
        tokens: 1,
        room: 1,
        ..case
    };
    let alone = alone.run(bench, &sums(0..1));
    assert_eq!(alone, rows[one * y_row..][..y_row], "token {one} alone");
    let last = Case {
        before: &y[(t - 1) * y_row..][..y_row],
        last: true,
        ..case
    };
    let last = last.run(bench, &sums(t - 1..t));
    assert_eq!(last, rows[(t - 1) * y_row..][..y_row], "the last token");
}
