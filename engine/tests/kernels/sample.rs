//! sample against its twin on the CPU, and the twin against the softmax.

use motet::gpu::RING;
use motet::ops;
use motet::sample::{CHOSEN, FORBIDDEN, SEEN, Sampling};

use crate::bench::{Bench, Expected, POISON};
use crate::random::Random;

/// Where a device and the CPU choose differently, both ids' scores are this close: their exp and log differ a little.
const NEAR: f32 = 1e-3;

/// Counts of draws and of those where a device and the CPU chose differently.
#[derive(Default)]
struct Draws {
    all: usize,
    different: usize,
}

fn settings() -> Vec<Sampling> {
    let greedy = Sampling::default();
    let warm = Sampling {
        temperature: 0.8,
        ..greedy
    };
    vec![
        greedy,
        Sampling {
            frequency_penalty: 0.7,
            presence_penalty: 1.1,
            ..greedy
        },
        Sampling {
            frequency_penalty: -0.4,
            presence_penalty: 0.3,
            repetition_penalty: 1.2,
            top_p: 0.9,
            ..warm
        },
        Sampling {
            repetition_penalty: 1.3,
            ..greedy
        },
        warm,
        Sampling {
            temperature: 2.5,
            ..greedy
        },
        Sampling { top_k: 1, ..warm },
        Sampling { top_k: 5, ..warm },
        Sampling { top_k: 40, ..warm },
        Sampling { top_p: 0.9, ..warm },
        Sampling {
            top_p: 0.05,
            ..warm
        },
        Sampling { min_p: 0.1, ..warm },
        Sampling { min_p: 1.0, ..warm },
        Sampling {
            repetition_penalty: 0.7,
            ..warm
        },
        Sampling {
            top_k: 50,
            top_p: 0.8,
            min_p: 0.02,
            repetition_penalty: 1.2,
            ..warm
        },
        Sampling {
            temperature: 1.7,
            top_k: 1 << 20,
            top_p: 0.95,
            ..greedy
        },
    ]
}

/// Draws `steps` ids one after another on the GPU, the first of them as number `first`, and compares everything the
/// kernel writes with the CPU.
fn draw(
    bench: &Bench,
    sampling: &Sampling,
    logits: &[f32],
    (marks, bias): (&[u32], Option<&[f32]>),
    [first, steps]: [u32; 2],
) -> Draws {
    let v = logits.len();
    let (pos, t) = (17, 5);
    let place = bench.output(&[pos, t, first, 99]);
    let marked = bench.output(marks);
    let (ids, chosen) = (bench.output(&[3, 4]), bench.poisoned(RING as usize));
    let logits_buffer = bench.floats(logits);
    let bias_buffer = bench.floats(bias.unwrap_or(&[f32::NAN; 4]));
    let buffers = [&logits_buffer, &marked, &place, &ids, &chosen, &bias_buffer];
    let dispatch = ops::sample(buffers, sampling.params(v, bias.is_some()));
    let biased = if bias.is_some() { "biased " } else { "" };
    let what = format!("{biased}sample of {v}, {sampling:?}, {steps} from step {first} on");
    let logits: Vec<f32> = match bias {
        Some(bias) => logits.iter().zip(bias).map(|(z, bias)| z + bias).collect(),
        None => logits.to_vec(),
    };
    let logits = logits.as_slice();
    bench.run(&what, &vec![dispatch; steps as usize]);

    let got = bench.read(&chosen);
    let mut marks = marks.to_vec();
    let mut ring = [Expected::UNTOUCHED; RING as usize];
    let mut draws = Draws::default();
    let mut id = 0;
    for step in first..first + steps {
        let slot = (step % RING) as usize;
        let scores = sampling.scores(logits, &marks, step);
        let expected = sampling
            .choose(logits, &marks, step)
            .expect("logits are numbers");
        id = got[slot];
        draws.all += 1;
        if id != expected {
            draws.different += 1;
            let score = |id: u32| scores.get(id as usize).copied().flatten();
            let near = score(id)
                .zip(score(expected))
                .is_some_and(|(a, b)| (a - b).abs() <= NEAR);
            let (got, wanted) = (score(id), score(expected));
            assert!(
                near,
                "{what}: step {step} gave {id} ({got:?}) for {expected} ({wanted:?})"
            );
        }
        marks[id as usize] = (marks[id as usize] | SEEN) + CHOSEN;
        ring[slot] = Expected::Bits(id);
    }
    let bits = |words: &[u32]| words.iter().map(|&w| Expected::Bits(w)).collect::<Vec<_>>();
    bench.check(&format!("{what}, chosen"), &chosen, &ring);
    bench.check(&format!("{what}, seen"), &marked, &bits(&marks));
    bench.check(&format!("{what}, ids"), &ids, &bits(&[id, 4]));
    let moved = [pos + t + steps - 1, 1, first + steps, 99];
    bench.check(&format!("{what}, state"), &place, &bits(&moved));
    draws
}

