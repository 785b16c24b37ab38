//! The period with which estimates meet a target error.

use super::limits::ENOUGH;
use super::strata::{epoch_end, Strata};
use crate::microarch::estimate::{quantile, QuadraticForm};
use crate::microarch::linalg::dot;

/// Part of the target that is aimed at: the next epoch may vary more than the last one.
const AIM: f64 = 0.75;
/// Part of the whole allowance that an epoch may use in any case. Without it, a stretch that was
/// measured too thinly would make everything measured after it useless.
const SHARE: f64 = 0.03;
/// What the standard deviation of an epoch's units may come to, as a part of the mean before it, where
/// nothing announced it: a phase of three times the cycles that begins in its middle. An epoch has
/// units enough for the rest of the target to hold that.
const SURPRISE: f64 = 1.0;

/// The sampling period, in units, of the epoch that begins at retirement `index`: so that the 95%
/// interval of the estimate on each of `directions` becomes as narrow as `half_width`, relative to
/// the estimate.
pub fn period(half_width: f64, directions: &[Vec<f32>], strata: &Strata, index: u64) -> u64 {
    let end = epoch_end(index, strata.unit);
    let slots = ((end - index) / strata.unit).max(1);
    let recent = &strata.current;
    let Ok(so_far) = strata.totals(index, []) else {
        return 1;
    };
    if recent.units < 2 {
        return 1;
    }
    let dim = recent.sum.len();
    let of_each =
        |matrix: &[f64]| QuadraticForm::new(matrix, dim).of(directions.iter().map(Vec::as_slice));
    let variance = of_each(&so_far.variance);
    let known = [recent, &strata.last].into_iter().filter(|s| s.units > 1);
    let known: Vec<_> = known.map(|s| (s, of_each(&s.second_moment))).collect();
    let length = slots as f64;
    // There will be more units, and a smaller quantile.
    let quantile = quantile(strata.units() as f64);
    let part = (end - index) as f64 / end as f64;
    let mut needed = (quantile * SURPRISE * part / half_width).powi(2) / (1.0 - AIM * AIM);
    for (k, m) in directions.iter().enumerate() {
        // The next epoch may be like either of the last two: the one that varied more counts.
        let mut s2 = 0.0f64;
        for (stratum, squares) in &known {
            let (sum, units) = (dot(m, &stratum.sum), stratum.units as f64);
            s2 = s2.max((squares[k] - sum * sum / units) / (units - 1.0));
        }
        let mean = dot(m, &recent.sum) / recent.units as f64;
        let total = dot(m, &so_far.total) + length * mean;
        let allowed = (AIM * half_width * total / quantile).powi(2);
        let room = (allowed - variance[k].max(0.0)).max(SHARE * allowed);
        // length^2 s2 / n (1 - n / length) = room
        let n = length * length * s2 / (room + length * s2);
        // Neither: nothing to tell apart (0 / 0).
        if n > needed {
            needed = n;
        }
    }
    let n = (needed.ceil() as u64).clamp(ENOUGH.min(slots), slots);
    slots / n.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microarch::linalg::add_outer;

    /// Strata of units of one retirement, all of them measured, in an epoch that began at 0.
    fn strata(units: &[f64]) -> Strata {
        let mut s = Strata::new(1, 1);
        for y in units {
            s.current.units += 1;
            s.current.measured += 1;
            s.current.sum[0] += y;
            add_outer(&mut s.current.second_moment, &[*y], 1.0);
        }
        s
    }

    /// By the textbook, from the units: n of the N ahead give the variance N^2 s^2 / n (1 - n/N).
    #[test]
    fn the_period_is_the_longest_with_which_the_target_is_met() {
        for spread in [2.0, 1000.0, 2000.0, 4000.0] {
            let units: Vec<f64> = (0..4096)
                .map(|i| if i % 16 == 0 { 100.0 + spread } else { 100.0 })
                .collect();
            let so_far = units.len() as f64;
            let mean = units.iter().sum::<f64>() / so_far;
            let s2 = units.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (so_far - 1.0);
            let (half_width, slots) = (0.02, 128.0);
            let (all, z) = (so_far + slots, quantile(so_far));
            let allowed = (AIM * half_width * all * mean / z).powi(2);
            let n = slots * slots * s2 / (allowed + slots * s2);
            // Whatever the spread.
            let least = (z * SURPRISE * slots / all / half_width).powi(2) / (1.0 - AIM * AIM);
            let wanted = 128 / n.max(least).ceil() as u64;
            let got = period(half_width, &[vec![1.0]], &strata(&units), 4096);
            assert_eq!(got, wanted, "spread {spread}");
        }
    }

    #[test]
    fn two_units_of_an_epoch_say_how_it_varies_and_one_says_nothing() {
        let mut s = strata(&[100.0, 100.0]);
        s.last = strata(&[100.0; 4080]).current;
        s.current_start = 4080;
        let wide = |s: &Strata| period(0.5, &[vec![1.0]], s, 4096);
        assert_eq!(wide(&s), 128 / ENOUGH);
        s.current = strata(&[100.0]).current;
        assert_eq!(wide(&s), 1);
    }

    /// Four units, so that a variance over 4 in place of 3 would ask for fewer.
    #[test]
    fn the_variance_is_that_of_a_sample() {
        let s = strata(&[1.0, 1.0, 1.0, 3.0]);
        // One unit in 2300 of what came before was measured, so that every unit ahead counts.
        let (before, slots, mean, s2) = (9216.0, 256.0, 1.5, 1.0);
        let quantile = quantile(4.0);
        let half_width = 0.1;
        let so_far = before * before * s2 / 4.0 * (1.0 - 4.0 / before);
        let allowed = (AIM * half_width * (before + slots) * mean / quantile).powi(2);
        let room = (allowed - so_far).max(SHARE * allowed);
        let n = slots * slots * s2 / (room + slots * s2);
        assert_eq!(
            period(half_width, &[vec![1.0]], &s, 9216),
            256 / n.ceil() as u64
        );
        let least = (quantile * SURPRISE * slots / (before + slots) / half_width).powi(2);
        assert!(n > ENOUGH as f64 && n > least, "{n}: the floor hides it");
    }
}
