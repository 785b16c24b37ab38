//! Settings of a session, as C gives them.

use super::handle::guard;
use super::microarchs::{self, perfvec_microarchs};
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::strings;
use super::version::PERFVEC_ABI_VERSION;
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Sampling, SessionConfig, MAX_EPOCHS, WARMING_ALL};
use std::ptr;
use std::sync::Arc;

/// No sampling: every retirement is measured.
pub const PERFVEC_SAMPLING_FULL: u32 = 0;
/// One sampling unit in every `period` retirements, at a random offset.
pub const PERFVEC_SAMPLING_FIXED_RATE: u32 = 1;
/// As many units as are needed for 95% intervals of `half_width` on every one of `targets`. The
/// sampling period changes only at fixed positions of the stream, so results do not depend on
/// timing.
pub const PERFVEC_SAMPLING_TARGET_ERROR: u32 = 2;
/// As many units as fit into a share of the time, `overhead`. The sampling period changes at the
/// same positions as for a target error, according to the time spent so far: the only mode whose
/// results depend on timing. perfvec_session_plan() returns the periods that were chosen.
pub const PERFVEC_SAMPLING_TARGET_OVERHEAD: u32 = 3;
/// The sampling periods that another session chose, `plan`: with the same stream, unit and seed the
/// result is bit-identical.
pub const PERFVEC_SAMPLING_PLAN: u32 = 4;
/// The largest number of elements of a plan.
pub const PERFVEC_PLAN_MAX: u32 = 2048;
/// `warmup` of a configuration: the length that the model recommends.
pub const PERFVEC_WARMUP_OF_MODEL: u32 = 4294967295;
/// `warming` of a configuration: every retirement updates the features.
pub const PERFVEC_WARMING_ALL: u64 = 9223372036854775807;

/// Half width where `half_width` is 0.
const DEFAULT_HALF_WIDTH: f64 = 0.01;
/// Share of the time where `overhead` is 0.
const DEFAULT_OVERHEAD: f64 = 0.1;
/// Units per period where `period` is 0.
const DEFAULT_PERIOD: u64 = 100;

/// Settings of a session; perfvec_config_init() fills in the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_config {
    /// sizeof(perfvec_config).
    pub struct_size: u32,
    /// PERFVEC_ABI_VERSION.
    pub abi_version: u32,
    /// Worker threads, at most 256; 0 runs everything inside the calls. Results do not depend on
    /// it.
    pub threads: u32,
    /// Lanes per block, at most 4096; 0 for the default.
    pub lanes: u32,
    /// Measured retirements per segment, at most 1048576; 0 for the default.
    pub segment: u32,
    /// Warm-up retirements before each segment, at most 1048576; PERFVEC_WARMUP_OF_MODEL for what
    /// the model recommends.
    pub warmup: u32,
    /// Retirements per interval; 0 makes no intervals.
    pub interval: u64,
    /// `PERFVEC_SAMPLING_...`.
    pub sampling: u32,
    /// Measured retirements per sampling unit, at most 1048576; 0 for the default.
    pub unit: u32,
    /// Fixed rate: the sampling period in retirements, at least `unit` and at most 2^52; 0 for 100
    /// units.
    pub period: u64,
    /// Seed of the sampling offsets.
    pub seed: u64,
    /// 1: nothing is measured until perfvec_session_region_begin().
    pub start_outside_region: u32,
    /// 0.
    pub reserved: u32,
    /// Target error: half width of the 95% intervals relative to the estimates, 0.0001 to 0.5; 0
    /// for 0.01. The `half_width` of the estimates is the width reached.
    pub half_width: f64,
    /// Target error: the microarchitectures whose estimates must meet it. The table is read in
    /// perfvec_session_create() only. Other modes ignore it.
    pub targets: *const perfvec_microarchs,
    /// Target overhead: time for measuring (on all threads) relative to the time that the stream
    /// takes without it, 0.001 to 10; 0 for 0.1, no more than 10% slower. Functional warming counts
    /// as part of the stream if every retirement updates the features, and as part of measuring if
    /// `warming` bounds it.
    pub overhead: f64,
    /// Plan: `plan_len` numbers (at most PERFVEC_PLAN_MAX) of a perfvec_session_plan(); read in
    /// perfvec_session_create() only. Other modes ignore it.
    pub plan: *const u64,
    /// Plan: elements of `plan`; with 0 everything is measured.
    pub plan_len: usize,
    /// Sampling: bound of functional warming, the number of retirements before each unit's warm-up
    /// that update the features. Retirements further away from the next unit are only counted,
    /// which is faster, but adds an error that `half_width` does not include. With
    /// PERFVEC_WARMING_ALL, the default, all of them update the features; so they do in full mode
    /// and outside regions, whatever the bound.
    pub warming: u64,
    /// End address of the image of a program linked at fixed addresses: the end of its last
    /// segment, .bss included. Lists of cores treat addresses beyond it as heap, whose pages trap
    /// on first access. 0: not known.
    pub image_end: u64,
}

