//! What comes behind a mixture's router: bin against a sort, the experts' products against sums in f64, token by token and
//! expert by expert; and post_norm.

use motet::arch::{Activation, Gating, GroupRule, Moe};
use motet::gpu::{Input, Kernel, Operand, Output, Place};
use motet::ops::{self, Product, Routes, Through};
use motet::quant::QUANTS;

use crate::bench::{Bench, Expected, POISON, full};
use crate::matmul::{Case, Sum, activations, before, numbers};
use crate::matrices::{self, Loaded, Numbers, Shape, stack};
use crate::random::Random;

/// Half a unit in the last place of f32.
const U: f64 = 1.0 / (1 << 24) as f64;

/// Tokens that the routes' buffer has room for.
const ROOM: usize = 24;

/// A mixture with a plain router.
pub fn moe(e: usize, a: usize) -> Moe {
    Moe {
        e,
        a,
        f: 1,
        shared: 0,
        es: 0,
        gating: Gating::Softmax,
        norm: false,
        scale: 1.0,
        groups: 1,
        groups_used: 1,
        group_rule: GroupRule::Best,
    }
}

/// Routes of `t` tokens and what `bin` is to make of them.
struct Routed {
    moe: Moe,
    layout: Routes,
    t: usize,
    ids: Vec<usize>,   // [t, used]
    weights: Vec<f32>, // [t, slots]
    words: Vec<u32>,
}

impl Routed {
    /// `few`: all tokens go through the same few experts, so that tiles are full.
    fn new(moe: Moe, t: usize, few: bool, random: &mut Random) -> Self {
        let layout = Routes::new(&moe, ROOM as u32);
        let slots = layout.slots as usize;
        let mut words = vec![POISON; layout.size() as usize];
        let (mut ids, mut weights) = (Vec::new(), Vec::new());
        for token in 0..t {
            let mut of_token: Vec<usize> = Vec::new();
            while of_token.len() < moe.a {
                let id = random.below(if few { moe.a + 1 } else { moe.e }.min(moe.e));
                if !of_token.contains(&id) {
                    of_token.push(id);
                }
            }
            of_token.extend(moe.e..moe.e + moe.es);
            for slot in 0..slots {
                let weight = random.float();
                words[token * slots + slot] = of_token.get(slot).map_or(0, |id| *id as u32);
                words[layout.weights as usize + token * slots + slot] = weight.to_bits();
                weights.push(weight);
            }
            ids.extend(of_token);
        }
        Self {
            moe,
            layout,
            t,
            ids,
            weights,
            words,
        }
    }

    /// Sorts the entries on the GPU, twice, and compares with a stable sort.
    fn binned(&self, bench: &Bench) -> wgpu::Buffer {
        let [used, slots] = [self.layout.used, self.layout.slots].map(|n| n as usize);
        let mut entries: Vec<usize> = (0..self.t * used).collect();
        entries.sort_by_key(|i| self.ids[*i]);
        let mut words = self.words.clone();
        let mut tiles: Vec<[usize; 3]> = Vec::new();
        let tile = Kernel::TILES[1] as usize;
        for (at, i) in entries.iter().enumerate() {
            words[self.layout.order as usize + at] = (i / used * slots + i % used) as u32;
            match tiles.last_mut() {
                Some([e, _, n]) if *e == self.ids[*i] && *n < tile => *n += 1,
                _ => tiles.push([self.ids[*i], at, 1]),
            }
        }
        assert!(tiles.len() <= self.layout.most_tiles as usize);
        let flat = std::iter::once(tiles.len()).chain(tiles.into_iter().flatten());
        for (at, n) in flat.enumerate() {
            words[self.layout.tiles as usize + at] = n as u32;
        }
        let expected: Vec<_> = words.iter().map(|w| Expected::Bits(*w)).collect();
        let [first, second] = [(); 2].map(|()| {
            let routes = bench.output(&self.words);
            let args = [&bench.place(3, self.t), &routes];
            bench.run("bin", &[ops::bin(args, self.layout)]);
            let what = format!("bin of {} tokens, {:?}", self.t, self.moe);
            bench.check(&what, &routes, &expected);
            routes
        });
        assert_eq!(bench.read(&first), bench.read(&second));
        first
    }
}

