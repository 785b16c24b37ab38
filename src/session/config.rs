//! Settings of a session.

use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;

/// Which part of the stream goes through the model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Sampling {
    /// All of it.
    #[default]
    Full,
    /// One unit in every `period` retirements, at a random offset.
    FixedRate {
        /// Retirements per unit.
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
}

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
    /// Microarchitecture vectors whose estimates must meet [`Sampling::TargetError`]; no other
    /// mode looks at them. All of length D.
    pub targets: Arc<Vec<Vec<f32>>>,
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
            targets: Arc::default(),
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
            Sampling::FixedRate { period } if period < self.unit as u64 => bad(
                "period",
                period.to_string(),
                "at least the unit's retirements",
            ),
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
            _ => Ok(()),
        }
    }
}
