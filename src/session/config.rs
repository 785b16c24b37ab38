//! Settings of a session.

use crate::bytes::{corrupt, count, field, fields, flag, list, put, put_list};
use crate::error::{Error, ErrorKind, Result};
use crate::sampling::plan::Layout;
use crate::sampling::{Sampling, WARMING_ALL};
use std::sync::Arc;

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
    /// Which retirements of the stream are measured.
    pub sampling: Sampling,
    /// Measured retirements per sampling unit.
    pub unit: usize,
    /// Bound of functional warming: the number of retirements before each unit's warm-up that
    /// update the features. Those of a region that are further away from the next unit are only
    /// counted, and leave the features' state unchanged. With [`WARMING_ALL`] all update the
    /// features. A smaller bound is faster but adds an error that the confidence intervals do not
    /// include: measure it (`benches/warming.rs`). The bound has no effect without sampling, nor
    /// outside regions, since it is not known how soon one begins.
    pub warming: u64,
    /// Seed of the sampling offsets.
    pub seed: u64,
    /// Whether the stream starts outside the region of interest.
    pub start_outside_region: bool,
    /// End address of the image of a program linked at fixed addresses: the end of its last
    /// segment, .bss included. Twins treat addresses beyond it as heap, whose pages trap on first
    /// access. 0 if the host does not know it.
    pub image_end: u64,
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
            seed: 0,
            start_outside_region: false,
            image_end: 0,
        }
    }
}

impl SessionConfig {
    /// Checks that every setting is in its range (else: kind `InvalidArgument`).
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
        self.sampling.validate(self.unit)
    }

    /// The settings that determine where segments lie; `warmup` is the effective one.
    pub(crate) fn layout(&self, warmup: usize) -> Layout<'_> {
        Layout {
            sampling: &self.sampling,
            segment: self.segment,
            unit: self.unit,
            warmup,
            warming: self.warming,
            seed: self.seed,
        }
    }

    /// Appends the settings; `warmup` is the effective one. The number of threads is not saved:
    /// results do not depend on it.
    pub(super) fn save(&self, warmup: usize, out: &mut Vec<u8>) {
        let sizes = [self.lanes, self.segment, warmup, self.unit].map(|v| v as u64);
        put(out, &sizes);
        put(out, &[self.interval, self.seed, self.warming]);
        put(out, &[u64::from(self.start_outside_region)]);
        match &self.sampling {
            Sampling::Full => put(out, &[0u64]),
            Sampling::FixedRate { period } => put(out, &[1, *period]),
            Sampling::TargetError {
                half_width,
                targets,
            } => {
                put(out, &[2u64]);
                put(out, &[*half_width]);
                put(out, &[targets.len() as u64]);
                targets.iter().for_each(|t| put_list(out, t));
            }
            Sampling::TargetOverhead { overhead } => {
                put(out, &[3u64]);
                put(out, &[*overhead]);
            }
            Sampling::Plan { periods } => {
                put(out, &[4u64]);
                put_list(out, periods);
            }
        }
    }

    /// The settings that were saved, with `threads` threads.
    pub(super) fn restore(bytes: &mut &[u8], threads: usize) -> Result<Self> {
        let sizes: [u64; 4] = fields(bytes, "the configuration")?;
        let [lanes, segment, warmup, unit] =
            sizes.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let [interval, seed, warming] = fields(bytes, "the configuration")?;
        let start_outside_region = flag(bytes, "start_outside_region")?;
        let sampling = match field::<u64>(bytes, "the sampling mode")? {
            0 => Sampling::Full,
            1 => Sampling::FixedRate {
                period: field(bytes, "the period")?,
            },
            2 => Sampling::TargetError {
                half_width: field(bytes, "the target")?,
                targets: Arc::new(
                    (0..count(bytes, 8, "the targets")?)
                        .map(|_| list(bytes, "a target"))
                        .collect::<Result<_>>()?,
                ),
            },
            3 => Sampling::TargetOverhead {
                overhead: field(bytes, "the target")?,
            },
            4 => Sampling::Plan {
                periods: Arc::new(list(bytes, "the plan to follow")?),
            },
            _ => return Err(corrupt("a sampling mode is unknown")),
        };
        let config = Self {
            threads,
            lanes,
            segment,
            warmup: Some(warmup),
            interval,
            sampling,
            unit,
            warming,
            seed,
            start_outside_region,
            // Models whose state can be saved know no pages.
            image_end: 0,
        };
        config.validate()?;
        Ok(config)
    }
}
