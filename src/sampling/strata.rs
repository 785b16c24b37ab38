//! Strata: the epochs of a stream whose sampling period was chosen as it went.

use super::limits::{ENOUGH, FIRST, MAX_EPOCHS, MAX_INDEX, PART};
use crate::bytes::{corrupt, field, fields, list, put, put_list};
use crate::error::Result;
use crate::microarch::totals::Totals;
use crate::microarch::ProgramVector;

/// Units in the epoch that unit `n` is in: as many as before it, from 32 on, until a [`PART`] of that
/// is [`ENOUGH`]; then such a part.
fn epoch_units(n: u64) -> u64 {
    let before = match (n / FIRST).checked_ilog2() {
        None => return FIRST,
        Some(doublings) => FIRST << doublings,
    };
    match before / PART {
        few if few < ENOUGH => before,
        part => part,
    }
}

/// First retirement of the epoch that `index` is in, for units of `unit` retirements.
pub fn epoch_start(index: u64, unit: u64) -> u64 {
    let n = index / unit;
    n / epoch_units(n) * epoch_units(n) * unit
}

/// The first retirement behind the epoch that `index` is in.
pub fn epoch_end(index: u64, unit: u64) -> u64 {
    let length = epoch_units(index / unit).saturating_mul(unit);
    epoch_start(index, unit).saturating_add(length)
}

/// Sums over the units of the last two epochs, and totals of those before.
#[derive(Debug, Clone)]
pub struct Strata {
    /// Retirements per unit.
    pub unit: u64,
    /// Totals of the epochs that ended before `last` began.
    pub folded: Totals,
    /// The epoch before the current one (`retired` and the model's name are not kept here).
    pub last: ProgramVector,
    /// Its first retirement.
    pub last_start: u64,
    /// The newest epoch with units.
    pub current: ProgramVector,
    /// Its first retirement.
    pub current_start: u64,
    /// The sampling period, in units, of each epoch that began, but for the first.
    pub plan: Vec<u64>,
}

fn empty(dim: usize) -> ProgramVector {
    ProgramVector {
        sum: vec![0.0; dim],
        second_moment: vec![0.0; dim * (dim + 1) / 2],
        ..ProgramVector::default()
    }
}

fn join(a: &mut ProgramVector, b: &ProgramVector) {
    a.retired += b.retired;
    a.measured += b.measured;
    a.units += b.units;
    let both = a.sum.iter_mut().zip(&b.sum);
    for (a, b) in both.chain(a.second_moment.iter_mut().zip(&b.second_moment)) {
        *a += b;
    }
}

impl Strata {
    /// Nothing measured yet.
    pub fn new(dim: usize, unit: u64) -> Self {
        Self {
            unit,
            folded: Totals::new(dim),
            last: empty(dim),
            last_start: 0,
            current: empty(dim),
            current_start: 0,
            plan: Vec::new(),
        }
    }

    /// Whether starts and counts could be those of a stream. Bytes from outside may say anything.
    pub fn fits(&self) -> bool {
        let counts = [
            self.current_start,
            self.folded.retired,
            self.folded.measured,
            self.folded.units,
            self.last.measured,
            self.last.units,
            self.current.measured,
            self.current.units,
        ];
        if counts.iter().any(|c| *c > MAX_INDEX) || self.plan.len() > MAX_EPOCHS {
            return false;
        }
        match self.current_start.checked_sub(self.last_start) {
            None => false,
            Some(0) => self.last.units == 0,
            Some(span) => {
                self.last.units >= ENOUGH && (self.last.units..=span).contains(&self.last.measured)
            }
        }
    }

    /// Units measured so far.
    pub fn units(&self) -> u64 {
        self.folded.units + self.last.units + self.current.units
    }

    /// The stratum of a unit whose first retirement is `first`; units come in stream order.
    pub fn of(&mut self, first: u64) -> &mut ProgramVector {
        let start = epoch_start(first, self.unit);
        if start > self.current_start && self.current.units >= ENOUGH {
            self.last.retired = self.current_start - self.last_start;
            let known = self.folded.add(&self.last);
            debug_assert!(known, "an epoch ends with enough units");
            let fresh = empty(self.current.sum.len());
            self.last = std::mem::replace(&mut self.current, fresh);
            self.last_start = std::mem::replace(&mut self.current_start, start);
        }
        &mut self.current
    }

