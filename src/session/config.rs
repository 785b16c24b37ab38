//! Settings of a session.

use super::pace::{MAX_EPOCHS, MAX_PERIOD};
use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;

/// Longest period of a fixed rate: positions of a stream stay far from the end of the numbers.
const MAX_FIXED_PERIOD: u64 = 1 << 52;

/// Which part of the stream goes through the model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Sampling {
    /// All of it.
    #[default]
    Full,
    /// One unit in every `period` retirements, at a random offset.
    FixedRate {
        /// Retirements per unit, at most 2^52.
        period: u64,
    },
    /// As many units as it takes for a 95% interval this narrow on each of the session's
    /// [`targets`](SessionConfig::targets). The rate changes only at fixed positions of the
    /// stream: after 32, 64, 128, ... units' worth of retirements, from what was measured up to
    /// there, so results depend on stream and configuration alone. What is measured is dense at
    /// the start and aims at meeting the target wherever the stream ends, a little past it at the
    /// worst if the end of the stream varies unlike the rest; the estimate's half width tells.
    TargetError {
        /// Half width relative to the estimate, 0.0001 to 0.5 (0.01 is plus or minus 1%).
        half_width: f64,
    },
    /// As many units as fit into a share of the time: measuring (rows and model, on whichever
    /// thread) may take `overhead` of what the stream takes without it. The rate changes at the
    /// same positions as for a target error, from the time spent up to there. This is the one mode
    /// whose results depend on timing; [`Session::plan`](super::Session::plan) tells what was
    /// chosen, and [`Sampling::Plan`] measures the same again.
    TargetOverhead {
        /// Time for measuring relative to the rest of the time, 0.001 to 10 (0.1: no more than 10%
        /// slower, and less on cores that would have been idle).
        overhead: f64,
    },
    /// The units that another session chose as it went: the same stream, unit, seed and
    /// [`plan`](SessionConfig::plan) give the same result, to the bit.
    Plan,
}

impl Sampling {
    /// Whether the rate is chosen epoch by epoch.
    pub(super) fn has_epochs(self) -> bool {
        !matches!(self, Sampling::Full | Sampling::FixedRate { .. })
    }
}

/// [`SessionConfig::warming`] that drops nothing: more than any stream has.
pub const WARMING_ALL: u64 = i64::MAX as u64;

/// Settings of a session. `Default` suits most hosts.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionConfig {
    /// Worker threads; 0 runs everything inside the host's calls.
    pub threads: usize,
    /// Lanes per block (B).
    pub lanes: usize,
    /// Measured retirements per segment.
    pub segment: usize,
    /// Warm-up retirements before each segment; `None` takes the model's.
    pub warmup: Option<usize>,
    /// Retirements per interval; 0 makes no intervals.
    pub interval: u64,
    /// Which part of the stream goes through the model.
    pub sampling: Sampling,
    /// Measured retirements per sampling unit.
    pub unit: usize,
    /// Retirements before each unit's own warm-up that update the features; those of a region that
    /// are further away from the next unit are only counted, and leave the features' state as it
    /// was. [`WARMING_ALL`] drops none. Less is faster and moves the estimates by an error that
    /// their intervals do not tell: measure it (`benches/warming.rs`). Without sampling there is
    /// nothing to drop; outside regions nothing is dropped, since nobody knows how soon one begins.
    pub warming: u64,
    /// Microarchitecture vectors whose estimates must meet [`Sampling::TargetError`]; no other
    /// mode looks at them. All of length D.
    pub targets: Arc<Vec<Vec<f32>>>,
    /// What [`Sampling::Plan`] follows: one unit in so many is measured in each epoch after the
    /// first, the last number standing for all that come after it. Other modes ignore it.
    pub plan: Arc<Vec<u64>>,
    /// Seed of the sampling offsets.
    pub seed: u64,
    /// Whether the stream starts outside the region of interest.
    pub start_outside_region: bool,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            threads: 1,
            lanes: 64,
            segment: 1024,
            warmup: None,
            interval: 0,
            sampling: Sampling::Full,
            unit: 1024,
            warming: WARMING_ALL,
            targets: Arc::default(),
            plan: Arc::default(),
            seed: 0,
            start_outside_region: false,
        }
    }
}

impl SessionConfig {
    /// Checks ranges.
    pub fn validate(&self) -> Result<()> {
        let bad = |field: &str, found: String, range: &str| {
            Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("session config: {field} is {found}; it must be {range}"),
            ))
        };
        if self.threads > 256 {
            return bad("threads", self.threads.to_string(), "0 to 256");
        }
        if !(1..=4096).contains(&self.lanes) {
            return bad("lanes", self.lanes.to_string(), "1 to 4096");
        }
        if !(1..=1 << 20).contains(&self.segment) {
            return bad("segment", self.segment.to_string(), "1 to 1048576");
        }
        if !(1..=1 << 20).contains(&self.unit) {
            return bad("unit", self.unit.to_string(), "1 to 1048576");
        }
        if self.warmup.is_some_and(|w| w > 1 << 20) {
            return bad("warmup", format!("{:?}", self.warmup), "at most 1048576");
        }
        match self.sampling {
            Sampling::FixedRate { period }
                if !(self.unit as u64..=MAX_FIXED_PERIOD).contains(&period) =>
            {
                bad(
                    "period",
                    period.to_string(),
                    "at least the unit's retirements and at most 2^52",
                )
            }
            Sampling::TargetError { half_width } if !(1e-4..=0.5).contains(&half_width) => {
                bad("half_width", half_width.to_string(), "0.0001 to 0.5")
            }
            Sampling::TargetError { .. } if self.targets.is_empty() => bad(
                "targets",
                "empty".into(),
                "the microarchitecture vectors whose estimates a target error is for",
            ),
            Sampling::TargetError { .. }
                if self.targets.iter().flatten().any(|x| !x.is_finite()) =>
            {
                bad("targets", "not finite".into(), "finite numbers")
            }
            Sampling::TargetOverhead { overhead } if !(1e-3..=10.0).contains(&overhead) => {
                bad("overhead", overhead.to_string(), "0.001 to 10")
            }
            Sampling::Plan if self.plan.len() > MAX_EPOCHS => bad(
                "plan",
                format!("{} epochs long", self.plan.len()),
                "at most 64 epochs long",
            ),
            Sampling::Plan if self.plan.iter().any(|p| !(1..=MAX_PERIOD).contains(p)) => bad(
                "plan",
                format!("{:?}", self.plan),
                "of numbers from 1 to 4294967296",
            ),
            _ => Ok(()),
        }
    }
}
