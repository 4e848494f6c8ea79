//! attention against the reference, for every width of heads and count of rows.

use std::collections::BTreeMap;

use motet::gpu::{CacheType, Dispatch, Kernel, SPLITS};
use motet::ops::{self, Heads, Split};
use motet::reference;

use crate::bench::{Bench, Expected, POISON};
use crate::caches::{self, Layout};
use crate::random::Random;

/// What a batch is of.
#[derive(Debug, Clone, Copy)]
struct Shape {
    h: usize,
    kv: usize,
    c: usize,
    cv: usize,
    /// Values are the keys' first channels.
    latent: bool,
    kind: CacheType,
    /// Positions that a query sees; 0: all.
    window: usize,
    scale: f32,
}

/// A batch of tokens whose k and v are in the cache.
struct Batch {
    shape: Shape,
    pos: usize,
    t: usize,
    queries: Vec<f32>, // [t, H·C]
    sinks: Option<Vec<f32>>,
    cache: motet::kv::Cache,
    first: usize,     // the oldest position that the cache still has
    keys: Vec<f32>,   // [first .. pos + t, K·C]
    values: Vec<f32>, // [first .. pos + t, K·Cv]
}

/// Multiples of 1/8 up to `most`: products of two are exact, and so are their sums in any order.
fn exact(n: usize, most: usize, random: &mut Random) -> Vec<f32> {
    (0..n)
        .map(|_| random.below(16 * most + 1) as f32 / 8.0 - most as f32)
        .collect()
}

impl Batch {
    fn new(
        bench: &Bench,
        shape: Shape,
        [pos, t, room]: [usize; 3],
        most: usize,
        sinks: bool,
        random: &mut Random,
    ) -> Self {
        let Shape {
            h,
            kv,
            c,
            cv,
            latent,
            kind,
            window,
            ..
        } = shape;
        let widths = [[kv, c], if latent { [0, 0] } else { [kv, cv] }];
        let positions = motet::kv::kept(window, 64, (pos + room).next_multiple_of(64));
        let cache = caches::poisoned(bench, kind, widths, positions);
        let first = (pos + t).saturating_sub(positions);
        let slots = || (first..pos + t).map(|pos| pos % positions);
        let layout = |c, keys| Layout { heads: kv, c, keys };
        let k = (kind, &cache.k);
        let keys = caches::fill(bench, k, layout(c, true), slots(), Some(most), random);
        let values = if latent {
            let rows = keys.chunks_exact(c);
            rows.flat_map(|key| key[..cv].to_vec()).collect()
        } else {
            let v = (kind, &cache.v);
            caches::fill(bench, v, layout(cv, false), slots(), None, random)
        };
        Self {
            shape,
            pos,
            t,
            queries: exact(t * h * c, most, random),
            sinks: sinks.then(|| exact(h, most, random)),
            cache,
            first,
            keys,
            values,
        }
    }

    fn what(&self) -> String {
        let Self {
            shape,
            pos,
            t,
            sinks,
            ..
        } = self;
        format!(
            "attention {shape:?}, {t} tokens after {pos}, sinks {}",
            sinks.is_some()
        )
    }

    /// Runs its tokens from `first` on, `t` of them, in a pass recorded for `room`, compares all of the output, and gives
    /// the tokens' bits.
    fn run(
        &self,
        bench: &Bench,
        [first, t, room]: [usize; 3],
        variant: impl Fn(&mut Dispatch),
    ) -> Vec<u32> {
        let Shape {
            h,
            kv,
            c,
            cv,
            window,
            scale,
            ..
        } = self.shape;
        let sinks = self.sinks.as_ref().map(|sinks| bench.floats(sinks));
        let (place, q, out) = (
            bench.place(self.pos + first, t),
            bench.floats(&self.queries[first * h * c..(first + t) * h * c]),
            bench.poisoned(room * h * cv),
        );
        let heads = Heads {
            h: h as u32,
            kv: kv as u32,
            c: c as u32,
            cv: cv as u32,
            rot: 0,
        };
        let buffers = [&place, &q, &out, &bench.nothing];
        let sinks = sinks.as_ref();
        let mut dispatch = ops::attention(
            buffers,
            sinks,
            &self.cache,
            heads,
            (window, scale),
            room as u32,
            None,
        );
        variant(&mut dispatch);
        let what = format!("{}, {}", self.what(), dispatch.kernel.label());
        bench.run(&what, &[dispatch]);
        let mut expected: Vec<_> = (first..first + t)
            .flat_map(|token| self.token(token))
            .collect();
        expected.resize(room * h * cv, Expected::UNTOUCHED);
        let mut got = bench.check(&what, &out, &expected);
        got.truncate(t * h * cv);
        got
    }

