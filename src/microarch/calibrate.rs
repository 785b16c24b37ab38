//! Calibration: fitting a microarchitecture vector to observed cycles.
//!
//! An interval of the stream has a representation sum `x` (length D) and took `y` cycles on the
//! core, so that `y = M . x` plus noise. Memory is that of the normal equations, whatever the
//! length of the run. With a table of known cores the prior of M is the normal distribution of
//! their vectors, `M = mu + L z`, `L L' = cov + 0.1 diag(cov)`, `z ~ N(0, I)`; the posterior mode
//! solves `(L'AL + s I) z = L'(b - A mu)` with `A = sum(x x' / y)`, `b = sum(x)`. With fewer
//! than two known cores `mu = 0` and `L = I`: plain ridge. Cores that are priced by their own
//! parameters are their own prior: `mu` is what they are without calibration, and `L` is diagonal.
//!
//! The variance of the noise is taken to grow with `y`. Equal variances would let intervals of
//! many cycles (waits for memory) rule the fit; equal relative errors would pull every estimate
//! down, because intervals that happened to be short would weigh most.
//!
//! Of every five intervals, three are fitted, one chooses the noise scale `s` and then joins the
//! fit, and one is held out for the reported error and never fitted.

use super::linalg::{dot, Square, Symmetric};
use super::{Microarch, MicroarchTable};
use crate::error::{Error, ErrorKind, Result};

/// Fewest intervals that can be solved: two held out, two for the noise scale.
pub const MIN_INTERVALS: u64 = 10;
/// Share of a column's own variance that the prior has on top of the covariance: with fewer cores
/// than columns most directions would be forbidden without it. Columns differ in magnitude, so each
/// has a floor of its own.
const SHRINKAGE: f64 = 0.1;
/// Standard deviation, before any calibration, of what a core's cycles of one cause are multiplied
/// with.
const PART_SPREAD: f64 = 0.2;
/// Noise scales tried: powers of ten, in halves, relative to the mean diagonal of `L'AL`.
const SCALES: std::ops::RangeInclusive<i32> = -24..=8;

/// What a fit is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Retirements observed.
    pub retirements: u64,
    /// Intervals observed.
    pub intervals: u64,
    /// Root mean square of the relative errors of fitted intervals' cycles, weighted by the cycles.
    pub fit_error: f64,
    /// The same over the held-out intervals.
    pub held_out_error: f64,
    /// The noise scale `s` that was chosen.
    pub noise: f64,
}

/// Fits the vector of one core from intervals of one or more streams.
#[derive(Debug, Clone)]
pub struct Calibrator {
    model_id: String,
    dim: usize,
    prior: Prior,
    /// Fitted, choosing the noise scale, held out.
    parts: [Moments; 3],
    retirements: u64,
    intervals: u64,
}

const FITTED: usize = 0;
const CHOOSING: usize = 1;
const HELD_OUT: usize = 2;

/// `M = mean + factor z`.
#[derive(Debug, Clone)]
struct Prior {
    mean: Vec<f64>,
    /// D x D, lower triangular.
    factor: Square,
}

/// Sums over intervals, each divided by its cycles, that give the squared error of any vector.
#[derive(Debug, Clone)]
struct Moments {
    y: f64,
    b: Vec<f64>,
    a: Symmetric,
}

