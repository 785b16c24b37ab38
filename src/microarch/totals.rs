//! Totals: what a sampled program vector says of all its retirements, in a form that adds.
//!
//! Parts of a stream that were sampled at different rates are strata. Each estimates its own
//! total `T = (N/n) P` and, with the sample variance matrix `S2 = (M - P P'/U) / (U - 1)` of its
//! units, the variance `V = (N/n)^2 U S2 (1 - n/N)` of that total; the strata are independent, so
//! both add (Cochran, Sampling Techniques, chapter 5). A [`ProgramVector`] keeps one sum and one
//! matrix of second moments, and the formulas of `estimate.rs` must get the same totals out of it:
//! that is so for `P = (n/N) T` and `M = P P'/U + (U - 1)/U (n/N)^2 V / (1 - n/N)`.

use super::ProgramVector;

/// Estimated totals of `retired` retirements.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Totals {
    /// Retirements that they stand for.
    pub retired: u64,
    /// Of these, measured.
    pub measured: u64,
    /// Sampling units.
    pub units: u64,
    /// Estimated sum of all representations, length D.
    pub total: Vec<f64>,
    /// Variance of the total: upper triangle by rows, D(D+1)/2 elements.
    pub variance: Vec<f64>,
}

/// Upper triangle of `m + scale * p p'`.
fn add_outer(m: &mut [f64], p: &[f64], scale: f64) {
    let mut row = m;
    for (i, a) in p.iter().enumerate() {
        let (head, tail) = row.split_at_mut(p.len() - i);
        for (m, b) in head.iter_mut().zip(&p[i..]) {
            *m += scale * a * b;
        }
        row = tail;
    }
}

impl Totals {
    /// Totals of nothing.
    pub fn new(dim: usize) -> Self {
        Self {
            total: vec![0.0; dim],
            variance: vec![0.0; dim * (dim + 1) / 2],
            ..Self::default()
        }
    }

    /// Adds a stratum of `v.retired` retirements. `false`, and nothing is added, where it does
    /// not say what its variance is: too few units and not all measured.
    pub fn add(&mut self, v: &ProgramVector) -> bool {
        if v.retired == 0 {
            return true;
        }
        let all = v.measured == v.retired;
        if v.measured == 0 || v.units < 2 && !all {
            return false;
        }
        let weight = v.retired as f64 / v.measured as f64;
        for (t, p) in self.total.iter_mut().zip(&v.sum) {
            *t += weight * p;
        }
        if !all {
            let units = v.units as f64;
            // 1 - n/N = (w - 1) / w
            let scale = weight * (weight - 1.0) * units / (units - 1.0);
            for (s, m) in self.variance.iter_mut().zip(&v.second_moment) {
                *s += scale * m;
            }
            add_outer(&mut self.variance, &v.sum, -scale / units);
        }
        self.retired += v.retired;
        self.measured += v.measured;
        self.units += v.units;
        true
    }

