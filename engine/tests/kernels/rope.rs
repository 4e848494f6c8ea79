//! rope and latent: q normed and turned, k and v at their places in the cache, nothing else touched.

use motet::arch::{Mla, Rope};
use motet::gpu::CacheType;
use motet::ops::{self, Heads, LatentInput};

use crate::bench::{Bench, Expected};
use crate::caches::{self, Layout, TYPES};
use crate::random::Random;

const EPS: f32 = 1e-5;

/// Half a unit in the last place of f32.
const U: f64 = 1.0 / (1 << 24) as f64;

/// What q and k are normed over.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Norms {
    None,
    Head,
    All,
    /// Of k alone.
    OfK,
}

/// H, K, C, channels turned, tokens before, tokens, tokens that the pass is recorded for, tiles of the cache.
const CASES: [([usize; 8], Norms); 12] = [
    ([1, 1, 4, 4, 0, 1, 1, 1], Norms::None),
    ([3, 1, 8, 4, 62, 5, 9, 2], Norms::Head), // crosses a tile of the cache; part of the channels
    ([6, 2, 16, 16, 63, 1, 1, 1], Norms::All), // the last place of a tile
    ([6, 2, 16, 14, 190, 9, 9, 2], Norms::Head), // the ring begins again; an odd number of pairs
    ([4, 4, 32, 0, 64, 3, 3, 2], Norms::OfK), // no channel turned
    ([9, 3, 64, 64, 100, 20, 20, 2], Norms::None),
    ([2, 2, 80, 20, 127, 2, 64, 3], Norms::All),
    ([2, 1, 96, 96, 1000, 2, 2, 3], Norms::Head),
    ([2, 1, 112, 112, 3, 2, 2, 1], Norms::Head),
    ([2, 1, 128, 64, 3, 2, 2, 1], Norms::All),
    ([1, 1, 64, 64, 3, 2, 2, 1], Norms::All), // as many as a head has
    ([2, 1, 256, 128, 5, 64, 64, 2], Norms::Head),
];

pub fn check(bench: &Bench) {
    let mut random = Random::new(3);
    let wanted: Vec<_> = bench.wanted().iter().map(|kernel| kernel.label()).collect();
    for (case, norms) in CASES {
        for kind in TYPES {
            if wanted.contains(&format!("rope c {} {kind:?}", case[2])) {
                turn(bench, case, norms, kind, &mut random);
            }
        }
    }
    for [h, r, rope, q_rank, pos, t, room, tiles] in [
        [3, 16, 8, 0, 60, 7, 9, 2],
        [1, 16, 8, 12, 190, 3, 3, 4],
        [5, 32, 8, 20, 63, 1, 1, 1],
        [2, 256, 32, 0, 0, 64, 64, 1],
        [2, 512, 64, 100, 127, 2, 2, 3],
    ] {
        for kind in TYPES {
            if wanted.contains(&format!("latent r {r} rope {rope} {kind:?}")) {
                latent(
                    bench,
                    [h, r, rope, q_rank, pos, t, room, tiles],
                    kind,
                    &mut random,
                );
            }
        }
    }
}

/// (cos, sin) of all positions, as f32.
fn turns(rot: usize, positions: usize) -> Vec<[f32; 2]> {
    let rope = Rope::plain(rot, 1e4);
    (0..positions)
        .flat_map(|pos| rope.turns(pos, 0).collect::<Vec<_>>())
        .collect()
}

/// Numbers as they are.
fn exact(x: &[f32]) -> Vec<(f64, f64)> {
    x.iter().map(|v| (f64::from(*v), 0.0)).collect()
}

/// x normed: Σx² is off by a sum of n/64 terms a lane and 6 over lanes, the mean by 2.5 ulp, the root by 2 ulp, then two
/// products.
fn normed(x: &[f32], gain: &[f32], eps: f32) -> Vec<(f64, f64)> {
    let mean = x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / x.len() as f64;
    let r = 1.0 / (mean + f64::from(eps)).sqrt();
    let relative = ((x.len() / 64 + 16) as f64 / 2.0 + 4.0 + 2.0) * U;
    let pairs = x.iter().zip(gain);
    pairs
        .map(|(x, g)| {
            let value = f64::from(*x) * f64::from(*g) * r;
            (value, value.abs() * relative)
        })
        .collect()
}

/// Turns neighbours; two products and a sum of each.
fn turned(x: &mut [(f64, f64)], turns: &[[f32; 2]]) {
    for (pair, [cos, sin]) in x.chunks_exact_mut(2).zip(turns) {
        let (cos, sin) = (f64::from(*cos), f64::from(*sin));
        let [(a, ea), (b, eb)] = [pair[0], pair[1]];
        let error = ea + eb + (a.abs() + b.abs()) * 2.0 * U;
        pair[0] = (a * cos - b * sin, error);
        pair[1] = (a * sin + b * cos, error);
    }
}

