//! Representations on their way out, row by row or added up.
//!
//! A representation is the last layer's h, which has lanes as columns, and raw columns of the
//! caller's rows.

use super::simd::{lanes, lanes_mut, Simd};
use super::tiles::{tile_lanes, tiles};
use crate::model::network::{Network, Passthrough};
use crate::model::{Out, Rows};
use std::ops::Range;

/// Raw columns that lie side by side in rows and in representations.
struct Run {
    /// First column of the rows.
    column: usize,
    /// First element of the representation.
    at: usize,
    scale: Vec<f32>,
}

/// Makes the representations of a network.
pub struct Output<const V: usize> {
    hidden: usize,
    width: usize,
    relu: bool,
    runs: Vec<Run>,
    /// Sums of h, in tiles as h itself.
    h: Vec<f64>,
}

impl<const V: usize> Output<V> {
    /// For the representations of `net` in up to `lanes` lanes.
    pub fn new<S: Simd>(net: &Network, lanes: usize) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (i, &Passthrough { column, scale }) in net.raw.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.column + run.scale.len() == column => run.scale.push(scale),
                _ => runs.push(Run {
                    column,
                    at: net.hidden() + i,
                    scale: vec![scale],
                }),
            }
        }
        Self {
            hidden: net.hidden(),
            width: net.representation(),
            relu: net.relu,
            runs,
            h: vec![0.0; tiles::<S, V>(lanes) * V * S::LANES * net.hidden()],
        }
    }

    /// The sums of h of tile `t`, a column for each lane.
    #[inline(always)]
    fn tile<S: Simd>(&mut self, t: usize) -> &mut [f64] {
        let size = V * S::LANES * self.hidden;
        &mut self.h[t * size..][..size]
    }

    /// Before the first step of tile `t`.
    #[inline(always)]
    pub fn start<S: Simd>(&mut self, t: usize, rows: Rows, out: &Out) {
        let (width, hidden) = (self.width, self.hidden);
        if let Out::Sums { sums, .. } = out {
            for (i, lane) in tile_lanes::<S, V>(t, rows.lanes).enumerate() {
                let columns = self.tile::<S>(t).chunks_exact_mut(V * S::LANES);
                for (column, x) in columns.zip(&sums[lane * width..][..hidden]) {
                    column[i] = *x;
                }
            }
        }
    }

    /// After the last step of tile `t`.
    #[inline(always)]
    pub fn finish<S: Simd>(&mut self, t: usize, rows: Rows, out: &mut Out) {
        let (width, hidden) = (self.width, self.hidden);
        if let Out::Sums { sums, .. } = out {
            for (i, lane) in tile_lanes::<S, V>(t, rows.lanes).enumerate() {
                let columns = self.tile::<S>(t).chunks_exact(V * S::LANES);
                for (column, x) in columns.zip(&mut sums[lane * width..][..hidden]) {
                    *x = column[i];
                }
            }
        }
    }

    /// The h of tile `t` after `step`.
    #[inline(always)]
    pub fn hidden<S: Simd>(
        &mut self,
        s: S,
        h: &[[S::F; V]],
        t: usize,
        step: usize,
        rows: Rows,
        out: &mut Out,
    ) {
        let (width, hidden, relu) = (self.width, self.hidden, self.relu);
        let own = tile_lanes::<S, V>(t, rows.lanes);
        match out {
            Out::Rows(out) => {
                for (i, lane) in own.enumerate() {
                    let out = &mut out[(lane * rows.steps + step) * width..][..hidden];
                    let columns = lanes::<S>(h.as_flattened()).chunks_exact(V * S::LANES);
                    for (x, column) in out.iter_mut().zip(columns) {
                        *x = column[i];
                        if relu {
                            *x = x.max(0.0);
                        }
                    }
                }
            }
            Out::Sums { measured, .. } => {
                let mut weight = [s.splat(0.0); V];
                let mut any = false;
                for (w, range) in lanes_mut::<S>(&mut weight).iter_mut().zip(&measured[own]) {
                    let counts = range.contains(&step);
                    any |= counts;
                    *w = f32::from(u8::from(counts));
                }
                if !any {
                    return;
                }
                let sums = self.tile::<S>(t).chunks_exact_mut(V * S::LANES);
                for (sums, h) in sums.zip(h) {
                    for (v, sums) in sums.chunks_exact_mut(S::LANES).enumerate() {
                        let h = if relu {
                            s.max(h[v], s.splat(0.0))
                        } else {
                            h[v]
                        };
                        let sum = s.add_d(s.load_d(sums), s.mul(h, weight[v]));
                        s.store_d(sum, sums);
                    }
                }
            }
        }
    }

    /// The raw columns of some steps of `lane`.
    #[inline(always)]
    pub fn raw<S: Simd>(&self, s: S, lane: usize, steps: Range<usize>, rows: Rows, out: &mut Out) {
        for run in &self.runs {
            match out {
                Out::Rows(out) => {
                    for step in steps.clone() {
                        let out = &mut out[(lane * rows.steps + step) * self.width..][run.at..];
                        let x = &rows.row(lane, step)[run.column..];
                        for ((to, x), scale) in out.iter_mut().zip(x).zip(&run.scale) {
                            *to = *x * *scale;
                        }
                    }
                }
                Out::Sums { measured, sums } => {
                    let sums = &mut sums[lane * self.width + run.at..][..run.scale.len()];
                    let range = &measured[lane];
                    let steps = steps.start.max(range.start)..steps.end.min(range.end);
                    add_run(s, run, lane, steps, rows, sums);
                }
            }
        }
    }
}

/// Adds a run's columns of one lane's steps `measured`.
#[inline(always)]
fn add_run<S: Simd>(
    s: S,
    run: &Run,
    lane: usize,
    measured: Range<usize>,
    rows: Rows,
    sums: &mut [f64],
) {
    if measured.is_empty() {
        return;
    }
    let Some(last) = sums.len().checked_sub(S::LANES) else {
        for step in measured {
            let x = &rows.row(lane, step)[run.column..];
            for ((sum, x), scale) in sums.iter_mut().zip(x).zip(&run.scale) {
                *sum += f64::from(*x * *scale);
            }
        }
        return;
    };
    // The last vector overlaps the one before it: it is made of the same old sums.
    let end = add_vector(s, run, last, lane, measured.clone(), rows, sums);
    for at in (0..last).step_by(S::LANES) {
        let sum = add_vector(s, run, at, lane, measured.clone(), rows, sums);
        s.store_d(sum, &mut sums[at..]);
    }
    s.store_d(end, &mut sums[last..]);
}

/// The sums from the run's column `at` on, with the steps `measured` added.
#[inline(always)]
fn add_vector<S: Simd>(
    s: S,
    run: &Run,
    at: usize,
    lane: usize,
    measured: Range<usize>,
    rows: Rows,
    sums: &[f64],
) -> S::D {
    let scale = s.load(&run.scale[at..]);
    let mut sum = s.load_d(&sums[at..]);
    for step in measured {
        let x = s.load(&rows.row(lane, step)[run.column + at..]);
        sum = s.add_d(sum, s.mul(x, scale));
    }
    sum
}
