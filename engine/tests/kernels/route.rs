//! route against the norm and the product in f64 and the reference's choice: every format, gating and kind of group, with and
//! without biases, the shared expert and its gate.

use motet::arch::tree::Router;
use motet::arch::{Gating, GroupRule, Moe};
use motet::gpu::Kernel;
use motet::ops::{self, Routes};
use motet::quant::{BLOCK, Quant};
use motet::reference;

use crate::bench::{Bench, Expected, THOROUGH};
use crate::matrices::{self, Loaded, Numbers, Shape, stack};
use crate::moe::moe;
use crate::random::Random;

/// Half a unit in the last place of f32.
const U: f64 = 1.0 / (1 << 24) as f64;

const EPS: f32 = 1e-5;

/// Tokens that the routes' buffer has room for.
const ROOM: u32 = 24;

/// Tokens of a batch.
const T: usize = 5;

const GATINGS: [Gating; 4] = [
    Gating::Softmax,
    Gating::Sigmoid,
    Gating::SoftmaxOfChosen,
    Gating::SqrtSoftplus,
];

/// Two formats with every gating and kind of group, the others with some.
pub fn check(bench: &Bench) {
    let mut random = Random::new(6);
    for kernel in bench.wanted() {
        let Kernel::Route(quant) = kernel else {
            continue;
        };
        // E, A and D: more rows than lanes, more columns than are staged at once, less than a block.
        let shapes: &[_] = match THOROUGH.contains(&quant.name) {
            true => &[
                (8, 2, 2100),
                (64, 6, 1091),
                (60, 4, 33),
                (256, 8, 70),
                (300, 7, 50),
                (1024, 64, 20),
            ],
            false => &[(8, 2, 1300), (60, 4, 50)],
        };
        for &(e, a, k) in shapes {
            let k = usize::next_multiple_of(k, quant.block_len);
            let routers = [0, 1].map(|gate| load(bench, quant, [e + gate, k], false, &mut random));
            for (i, mut moe) in mixtures(e, a, &mut random).into_iter().enumerate() {
                // Every gating has its turn with a gate and without, and so has every kind of group.
                let gate = i % 2;
                moe.shared = moe.shared.max(gate);
                if THOROUGH.contains(&quant.name) || i % 5 == 0 {
                    let added = [random.below(2) == 0, random.below(2) == 0];
                    route(bench, &routers[gate], moe, added, &mut random);
                }
            }
            let router = load(bench, quant, [e, k], true, &mut random);
            for norm in [false, true] {
                let moe = Moe { norm, ..moe(e, a) };
                route(bench, &router, moe, [false; 2], &mut random);
            }
        }
    }
}

/// Every gating with and without groups.
fn mixtures(e: usize, a: usize, random: &mut Random) -> Vec<Moe> {
    let groups = [
        (1, 1, GroupRule::Best),
        (4, 2, GroupRule::Best),
        (4, 3, GroupRule::BestTwo),
    ];
    let all = GATINGS.map(|gating| {
        groups.map(|(groups, groups_used, group_rule)| {
            // No shared expert, one apart, some of the mixture's.
            let [shared, es] = [[0, 0], [1, 0], [1, 1], [3, 3]][random.below(4)];
            Moe {
                gating,
                groups,
                groups_used,
                group_rule,
                norm: random.below(2) == 0,
                shared,
                es,
                scale: [1.0, 2.5][random.below(2)],
                ..moe(e, a)
            }
        })
    });
    all.concat()
}

/// A random router; with `ties` its rows are of three kinds alone.
fn load(
    bench: &Bench,
    quant: &'static Quant,
    [rows, k]: [usize; 2],
    ties: bool,
    random: &mut Random,
) -> Loaded {
    let bytes = quant.row_bytes(k);
    let drawn = if ties { 3 } else { rows };
    let drawn = matrices::file_rows(quant, Numbers::Tame, [drawn, k], random);
    let of_row = |row: usize| match ties {
        true => random.below(3),
        false => row,
    };
    let rows_of_file = (0..rows).map(of_row);
    let file = rows_of_file.flat_map(|row| drawn[row * bytes..][..bytes].to_vec());
    let file = [file.collect()];
    let shape = Shape {
        slabs: 1,
        n: rows,
        k,
        sources: vec![stack(1, rows, 0)],
    };
    matrices::load_files(bench, quant, &shape, &file, random)
}