/// Sorting alone, for all the sizes that are variants.
pub fn check_bins(bench: &Bench) {
    if !bench.first && !full() {
        return; // it does not depend on the tier
    }
    let mut random = Random::new(8);
    for (e, a) in [
        (8, 2),
        (60, 4),
        (256, 8),
        (300, 5),
        (1024, 7),
        (3, 3),
        (1, 1),
    ] {
        for (t, few) in [(1, false), (ROOM, false), (ROOM, true), (13, true)] {
            let few = few && a < e;
            Routed::new(moe(e, a), t, few, &mut random).binned(bench);
            for es in [0, 4] {
                let shared = Moe {
                    shared: 4,
                    es,
                    ..moe(e.min(Moe::MOST_EXPERTS - es), a)
                };
                Routed::new(shared, t, few, &mut random).binned(bench);
            }
        }
    }
}

/// The products of a mixture in every variant that is wanted, and combine.
pub fn check_products(bench: &Bench) {
    let mut random = Random::new(9);
    let wanted = bench.wanted();
    for quant in QUANTS {
        let of = |place: Place| {
            let variants = wanted.iter().filter_map(move |kernel| match *kernel {
                Kernel::Matmul {
                    quant: of,
                    place: at,
                    input,
                    operand: Operand::Quads, // `Case::run` takes the others too
                    output,
                    ..
                } if of == quant && at == place => Some((input, output)),
                _ => None,
            });
            variants.collect::<Vec<_>>()
        };
        let (routed, binned) = (of(Place::Routed), of(Place::Binned));
        if routed.is_empty() && binned.is_empty() {
            continue;
        }
        // Pages with several experts, experts of several pages, and whole blocks in any format.
        for (slabs, n, k) in [(13, 26, 40_usize), (3, 250, 70), (5, 22, 64)] {
            let shape = Shape {
                slabs,
                n,
                k: k.next_multiple_of(quant.block_len),
                sources: vec![stack(slabs, n, 0)],
            };
            let loaded = matrices::load(bench, quant, &shape, Numbers::Tame, &mut random);
            for (place, variants) in [(Place::Routed, &routed), (Place::Binned, &binned)] {
                for &variant in variants {
                    // No shared expert, one apart, one that is the last slab.
                    let [shared, es] = [[0, 0], [1, 0], [1, 1]][random.below(3)];
                    let moe = Moe {
                        shared,
                        es,
                        ..moe(slabs - es, 2)
                    };
                    product(bench, &loaded, moe, place, variant, &mut random);
                }
            }
        }
    }
}

fn product(
    bench: &Bench,
    loaded: &Loaded,
    moe: Moe,
    place: Place,
    (input, output): (Input, Output),
    random: &mut Random,
) {
    let Loaded { slabs, n, k, .. } = *loaded;
    let numbers = numbers(n, output);
    let gain: Vec<_> = random.floats(k).iter().map(|v| 1.0 + v / 2.0).collect();
    let bias = random.floats(slabs * n);
    let bias = (random.below(2) == 0).then_some(bias.as_slice());
    for (t, room) in [(1, 1), (5, 7), (ROOM, ROOM)] {
        let routed = Routed::new(moe, t, random.below(2) == 0, random);
        let layout = routed.layout;
        let [used, slots] = [layout.used, layout.slots].map(|n| n as usize);
        let buffer = match place {
            Place::Binned => routed.binned(bench),
            _ => bench.output(&routed.words),
        };
        // Gates read a row a token and write one a slot; downs read one a slot. Summed, they write one a token.
        let downs = input == Input::Plain;
        let summed = output == Output::Add;
        let entries = |token: usize| (0..used).map(move |slot| (slot, token * slots + slot));
        let through = match (place, downs) {
            (Place::Binned, false) => Through::BinnedGates(&buffer, layout),
            (Place::Binned, true) => Through::BinnedDowns(&buffer, layout),
            (_, false) => Through::Gates(&buffer, layout),
            (_, true) => Through::Downs(&buffer, layout),
        };
        let (x_row, y_row) = (k + 4, numbers + 3);
        let rows_of_x = if downs { slots } else { 1 };
        let rows_of_y = if summed { 1 } else { slots };
        let x = activations(room * rows_of_x, x_row, random);
        let y = before(room * rows_of_y * y_row, output, random);
        let x_at = |token: usize, entry: usize| if downs { entry * x_row } else { token * x_row };
        let id = |token: usize, slot: usize| routed.ids[token * used + slot];
        let sums: Vec<Sum> = (0..t)
            .flat_map(|token| {
                let terms = entries(token).map(|(slot, entry)| {
                    let weight = if summed { routed.weights[entry] } else { 1.0 };
                    (entry, (id(token, slot), x_at(token, entry), weight))
                });
                let terms: Vec<_> = terms.collect();
                match summed {
                    true => vec![Sum {
                        y: token * y_row,
                        terms: terms.into_iter().map(|(_, term)| term).collect(),
                    }],
                    false => {
                        let rows = terms.into_iter().map(|(entry, term)| Sum {
                            y: entry * y_row,
                            terms: vec![term],
                        });
                        rows.collect()
                    }
                }
            })
            .collect();
        let [x_stride, y_stride] = match place {
            Place::Binned => [[x_row, 0], [y_row, 0]],
            _ => {
                let of_slot = if downs { x_row } else { 0 };
                [[rows_of_x * x_row, of_slot], [rows_of_y * y_row, y_row]]
            }
        };
        let case = Case {
            loaded,
            through,
            input,
            output,
            gain: &gain,
            bias,
            x: &x,
            x_stride,
            y_stride,
            before: &y,
            tokens: t,
            room,
            last: false,
            scale: 1.5,
        };
        let first = case.run(bench, &sums);
        assert_eq!(first, case.run(bench, &sums), "it comes out the same again");
    }
}

