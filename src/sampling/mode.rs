//! What a user asks for: which part of the stream goes through the model.

use super::limits::{MAX_EPOCHS, MAX_FIXED_PERIOD, MAX_PERIOD};
use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;

/// Which retirements of the stream are measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Sampling {
    /// All of it.
    #[default]
    Full,
    /// One sampling unit in every `period` retirements, at a random offset.
    FixedRate {
        /// The sampling period in retirements: from one unit to 2^52.
        period: u64,
    },
    /// As many units as a 95% interval of `half_width` needs on each of `targets`. The period
    /// changes only at fixed positions of the stream (after 32, 64, 128, 256, 512 units'
    /// worth of retirements, and then 32 times until their number has doubled), and depends on what was
    /// measured so far, so results depend on stream and configuration alone. Sampling is dense at the start and aims at meeting the target wherever
    /// the stream ends. It may miss the target slightly if the end of the stream varies unlike the
    /// rest; the estimate's half width shows it.
    TargetError {
        /// Half width relative to the estimate, 0.0001 to 0.5 (0.01 is plus or minus 1%).
        half_width: f64,
        /// Microarchitecture vectors, each of length D, whose estimates must meet it.
        targets: Arc<Vec<Vec<f32>>>,
    },
    /// As many units as fit into a share of the time: measuring (feature rows and model, on all
    /// threads) may take `overhead` times what the stream takes without it. Functional warming
    /// counts as measuring if it is bounded; else it does not depend on the period. The period
    /// changes at the same positions as for a target error, according to the time spent so far.
    /// This is the only mode whose results depend on timing;
    /// [`Session::plan`](crate::session::Session::plan) returns the periods that were chosen, and
    /// [`Sampling::Plan`] measures the same units again.
    TargetOverhead {
        /// Time for measuring relative to the rest of the time, 0.001 to 10 (0.1: no more than 10%
        /// slower, and less on cores that would have been idle).
        overhead: f64,
    },
    /// The units that another session chose: with the same stream, unit, seed and periods the
    /// result is bit-identical.
    Plan {
        /// The sampling period, in units, of each epoch after the first; the last one also counts
        /// for all epochs that come after it. At most 2048 numbers from 1 to 2^32.
        periods: Arc<Vec<u64>>,
    },
}

impl Sampling {
    /// Whether the period is chosen for each epoch.
    pub fn has_epochs(&self) -> bool {
        !matches!(self, Sampling::Full | Sampling::FixedRate { .. })
    }

    /// Checks ranges, for units of `unit` retirements.
    pub fn validate(&self, unit: usize) -> Result<()> {
        let bad = |field: &str, found: String, range: &str| {
            Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("session config: {field} is {found}; it must be {range}"),
            ))
        };
        match self {
            Sampling::FixedRate { period }
                if !(unit as u64..=MAX_FIXED_PERIOD).contains(period) =>
            {
                bad(
                    "period",
                    period.to_string(),
                    "at least the unit's retirements and at most 2^52",
                )
            }
            Sampling::TargetError { half_width, .. } if !(1e-4..=0.5).contains(half_width) => {
                bad("half_width", half_width.to_string(), "0.0001 to 0.5")
            }
            Sampling::TargetError { targets, .. } if targets.is_empty() => bad(
                "targets",
                "empty".into(),
                "the microarchitecture vectors whose estimates a target error is for",
            ),
            Sampling::TargetError { targets, .. }
                if targets.iter().flatten().any(|x| !x.is_finite()) =>
            {
                bad("targets", "not finite".into(), "finite numbers")
            }
            Sampling::TargetOverhead { overhead } if !(1e-3..=10.0).contains(overhead) => {
                bad("overhead", overhead.to_string(), "0.001 to 10")
            }
            Sampling::Plan { periods } if periods.len() > MAX_EPOCHS => bad(
                "plan",
                format!("{} epochs long", periods.len()),
                "at most 2048 epochs long",
            ),
            Sampling::Plan { periods } if periods.iter().any(|p| !(1..=MAX_PERIOD).contains(p)) => {
                bad(
                    "plan",
                    format!("{periods:?}"),
                    "of numbers from 1 to 4294967296",
                )
            }
            _ => Ok(()),
        }
    }

    /// Checks that targets are vectors of model `id`, whose representations have `dim` elements.
    pub fn check_targets(&self, id: &str, dim: usize) -> Result<()> {
        let Sampling::TargetError { targets, .. } = self else {
            return Ok(());
        };
        match targets.iter().find(|t| t.len() != dim) {
            None => Ok(()),
            Some(bad) => Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "session config: a target has {} elements, representations of model {id} have {dim}; give vectors of this model",
                    bad.len()
                ),
            )),
        }
    }
}
