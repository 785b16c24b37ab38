//! Feature rows as bytes.
//!
//! A normalised feature has 8 bits over the range that the graph clips it to: too few for a
//! feature whose common values lie close together, if they were rounded to the nearest. They are
//! rounded up or down instead, up as often as they are near the upper byte, so that the mean of a
//! feature over a stream stays what it was; program vectors are sums over streams.
//!
//! Which way, a Weyl sequence per column says, by the number of the step since the lane began.
//! Lanes therefore keep their results however their steps are split into calls.

use super::quant::Bytes;
use super::simd::Simd;
use crate::model::network::Normalisation;
use crate::model::Rows;
use std::ops::Range;

/// Replaces an infinite bound of the graph's Clip, in standard deviations.
const UNCLIPPED: f32 = 16.0;

/// Turns features into bytes.
pub struct Quantiser {
    /// What the bytes mean: normalised features.
    pub bytes: Bytes,
    /// Byte of x: `x * scale + offset`, per column.
    scale: Vec<f32>,
    offset: Vec<f32>,
    /// Difference from term to term of a column's Weyl sequence, in 2^-32.
    weyl: Vec<u32>,
}

impl Quantiser {
    /// For features that are normalised by `norm`.
    pub fn new(norm: &Normalisation) -> Self {
        let n = norm.mean.len();
        let bound = |x: f32| x.clamp(-UNCLIPPED, UNCLIPPED);
        let (low, high) = (bound(norm.clip.0), bound(norm.clip.1));
        let mut out = Self {
            bytes: Bytes::same(n, 1.0, 0.0),
            scale: Vec::with_capacity(n),
            offset: Vec::with_capacity(n),
            weyl: roots(n),
        };
        for c in 0..n {
            let (mean, inv_std) = (norm.mean[c], norm.inv_std[c]);
            let least = (norm.least[c] - mean) * inv_std;
            let low = if least > low && least < high {
                least
            } else {
                low
            };
            let step = if high > low {
                (high - low) / 255.0
            } else {
                1.0
            };
            let zero = -low / step;
            out.bytes.step[c] = step;
            out.bytes.zero[c] = zero;
            out.scale.push(inv_std / step);
            out.offset.push(zero - mean * inv_std / step);
        }
        out
    }

    /// Bytes of a row, whole words.
    pub fn words(&self) -> usize {
        self.scale.len().div_ceil(4)
    }

    /// What is added to scaled features in the `steps` steps from number `first` on, into `[t][F]`.
    #[inline(always)]
    pub fn offsets(&self, first: u32, steps: usize, out: &mut [f32]) {
        let rows = out.chunks_exact_mut(self.offset.len());
        for (t, row) in rows.take(steps).enumerate() {
            let n = first.wrapping_add(t as u32);
            for ((to, offset), weyl) in row.iter_mut().zip(&self.offset).zip(&self.weyl) {
                *to = offset + dither(n.wrapping_mul(*weyl));
            }
        }
    }

    /// Bytes of a lane's `steps`, into `[t][words]`; `offsets` are of all the call's steps.
    #[inline(always)]
    pub fn quantise<S: Simd>(
        &self,
        s: S,
        lane: usize,
        steps: Range<usize>,
        rows: Rows,
        offsets: &[f32],
        out: &mut [u8],
    ) {
        let n = self.scale.len();
        let width = 4 * self.words();
        let offset = |step: usize| &offsets[step * n..][..n];
        let Some(last) = n.checked_sub(S::LANES) else {
            for (step, out) in steps.zip(out.chunks_exact_mut(width)) {
                let terms = self.scale.iter().zip(offset(step));
                for ((to, x), (k, o)) in out.iter_mut().zip(rows.row(lane, step)).zip(terms) {
                    let y = x.mul_add(*k, *o);
                    let y = if y > 0.0 { y } else { 0.0 };
                    *to = y.min(255.0).round_ties_even() as u8;
                }
            }
            return;
        };
        let (low, high) = (s.splat(0.0), s.splat(255.0));
        // The last vector overlaps the one before it.
        for at in (0..last).step_by(S::LANES).chain([last]) {
            let k = s.load(&self.scale[at..]);
            for (step, out) in steps.clone().zip(out.chunks_exact_mut(width)) {
                let x = s.load(&rows.row(lane, step)[at..]);
                let y = s.fma(x, k, s.load(&offset(step)[at..]));
                let y = s.min(s.max(y, low), high);
                s.store_bytes(s.round(y), &mut out[at..]);
            }
        }
    }
}