fn turn(
    bench: &Bench,
    [h, kv, c, rot, pos, t, room, tiles]: [usize; 8],
    norms: Norms,
    kind: CacheType,
    random: &mut Random,
) {
    let width = (h + 2 * kv) * c;
    let qkv = random.floats(room * width);
    let table = turns(rot.max(2), pos + room);
    let (place, turn_table) = (
        bench.place(pos, t),
        bench.floats(bytemuck::cast_slice(&table)),
    );
    let input = bench.floats(&qkv);
    let q = bench.poisoned(room * h * c);
    let cache = caches::poisoned(bench, kind, [[kv, c]; 2], 64 * tiles);
    let heads = Heads {
        h: h as u32,
        kv: kv as u32,
        c: c as u32,
        cv: c as u32,
        rot: rot as u32,
    };
    let over = [h, kv].map(|heads| match norms {
        Norms::All => heads * c,
        _ => c,
    });
    let gains = over.map(|n| -> Vec<f32> { random.floats(n).iter().map(|v| 1.5 + v).collect() });
    let gain_buffers = [bench.floats(&gains[0]), bench.floats(&gains[1])];
    let has = [
        matches!(norms, Norms::Head | Norms::All),
        norms != Norms::None,
    ];
    let norm = |i: usize| has[i].then_some((&gain_buffers[i], over[i]));
    let what = format!(
        "rope of {h} and {kv} heads, {rot} of {c} channels, norms {norms:?}, {t} of {room} tokens from {pos} on, {tiles} tiles"
    );
    let buffers = [&place, &turn_table, &input, &q, &bench.nothing];
    bench.run(
        &what,
        &[ops::rope(
            buffers,
            [norm(0), norm(1)],
            &cache,
            heads,
            EPS,
            room as u32,
        )],
    );

    let mut expected_q = Vec::new();
    let mut keys = Vec::new();
    let mut values = Vec::new();
    for (i, row) in qkv.chunks_exact(width).take(t).enumerate() {
        let (q, rest) = row.split_at(h * c);
        let (k, v) = rest.split_at(kv * c);
        let of_pos = &table[(pos + i) * (rot.max(2) / 2)..];
        let [q, k] = [(0, q), (1, k)].map(|(which, x)| {
            let mut all: Vec<_> = match has[which] {
                true => x
                    .chunks_exact(over[which])
                    .flat_map(|part| normed(part, &gains[which], EPS))
                    .collect(),
                false => exact(x),
            };
            for head in all.chunks_exact_mut(c) {
                turned(&mut head[..rot], of_pos);
            }
            all
        });
        expected_q.extend(q.iter().map(|(v, e)| Expected::Near(*v, *e)));
        let slot = (pos + i) % (64 * tiles);
        keys.push((slot, k));
        values.push((slot, exact(v)));
    }
    expected_q.resize(room * h * c, Expected::UNTOUCHED);
    bench.check(&format!("{what}, q"), &q, &expected_q);
    for (name, memory, rows, is_key) in [
        ("k", &cache.k, &keys, true),
        ("v", &cache.v, &values, false),
    ] {
        let layout = Layout {
            heads: kv,
            c,
            keys: is_key,
        };
        caches::check(
            bench,
            &format!("{what}, {name}"),
            (kind, memory),
            layout,
            rows,
        );
    }
}

fn latent(
    bench: &Bench,
    [h, r, rope, q_rank, pos, t, room, tiles]: [usize; 8],
    kind: CacheType,
    random: &mut Random,
) {
    let nope = 12;
    let (c, wide) = (nope + rope, r + rope);
    let first = if q_rank == 0 { h * c } else { q_rank };
    let mla = Mla {
        q_rank,
        r,
        nope,
        rope,
        eps: EPS,
    };
    let kv = random.floats(room * (first + wide));
    let q_stride = if q_rank == 0 { first + wide } else { h * c };
    let own_q = random.floats(room * h * c);
    let q = if q_rank == 0 { &kv } else { &own_q };
    let gain: Vec<f32> = random.floats(r).iter().map(|v| 1.5 + v).collect();
    let table = turns(rope, pos + room);
    let place = bench.place(pos, t);
    let [turn_table, gains, kv_buffer, q_buffer] =
        [bytemuck::cast_slice(&table), &gain, &kv, q].map(|x| bench.floats(x));
    let heads = bench.poisoned(room * h * wide);
    let cache = caches::poisoned(bench, kind, [[1, wide], [0, 0]], 64 * tiles);
    let input = LatentInput {
        kv: [first + wide, first],
        q: [q_stride, c, nope],
    };
    let what =
        format!("latent of {h} heads, r {r}, rope {rope}, {t} of {room} tokens from {pos} on");
    let buffers = [&place, &turn_table, &gains, &kv_buffer, &q_buffer, &heads];
    bench.run(
        &what,
        &[ops::latent(buffers, input, &cache, h, mla, room as u32)],
    );

    let mut expected = vec![Expected::UNTOUCHED; room * h * wide];
    let mut rows = Vec::new();
    for i in 0..t {
        let of_pos = &table[(pos + i) * rope / 2..];
        for head in 0..h {
            let mut part = exact(&q[i * q_stride + head * c + nope..][..rope]);
            turned(&mut part, of_pos);
            let at = (i * h + head) * wide + r;
            for (expected, (v, e)) in expected[at..].iter_mut().zip(part) {
                *expected = Expected::Near(v, e);
            }
        }
        let own = &kv[i * (first + wide) + first..][..wide];
        let mut row = normed(&own[..r], &gain, EPS);
        let mut k = exact(&own[r..]);
        turned(&mut k, of_pos);
        row.extend(k);
        rows.push(((pos + i) % (64 * tiles), row));
    }
    bench.check(&format!("{what}, heads"), &heads, &expected);
    let layout = Layout {
        heads: 1,
        c: wide,
        keys: true,
    };
    caches::check(bench, &what, (kind, &cache.k), layout, &rows);
}