    /// The program vector that the formulas of estimates turn into these totals.
    pub fn into_vector(self, model_id: String) -> ProgramVector {
        let mut v = ProgramVector {
            model_id,
            retired: self.retired,
            measured: self.measured,
            sum: self.total,
            units: self.units,
            second_moment: Vec::new(),
        };
        if v.units == 0 {
            return v;
        }
        let units = v.units as f64;
        let rate = v.measured as f64 / v.retired as f64;
        for p in &mut v.sum {
            *p *= rate;
        }
        let mut moment = self.variance;
        // All measured: no variance.
        let scale = if v.measured < v.retired {
            (units - 1.0) / units * rate * rate / (1.0 - rate)
        } else {
            0.0
        };
        for m in &mut moment {
            *m *= scale;
        }
        add_outer(&mut moment, &v.sum, 1.0 / units);
        v.second_moment = moment;
        v
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microarch::{Microarch, MicroarchTable};
    use proptest::prelude::*;

    const DIM: usize = 3;
    const UNIT: u64 = 10;

    /// `units` of a stratum of `slots` slots.
    fn stratum(units: &[[f64; DIM]], slots: u64) -> ProgramVector {
        let mut v = ProgramVector {
            model_id: "m".into(),
            retired: slots * UNIT,
            measured: units.len() as u64 * UNIT,
            sum: vec![0.0; DIM],
            units: units.len() as u64,
            second_moment: vec![0.0; DIM * (DIM + 1) / 2],
        };
        for u in units {
            add_outer(&mut v.second_moment, u, 1.0);
            for (s, x) in v.sum.iter_mut().zip(u) {
                *s += x;
            }
        }
        v
    }

    fn strata() -> impl Strategy<Value = Vec<(Vec<[f64; DIM]>, u64)>> {
        let unit = prop::array::uniform3(-100i32..100).prop_map(|u| u.map(f64::from));
        let one = (prop::collection::vec(unit, 2..12), 0u64..400).prop_map(|(units, more)| {
            let n = units.len() as u64;
            (units, n + more)
        });
        prop::collection::vec(one, 1..6)
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
    }

    proptest! {
        /// Stratified estimate and half width, straight from the units.
        #[test]
        fn the_estimate_is_the_textbooks(strata in strata(), m in prop::array::uniform3(0.5f32..4.0)) {
            let mut totals = Totals::new(DIM);
            let (mut cycles, mut variance) = (0.0, 0.0);
            for (units, slots) in &strata {
                prop_assert!(totals.add(&stratum(units, *slots)));
                let y: Vec<f64> = units
                    .iter()
                    .map(|u| u.iter().zip(m).map(|(a, b)| a * f64::from(b)).sum())
                    .collect();
                let (n, all) = (y.len() as f64, *slots as f64);
                let mean = y.iter().sum::<f64>() / n;
                let s2 = y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (n - 1.0);
                cycles += all * mean;
                variance += all * all * s2 / n * (1.0 - n / all);
            }
            let v = totals.into_vector("m".into());
            v.validate().unwrap();
            let mut table = MicroarchTable::new("m", DIM);
            table.add(Microarch {
                name: "k".into(), clock_hz: 1e9, kind: "in-order".into(), parameters: "{}".into(),
                trained: true, vector: m.to_vec(),
            }).unwrap();
            let e = table.estimate(&v).unwrap()[0];
            prop_assert!((e.cycles - cycles).abs() <= 1e-7 * (1.0 + cycles.abs()), "{} {cycles}", e.cycles);
            if cycles.abs() > 1.0 {
                let want = 1.959_963_984_540_054 * variance.sqrt() / cycles.abs();
                prop_assert!((e.half_width - want).abs() <= 1e-5 * (1.0 + want), "{} {want}", e.half_width);
            }
        }

        #[test]
        fn there_and_back_is_the_same(strata in strata()) {
            let mut totals = Totals::new(DIM);
            for (units, slots) in &strata {
                totals.add(&stratum(units, *slots));
            }
            let mut back = Totals::new(DIM);
            prop_assert!(back.add(&totals.clone().into_vector("m".into())));
            prop_assert_eq!((back.retired, back.measured, back.units), (totals.retired, totals.measured, totals.units));
            let scale = totals.variance.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
            for (a, b) in back.variance.iter().zip(&totals.variance) {
                prop_assert!((a - b).abs() <= 1e-6 * scale, "{a} {b}");
            }
            for (a, b) in back.total.iter().zip(&totals.total) {
                prop_assert!(close(*a, *b), "{a} {b}");
            }
        }
    }

    #[test]
    fn one_unit_of_many_says_nothing_of_its_variance() {
        let mut totals = Totals::new(DIM);
        let one = [[1.0, 2.0, 3.0]];
        assert!(!totals.add(&stratum(&one, 2)));
        assert_eq!(totals, Totals::new(DIM));
        assert!(totals.add(&stratum(&one, 1)));
        assert_eq!(totals.variance, [0.0; 6]);
    }
}