    /// Totals of the first `retired` retirements, the parts of the incomplete unit `tail` (their
    /// retirements and the sums of their representations) among those measured; or what there is,
    /// as one stratum, where that is too little for totals.
    pub fn totals<'a>(
        &self,
        retired: u64,
        tail: impl IntoIterator<Item = (u64, &'a [f64])>,
    ) -> std::result::Result<Totals, Box<ProgramVector>> {
        let mut current = self.current.clone();
        current.retired = retired.saturating_sub(self.current_start);
        for (count, part) in tail {
            current.measured += count;
            for (s, p) in current.sum.iter_mut().zip(part) {
                *s += p;
            }
        }
        let mut totals = self.folded.clone();
        let mut last = self.last.clone();
        last.retired = self.current_start - self.last_start;
        if current.units < ENOUGH {
            join(&mut last, &current);
            current = last;
        } else {
            totals.add(&last);
        }
        if totals.add(&current) {
            Ok(totals)
        } else {
            Err(Box::new(current))
        }
    }

    /// Appends the sums to a snapshot.
    pub fn save(&self, out: &mut Vec<u8>) {
        let f = &self.folded;
        put(out, &[f.retired, f.measured, f.units]);
        put_list(out, &f.total);
        put_list(out, &f.variance);
        for (v, start) in [
            (&self.last, self.last_start),
            (&self.current, self.current_start),
        ] {
            put(out, &[start, v.measured, v.units]);
            put_list(out, &v.sum);
            put_list(out, &v.second_moment);
        }
        put_list(out, &self.plan);
    }

    /// Reads sums shaped like these.
    pub fn restore(&self, bytes: &mut &[u8]) -> Result<Strata> {
        let mut strata = Strata {
            folded: Totals {
                retired: field(bytes, "the totals")?,
                measured: field(bytes, "the totals")?,
                units: field(bytes, "the totals")?,
                total: list(bytes, "the totals")?,
                variance: list(bytes, "the totals' variance")?,
            },
            ..self.clone()
        };
        for (v, start) in [
            (&mut strata.last, &mut strata.last_start),
            (&mut strata.current, &mut strata.current_start),
        ] {
            let [first, measured, units] = fields(bytes, "the counts of an epoch")?;
            *start = first;
            *v = ProgramVector {
                measured,
                units,
                sum: list(bytes, "the sum of an epoch")?,
                second_moment: list(bytes, "the second moments of an epoch")?,
                ..ProgramVector::default()
            };
        }
        strata.plan = list(bytes, "the plan")?;
        let lengths = |s: &Strata| {
            [
                s.folded.total.len(),
                s.folded.variance.len(),
                s.last.sum.len(),
                s.last.second_moment.len(),
                s.current.sum.len(),
                s.current.second_moment.len(),
            ]
        };
        if lengths(&strata) != lengths(self) || !strata.fits() {
            return Err(corrupt("its sums per epoch do not fit together"));
        }
        Ok(strata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_fit_that_a_stream_can_have_and_no_others() {
        let start = Strata::new(1, 10);
        let mut later = start.clone();
        later.current_start = 640;
        (later.last.units, later.last.measured) = (ENOUGH, 10 * ENOUGH);
        assert!(start.fits() && later.fits());
        let after = |from: &Strata, change: fn(&mut Strata)| {
            let mut other = from.clone();
            change(&mut other);
            other.fits()
        };
        assert!(after(&start, |s| s.plan = vec![1; MAX_EPOCHS]));
        assert!(after(&start, |s| s.current.measured = MAX_INDEX));
        assert!(after(&later, |s| s.last.measured = 640));
        for (n, fits) in [
            after(&start, |s| s.plan = vec![1; MAX_EPOCHS + 1]),
            after(&start, |s| s.current.measured = MAX_INDEX + 1),
            after(&start, |s| s.folded.retired = MAX_INDEX + 1),
            after(&start, |s| s.last.units = 1),
            after(&start, |s| s.last_start = 1),
            after(&later, |s| s.last.units = ENOUGH - 1),
            after(&later, |s| s.last.measured = ENOUGH - 1),
            after(&later, |s| s.last.measured = 641),
        ]
        .into_iter()
        .enumerate()
        {
            assert!(!fits, "{n}");
        }
    }

    #[test]
    fn an_epoch_is_a_small_part_of_what_came_before_once_that_has_units_enough() {
        let mut starts: Vec<u64> = (0..10_400).map(|i| epoch_start(i, 10)).collect();
        starts.dedup();
        let first = [0, 320, 640, 1280, 2560];
        let parts = (0..32).map(|k| 5120 + 160 * k);
        let all: Vec<u64> = first.into_iter().chain(parts).chain([10_240]).collect();
        assert_eq!(starts, all);
        for pair in all.windows(2) {
            assert_eq!(epoch_end(pair[0], 10), pair[1]);
            assert_eq!(epoch_end(pair[1] - 1, 10), pair[1]);
        }
        assert_eq!(epoch_start(u64::MAX, 1), 63 << 58);
        assert_eq!(epoch_end(u64::MAX, 1), u64::MAX);
        let (mut at, mut epochs) = (0, 0);
        while at < MAX_INDEX {
            at = epoch_end(at, 1);
            epochs += 1;
        }
        assert!(epochs < MAX_EPOCHS, "{epochs}");
    }
}
