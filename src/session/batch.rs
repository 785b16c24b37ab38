//! A batch: lanes of feature rows on their way through the model.

use super::accumulate::LaneSum;
use crate::error::Result;
use crate::model::{Engine, Out, Rows};
use std::ops::Range;

/// Steps per engine call: what an engine that does not add up by itself puts out in one call stays
/// in the second-level cache.
pub const STEPS: usize = 32;

/// One lane: `warm` rows that only warm the state, then `len` measured rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lane {
    /// Warm-up rows at the front.
    pub warm: usize,
    /// Measured rows.
    pub len: usize,
    /// Index in the region of the first measured retirement.
    pub first: u64,
}

/// Lanes that go through the model together.
pub struct Batch {
    /// Number of the batch in its stream.
    pub seq: u64,
    /// Whether the result stands only until the segment is complete.
    pub provisional: bool,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// Rows: lane b, step t at `(b * stride + t) * features`.
    pub x: Vec<f32>,
}

/// Sizes that every batch of a session shares.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Lanes per full batch.
    pub lanes: usize,
    /// Rows per lane (warm-up and segment).
    pub stride: usize,
    /// Columns per row.
    pub features: usize,
    /// Elements of a representation.
    pub dim: usize,
    /// Retirements per interval, 0 for none.
    pub interval: u64,
}

impl Lane {
    /// Steps of a call from step `t` to `end` that are measured, from the call's first.
    fn measured(&self, t: usize, end: usize) -> Range<usize> {
        let within = |step: usize| step.clamp(t, end) - t;
        within(self.warm)..within(self.warm + self.len)
    }

    /// The first step after `t` before which an interval ends that has measured steps.
    fn border(&self, t: usize, interval: u64) -> Option<usize> {
        let from = t.max(self.warm);
        let index = self.first + (from - self.warm) as u64;
        let rest = usize::try_from(interval - index.checked_rem(interval)?).ok()?;
        let border = from.checked_add(rest)?;
        (border < self.warm + self.len).then_some(border)
    }
}

/// Evaluates the model on a batch; returns the sum of the representations of each lane.
pub fn run(engine: &mut dyn Engine, shape: &Shape, batch: &Batch) -> Result<Vec<LaneSum>> {
    let start = |l: &Lane| LaneSum {
        first: l.first,
        ..LaneSum::default()
    };
    let mut out: Vec<LaneSum> = batch.lanes.iter().map(start).collect();
    let mut sums = vec![0.0; batch.lanes.len() * shape.dim];
    let mut counts = vec![0; batch.lanes.len()];
    // Moves what a lane has added up before step `end` into a part of its own.
    let mut close = |b: usize, end: usize, count: &mut u64, sums: &mut [f64]| {
        let lane = &batch.lanes[b];
        if *count > 0 {
            let last = lane.first + (end.min(lane.warm + lane.len) - lane.warm - 1) as u64;
            let interval = last.checked_div(shape.interval).unwrap_or(0);
            out[b].parts.push((interval, *count, sums.to_vec()));
        }
        *count = 0;
        sums.fill(0.0);
    };
    let longest = batch.lanes.iter().map(|l| l.warm + l.len).max();
    let longest = longest.unwrap_or(0);
    engine.reset();
    let mut t = 0;
    while t < longest {
        // No call crosses a border of any lane. Where a lane is cut does not change its sums.
        let border = |l: &Lane| l.border(t, shape.interval);
        let borders = batch.lanes.iter().filter_map(border);
        let end = borders.fold(longest.min(t + STEPS), usize::min);
        let measured: Vec<_> = batch.lanes.iter().map(|l| l.measured(t, end)).collect();
        let rows = Rows {
            x: &batch.x[t * shape.features..],
            features: shape.features,
            stride: shape.stride,
            lanes: batch.lanes.len(),
            steps: end - t,
        };
        let out = Out::Sums {
            measured: &measured,
            sums: &mut sums,
        };
        engine.run(&rows, out)?;
        let lanes = counts.iter_mut().zip(sums.chunks_exact_mut(shape.dim));
        for (b, (count, sums)) in lanes.enumerate() {
            *count += measured[b].len() as u64;
            if border(&batch.lanes[b]) == Some(end) || end == longest {
                close(b, end, count, sums);
            }
        }
        t = end;
    }
    Ok(out)
}
