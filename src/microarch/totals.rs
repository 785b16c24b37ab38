//! Totals: what a sampled program vector says of all its retirements, in a form that adds.
//!
//! Parts of a stream that were sampled at different rates are strata. Each estimates its own
//! total `T = (N/n) P` and, with the sample variance matrix `S2 = (M - P P'/U) / (U - 1)` of its
//! units, the variance `V = (N/n)^2 U S2 (1 - n/N)` of that total; the strata are independent, so
//! both add (Cochran, Sampling Techniques, chapter 5). A [`ProgramVector`] keeps one sum and one
//! matrix of second moments, and the formulas of `estimate.rs` must get the same totals out of it:
//! that is so for `P = (n/N) T` and `M = P P'/U + (U - 1)/U (n/N)^2 V / (1 - n/N)`.
//!
//! A single unit has no sample variance. Merged with another shard it takes that of the units of
//! both, as strata of one unit each are collapsed (the same book, 5A.12): too wide rather than too
//! narrow, since what sets the shards apart counts as spread. That is how [`ProgramVector::merge`]
//! adds shards that were sampled at different rates.

use super::linalg::add_outer;
use super::ProgramVector;
use crate::error::{Error, ErrorKind, Result};

/// Estimated totals of `retired` retirements.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Totals {
    /// Retirements that they stand for.
    pub retired: u64,
    /// Number of these that were measured.
    pub measured: u64,
    /// Sampling units.
    pub units: u64,
    /// Estimated sum of all representations, length D.
    pub total: Vec<f64>,
    /// Variance of the total: upper triangle by rows, D(D+1)/2 elements.
    pub variance: Vec<f64>,
}

