//! Settings of a session.

use crate::error::{Error, ErrorKind, Result};

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
            _ => Ok(()),
        }
    }
}
