//! An engine's inputs and outputs.

use crate::error::{Error, ErrorKind, Result};
use std::ops::Range;

/// Feature rows of some steps of some lanes, [B,T,F] with room between the lanes: the row of lane
/// b, step t is `x[(b * stride + t) * features ..][..features]`.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The rows.
    pub x: &'a [f32],
    /// Columns of a row (F).
    pub features: usize,
    /// Rows from one lane to the next.
    pub stride: usize,
    /// Lanes (B).
    pub lanes: usize,
    /// Steps of each lane (T).
    pub steps: usize,
}

impl<'a> Rows<'a> {
    /// One row.
    #[inline(always)]
    pub fn row(&self, lane: usize, step: usize) -> &'a [f32] {
        &self.x[(lane * self.stride + step) * self.features..][..self.features]
    }

    /// The rows of some steps of a lane, which lie side by side.
    #[inline(always)]
    pub fn block(&self, lane: usize, steps: Range<usize>) -> &'a [f32] {
        &self.x[(lane * self.stride + steps.start) * self.features..][..steps.len() * self.features]
    }
}

/// Where representations go.
#[derive(Debug)]
pub enum Out<'a> {
    /// Lane b's of step t to `[(b * steps + t) * D ..][..D]`.
    Rows(&'a mut [f32]),
    /// Those of lane b's steps `measured[b]` are added to `sums[b * D ..][..D]`, in the order of
    /// the steps: the same, to the bit, as adding up what [`Out::Rows`] gets.
    Sums {
        /// Steps of each lane.
        measured: &'a [Range<usize>],
        /// D elements for each lane.
        sums: &'a mut [f64],
    },
}

impl Out<'_> {
    /// Takes one representation of `rows`. A lane's come in the order of its steps.
    pub fn put(&mut self, rows: &Rows, lane: usize, step: usize, representation: &[f32]) {
        let width = representation.len();
        match self {
            Out::Rows(out) => {
                out[(lane * rows.steps + step) * width..][..width].copy_from_slice(representation);
            }
            Out::Sums { measured, sums } => {
                if measured[lane].contains(&step) {
                    let sums = sums[lane * width..][..width].iter_mut();
                    for (sum, r) in sums.zip(representation) {
                        *sum += f64::from(*r);
                    }
                }
            }
        }
    }
}

/// What an engine was made for, to check a call against.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// Most lanes.
    pub lanes: usize,
    /// Most steps of a call.
    pub steps: usize,
    /// Columns of a row (F).
    pub features: usize,
    /// Elements of a representation (D).
    pub width: usize,
}

impl Capacity {
    /// Checks a call of [`Engine::run`](super::Engine::run).
    pub fn check(&self, rows: &Rows, out: &Out) -> Result<()> {
        self.check_rows(rows)?;
        let (lanes, steps) = (rows.lanes, rows.steps);
        match out {
            Out::Rows(out) => {
                let need = lanes * steps * self.width;
                if out.len() < need {
                    let has = out.len();
                    return Err(bad(format!("out has {has} elements, {need} are needed")));
                }
            }
            Out::Sums { measured, sums } => {
                if measured.len() != lanes {
                    let has = measured.len();
                    return Err(bad(format!(
                        "measured steps are given for {has} lanes, there are {lanes}"
                    )));
                }
                if let Some(range) = measured.iter().find(|r| r.end > steps) {
                    return Err(bad(format!(
                        "steps {range:?} are to be measured, there are {steps}"
                    )));
                }
                let need = lanes * self.width;
                if sums.len() != need {
                    let has = sums.len();
                    return Err(bad(format!("sums has {has} elements, it takes {need}")));
                }
            }
        }
        Ok(())
    }

    fn check_rows(&self, rows: &Rows) -> Result<()> {
        let Rows {
            x,
            features,
            stride,
            lanes,
            steps,
        } = *rows;
        if lanes > self.lanes || steps > self.steps {
            return Err(bad(format!(
                "{lanes} lanes of {steps} steps, the engine was made for {} of {}",
                self.lanes, self.steps
            )));
        }
        if features != self.features {
            return Err(bad(format!(
                "rows of {features} features, the engine takes {}",
                self.features
            )));
        }
        if lanes == 0 || steps == 0 {
            return Ok(());
        }
        // The last row that is read ends here; lanes and steps are small, stride is the caller's.
        let rows = stride
            .checked_mul(lanes - 1)
            .and_then(|n| n.checked_add(steps));
        let need = rows.and_then(|n| n.checked_mul(features));
        if (lanes > 1 && stride < steps) || need.is_none_or(|n| n > x.len()) {
            return Err(bad(format!(
                "x has {} elements, too few for {lanes} lanes of {steps} steps with stride {stride}",
                x.len()
            )));
        }
        Ok(())
    }
}

fn bad(what: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, what)
}