const _: () = {
    assert!(size_of::<perfvec_config>() == 120);
    assert!(PERFVEC_WARMUP_OF_MODEL == u32::MAX);
    assert!(PERFVEC_WARMING_ALL == WARMING_ALL);
    assert!(PERFVEC_PLAN_MAX as usize == MAX_EPOCHS);
};

// SAFETY: plain numbers and a pointer, which may be NULL.
unsafe impl Sized32 for perfvec_config {
    const NAME: &'static str = "perfvec_config";
    const SIZES: &'static [usize] = &[120];
    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            abi_version: PERFVEC_ABI_VERSION,
            threads: SessionConfig::default().threads as u32,
            lanes: 0,
            segment: 0,
            warmup: PERFVEC_WARMUP_OF_MODEL,
            interval: 0,
            sampling: PERFVEC_SAMPLING_FULL,
            unit: 0,
            period: 0,
            seed: 0,
            start_outside_region: 0,
            reserved: 0,
            half_width: 0.0,
            targets: ptr::null(),
            overhead: 0.0,
            plan: ptr::null(),
            plan_len: 0,
            warming: PERFVEC_WARMING_ALL,
            image_end: 0,
        }
    }
}

/// Fills in size, version and defaults. `struct_size` is sizeof(perfvec_config) as the caller was
/// compiled: nothing is written past it, and fields that this library does not know are set to 0.
///
/// Errors: PERFVEC_ERR_INVALID_ARGUMENT for NULL or an impossible size, PERFVEC_ERR_VERSION for a
/// size that no version of the header had.
#[no_mangle]
pub unsafe extern "C" fn perfvec_config_init(
    config: *mut perfvec_config,
    struct_size: usize,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe { sized::init(config, struct_size) })
}

/// A session's settings from C's. `targets` is NULL or a table, and `plan` has `plan_len` elements, by
/// the contract of the module.
pub(super) unsafe fn read(c: &perfvec_config) -> Result<SessionConfig> {
    let bad = |kind, text: String| Err(Error::new(kind, format!("perfvec_config: {text}")));
    if c.abi_version != PERFVEC_ABI_VERSION {
        return bad(
            ErrorKind::Version,
            format!(
                "abi_version is {}, this library's is {PERFVEC_ABI_VERSION}; compile against its header and call perfvec_config_init",
                c.abi_version
            ),
        );
    }
    if c.start_outside_region > 1 || c.reserved != 0 {
        return bad(
            ErrorKind::InvalidArgument,
            format!(
                "start_outside_region is {} and reserved {}; give 0 or 1, and 0",
                c.start_outside_region, c.reserved
            ),
        );
    }
    let default = SessionConfig::default();
    let or = |x: u32, default: usize| if x == 0 { default } else { x as usize };
    let unit = or(c.unit, default.unit);
    let sampling = match c.sampling {
        PERFVEC_SAMPLING_FULL => Sampling::Full,
        PERFVEC_SAMPLING_FIXED_RATE => Sampling::FixedRate {
            period: if c.period == 0 {
                DEFAULT_PERIOD * unit as u64
            } else {
                c.period
            },
        },
        PERFVEC_SAMPLING_TARGET_ERROR => Sampling::TargetError {
            half_width: if c.half_width == 0.0 {
                DEFAULT_HALF_WIDTH
            } else {
                c.half_width
            },
            targets: Arc::new(if c.targets.is_null() {
                Vec::new()
            } else {
                // SAFETY: by the contract above.
                unsafe {
                    microarchs::with_table(c.targets, |table| {
                        Ok(table.entries().iter().map(|e| e.vector.clone()).collect())
                    })
                }?
            }),
        },
        PERFVEC_SAMPLING_TARGET_OVERHEAD => Sampling::TargetOverhead {
            overhead: if c.overhead == 0.0 {
                DEFAULT_OVERHEAD
            } else {
                c.overhead
            },
        },
        PERFVEC_SAMPLING_PLAN if c.plan_len > PERFVEC_PLAN_MAX as usize => {
            return bad(
                ErrorKind::InvalidArgument,
                format!(
                    "plan_len is {}; give at most {PERFVEC_PLAN_MAX}",
                    c.plan_len
                ),
            )
        }
        PERFVEC_SAMPLING_PLAN => Sampling::Plan {
            // SAFETY: by the contract above.
            periods: Arc::new(unsafe { strings::slice(c.plan, c.plan_len, "plan") }?.to_vec()),
        },
        other => {
            return bad(
                ErrorKind::InvalidArgument,
                format!("sampling is {other}; give one of PERFVEC_SAMPLING_..."),
            )
        }
    };
    Ok(SessionConfig {
        threads: c.threads as usize,
        lanes: or(c.lanes, default.lanes),
        segment: or(c.segment, default.segment),
        warmup: (c.warmup != PERFVEC_WARMUP_OF_MODEL).then_some(c.warmup as usize),
        interval: c.interval,
        sampling,
        unit,
        warming: c.warming,
        seed: c.seed,
        start_outside_region: c.start_outside_region == 1,
        image_end: c.image_end,
    })
}