/// A token's logits, [E] and the shared expert's gate, and the bound of their errors.
fn logits(router: &Loaded, gain: &[f32], x: &[f32], bias: Option<&[f32]>) -> (Vec<f32>, f64) {
    let k = router.k;
    let squares: f64 = x.iter().map(|v| f64::from(*v).powi(2)).sum();
    let r = 1.0 / (squares / k as f64 + f64::from(EPS)).sqrt();
    // A term is rounded as g·x and w·g·x, then by 7 additions in its block, one for each block after it, 3 of the lane's
    // four and at most 32 of the bands. Under the root: sums of four, one a piece and 66 over lanes (size 4 is the least of
    // subgroups), the mean and ε; then the root and the product with it, as in matmul.rs.
    let sum = 2 + 7 + k.div_ceil(BLOCK) + 3 + 32;
    let under_root = 4 + k.div_ceil(1024) + 66 + 5 + 1;
    let relative = ((sum + 4 + 1) as f64 + under_root as f64 / 2.0) * U;
    let mut bound = 0f64;
    let rows = router.w.chunks_exact(k).enumerate().map(|(row, w)| {
        let terms = w.iter().zip(x.iter().zip(gain));
        let terms = terms.map(|(w, (x, g))| f64::from(*w) * f64::from(*x) * f64::from(*g));
        let (sum, magnitude) = terms.fold((0.0, 0.0), |(s, m), v| (s + v, m + v.abs()));
        let bias = bias.and_then(|bias| bias.get(row)).copied().unwrap_or(0.0);
        let z = sum * r + f64::from(bias);
        // The last two: of the sum with the bias, and of what is given here.
        bound = bound.max(magnitude * r * relative + 2.0 * U * z.abs());
        z as f32
    });
    (rows.collect(), bound)
}

/// What an expert's count was before.
const BEFORE: u32 = 7;