/// A shared expert apart: a dense product that is weighted by its slot.
pub fn check_shared(bench: &Bench) {
    let mut random = Random::new(10);
    let quant = QUANTS[1];
    let shape = Shape {
        slabs: 1,
        n: 37,
        k: 45,
        sources: vec![stack(1, 37, 0)],
    };
    let loaded = matrices::load(bench, quant, &shape, Numbers::Tame, &mut random);
    for t in [1, 20] {
        let moe = Moe {
            shared: 45,
            ..moe(8, 2)
        };
        let routed = Routed::new(moe, t, false, &mut random);
        let routes = bench.output(&routed.words);
        let x = activations(t, 45, &mut random);
        let y = before(t * 37, Output::Add, &mut random);
        let sums = (0..t).map(|token| Sum {
            y: token * 37,
            terms: vec![(0, token * 45, routed.weights[token * 3 + 2])],
        });
        let sums: Vec<_> = sums.collect();
        let bias = random.floats(37);
        let case = Case {
            loaded: &loaded,
            through: Through::Shared(&routes, routed.layout),
            input: Input::Plain,
            output: Output::Add,
            gain: &[0.0; 4],
            bias: Some(&bias),
            x: &x,
            x_stride: [45, 0],
            y_stride: [37, 0],
            before: &y,
            tokens: t,
            room: t,
            last: false,
            scale: 0.5,
        };
        case.run(bench, &sums);
    }
}

/// A whole mixture token by token and expert by expert: the same numbers but for the order of sums.
pub fn check_both_ways(bench: &Bench) {
    for es in [0, 2] {
        both_ways(bench, es);
    }
}