/// Uniform in [-1/2, 1/2): makes rounding to the nearest go up or down.
#[inline(always)]
fn dither(weyl: u32) -> f32 {
    (weyl >> 8) as f32 / (1 << 24) as f32 - 0.5
}

/// Fractions of the square roots of the first `n` primes, in 2^-32: irrational, and so is every
/// ratio of them, so that neither a loop's period nor another column keeps in step.
fn roots(n: usize) -> Vec<u32> {
    let mut primes: Vec<u32> = Vec::with_capacity(n);
    let mut candidate = 2u32;
    while primes.len() < n {
        let mut below = primes.iter().take_while(|p| **p * **p <= candidate);
        if below.all(|p| !candidate.is_multiple_of(*p)) {
            primes.push(candidate);
        }
        candidate += 1;
    }
    let fraction = |p: &u32| (f64::from(*p).sqrt().fract() * 4_294_967_296.0) as u32;
    primes.iter().map(fraction).collect()
}

#[cfg(test)]
mod tests {
    use super::super::simd::Portable;
    use super::*;
    use proptest::prelude::*;

    fn norm(columns: usize) -> Normalisation {
        Normalisation {
            mean: (0..columns).map(|c| 0.1 * c as f32).collect(),
            inv_std: (0..columns).map(|c| 1.0 + c as f32).collect(),
            clip: (-8.0, 8.0),
            least: vec![0.0; columns],
        }
    }

    /// Bytes of `steps` equal rows, the first of which is number `first`.
    fn bytes(q: &Quantiser, x: &[f32], first: u32, steps: usize) -> Vec<u8> {
        let n = x.len();
        let x = x.repeat(steps);
        let rows = Rows {
            x: &x,
            features: n,
            stride: steps,
            lanes: 1,
            steps,
        };
        let mut offsets = vec![0.0; steps * n];
        q.offsets(first, steps, &mut offsets);
        let mut out = vec![0; steps * 4 * q.words()];
        q.quantise(Portable, 0, 0..steps, rows, &offsets, &mut out);
        out
    }

    proptest! {
        /// The mean of the bytes is the feature, in a loop of any period too.
        #[test]
        fn bytes_are_right_on_the_average(
            x in prop::collection::vec(0f32..0.9, 1..40),
            first in any::<u32>(),
            period in 1usize..9,
        ) {
            let norm = norm(x.len());
            let q = Quantiser::new(&norm);
            let steps = 1000 * period;
            let all = bytes(&q, &x, first, steps);
            for (c, x) in x.iter().enumerate() {
                let want = ((x - norm.mean[c]) * norm.inv_std[c]).clamp(-8.0, 8.0);
                let column = all.chunks(4 * q.words()).step_by(period).map(|row| f32::from(row[c]));
                let mean = column.clone().sum::<f32>() / 1000.0;
                prop_assert!(column.into_iter().all(|b| (b - mean).abs() <= 1.0));
                let got = (mean - q.bytes.zero[c]) * q.bytes.step[c];
                prop_assert!((got - want).abs() < 0.05 * q.bytes.step[c], "{c}: {got} {want}");
            }
        }
    }

    #[test]
    fn values_outside_the_range_are_clipped() {
        let mut norm = norm(20);
        norm.clip = (f32::NEG_INFINITY, f32::INFINITY);
        let q = Quantiser::new(&norm);
        for (x, want) in [(1e30, 255), (f32::INFINITY, 255), (-1e30, 0), (f32::NAN, 0)] {
            assert!(bytes(&q, &[x; 20], 5, 3).iter().all(|b| *b == want), "{x}");
        }
    }
}
