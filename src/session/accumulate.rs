//! Sums of representations: the program vector, intervals, and the units' second moments.

use super::Interval;
use std::collections::VecDeque;

/// What one lane contributed: its measured representations summed, split at interval borders.
#[derive(Debug, Clone, Default)]
pub struct LaneSum {
    /// (interval number, retirements, sum of their representations).
    pub parts: Vec<(u64, u64, Vec<f64>)>,
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

    /// Adds the next lane of the stream; `interval` is 0 where no intervals are kept.
    pub fn add(&mut self, lane: &LaneSum, interval: u64) {
        let mut unit = vec![
            0.0;
            if self.second_moment.is_empty() {
                0
            } else {
                self.sum.len()
            }
        ];
        for (index, count, part) in &lane.parts {
            self.measured += count;
            add(&mut self.sum, part);
            if !unit.is_empty() {
                add(&mut unit, part);
            }
            if interval > 0 {
                self.add_to_interval(*index, *count, part, interval);
            }
        }
        if !unit.is_empty() {
            self.units += 1;
            let mut row = &mut self.second_moment[..];
            for (i, a) in unit.iter().enumerate() {
                let (head, tail) = row.split_at_mut(unit.len() - i);
                for (m, b) in head.iter_mut().zip(&unit[i..]) {
                    *m += a * b;
                }
                row = tail;
            }
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
}

fn add(sum: &mut [f64], part: &[f64]) {
    for (s, p) in sum.iter_mut().zip(part) {
        *s += p;
    }
}