/// The last `es` of nine experts are the shared one; with none it is apart.
fn both_ways(bench: &Bench, es: usize) {
    let mut random = Random::new(11);
    let quant = QUANTS[1];
    let (e, d, f, t) = (9, 50, 22, 17);
    let load = |n: usize, k: usize, random: &mut Random| {
        let shape = Shape {
            slabs: e,
            n,
            k,
            sources: vec![stack(e, n, 0)],
        };
        matrices::load(bench, quant, &shape, Numbers::Tame, random)
    };
    let (gate_up, down) = (load(2 * f, d, &mut random), load(d, f, &mut random));
    let shared = Moe {
        shared: 4,
        es,
        ..moe(e - es, 3)
    };
    let routed = Routed::new(shared, t, false, &mut random);
    let layout = routed.layout;
    let [used, slots] = [layout.used, layout.slots].map(|n| n as usize);
    let routes = routed.binned(bench);
    let gain = bench.floats(&random.floats(d));
    let (x, place) = (bench.floats(&random.floats(t * d)), bench.place(0, t));
    let added = before(t * d, Output::Add, &mut random);
    let product = |through, gated: bool, output, x_stride, y_stride, scale| Product {
        through,
        split: None,
        norm: gated.then_some((&gain, 1e-5)),
        bias: None,
        output,
        x_stride,
        y_stride,
        t: t as u32,
        last: false,
        scale,
    };
    let run = |what: &str, x: &wgpu::Buffer, y: &wgpu::Buffer, w: &Loaded, product: &Product| {
        let all = ops::matmul([&place, x, y, &bench.nothing], &w.matrix, product);
        bench.run(what, &all);
    };
    let gated = Output::Gated(Activation::SwiGlu);
    let hidden = bench.poisoned(t * slots * f);
    let one_by_one = bench.output(&added);
    let gates = Through::Gates(&routes, layout);
    let gates = product(gates, true, gated, [d, 0], [slots * f, f], 1.0);
    run("gates", &x, &hidden, &gate_up, &gates);
    let downs = Through::Downs(&routes, layout);
    let downs = product(downs, false, Output::Add, [slots * f, f], [d, 0], 0.25);
    run("downs", &hidden, &one_by_one, &down, &downs);

    let by_expert = || {
        let (hidden, results) = (bench.poisoned(t * slots * f), bench.poisoned(t * slots * d));
        let y = bench.output(&added);
        let gates = Through::BinnedGates(&routes, layout);
        let gates = product(gates, true, gated, [d, 0], [f, 0], 1.0);
        run("binned gates", &x, &hidden, &gate_up, &gates);
        let downs = Through::BinnedDowns(&routes, layout);
        let downs = product(downs, false, Output::Store, [f, 0], [d, 0], 1.0);
        run("binned downs", &hidden, &results, &down, &downs);
        let args = [&place, &routes, &results, &y];
        bench.run("combine", &[ops::combine(args, layout, d, 0.25, t as u32)]);
        [bench.read(&hidden), bench.read(&results), bench.read(&y)]
    };
    let [binned_hidden, results, binned] = by_expert();
    assert_eq!(
        bench.read(&hidden),
        binned_hidden,
        "a row comes out the same in any tile"
    );
    assert_eq!(by_expert()[2], binned, "it comes out the same again");
    // combine itself: a product and a sum for each slot, scale, and the last sum.
    let number = |bits: u32| f64::from(f32::from_bits(bits));
    for (i, (&one, &other)) in bench
        .read(&one_by_one)
        .iter()
        .zip(&binned)
        .enumerate()
        .take(t * d)
    {
        let (token, channel) = (i / d, i % d);
        let terms = (0..used).map(|slot| {
            let entry = token * slots + slot;
            f64::from(routed.weights[entry]) * number(results[entry * d + channel])
        });
        let (sum, magnitude) = terms.fold((0.0, 0.0), |(s, m), v| (s + v, m + v.abs()));
        let expected = number(added[i]) + 0.25 * sum;
        let bound = U * (expected.abs() + 0.25 * (2 * used + 1) as f64 * magnitude);
        assert!(
            (number(other) - expected).abs() <= bound,
            "combine, number {i}"
        );
        // Pages of experts are added one after another.
        let pages = (down.matrix.pages.len().min(used) + 1) as f64;
        let bound = bound + U * pages * (expected.abs() + magnitude) + 0.25 * U * 8.0 * magnitude;
        assert!(
            (number(one) - expected).abs() <= bound,
            "one by one, number {i}"
        );
    }
}

/// x += scale · gain · y / sqrt(mean y² + ε)
pub fn check_post_norm(bench: &Bench) {
    let mut random = Random::new(12);
    for (d, t, room) in [(1, 1, 1), (127, 3, 5), (300, 20, 20), (1000, 2, 2)] {
        let (eps, scale) = (1e-5, 0.7);
        let (y, x) = (activations(t, d, &mut random), random.floats(room * d));
        let gain = random.floats(d);
        let buffers = [&y, &gain].map(|v| bench.floats(v));
        let out = bench.output(bytemuck::cast_slice(&x));
        let what = format!("post_norm of {t} of {room} tokens of {d}");
        let args = [&bench.place(3, t), &buffers[0], &buffers[1], &out];
        bench.run(&what, &[ops::post_norm(args, d, eps, scale, room as u32)]);
        let mut expected: Vec<_> = x.iter().map(|v| Expected::Bits(v.to_bits())).collect();
        for (token, row) in y.chunks_exact(d).enumerate() {
            let mean = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / d as f64;
            let r = f64::from(scale) / (mean + f64::from(eps)).sqrt();
            // As in rope: the sum, the mean, the root, three products, and the sum with x.
            let relative = ((d / 128 + 16) as f64 / 2.0 + 4.0 + 3.0) * U;
            for (i, v) in row.iter().enumerate() {
                let value = r * f64::from(gain[i]) * f64::from(*v);
                let sum = f64::from(x[token * d + i]) + value;
                let bound = relative * value.abs() + U * sum.abs();
                expected[token * d + i] = Expected::Near(sum, bound);
            }
        }
        bench.check(&what, &out, &expected);
    }
}