/// The units of both, those of `other` made as long as those of `v`.
fn pooled(v: &ProgramVector, other: &ProgramVector) -> ProgramVector {
    let mut all = v.clone();
    if v.units > 0 && other.units > 0 {
        let length = |v: &ProgramVector| v.measured as f64 / v.units as f64;
        let scale = length(v) / length(other);
        all.units += other.units;
        for (a, b) in all.sum.iter_mut().zip(&other.sum) {
            *a += scale * b;
        }
        for (a, b) in all.second_moment.iter_mut().zip(&other.second_moment) {
            *a += scale * scale * b;
        }
    }
    all
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
        self.add_stratum(v, v);
        true
    }

    /// Two measured shards as strata, whatever their numbers of units.
    fn of_two(a: &ProgramVector, b: &ProgramVector) -> Self {
        let mut totals = Self::new(a.sum.len());
        for (v, other) in [(a, b), (b, a)] {
            if !totals.add(v) {
                totals.add_stratum(v, &pooled(v, other));
            }
        }
        totals
    }

    /// Adds a stratum whose units vary as those of `like` do; without variance where that has too
    /// few.
    fn add_stratum(&mut self, v: &ProgramVector, like: &ProgramVector) {
        let weight = v.retired as f64 / v.measured as f64;
        for (t, p) in self.total.iter_mut().zip(&v.sum) {
            *t += weight * p;
        }
        if v.measured < v.retired && v.units > 0 && like.units > 1 {
            let units = like.units as f64;
            // 1 - n/N = (w - 1) / w
            let scale = weight * (weight - 1.0) * v.units as f64 / (units - 1.0);
            for (s, m) in self.variance.iter_mut().zip(&like.second_moment) {
                *s += scale * m;
            }
            add_outer(&mut self.variance, &like.sum, -scale / units);
        }
        self.retired += v.retired;
        self.measured += v.measured;
        self.units += v.units;
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
        if v.retired == 0 {
            return v;
        }
        let rate = v.measured as f64 / v.retired as f64;
        for p in &mut v.sum {
            *p *= rate;
        }
        if v.units == 0 {
            return v;
        }
        let units = v.units as f64;
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

impl ProgramVector {
    /// Adds another vector of the same model: afterwards `self` stands for both streams.
    ///
    /// The estimate of any microarchitecture on the merged vector is the sum of those on the
    /// shards. Shards measured at one rate (`measured / retired`) simply add up, so that shards of
    /// full mode equal the whole to the bit. At different rates they become strata of one whole,
    /// whose variances add as well; a shard with a single unit, which says nothing of its own
    /// variance, borrows the spread of both shards' units. Where no shard has a second unit the
    /// half width of the result is unknown (1). A shard of which nothing was measured is taken to
    /// be like the other. Kind `Mismatch` for two models; nothing changes on an error.
    pub fn merge(&mut self, other: &ProgramVector) -> Result<()> {
        if self.model_id != other.model_id || self.sum.len() != other.sum.len() {
            return Err(Error::new(ErrorKind::Mismatch, format!(
                "program vectors of models \"{}\" (D = {}) and \"{}\" (D = {}) cannot be merged; make both with one model",
                self.model_id, self.sum.len(), other.model_id, other.sum.len()
            )));
        }
        let counts = (
            self.retired.checked_add(other.retired),
            self.measured.checked_add(other.measured),
            self.units.checked_add(other.units),
        );
        let (Some(retired), Some(measured), Some(units)) = counts else {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                "program vectors: the summed counts pass 64 bits; merge fewer shards",
            ));
        };
        if self.measured > 0 && other.measured > 0 && self.rate_differs(other) {
            *self = Totals::of_two(self, other).into_vector(std::mem::take(&mut self.model_id));
            return Ok(());
        }
        (self.retired, self.measured, self.units) = (retired, measured, units);
        for (a, b) in self.sum.iter_mut().zip(&other.sum) {
            *a += b;
        }
        if self.second_moment.is_empty() {
            self.second_moment.clone_from(&other.second_moment);
        } else {
            for (a, b) in self.second_moment.iter_mut().zip(&other.second_moment) {
                *a += b;
            }
        }
        Ok(())
    }

    /// Whether two shards measured different parts of their retirements.
    fn rate_differs(&self, other: &ProgramVector) -> bool {
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        product(self.measured, other.retired) != product(other.measured, self.retired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microarch::estimate::quantile;
    use crate::microarch::{Microarch, MicroarchTable};
    use proptest::prelude::*;

    const DIM: usize = 3;
    const UNIT: u64 = 10;

    /// `units` of a stratum of `slots` slots.
    fn stratum(units: &[[f64; DIM]], slots: u64) -> ProgramVector {
        stratum_of(UNIT, units, slots)
    }

    /// The same with units of `length` retirements.
    fn stratum_of(length: u64, units: &[[f64; DIM]], slots: u64) -> ProgramVector {
        let mut v = ProgramVector {
            model_id: "m".into(),
            retired: slots * length,
            measured: units.len() as u64 * length,
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

    fn table(m: [f32; DIM]) -> MicroarchTable {
        let mut table = MicroarchTable::new("m", DIM);
        let entry = Microarch {
            name: "k".into(),
            clock_hz: 1e9,
            kind: "in-order".into(),
            parameters: "{}".into(),
            trained: true,
            vector: m.to_vec(),
        };
        table.add(entry).unwrap();
        table
    }

    fn unit() -> impl Strategy<Value = [f64; DIM]> {
        prop::array::uniform3(-100i32..100).prop_map(|u| u.map(f64::from))
    }

    /// Measured in full, or by any number of units but none.
    fn shard() -> impl Strategy<Value = ProgramVector> {
        let units = prop::collection::vec(unit(), 1..6);
        (units, 0u64..20, any::<bool>()).prop_map(|(units, more, full)| {
            let mut v = stratum(&units, units.len() as u64 + if full { 0 } else { more });
            if full {
                (v.units, v.second_moment) = (0, Vec::new());
            }
            v
        })
    }

    fn strata() -> impl Strategy<Value = Vec<(Vec<[f64; DIM]>, u64)>> {
        let one = (prop::collection::vec(unit(), 2..12), 0u64..400).prop_map(|(units, more)| {
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
            let e = table(m).estimate(&v).unwrap()[0];
            prop_assert!((e.cycles - cycles).abs() <= 1e-7 * (1.0 + cycles.abs()), "{} {cycles}", e.cycles);
            if cycles.abs() > 1.0 {
                let want = quantile(v.units as f64) * variance.sqrt() / cycles.abs();
                prop_assert!((e.half_width - want).abs() <= 1e-5 * (1.0 + want), "{} {want}", e.half_width);
            }
        }

        /// Cycles of shards add up, whatever was measured of them.
        #[test]
        fn a_merge_is_priced_as_its_shards(
            shards in prop::collection::vec(shard(), 2..6),
            m in prop::array::uniform3(0.5f32..4.0),
        ) {
            let table = table(m);
            let mut sum = shards[0].clone();
            let mut cycles = table.estimate(&sum).unwrap()[0].cycles;
            for s in &shards[1..] {
                sum.merge(s).unwrap();
                sum.validate().unwrap();
                cycles += table.estimate(s).unwrap()[0].cycles;
            }
            let e = table.estimate(&sum).unwrap()[0];
            prop_assert!((e.cycles - cycles).abs() <= 1e-7 * (1.0 + cycles.abs()), "{} {cycles}", e.cycles);
            let counts = shards.iter().fold((0, 0, 0), |c, s| (c.0 + s.retired, c.1 + s.measured, c.2 + s.units));
            prop_assert_eq!(counts, (sum.retired, sum.measured, sum.units));
        }

        /// The variance of a shard with one unit is that of the units of both, as long as its own.
        #[test]
        fn a_single_unit_takes_the_spread_of_both_shards(
            units in prop::collection::vec(unit(), 2..12),
            one in unit(),
            slots in (12u64..400, 2u64..400),
            times in 1u64..5,
            m in prop::array::uniform3(0.5f32..4.0),
        ) {
            let y = |u: &[f64; DIM]| -> f64 { u.iter().zip(m).map(|(a, b)| a * f64::from(b)).sum() };
            let s2 = |y: &[f64]| {
                let mean = y.iter().sum::<f64>() / y.len() as f64;
                y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (y.len() - 1) as f64
            };
            let own: Vec<f64> = units.iter().map(y).collect();
            let as_long = own.iter().map(|y| y * times as f64);
            let both: Vec<f64> = as_long.chain([y(&one)]).collect();
            let of = |s2: f64, n: f64, all: f64| all * all * s2 / n * (1.0 - n / all);
            let n = own.len() as f64;
            let (many, few) = (slots.0 as f64, slots.1 as f64);
            prop_assume!(many / n != few);
            let variance = of(s2(&own), n, many) + of(s2(&both), 1.0, few);
            let cycles = many / n * own.iter().sum::<f64>() + few * y(&one);
            prop_assume!(cycles.abs() > 1.0);
            let (a, b) = (stratum(&units, slots.0), stratum_of(times * UNIT, &[one], slots.1));
            for (mut a, b) in [(a.clone(), &b), (b.clone(), &a)] {
                a.merge(b).unwrap();
                let e = table(m).estimate(&a).unwrap()[0];
                let want = quantile(a.units as f64) * variance.sqrt() / cycles.abs();
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
        // Nor do a shard measured in full and that one.
        let mut full = stratum(&one, 1);
        (full.units, full.second_moment) = (0, Vec::new());
        full.merge(&stratum(&one, 2)).unwrap();
        let e = table([1.0; DIM]).estimate(&full).unwrap()[0];
        assert_eq!((e.cycles, e.half_width), (18.0, 1.0));
    }

    /// Pooled units are made as long as those of the shard that borrows them.
    #[test]
    fn a_single_unit_borrows_the_spread_of_units_of_another_length() {
        let on_first = |y: f64| [y, 0.0, 0.0];
        let many = stratum(&[10.0, 14.0, 18.0].map(on_first), 30);
        // One unit, twice as long, of 20.
        let mut single = stratum(&[on_first(30.0)], 20);
        (single.retired, single.measured) = (400, 20);
        let s2 = |y: &[f64]| {
            let mean = y.iter().sum::<f64>() / y.len() as f64;
            y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (y.len() - 1) as f64
        };
        // N^2 s^2 / n (1 - n/N), in units.
        let of = |s2: f64, n: f64, all: f64| all * all * s2 / n * (1.0 - n / all);
        let own = of(s2(&[10.0, 14.0, 18.0]), 3.0, 30.0);
        let borrowed = of(s2(&[20.0, 28.0, 36.0, 30.0]), 1.0, 20.0);
        let cycles = 10.0 * 42.0 + 20.0 * 30.0;
        for (mut a, b) in [(many.clone(), &single), (single.clone(), &many)] {
            a.merge(b).unwrap();
            let e = table([1.0, 0.0, 0.0]).estimate(&a).unwrap()[0];
            assert!(close(e.cycles, cycles), "{}", e.cycles);
            let want = quantile(4.0) * (own + borrowed).sqrt() / cycles;
            assert!(
                (e.half_width - want).abs() < 1e-9,
                "{} {want}",
                e.half_width
            );
        }
    }
}
