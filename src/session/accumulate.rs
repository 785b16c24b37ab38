//! Sums of representations: the program vector, intervals, and the units' second moments.

use super::counts::Interval;
use crate::bytes::{corrupt, count, fields, list, put, put_list};
use crate::error::Result;
use crate::microarch::linalg::add_outer;
use crate::microarch::ProgramVector;
use crate::sampling::limits::MAX_INDEX;
use crate::sampling::strata::Strata;
use std::collections::VecDeque;

/// What one lane contributed: its measured representations summed, split at interval borders.
#[derive(Debug, Clone, Default)]
pub struct LaneSum {
    /// Index in the region of its first measured retirement.
    pub first: u64,
    /// (interval number, retirements, sum of their representations).
    pub parts: Vec<(u64, u64, Vec<f64>)>,
}

impl LaneSum {
    /// Retirements and sums of the parts.
    fn parts(&self) -> impl Iterator<Item = (u64, &[f64])> {
        self.parts.iter().map(|(_, count, sum)| (*count, &sum[..]))
    }
}

/// Running sums of one stream, fed with lanes in stream order.
#[derive(Debug, Clone, Default)]
pub struct Accumulator {
    /// Retirements measured.
    pub measured: u64,
    /// Sampling units measured.
    pub units: u64,
    /// Sum of representations.
    pub sum: Vec<f64>,
    /// Upper triangle of the sum over units of the unit vector's outer product.
    pub second_moment: Vec<f64>,
    /// In their place, the same per epoch, where the rate is chosen as the stream goes.
    pub strata: Option<Strata>,
    /// Intervals with contributions, oldest first; the last may still grow.
    pub intervals: VecDeque<Interval>,
}

impl Accumulator {
    /// Empty sums of `dim` elements; `sampled` keeps second moments.
    pub fn new(dim: usize, sampled: bool) -> Self {
        Self {
            sum: vec![0.0; dim],
            second_moment: vec![0.0; if sampled { dim * (dim + 1) / 2 } else { 0 }],
            ..Self::default()
        }
    }

    /// Empty sums of `dim` elements, per epoch of units of `unit` retirements.
    pub fn stratified(dim: usize, unit: usize) -> Self {
        Self {
            strata: Some(Strata::new(dim, unit as u64)),
            ..Self::default()
        }
    }

    /// Fills in a program vector whose model and retirements are set; `tail` is the part of a
    /// segment that is not complete.
    pub fn fill(&self, v: &mut ProgramVector, tail: Option<&LaneSum>) {
        let sampled = self.strata.is_some() || !self.second_moment.is_empty();
        if sampled && self.units == 0 {
            // Without a whole unit nothing could be said of the error.
            v.sum = vec![0.0; self.dim()];
            return;
        }
        if let Some(strata) = &self.strata {
            let (id, retired) = (std::mem::take(&mut v.model_id), v.retired);
            *v = match strata.totals(retired, tail.into_iter().flat_map(LaneSum::parts)) {
                Ok(totals) => totals.into_vector(id),
                Err(raw) => ProgramVector {
                    model_id: id,
                    ..*raw
                },
            };
            return;
        }
        v.measured = self.measured;
        v.sum.clone_from(&self.sum);
        v.units = self.units;
        v.second_moment.clone_from(&self.second_moment);
        for (count, part) in tail.into_iter().flat_map(LaneSum::parts) {
            v.measured += count;
            add(&mut v.sum, part);
        }
    }

    /// Elements of a representation.
    pub fn dim(&self) -> usize {
        let strata = self.strata.as_ref();
        strata.map_or(self.sum.len(), |s| s.current.sum.len())
    }

    /// Adds the next lane of the stream; `interval` is 0 where no intervals are kept.
    pub fn add(&mut self, lane: &LaneSum, interval: u64) {
        let sampled = self.strata.is_some() || !self.second_moment.is_empty();
        let mut unit = vec![0.0; if sampled { self.dim() } else { 0 }];
        for (index, count, part) in &lane.parts {
            self.measured += count;
            match &mut self.strata {
                None => add(&mut self.sum, part),
                Some(strata) => {
                    let stratum = strata.of(lane.first);
                    stratum.measured += count;
                    add(&mut stratum.sum, part);
                }
            }
            if !unit.is_empty() {
                add(&mut unit, part);
            }
            if interval > 0 {
                self.add_to_interval(*index, *count, part, interval);
            }
        }
        if !unit.is_empty() {
            self.units += 1;
            let moment = match &mut self.strata {
                None => &mut self.second_moment,
                Some(strata) => {
                    let stratum = strata.of(lane.first);
                    stratum.units += 1;
                    &mut stratum.second_moment
                }
            };
            add_outer(moment, &unit, 1.0);
        }
    }

    fn add_to_interval(&mut self, index: u64, count: u64, part: &[f64], interval: u64) {
        if self.intervals.back().is_none_or(|last| last.index < index) {
            self.intervals.push_back(Interval {
                index,
                first: index * interval,
                retirements: interval,
                measured: 0,
                cycles: 0,
                timed: 0,
                vector: vec![0.0; part.len()],
            });
        }
        // Lanes come in stream order, so the interval is the newest one.
        if let Some(last) = self.intervals.back_mut() {
            last.measured += count;
            add(&mut last.vector, part);
        }
    }

    /// Appends the sums.
    pub fn save(&self, out: &mut Vec<u8>) {
        put(out, &[self.measured, self.units]);
        put_list(out, &self.sum);
        put_list(out, &self.second_moment);
        if let Some(strata) = &self.strata {
            strata.save(out);
        }
        put(out, &[self.intervals.len() as u64]);
        for i in &self.intervals {
            put(out, &[i.index, i.first, i.retirements]);
            put(out, &[i.measured, i.cycles, i.timed]);
            put_list(out, &i.vector);
        }
    }

    /// Takes back the sums that were saved of an accumulator of this shape.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let wrong = || corrupt("its vectors have another length than the model's");
        let dim = self.dim();
        [self.measured, self.units] = fields(bytes, "the counts of the sums")?;
        if self.measured.max(self.units) > MAX_INDEX {
            return Err(corrupt("a count is too large"));
        }
        for (own, what) in [
            (&mut self.sum, "the sum"),
            (&mut self.second_moment, "the second moments"),
        ] {
            let saved: Vec<f64> = list(bytes, what)?;
            if saved.len() != own.len() {
                return Err(wrong());
            }
            *own = saved;
        }
        if let Some(strata) = &mut self.strata {
            *strata = strata.restore(bytes)?;
        }
        self.intervals.clear();
        for _ in 0..count(bytes, 56, "the intervals")? {
            let counts: [u64; 6] = fields(bytes, "an interval")?;
            if counts.iter().any(|c| *c > MAX_INDEX) {
                return Err(corrupt("a count of an interval is too large"));
            }
            let [index, first, retirements, measured, cycles, timed] = counts;
            let vector: Vec<f64> = list(bytes, "the sum of an interval")?;
            if vector.len() != dim {
                return Err(wrong());
            }
            self.intervals.push_back(Interval {
                index,
                first,
                retirements,
                measured,
                cycles,
                timed,
                vector,
            });
        }
        Ok(())
    }
}

fn add(sum: &mut [f64], part: &[f64]) {
    for (s, p) in sum.iter_mut().zip(part) {
        *s += p;
    }
}