pub fn check(bench: &Bench) {
    let mut random = Random::new(5);
    let mut draws = Draws::default();
    for (v, steps, seeds) in [(7, RING, 4), (300, RING, 4), (5000, 6, 2), (49_152, 2, 2)] {
        for (i, sampling) in settings().repeat(seeds).into_iter().enumerate() {
            let logits: Vec<f32> = random.floats(v).iter().map(|z| 6.0 * z).collect();
            let mut marks = vec![0; v];
            for _ in 0..v / 3 {
                marks[random.below(v)] = SEEN + CHOSEN * random.below(3) as u32;
            }
            let bias: Vec<f32> = (random.floats(v).iter())
                .map(|b| if *b < -0.5 { FORBIDDEN } else { 3.0 * b })
                .collect();
            let bias = (i % 2 == 1).then_some(bias.as_slice());
            let sampling = Sampling {
                seed: random.bits() as u32,
                ..sampling
            };
            // In the middle of the ring, so that its slots come around.
            let got = draw(bench, &sampling, &logits, (&marks, bias), [i as u32, steps]);
            draws.all += got.all;
            draws.different += got.different;
        }
    }
    println!(
        "{} of {} draws differ from the CPU's",
        draws.different, draws.all
    );
    assert!(
        draws.different * 100 <= draws.all,
        "{} of {} draws",
        draws.different,
        draws.all
    );
    ties(bench);
    extremes(bench);
    no_numbers(bench);
}

/// Of equal logits the lowest id, wherever lanes and subgroups end; top_k and top_p keep all that are tied.
fn ties(bench: &Bench) {
    let greedy = Sampling::default();
    for (ids, v) in [
        (vec![3, 4, 6], 7),
        (vec![255, 256, 299], 300),
        (vec![260, 4, 300], 301),
    ] {
        let mut logits = vec![-1.0; v];
        for &id in &ids {
            logits[id] = 2.0;
        }
        let lowest = ids.iter().copied().min();
        assert_eq!(
            greedy.choose(&logits, &vec![0; v], 0).map(|id| id as usize),
            lowest
        );
        let unmarked = vec![0; v];
        let plain = (unmarked.as_slice(), None);
        assert_eq!(draw(bench, &greedy, &logits, plain, [0, 1]).different, 0);
        for sampling in [
            Sampling {
                temperature: 1.0,
                top_k: 2,
                ..greedy
            },
            Sampling {
                temperature: 1.0,
                top_p: 0.1,
                ..greedy
            },
        ] {
            let kept = sampling.scores(&logits, &vec![0; v], 0);
            let kept: Vec<_> = (0..v).filter(|&id| kept[id].is_some()).collect();
            let mut ids = ids.clone();
            ids.sort_unstable();
            assert_eq!(kept, ids);
            draw(bench, &sampling, &logits, plain, [0, RING]);
        }
    }
    let zeros = draw(bench, &greedy, &[0.0; 300], (&[0; 300], None), [0, 2]);
    assert_eq!(zeros.different, 0);
}

