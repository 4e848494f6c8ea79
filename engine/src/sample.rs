//! How the next id is chosen. The GPU does it (shaders/sample.wgsl, which says what each number means); `choose` is the
//! same on the CPU, for the reference.

use crate::gpu::Params;
use crate::{Error, Result};

/// The mark of an id that the context has.
pub const SEEN: u32 = 1;

/// What each time that an id is chosen adds to its mark.
pub const CHOSEN: u32 = 2;

/// A bias that no other logit outweighs: the id cannot be chosen.
pub const FORBIDDEN: f32 = -1e30;

/// The sampler's settings. The default is greedy.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Sampling {
    /// 0: greedy. Otherwise what logits are divided by.
    pub temperature: f32,
    /// Keep this many of the likeliest ids; 0 keeps all.
    pub top_k: u32,
    /// Keep the fewest likeliest ids whose probabilities reach this; 1 keeps all.
    pub top_p: f32,
    /// Keep ids at least this times as likely as the likeliest; 0 keeps all.
    pub min_p: f32,
    /// Divides (positive) or multiplies (negative) the logits of ids of the context; 1 leaves them.
    pub repetition_penalty: f32,
    /// Taken from an id's logit for each time that it was chosen since the prompt; 0 leaves it.
    pub frequency_penalty: f32,
    /// Taken from the logits of ids that were chosen since the prompt; 0 leaves them.
    pub presence_penalty: f32,
    /// The same seed draws the same ids.
    pub seed: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            seed: 0,
        }
    }
}

impl Sampling {
    /// Refuses settings that mean nothing.
    pub fn check(&self) -> Result<()> {
        let bad = |what: &str, v: f32, range: &str| {
            Err(Error::request(format!("{what} is {v}; it must be {range}")))
        };
        match self {
            s if !(s.temperature >= 0.0 && s.temperature <= 100.0) => {
                bad("temperature", s.temperature, "0 (greedy) to 100")
            }
            s if !(s.top_p > 0.0 && s.top_p <= 1.0) => {
                bad("top_p", s.top_p, "above 0 and at most 1")
            }
            s if !(s.min_p >= 0.0 && s.min_p <= 1.0) => bad("min_p", s.min_p, "0 to 1"),
            s if !(s.repetition_penalty > 0.0 && s.repetition_penalty <= 100.0) => bad(
                "the repetition penalty",
                s.repetition_penalty,
                "above 0 and at most 100",
            ),
            s if !s.frequency_penalty.is_finite() => bad(
                "the frequency penalty",
                s.frequency_penalty,
                "a finite number",
            ),
            s if !s.presence_penalty.is_finite() => bad(
                "the presence penalty",
                s.presence_penalty,
                "a finite number",
            ),
            _ => Ok(()),
        }
    }

    /// These settings for the kernel, for a vocabulary of `v`; `biased` says whether logits have a bias.
    pub fn params(&self, v: usize, biased: bool) -> Params {
        Params::new([v as u32])
            .float(self.temperature)
            .int(self.top_k)
            .float(self.top_p)
            .float(self.min_p)
            .float(self.repetition_penalty)
            .float(self.frequency_penalty)
            .float(self.presence_penalty)
            .int(self.seed)
            .int(biased.into())
    }

    /// The next id from `logits` `[V]`, to which any bias was added; `marks` `[V]` are sums of `SEEN` and `CHOSEN`, `step`
    /// counts the ids chosen so far. `None` if no logit is a number.
    pub fn choose(&self, logits: &[f32], marks: &[u32], step: u32) -> Option<u32> {
        let mut best = None;
        for (id, score) in (0..).zip(self.scores(logits, marks, step)) {
            if score.is_some_and(|score| score > best.map_or(f32::MIN, |(_, best)| best)) {
                best = score.map(|score| (id, score));
            }
        }
        best.map(|(id, _)| id)
    }