impl Calibrator {
    /// A calibrator for a core that runs streams of the model with `model_id` and representations
    /// of `dim` elements (1 to 4096). `prior` holds known cores of the same model (kind
    /// `Mismatch` otherwise).
    pub fn new(
        model_id: impl Into<String>,
        dim: usize,
        prior: Option<&MicroarchTable>,
    ) -> Result<Self> {
        let model_id = model_id.into();
        if dim == 0 || dim > super::container::MAX_DIM {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("calibrator: representations have {dim} elements; 1 to 4096 are supported"),
            ));
        }
        if let Some(table) = prior {
            if table.model_id() != model_id || table.dim() != dim {
                return Err(Error::new(
                    ErrorKind::Mismatch,
                    format!(
                        "calibrator: the prior's table belongs to model \"{}\" (D = {}), not to \"{model_id}\" (D = {dim}); use the table that came with the model",
                        table.model_id(), table.dim()
                    ),
                ));
            }
        }
        let prior = match prior {
            Some(table) if table.has_parts() => Prior::of_parts(table.entries(), dim),
            other => Prior::of(other.map_or(&[][..], MicroarchTable::entries), dim)?,
        };
        Ok(Self {
            model_id,
            dim,
            prior,
            parts: std::array::from_fn(|_| Moments::zero(dim)),
            retirements: 0,
            intervals: 0,
        })
    }

    /// The model whose representations it takes.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Intervals observed so far.
    pub fn intervals(&self) -> u64 {
        self.intervals
    }

    /// One interval: the sum of its `retirements` representations (length D), all measured, and
    /// the cycles that the core took for them. About 1000 retirements are a good length.
    pub fn add(&mut self, sum: &[f64], retirements: u64, cycles: u64) -> Result<()> {
        let finite = sum.iter().all(|x| x.is_finite());
        if sum.len() != self.dim || !finite || retirements == 0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "calibrator: an interval of {retirements} retirements with a {} vector of {} elements; give at least one retirement and {} finite elements",
                    if finite { "finite" } else { "non-finite" }, sum.len(), self.dim
                ),
            ));
        }
        let part = match self.intervals % 5 {
            4 => HELD_OUT,
            1 => CHOOSING,
            _ => FITTED,
        };
        self.parts[part].add(sum, cycles as f64);
        self.intervals += 1;
        self.retirements += retirements;
        Ok(())
    }

    /// Fits the vector. More intervals may follow, and another fit. Kind `State` with fewer than
    /// [`MIN_INTERVALS`] intervals or without any cycles.
    pub fn solve(&self, name: &str, clock_hz: f64) -> Result<(Microarch, Fit)> {
        let cycles: f64 = self.parts.iter().map(|p| p.y).sum();
        if self.intervals < MIN_INTERVALS || cycles <= 0.0 {
            return Err(Error::new(
                ErrorKind::State,
                format!(
                    "calibrator: {} intervals with {cycles} cycles; run the timing CPU until there are at least {MIN_INTERVALS} intervals with cycles",
                    self.intervals
                ),
            ));
        }
        let noise = self.choose_noise()?;
        let mut fitted = self.parts[FITTED].clone();
        fitted.merge(&self.parts[CHOOSING]);
        let vector = Equations::new(&fitted, &self.prior)
            .solve(noise)
            .ok_or_else(singular)?;
        let fit = Fit {
            retirements: self.retirements,
            intervals: self.intervals,
            fit_error: fitted.error(&vector),
            held_out_error: self.parts[HELD_OUT].error(&vector),
            noise,
        };
        let about = serde_json::json!({"calibration": {
            "retirements": fit.retirements,
            "intervals": fit.intervals,
            "fit_error": fit.fit_error,
            "held_out_error": fit.held_out_error,
        }});
        let core = Microarch {
            name: name.into(),
            clock_hz,
            parameters: about.to_string(),
            vector: vector.iter().map(|x| *x as f32).collect(),
            ..Microarch::default()
        };
        core.validate(self.dim)?;
        Ok((core, fit))
    }

    /// The scale whose fit errs least on the intervals set aside for this choice.
    fn choose_noise(&self) -> Result<f64> {
        let equations = Equations::new(&self.parts[FITTED], &self.prior);
        let mut best = None;
        for half_decade in SCALES {
            let scale = equations.matrix.mean_diagonal() * 10f64.powf(f64::from(half_decade) / 2.0);
            let Some(vector) = equations.solve(scale) else {
                continue;
            };
            let error = self.parts[CHOOSING].squared_error(&vector);
            if best.is_none_or(|(least, _)| error < least) {
                best = Some((error, scale));
            }
        }
        best.map(|b| b.1).ok_or_else(singular)
    }
}

fn singular() -> Error {
    Error::new(
        ErrorKind::State,
        "calibrator: the intervals do not determine a vector (all representations are zero?); run another program",
    )
}