/// The greatest noise of many draws is finite on both sides, and not enough to lift an id that is out of the question.
fn extremes(bench: &Bench) {
    const V: usize = 49_152;
    let unmarked = [0; V];
    let noise = |seed| {
        let scores = Sampling {
            temperature: 1.0,
            seed,
            ..Sampling::default()
        }
        .scores(&[0.0; V], &unmarked, 0);
        scores.into_iter().flatten().fold(f32::MIN, f32::max)
    };
    let seed = (0..300)
        .max_by(|&a, &b| noise(a).total_cmp(&noise(b)))
        .expect("there are seeds");
    let greatest = noise(seed);
    assert!((14.0..24.0).contains(&greatest), "noise of {greatest}");
    let sampling = Sampling {
        temperature: 1.0,
        seed,
        ..Sampling::default()
    };
    assert_eq!(
        draw(bench, &sampling, &[0.0; V], (&unmarked, None), [0, 1]).different,
        0
    );
    let mut logits = vec![-30.0; V];
    logits[777] = 0.0;
    assert_eq!(sampling.choose(&logits, &unmarked, 0), Some(777));
    assert_eq!(
        draw(bench, &sampling, &logits, (&unmarked, None), [0, 1]).different,
        0
    );
}

/// Logits that are no numbers are said to be so, and the next batch's id is one that exists.
fn no_numbers(bench: &Bench) {
    for (v, temperature) in [(7, 0.0), (300, 0.8)] {
        let sampling = Sampling {
            temperature,
            ..Sampling::default()
        };
        let logits = vec![f32::NAN; v];
        assert_eq!(sampling.choose(&logits, &vec![0; v], 0), None);
        let (place, seen) = (bench.place(0, 1), bench.words(&vec![0; v]));
        let (ids, chosen) = (bench.words(&[5]), bench.poisoned(RING as usize));
        let logits = bench.floats(&logits);
        let buffers = [&logits, &seen, &place, &ids, &chosen, &logits];
        bench.run(
            "logits that are no numbers",
            &[ops::sample(buffers, sampling.params(v, false))],
        );
        assert_eq!(bench.read(&chosen)[..2], [u32::MAX, POISON]);
        assert_eq!(bench.read(&ids)[0], 0);
    }
}

/// The greatest of logits and Gumbel noise follows the softmax, from step to step and from seed to seed.
pub fn draws_follow_the_softmax() {
    let warm = Sampling {
        temperature: 1.25,
        seed: 42,
        ..Sampling::default()
    };
    let over_steps = chi_square(|i| (warm, i));
    let over_seeds = chi_square(|i| (Sampling { seed: i, ..warm }, 3));
    println!("chi-square over steps {over_steps:.2}, over seeds {over_seeds:.2}");
    // The 99.99 % quantile with 9 degrees of freedom.
    assert!(over_steps < 33.72, "{over_steps}");
    assert!(over_seeds < 33.72, "{over_seeds}");
}

/// Pearson's chi-square of 20,000 draws of ten ids; `draw` says with what settings and at which step.
fn chi_square(draw: impl Fn(u32) -> (Sampling, u32)) -> f64 {
    const DRAWS: u32 = 20_000;
    let logits: [f32; 10] = [0.0, 1.0, -1.0, 2.0, 0.5, 0.25, -2.0, 1.5, -0.5, 0.75];
    let weights = logits.map(|z| f64::from(z / draw(0).0.temperature).exp());
    let mass: f64 = weights.iter().sum();
    let mut counts = [0u32; 10];
    for i in 0..DRAWS {
        let (sampling, step) = draw(i);
        let id = sampling
            .choose(&logits, &[0; 10], step)
            .expect("logits are numbers");
        counts[id as usize] += 1;
    }
    let terms = counts.iter().zip(weights).map(|(&count, weight)| {
        let expected = f64::from(DRAWS) * weight / mass;
        (f64::from(count) - expected).powi(2) / expected
    });
    terms.sum()
}
