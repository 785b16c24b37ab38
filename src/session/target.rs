//! How densely to sample what comes next, so that the estimates meet a target.

use super::strata::Strata;
use crate::microarch::estimate::{dot, quantile, QuadraticForm};
use std::sync::Arc;

/// Fewest units of an epoch, if it has that many: their variance decides about the next one.
const FLOOR: u64 = 128;
/// Part of the target that is aimed at: the next epoch may vary more than the last one.
const AIM: f64 = 0.75;
/// Part of the whole allowance that an epoch may use in any case. Without it, a stretch that was
/// measured too thinly would have everything after it measured in vain.
const SHARE: f64 = 0.25;

/// What is aimed at.
#[derive(Debug, Clone)]
pub struct Target {
    /// Half width of the 95% interval, relative to the estimate.
    pub half_width: f64,
    /// Microarchitecture vectors, each of which must meet it.
    pub directions: Arc<Vec<Vec<f32>>>,
}

impl Target {
    /// Units per measured unit in the epoch that begins at retirement `index`, which is as long
    /// as everything before it.
    pub fn period(&self, strata: &Strata, index: u64) -> u64 {
        let slots = index / strata.unit;
        let recent = &strata.current;
        let Ok(so_far) = strata.totals(index, None) else {
            return 1;
        };
        if recent.units < 2 {
            return 1;
        }
        let dim = recent.sum.len();
        let of_each = |matrix: &[f64]| {
            QuadraticForm::new(matrix, dim).of(self.directions.iter().map(Vec::as_slice))
        };
        let variance = of_each(&so_far.variance);
        let known = [recent, &strata.last].into_iter().filter(|s| s.units > 1);
        let known: Vec<_> = known.map(|s| (s, of_each(&s.second_moment))).collect();
        let length = slots as f64;
        // There will be more units, and a smaller quantile.
        let quantile = quantile(strata.units() as f64);
        let mut needed = 0.0f64;
        for (k, m) in self.directions.iter().enumerate() {
            // The next epoch may be like either of the last two: the one that varied more counts.
            let mut s2 = 0.0f64;
            for (stratum, squares) in &known {
                let (sum, units) = (dot(m, &stratum.sum), stratum.units as f64);
                s2 = s2.max((squares[k] - sum * sum / units) / (units - 1.0));
            }
            let mean = dot(m, &recent.sum) / recent.units as f64;
            let total = dot(m, &so_far.total) + length * mean;
            let allowed = (AIM * self.half_width * total / quantile).powi(2);
            let room = (allowed - variance[k].max(0.0)).max(SHARE * allowed);
            // length^2 s2 / n (1 - n / length) = room
            let n = length * length * s2 / (room + length * s2);
            // Neither: nothing to tell apart (0 / 0).
            if n > needed {
                needed = n;
            }
        }
        let n = (needed.ceil() as u64).clamp(FLOOR.min(slots), slots);
        slots / n.max(1)
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