    /// The same in parts, which are put together here, and by `join`.
    fn run_split(&self, bench: &Bench, rows: u32) {
        let (
            t,
            Shape {
                h,
                kv,
                c,
                cv,
                window,
                scale,
                ..
            },
        ) = (self.t, self.shape);
        // Room for more rows than there are.
        let split = Split {
            head: cv,
            rows: t * h + 3,
        };
        let sinks = self.sinks.as_ref().map(|sinks| bench.floats(sinks));
        let (place, q) = (bench.place(self.pos, t), bench.floats(&self.queries));
        let out = bench.poisoned(split.size());
        let [h32, kv32, c32, cv32] = [h, kv, c, cv].map(|n| n as u32);
        let heads = Heads {
            h: h32,
            kv: kv32,
            c: c32,
            cv: cv32,
            rot: 0,
        };
        let buffers = [&place, &q, &out, &bench.nothing];
        let cache = &self.cache;
        let (sinks, room) = (sinks.as_ref(), t as u32);
        let mut dispatch = ops::attention(
            buffers,
            sinks,
            cache,
            heads,
            (window, scale),
            room,
            Some(split),
        );
        dispatch.kernel = kernel(self.shape, rows, true);
        dispatch.groups[0] = (room * h32 / kv32).div_ceil(rows);
        let what = format!("{}, {}", self.what(), dispatch.kernel.label());
        bench.run(&what, &[dispatch]);
        let got = bench.read(&out);
        let parts = SPLITS as usize;
        let number = |at: usize| f64::from(f32::from_bits(got[at]));
        let stats = split.rows * parts * cv;
        let expected = (0..t).flat_map(|token| self.token(token));
        for (i, expected) in expected.enumerate() {
            let (row, channel) = (i / cv, i % cv);
            let of = |z: usize| {
                let stat = stats + 4 * (row * parts + z);
                let o = number((row * parts + z) * cv + channel);
                (number(stat), number(stat + 1), o)
            };
            let all: Vec<_> = (0..parts).map(of).collect();
            let greatest = all.iter().fold(f64::MIN, |most, (m, ..)| most.max(*m));
            let weighted = all.iter().map(|(m, l, o)| ((m - greatest).exp(), l, o));
            let (mass, sum) = weighted.fold((0.0, 0.0), |(mass, sum), (weight, l, o)| {
                (mass + weight * l, sum + weight * o)
            });
            let value = ((sum / mass) as f32).to_bits();
            assert!(
                expected.holds(value),
                "{what}, number {i}: {} for {expected:?}",
                sum / mass
            );
        }
        let joined = bench.poisoned((t + 1) * h * cv);
        let args = [&out, &joined, &bench.nothing];
        bench.run(&what, &[ops::join(args, split, t * h)]);
        let mut expected: Vec<_> = (0..t).flat_map(|token| self.token(token)).collect();
        expected.resize((t + 1) * h * cv, Expected::UNTOUCHED);
        bench.check(&format!("{what}, joined"), &joined, &expected);
        let untouched = got[t * h * parts * cv..stats]
            .iter()
            .chain(&got[stats + t * h * parts * 4..]);
        assert!(
            untouched.clone().all(|word| *word == POISON),
            "{what}: beyond the rows"
        );
    }

    /// What one token's output is to be.
    fn token(&self, token: usize) -> Vec<Expected> {
        let Shape {
            h,
            kv,
            c,
            cv,
            window,
            scale,
            ..
        } = self.shape;
        let end = self.pos + token + 1;
        let start = if window == 0 {
            0
        } else {
            end.saturating_sub(window)
        };
        assert!(self.first <= start, "the cache has what the window sees");
        let seen = |rows: &'_ [f32], width: usize| {
            rows[(start - self.first) * width..(end - self.first) * width].to_vec()
        };
        let q = &self.queries[token * h * c..][..h * c];
        let (keys, values) = (seen(&self.keys, kv * c), seen(&self.values, kv * cv));
        let sinks = self.sinks.as_deref();
        let out = reference::attention([h, kv, c, cv], q, &keys, &values, scale, sinks);
        let bound = self.bound(end - start, &keys, &values);
        let near = |v: f32| Expected::Near(v.into(), bound);
        out.into_iter().map(near).collect()
    }

    /// Out is a mean of values. Its weights are off by what scores are, on both sides and above and below the fraction;
    /// scores are exact unless `scale` rounds q, and then by C + 4 units of Σ|q·k|. Each side adds S terms to the mass and
    /// to the output, and the reference rounds a weight as it divides. e^x is off by 3 + 2|x| ulp, and the mean |x| is at
    /// most ln S, below 7.
    fn bound(&self, s: usize, keys: &[f32], values: &[f32]) -> f64 {
        let Shape { c, scale, .. } = self.shape;
        let most = |v: &[f32]| v.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        let rounded = scale.log2().fract() != 0.0;
        let score = scale * c as f32 * most(&self.queries) * most(keys);
        let scores = if rounded {
            4.0 * (c + 4) as f64 * f64::from(score)
        } else {
            0.0
        };
        let values = f64::from(most(values)).max(1.0);
        (scores + 4.0 * s as f64 + 128.0) * values * 2f64.powi(-24)
    }
}