    /// The scores `[V]` of which the greatest wins, the lowest id of equals; `None` for ids that are not kept.
    pub fn scores(&self, logits: &[f32], marks: &[u32], step: u32) -> Vec<Option<f32>> {
        let penalized = |(&z, &mark): (&f32, &u32)| {
            let z = match mark {
                0 => z,
                _ if z > 0.0 => z / self.repetition_penalty,
                _ => z * self.repetition_penalty,
            };
            let times = mark / CHOSEN;
            let presence = if times > 0 {
                self.presence_penalty
            } else {
                0.0
            };
            z - times as f32 * self.frequency_penalty - presence
        };
        let z: Vec<f32> = logits.iter().zip(marks).map(penalized).collect();
        let least = if self.temperature > 0.0 {
            self.threshold(&z)
        } else {
            f32::NEG_INFINITY
        };
        let greatest = z.iter().copied().fold(f32::MIN, f32::max);
        let score = |(id, &z): (u32, &f32)| match self.temperature > 0.0 {
            true => (z - greatest) / self.temperature + self.gumbel(id, step),
            false => z,
        };
        (0..)
            .zip(&z)
            .map(|(id, z)| (*z >= least).then(|| score((id, z))))
            .collect()
    }

    /// The least logit that is kept.
    fn threshold(&self, z: &[f32]) -> f32 {
        let mut sorted = z.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let mut least = f32::NEG_INFINITY;
        if self.top_k > 0 {
            least = sorted
                .get(self.top_k as usize - 1)
                .copied()
                .unwrap_or(least);
        }
        let greatest = sorted.first().copied().unwrap_or(0.0);
        sorted.retain(|&z| z >= least);
        if self.top_p < 1.0 {
            let p = |z: f32| f64::from((z - greatest) / self.temperature).exp();
            let wanted = f64::from(self.top_p) * sorted.iter().map(|&z| p(z)).sum::<f64>();
            let mut sum = 0.0;
            let reached = sorted.iter().find(|&&z| {
                sum += p(z);
                sum >= wanted
            });
            least = reached.copied().unwrap_or(least);
        }
        if self.min_p > 0.0 {
            least = least.max(greatest + self.temperature * self.min_p.ln());
        }
        least
    }

    /// Noise of a standard Gumbel distribution for an id at a step: -ln of an exponential wait, itself -ln(1 - u). Great
    /// noise comes from small waits, where a series stands for the logarithm, which GPUs compute to 2^-21 only.
    fn gumbel(&self, id: u32, step: u32) -> f32 {
        let bits = scramble(scramble(scramble(self.seed) ^ step) ^ id);
        let u = ((bits as f32 + 0.5) * 2f32.powi(-32)).min(1.0 - 2f32.powi(-24));
        let wait = if u < 1.0 / 64.0 {
            u * (1.0 + u * (0.5 + u / 3.0))
        } else {
            -(1.0 - u).ln()
        };
        -wait.ln()
    }
}

/// PCG's output permutation (O'Neill 2014) as a hash.
fn scramble(v: u32) -> u32 {
    let s = v.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let w = ((s >> ((s >> 28) + 4)) ^ s).wrapping_mul(277_803_737);
    (w >> 22) ^ w
}

/// ln of the probability that a softmax of `logits` gives to `id`, summed in f64.
pub fn log_probability(logits: &[f32], id: u32) -> f64 {
    logits
        .get(id as usize)
        .map_or(f64::NEG_INFINITY, |&z| f64::from(z) - log_mass(logits))
}

/// The `count` likeliest ids, the likeliest first and of equals the lower, with ln of their probabilities.
pub fn likeliest(logits: &[f32], count: usize) -> Vec<(u32, f64)> {
    let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
    let order = |a: &u32, b: &u32| {
        let [za, zb] = [a, b].map(|id| logits[*id as usize]);
        zb.total_cmp(&za).then(a.cmp(b))
    };
    if count < ids.len() {
        ids.select_nth_unstable_by(count, order);
        ids.truncate(count);
    }
    ids.sort_unstable_by(order);
    let mass = log_mass(logits);
    ids.into_iter()
        .map(|id| (id, f64::from(logits[id as usize]) - mass))
        .collect()
}

/// ln Σ e^logit.
fn log_mass(logits: &[f32]) -> f64 {
    let greatest = f64::from(logits.iter().copied().fold(f32::MIN, f32::max));
    let shifted = logits.iter().map(|&z| (f64::from(z) - greatest).exp());
    greatest + shifted.sum::<f64>().ln()
}
