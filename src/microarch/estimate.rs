//! Estimates: a program vector priced on a microarchitecture vector.
//!
//! The `n` measured of `N` retirements have sum `P`; microarchitecture k takes
//! `cycles = (M_k . P) N / n`. In sampling mode the units are a systematic sample: with the
//! unit values `y_u = M_k . P_u`, `sum(y_u^2) = M_k' S M_k` comes from the second-moment matrix
//! `S`, and the 95% half width relative to the cycles is `q sqrt(U s^2 (1 - n/N)) / |sum(y_u)|`
//! with the sample variance `s^2`, the finite-population correction, and `q = 1.96 (1 + 4 / sqrt(U))`
//! standard deviations on each side.

use super::linalg::dot;
use super::{Microarch, MicroarchTable, ProgramVector};
use crate::error::{Error, ErrorKind, Result};

/// Normal quantile of a two-sided 95% interval.
const NORMAL_95: f64 = 1.959_963_984_540_054;
/// See [`quantile`].
const SKEW: f64 = 4.0;

/// Standard deviations on each side of a 95% interval from `units` sampling units. Cycles of units
/// are skewed (a few, with cold caches, take ten times as long as most), so few units often miss
/// what is rare and its spread with it. `SKEW` was chosen on the validation programs for what the
/// intervals hold: benches/coverage.rs.
pub(crate) fn quantile(units: f64) -> f64 {
    NORMAL_95 * (1.0 + SKEW / units.sqrt())
}

/// What a microarchitecture would have taken for the retirements in the region so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct Estimate {
    /// Cycles, scaled to every retirement of the region (measured or not).
    pub cycles: f64,
    /// Cycles per retirement.
    pub cpi: f64,
    /// Seconds at the microarchitecture's clock.
    pub seconds: f64,
    /// Half width of the 95% confidence interval of `cycles`, relative to `cycles`; 0 in full
    /// mode or where all was measured, 1 where it is not known yet (fewer than 2 sampling units).
    /// Always finite.
    pub half_width: f64,
}

impl MicroarchTable {
    /// Prices `program` on every microarchitecture, in the table's order. All zero until
    /// something has been measured. Kind `Mismatch` for a vector of another model.
    pub fn estimate(&self, program: &ProgramVector) -> Result<Vec<Estimate>> {
        self.check_program(program)?;
        Ok(Pricer::new(program)?.price(self.entries()))
    }

    /// Prices `program` on the microarchitecture at `index`; the same numbers, to the bit, as
    /// [`MicroarchTable::estimate`]. Kind `NotFound` for an index past the table.
    pub fn estimate_one(&self, program: &ProgramVector, index: usize) -> Result<Estimate> {
        self.check_program(program)?;
        let entry = self.entries().get(index).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!(
                    "microarchitecture {index} is not in the table; it has {}, counted from 0",
                    self.entries().len()
                ),
            )
        })?;
        Ok(Pricer::new(program)?.price(std::slice::from_ref(entry))[0])
    }
}

impl Estimate {
    /// The total of estimates of one microarchitecture on several streams, each with its number
    /// of retirements: cycles and seconds add up, the CPI is over all retirements, and the half
    /// widths combine as those of independent samples.
    pub fn total(parts: impl IntoIterator<Item = (Estimate, u64)>) -> Estimate {
        let (mut total, mut retired, mut squares) = (Estimate::default(), 0u64, 0.0f64);
        for (part, count) in parts {
            total.cycles += part.cycles;
            total.seconds += part.seconds;
            retired += count;
            squares += (part.half_width * part.cycles).powi(2);
        }
        if retired > 0 {
            total.cpi = total.cycles / retired as f64;
        }
        if squares > 0.0 {
            let width = squares.sqrt() / total.cycles.abs();
            total.half_width = if width.is_finite() { width } else { 1.0 };
        }
        total
    }
}

/// What of a program vector every microarchitecture shares.
struct Pricer<'a> {
    program: &'a ProgramVector,
    scale: f64,
    /// `1 - n/N`.
    unmeasured: f64,
    moment: Option<QuadraticForm>,
}