impl Prior {
    /// Of cores that are priced by their own parameters: what they are before any calibration, and
    /// every cause of theirs as likely wrong as another.
    fn of_parts(cores: &[Microarch], dim: usize) -> Self {
        let mut mean = vec![0.0; dim];
        for core in cores {
            for (mean, x) in mean.iter_mut().zip(&core.vector) {
                *mean += f64::from(*x) / cores.len() as f64;
            }
        }
        Self {
            mean,
            factor: Square::diagonal(dim, PART_SPREAD),
        }
    }

    fn of(known: &[Microarch], dim: usize) -> Result<Self> {
        let mut factor = Square::diagonal(dim, 1.0);
        let mut mean = vec![0.0; dim];
        if known.len() < 2 {
            return Ok(Self { mean, factor });
        }
        let n = known.len() as f64;
        for core in known {
            for (m, x) in mean.iter_mut().zip(&core.vector) {
                *m += f64::from(*x) / n;
            }
        }
        let mut covariance = Symmetric::zero(dim);
        for core in known {
            let d: Vec<f64> = (core.vector.iter().zip(&mean))
                .map(|(x, m)| f64::from(*x) - m)
                .collect();
            covariance.add_outer(&d, 1.0 / (n - 1.0));
        }
        let mut covariance = covariance.dense();
        let mean_variance = covariance.mean_diagonal();
        if mean_variance > 0.0 {
            // A column without variance still gets a little.
            covariance.on_diagonal(|own| own + SHRINKAGE * (own + 1e-6 * mean_variance));
            factor = covariance.cholesky().ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    "calibrator: the covariance of the prior's vectors is not positive definite in f64; calibrate without a prior",
                )
            })?;
        }
        Ok(Self { mean, factor })
    }
}

impl Moments {
    fn zero(dim: usize) -> Self {
        Self {
            y: 0.0,
            b: vec![0.0; dim],
            a: Symmetric::zero(dim),
        }
    }

    fn add(&mut self, x: &[f64], y: f64) {
        self.y += y;
        // An interval of no cycles weighs as one of a single cycle.
        let weight = 1.0 / y.max(1.0);
        for (b, x) in self.b.iter_mut().zip(x) {
            *b += y * weight * x;
        }
        self.a.add_outer(x, weight);
    }

    fn merge(&mut self, other: &Moments) {
        self.y += other.y;
        for (b, o) in self.b.iter_mut().zip(&other.b) {
            *b += o;
        }
        self.a.add(&other.a);
    }

    /// `sum((y - m.x)^2 / y)`; rounding may take an exact fit just below zero.
    fn squared_error(&self, m: &[f64]) -> f64 {
        let am = self.a.dense().times(m);
        (self.y - 2.0 * dot(m, &self.b) + dot(m, &am)).max(0.0)
    }

    /// Root mean square of the relative errors, each weighted by its y.
    fn error(&self, m: &[f64]) -> f64 {
        (self.squared_error(m) / self.y).sqrt()
    }
}

/// The equations in terms of z, for any noise scale.
struct Equations<'a> {
    prior: &'a Prior,
    matrix: Square,
    right: Vec<f64>,
}

impl<'a> Equations<'a> {
    fn new(moments: &Moments, prior: &'a Prior) -> Self {
        let a = moments.a.dense();
        let rest: Vec<f64> = (moments.b.iter().zip(a.times(&prior.mean)))
            .map(|(b, am)| b - am)
            .collect();
        Self {
            matrix: prior.factor.sandwich(&a),
            right: prior.factor.transposed_times(&rest),
            prior,
        }
    }

    fn solve(&self, noise: f64) -> Option<Vec<f64>> {
        let mut matrix = self.matrix.clone();
        matrix.on_diagonal(|x| x + noise);
        let z = matrix.cholesky()?.solve_with_transposed(&self.right);
        let m: Vec<f64> = (self.prior.factor.times(&z).iter().zip(&self.prior.mean))
            .map(|(x, mean)| x + mean)
            .collect();
        m.iter().all(|x| x.is_finite()).then_some(m)
    }
}