/// A batch, once more, and one of its tokens alone; and the count of what was chosen.
fn route(
    bench: &Bench,
    router: &Loaded,
    moe: Moe,
    [has_bias, has_selection]: [bool; 2],
    random: &mut Random,
) {
    let (k, gate) = (router.k, router.n > moe.e);
    let layout = Routes::new(&moe, ROOM);
    let slots = layout.slots as usize;
    let size = 3.0 / (k as f32).sqrt(); // logits of a few units
    let gain: Vec<f32> = random
        .floats(k)
        .iter()
        .map(|v| size * (1.0 + v / 2.0))
        .collect();
    let bias = has_bias.then(|| random.floats(moe.e));
    let selection = random
        .floats(moe.e)
        .iter()
        .map(|v| v / 4.0)
        .collect::<Vec<_>>();
    let selection = has_selection.then_some(selection);
    let mut expected = vec![Expected::UNTOUCHED; layout.size() as usize];
    let mut x = Vec::new();
    for token in 0..T {
        let (row, logits, bound) = clear_row(
            |row| logits(router, &gain, row, bias.as_deref()),
            |logits| reference::route(moe, &logits[..moe.e], selection.as_deref()),
            [k, token],
            random,
        );
        let chosen = reference::route(moe, &logits[..moe.e], selection.as_deref());
        for (slot, (id, weight)) in chosen.into_iter().enumerate() {
            let at = token * slots + slot;
            expected[at] = Expected::Bits(id as u32);
            // exp is off by 3 + 2|z| ulp, log near 1 by 2^-21, both sides; the reference's sum by a unit an expert. A score
            // changes by twice the logits' error at most, relatively, and one over a sum of scores by twice that.
            let log = if moe.gating == Gating::SqrtSoftplus {
                1e-6
            } else {
                0.0
            };
            let weight = f64::from(weight);
            let relative = 4e-6 + U * moe.e as f64 + 4.0 * bound;
            let bound = relative * weight.abs() + log * f64::from(moe.scale);
            expected[layout.weights as usize + at] = Expected::Near(weight, bound);
        }
        for i in 0..slots - moe.a {
            let at = token * slots + moe.a + i;
            let weight = match gate {
                true => reference::sigmoid(logits[moe.e]),
                false => 1.0,
            };
            expected[at] = Expected::Bits((moe.e + i) as u32);
            expected[layout.weights as usize + at] = Expected::Near(weight.into(), 2e-6 + bound);
        }
        x.extend(row);
    }
    let gain = bench.floats(&gain);
    let weights = Router {
        gate: router.matrix.clone(),
        shared_gate: gate,
        bias: bias.map(|bias| bench.floats(&bias)),
        selection: selection.map(|selection| bench.floats(&selection)),
    };
    let what = format!(
        "route {} {moe:?} of {k}, bias {has_bias}, selection {has_selection}, gate {gate}",
        router.quant.name
    );
    let run = |x: &[f32], room| {
        let routes = bench.poisoned(layout.size() as usize);
        let place = bench.place(3, x.len() / k);
        let usage = bench.output(&vec![BEFORE; 3 * moe.e]);
        let args = [&place, &bench.floats(x), &routes, &bench.nothing];
        let counted = (&usage, 1);
        let route = ops::route(args, (&gain, EPS), &weights, &moe, layout, counted, room);
        bench.run(&what, &[route]);
        (routes, usage)
    };
    let (routes, usage) = run(&x, T as u32 + 2);
    let routes = bench.check(&what, &routes, &expected);
    let mut counts = vec![BEFORE; 3 * moe.e];
    for token in 0..T {
        for id in &routes[token * slots..][..moe.a] {
            counts[moe.e + *id as usize] += 1;
        }
    }
    let counts: Vec<_> = counts.into_iter().map(Expected::Bits).collect();
    bench.check(&format!("{what}, usage"), &usage, &counts);
    assert_eq!(
        routes,
        bench.read(&run(&x, T as u32).0),
        "{what}: once more"
    );
    let token = random.below(T);
    let alone = bench.read(&run(&x[token * k..][..k], 1).0);
    for part in [0, layout.weights as usize] {
        let in_batch = &routes[part + token * slots..][..slots];
        assert_eq!(
            alone[part..][..slots],
            *in_batch,
            "{what}: token {token} alone"
        );
    }
}

/// A row of x whose choice an error within the logits' bound does not change, with its logits and their bound; that of the
/// second token is of zeros if it may. Equal logits remain equal.
fn clear_row(
    logits: impl Fn(&[f32]) -> (Vec<f32>, f64),
    choose: impl Fn(&[f32]) -> Vec<(usize, f32)>,
    [k, token]: [usize; 2],
    random: &mut Random,
) -> (Vec<f32>, Vec<f32>, f64) {
    let mut row = vec![0.0; k];
    for attempt in 0..1000 {
        if token != 1 || attempt > 0 {
            let magnitude = 2f32.powi(random.below(9) as i32 - 6);
            row = random.floats(k).iter().map(|v| magnitude * v).collect();
        }
        let (z, bound) = logits(&row);
        let ids = |z: &[f32]| choose(z).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        let error = bound.max(2e-5) as f32; // devices' exponentials differ a little
        let chosen = ids(&z);
        let shaken = |bit: u32| {
            let sign = |z: &f32| {
                if z.to_bits() >> bit & 1 == 0 {
                    1.0
                } else {
                    -1.0
                }
            };
            z.iter().map(|z| z + error * sign(z)).collect::<Vec<f32>>()
        };
        if (0..6).all(|bit| ids(&shaken(bit)) == chosen) {
            return (row, z, bound);
        }
    }
    panic!("no row of {k} makes a choice that is clear");
}
