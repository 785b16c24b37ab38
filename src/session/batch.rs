//! A batch: lanes of feature rows on their way through the model.

use super::accumulate::LaneSum;
use crate::error::Result;
use crate::model::Engine;

/// Steps per engine call: the outputs of one call stay in the second-level cache.
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

/// Runs a batch; `out` is scratch of `lanes * STEPS * dim` elements.
pub fn run(
    engine: &mut dyn Engine,
    shape: &Shape,
    batch: &Batch,
    out: &mut [f32],
) -> Result<Vec<LaneSum>> {
    let longest = batch
        .lanes
        .iter()
        .map(|l| l.warm + l.len)
        .max()
        .unwrap_or(0);
    let start = |l: &Lane| LaneSum {
        first: l.first,
        ..LaneSum::default()
    };
    let mut sums: Vec<LaneSum> = batch.lanes.iter().map(start).collect();
    engine.reset();
    let mut t = 0;
    while t < longest {
        let steps = STEPS.min(longest - t);
        engine.run(
            &batch.x[t * shape.features..],
            shape.stride,
            batch.lanes.len(),
            steps,
            out,
        )?;
        for (b, (lane, sum)) in batch.lanes.iter().zip(&mut sums).enumerate() {
            let rows = &out[b * steps * shape.dim..][..steps * shape.dim];
            for (k, row) in rows.chunks_exact(shape.dim).enumerate() {
                let step = t + k;
                if step >= lane.warm && step < lane.warm + lane.len {
                    add_row(sum, lane.first + (step - lane.warm) as u64, row, shape);
                }
            }
        }
        t += steps;
    }
    Ok(sums)
}

fn add_row(sum: &mut LaneSum, index: u64, row: &[f32], shape: &Shape) {
    let interval = index.checked_div(shape.interval).unwrap_or(0);
    if sum.parts.last().is_none_or(|p| p.0 != interval) {
        sum.parts.push((interval, 0, vec![0.0; shape.dim]));
    }
    if let Some((_, count, part)) = sum.parts.last_mut() {
        *count += 1;
        for (s, r) in part.iter_mut().zip(row) {
            *s += f64::from(*r);
        }
    }
}