impl<'a> Pricer<'a> {
    fn new(program: &'a ProgramVector) -> Result<Self> {
        program.validate()?;
        let (retired, measured) = (program.retired as f64, program.measured as f64);
        let sampled = program.units > 1 && program.measured > 0;
        Ok(Self {
            program,
            scale: if program.measured == 0 {
                0.0
            } else {
                retired / measured
            },
            unmeasured: if program.retired == 0 {
                0.0
            } else {
                1.0 - measured / retired
            },
            moment: sampled.then(|| QuadraticForm::new(&program.second_moment, program.sum.len())),
        })
    }

    fn price(&self, entries: &[Microarch]) -> Vec<Estimate> {
        let vectors = entries.iter().map(|m| m.vector.as_slice());
        let squares = self.moment.as_ref().map(|moment| moment.of(vectors));
        let one = |(k, m)| self.price_one(m, squares.as_ref().map(|s| s[k]));
        entries.iter().enumerate().map(one).collect()
    }

    /// `squares` is the sum of the squares of the units' cycles, where it is known.
    fn price_one(&self, m: &Microarch, squares: Option<f64>) -> Estimate {
        let total = dot(&m.vector, &self.program.sum);
        let cycles = total * self.scale;
        let retired = self.program.retired as f64;
        Estimate {
            cycles,
            cpi: if self.program.retired == 0 {
                0.0
            } else {
                cycles / retired
            },
            seconds: cycles / m.clock_hz,
            half_width: self.half_width(total, squares),
        }
    }

    fn half_width(&self, total: f64, squares: Option<f64>) -> f64 {
        let p = self.program;
        if p.units == 0 || p.measured == 0 || p.measured == p.retired {
            return 0.0;
        }
        let Some(squares) = squares else {
            return 1.0;
        };
        let units = self.program.units as f64;
        // Rounding can take the difference of two equal sums just below zero.
        let variance = ((squares - total * total / units) / (units - 1.0)).max(0.0);
        let width = quantile(units) * (units * variance * self.unmeasured).sqrt() / total.abs();
        if width.is_finite() {
            width
        } else {
            1.0
        }
    }
}

/// Vectors that go through a [`QuadraticForm`] together: with fewer, a processor waits for its own
/// sums.
const BLOCK: usize = 16;

/// `m' S m` for a symmetric matrix given by its upper triangle.
pub(crate) struct QuadraticForm {
    /// Rows of the upper triangle, off-diagonal elements doubled.
    rows: Vec<f64>,
    dim: usize,
}

impl QuadraticForm {
    pub fn new(upper: &[f64], dim: usize) -> Self {
        let mut rows: Vec<f64> = upper.iter().map(|x| 2.0 * x).collect();
        let mut diagonal = 0;
        for i in 0..dim {
            rows[diagonal] /= 2.0;
            diagonal += dim - i;
        }
        Self { rows, dim }
    }

    /// Of each of `vectors`; the same bits whatever its neighbours are.
    pub fn of<'m>(&self, vectors: impl ExactSizeIterator<Item = &'m [f32]>) -> Vec<f64> {
        let count = vectors.len();
        let mut out = Vec::with_capacity(count.next_multiple_of(BLOCK));
        let mut block = vec![[0.0f64; BLOCK]; self.dim];
        for (k, m) in vectors.enumerate() {
            for (column, x) in block.iter_mut().zip(m) {
                column[k % BLOCK] = f64::from(*x);
            }
            if k % BLOCK == BLOCK - 1 || k + 1 == count {
                out.extend(self.of_block(&block));
            }
        }
        out.truncate(count);
        out
    }

    fn of_block(&self, block: &[[f64; BLOCK]]) -> [f64; BLOCK] {
        let mut rows = self.rows.as_slice();
        let mut totals = [0.0; BLOCK];
        for (i, x) in block.iter().enumerate() {
            let (row, rest) = rows.split_at(block.len() - i);
            rows = rest;
            let mut sums = [0.0; BLOCK];
            for (s, y) in row.iter().zip(&block[i..]) {
                for k in 0..BLOCK {
                    sums[k] += s * y[k];
                }
            }
            for k in 0..BLOCK {
                totals[k] += x[k] * sums[k];
            }
        }
        totals
    }
}
