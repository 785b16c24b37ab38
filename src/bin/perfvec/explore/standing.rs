//! What follows from all results: speedups, the Pareto front, what each axis is worth.

use super::results::Standing;
use super::space::{Axis, Design};
use std::collections::BTreeMap;

/// How much faster than the base each program is on a design.
pub struct Speedups {
    /// Of each program.
    pub values: Vec<f64>,
    /// What each counts.
    pub weights: Vec<f64>,
}

impl Speedups {
    /// Weighted geometric mean.
    pub fn mean(&self) -> f64 {
        let logs = self.values.iter().zip(&self.weights);
        let sum = logs.map(|(s, weight)| weight * s.ln()).sum::<f64>();
        (sum / self.weights.iter().sum::<f64>()).exp()
    }

    /// The least.
    pub fn worst(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Marks what no other is better than: the least cost for the value, the most value for the cost.
pub fn mark_front(standing: &mut [Standing], value: impl Fn(&Standing) -> f64) {
    let mut order: Vec<usize> = (0..standing.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&standing[*a], &standing[*b]);
        a.cost
            .total_cmp(&b.cost)
            .then(value(b).total_cmp(&value(a)))
    });
    let (mut best, mut cost) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for i in order {
        let s = &mut standing[i];
        // One that equals the last in both is as good.
        s.front = value(s) > best || value(s) == best && s.cost == cost;
        if s.front {
            (best, cost) = (value(s), s.cost);
        }
    }
}

/// What an axis is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// For each value the geometric mean of the speedups of the designs that have it, if any do.
    pub means: Vec<Option<f64>>,
    /// Mean of the absolute logarithm of the ratio of pairs of designs that differ in this axis alone;
    /// `None` where there are no such pairs, as among few designs drawn from many.
    pub effect: Option<f64>,
}

impl Sensitivity {
    /// The greatest of the means over the least.
    pub fn range(&self) -> f64 {
        let means = self.means.iter().flatten();
        let least = means.clone().copied().fold(f64::INFINITY, f64::min);
        means.copied().fold(0.0, f64::max) / least
    }
}

/// That of every axis, over `designs` with these objectives.
pub fn sensitivities(axes: &[Axis], designs: &[Design], values: &[f64]) -> Vec<Sensitivity> {
    let of_axis = axes.iter().enumerate().map(|(k, axis)| {
        let mut sums = vec![(0.0, 0u32); axis.values.len()];
        let mut alike: BTreeMap<Vec<usize>, Vec<f64>> = BTreeMap::new();
        for (design, value) in designs.iter().zip(values) {
            let (sum, count) = &mut sums[design.at[k]];
            (*sum, *count) = (*sum + value.ln(), *count + 1);
            let mut others = design.at.clone();
            others.remove(k);
            alike.entry(others).or_default().push(value.ln());
        }
        let (mut sum, mut pairs) = (0.0, 0u64);
        for logs in alike.values() {
            for (i, a) in logs.iter().enumerate() {
                for b in &logs[..i] {
                    (sum, pairs) = (sum + (a - b).abs(), pairs + 1);
                }
            }
        }
        let mean =
            |(sum, count): &(f64, u32)| (*count > 0).then(|| (sum / f64::from(*count)).exp());
        Sensitivity {
            means: sums.iter().map(mean).collect(),
            effect: (pairs > 0).then(|| sum / pairs as f64),
        }
    });
    of_axis.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::space::Space;
    use proptest::prelude::*;

    fn standing(cost: f64, speedup: f64) -> Standing {
        Standing {
            cost,
            speedup,
            worst: speedup,
            front: false,
        }
    }

    proptest! {
        #[test]
        fn the_front_is_what_nothing_dominates(
            points in prop::collection::vec((0u8..6, 0u8..6), 1..40)
        ) {
            let mut all: Vec<Standing> =
                points.iter().map(|(c, s)| standing(f64::from(*c), f64::from(*s))).collect();
            mark_front(&mut all, |s| s.speedup);
            for a in &all {
                let dominates = |b: &&Standing| {
                    b.cost <= a.cost && b.speedup >= a.speedup
                        && (b.cost < a.cost || b.speedup > a.speedup)
                };
                prop_assert_eq!(a.front, !all.iter().any(|b| dominates(&b)));
            }
        }
    }

    #[test]
    fn an_axis_is_worth_what_it_changes() {
        let text =
            "like = \"cortex-a72-like\"\n[axes]\niq = [16, 32]\nlq = [8, 16]\nrob = [64, 128]";
        let space = Space::from_text(text).unwrap();
        let designs = space.designs(None, 0).unwrap();
        // Twice as fast with the larger queue, a tenth with the larger window, and nothing for lq.
        let value = |d: &Design| 2f64.powi(d.at[0] as i32) * 1.1f64.powi(d.at[2] as i32);
        let values: Vec<f64> = designs.iter().map(value).collect();
        let found = sensitivities(&space.axes, &designs, &values);
        for (s, want) in found.iter().zip([2.0f64, 1.0, 1.1]) {
            assert!((s.range() - want).abs() < 1e-12, "{s:?}");
            assert!((s.effect.unwrap() - want.ln()).abs() < 1e-12, "{s:?}");
        }
        // Of two designs that differ in more than an axis nothing can be told apart.
        let two = [designs[0].clone(), designs[7].clone()];
        assert_eq!(
            sensitivities(&space.axes, &two, &[1.0, 2.0])[0].effect,
            None
        );
        let mean = |weights: [f64; 2]| {
            let speedups = Speedups {
                values: vec![4.0, 1.0],
                weights: weights.to_vec(),
            };
            assert_eq!(speedups.worst(), 1.0);
            speedups.mean()
        };
        assert_eq!((mean([1.0, 1.0]), mean([3.0, 3.0])), (2.0, 2.0));
        assert!((mean([0.5, 1.5]) - 4f64.powf(0.25)).abs() < 1e-12);
    }
}