/// H, K, tokens before, tokens, tokens that the pass is recorded for, window, sinks.
type Case = ([usize; 5], usize, bool);

fn check_width(bench: &Bench, shape: Shape, [rows, split]: [&[u32]; 2], random: &mut Random) {
    let grouped: [Case; 7] = [
        ([1, 1, 0, 1, 1], 0, false),
        ([2, 1, 63, 1, 1], 0, true),
        ([3, 1, 64, 1, 2], 0, false),
        ([4, 2, 190, 9, 16], 0, true), // passes two ends of tiles
        ([9, 3, 60, 6, 6], 5, false),
        ([4, 2, 440, 9, 9], 150, true), // begins the ring again
        ([2, 1, 700, 2, 2], 0, true),   // more tiles than shares of the cache
    ];
    let latent: [Case; 3] = [
        ([1, 1, 0, 1, 1], 0, false),
        ([5, 1, 63, 1, 2], 0, false),
        ([3, 1, 120, 9, 16], 0, false),
    ];
    let cases: &[Case] = if shape.latent { &latent } else { &grouped };
    for &([h, kv, pos, t, room], window, sinks) in cases {
        let shape = Shape {
            h,
            kv,
            window,
            ..shape
        };
        let batch = Batch::new(bench, shape, [pos, t, room], 2, sinks, random);
        let whole = batch.run(bench, [0, t, room], |_| ());
        for &rows in rows {
            let with_rows = batch.run(bench, [0, t, room], |dispatch| {
                dispatch.kernel = kernel(shape, rows, false);
                dispatch.groups[0] = ((room * h / kv) as u32).div_ceil(rows);
            });
            assert_eq!(with_rows, whole, "{}, {rows} rows", batch.what());
        }
        for &rows in split {
            batch.run_split(bench, rows);
        }
        let one = random.below(t);
        let width = h * shape.cv;
        let alone = batch.run(bench, [one, 1, 1], |_| ());
        assert_eq!(
            alone,
            whole[one * width..(one + 1) * width],
            "{}, token {one}",
            batch.what()
        );
    }
    let one_head = Shape {
        h: 2,
        kv: 1,
        ..shape
    };
    // Scores of up to some hundreds, of both signs: e^score would be infinite.
    let wide = Shape {
        scale: 0.5,
        ..one_head
    };
    let large = Batch::new(bench, wide, [130, 2, 2], 16, true, random);
    let greatest = large.run(bench, [0, 2, 2], |_| ());
    assert!(greatest.iter().all(|&v| f32::from_bits(v).is_finite()));
    let rounded = Shape {
        scale: 1.0 / (shape.c as f32).sqrt(),
        ..one_head
    };
    Batch::new(bench, rounded, [99, 3, 3], 2, false, random).run(bench, [0, 3, 3], |_| ());
    // Tokens at every place of a ring's tiles, in batches as large as there are.
    if shape.c == 16 && !shape.latent {
        for pos in [65, 100, 127, 128, 190, 257] {
            let window = Shape {
                window: 20,
                ..one_head
            };
            let batch = Batch::new(bench, window, [pos, 64, 64], 2, pos % 2 == 0, random);
            batch.run(bench, [0, 64, 64], |_| ());
        }
    }
}

fn kernel(shape: Shape, rows: u32, split: bool) -> Kernel {
    Kernel::Attention {
        c: shape.c as u32,
        cv: shape.cv as u32,
        rows,
        latent: shape.latent,
        cache: shape.kind,
        split,
    }
}

pub fn check(bench: &Bench) {
    let mut random = Random::new(4);
    let mut shapes = BTreeMap::<_, (Shape, [Vec<u32>; 2])>::new();
    for kernel in bench.wanted() {
        if let Kernel::Attention {
            c,
            cv,
            rows,
            latent,
            cache,
            split,
        } = kernel
        {
            // 1/sqrt(C), rounded down to a power of two
            let scale = 2f32.powi((-0.5 * (c as f32).log2()).floor() as i32);
            let shape = Shape {
                h: 1,
                kv: 1,
                c: c as usize,
                cv: cv as usize,
                latent,
                kind: cache,
                window: 0,
                scale,
            };
            let name = format!("{c} {cv} {latent} {cache:?}");
            let [whole, parts] = &mut shapes.entry(name).or_insert((shape, Default::default())).1;
            if split { parts } else { whole }.push(rows);
        }
    }
    for (shape, [rows, split]) in shapes.into_values() {
        check_width(bench, shape, [&rows, &split], &mut random);
    }
}
