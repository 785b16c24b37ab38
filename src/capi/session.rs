//! Sessions: their life, their regions, and what is behind the handle.

use super::calibrator::Attached;
use super::handle::{self, exclusive, shared_ref, AfterFork, Opaque};
use super::interval::Callback;
use super::microarchs::{self, perfvec_microarchs};
use super::model::perfvec_model;
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::version::PERFVEC_ABI_VERSION;
use super::{fault, log};
use crate::error::{Error, ErrorKind, Result};
use crate::isa::Isa;
use crate::session::{Sampling, Session, SessionConfig};
use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

/// The stream of one hart. One thread at a time; any number of sessions share a model.
pub struct perfvec_session {
    _opaque: [u8; 0],
}

/// The whole stream goes through the model.
pub const PERFVEC_SAMPLING_FULL: u32 = 0;
/// One unit in every `period` retirements, at a random offset.
pub const PERFVEC_SAMPLING_FIXED_RATE: u32 = 1;
/// As many units as it takes for 95% intervals of `half_width` on every one of `targets`. The rate
/// changes only at fixed positions of the stream, so results depend on nothing else.
pub const PERFVEC_SAMPLING_TARGET_ERROR: u32 = 2;
/// `warmup` of a configuration: what the model recommends.
pub const PERFVEC_WARMUP_OF_MODEL: u32 = 4294967295;

/// Half width where `half_width` is 0.
const DEFAULT_HALF_WIDTH: f64 = 0.01;
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
    /// Fixed rate: retirements per unit, at least `unit`; 0 for 100 units.
    pub period: u64,
    /// Seed of the sampling offsets.
    pub seed: u64,
    /// 1: nothing is measured until perfvec_session_region_begin().
    pub start_outside_region: u32,
    /// 0.
    pub reserved: u32,
    /// Target error: half width of the 95% intervals relative to the estimates, 0.0001 to 0.5; 0
    /// for 0.01. The estimates' `half_width` tells what was reached.
    pub half_width: f64,
    /// Target error: the microarchitectures whose estimates must meet it, as the table is now;
    /// read in perfvec_session_create() only. Other modes ignore it.
    pub targets: *const perfvec_microarchs,
}

const _: () = {
    assert!(size_of::<perfvec_config>() == 80);
    assert!(PERFVEC_WARMUP_OF_MODEL == u32::MAX);
};

// SAFETY: plain numbers and a pointer, which may be NULL.
unsafe impl Sized32 for perfvec_config {
    const NAME: &'static str = "perfvec_config";
    const SIZES: &'static [usize] = &[80];
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
        }
    }
}

/// What is behind a `perfvec_session`.
pub(super) struct Hart {
    pub session: Session,
    /// ISA of the model, where the library knows it.
    pub isa: Option<Isa>,
    /// Somebody wants the intervals, or there is a snapshot that the next change makes stale: one
    /// test on the way of every retirement.
    pub attention: bool,
    /// Single retirements while there was attention.
    pub calls: u32,
    pub callback: Option<Callback>,
    pub calibrator: Option<Attached>,
    /// Snapshot made to answer its size; dropped by the next change.
    pub snapshot: Option<Vec<u8>>,
}

impl Opaque for perfvec_session {
    type Inner = Hart;
    const MAGIC: u64 = u64::from_le_bytes(*b"pvHART..");
    const NAME: &'static str = "perfvec_session";
    const AFTER_FORK: AfterFork = AfterFork::Refused(
        "its threads are the parent's: create another session in the child, and restore it from a snapshot taken before the fork to go on from there",
    );
}

impl Hart {
    /// The session is about to differ from its snapshot, or does already.
    #[inline]
    pub fn changed(&mut self) {
        if self.snapshot.take().is_some() {
            self.update_attention();
        }
    }

    /// To be called after a change of what `attention` stands for.
    pub fn update_attention(&mut self) {
        self.attention =
            self.callback.is_some() || self.calibrator.is_some() || self.snapshot.is_some();
    }
}

/// Fills in sizes, versions and defaults; NULL does nothing. Writes sizeof(perfvec_config) of the
/// library's version 1: compile and run with headers of the same ABI version.
#[no_mangle]
pub unsafe extern "C" fn perfvec_config_init(config: *mut perfvec_config) {
    if !config.is_null() && config.is_aligned() {
        // SAFETY: by the contract of the module.
        unsafe { config.write(perfvec_config::defaults()) }
    }
}

/// A session at the start of a stream. `config` NULL means the defaults. The model may be freed
/// afterwards.
///
/// Errors: PERFVEC_ERR_VERSION where the caller was compiled against another ABI version,
/// PERFVEC_ERR_INVALID_ARGUMENT for a field outside its range, PERFVEC_ERR_STATE in a child of
/// fork() with a model that runs on ONNX Runtime.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_create(
    model: *const perfvec_model,
    config: *const perfvec_config,
    out: *mut *mut perfvec_session,
) -> perfvec_status {
    let make = || {
        // SAFETY: by the contract of the module.
        let (model, config) = unsafe {
            let config = if config.is_null() {
                perfvec_config::defaults()
            } else {
                sized::read(config)?
            };
            (shared_ref(model)?, read_config(&config)?)
        };
        model.check_process()?;
        let session = Session::new(model.model.clone(), &config)?;
        let targets = config.targets.len();
        // Their numbers would fill pages.
        let config = SessionConfig {
            targets: Arc::default(),
            ..config
        };
        log::info(&format!(
            "session of model \"{}\": {config:?}, {targets} targets",
            model.model.info().id
        ));
        Ok(Hart {
            session,
            isa: model.isa,
            attention: false,
            calls: 0,
            callback: None,
            calibrator: None,
            snapshot: None,
        })
    };
    // SAFETY: as above.
    unsafe { handle::create_into(out, make) }
}

/// Ends the session's threads and frees it; NULL does nothing. Pending work is dropped. In a
/// child of fork() a session of the parent stays allocated.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_destroy(session: *mut perfvec_session) {
    // SAFETY: by the contract of the module.
    unsafe { handle::free(session) }
}

/// The text of the session's last failed call; "" where none failed. Never NULL; valid until its
/// next failed call. For NULL or a foreign pointer, and while another thread is in a call with
/// the session, the text of perfvec_last_error().
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_last_error(
    session: *const perfvec_session,
) -> *const c_char {
    // SAFETY: by the contract of the module.
    unsafe { handle::last_error(session) }
}

/// Back to the start of a stream, with the same configuration; interned static instructions,
/// callback and calibrator stay.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_reset(session: *mut perfvec_session) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe {
        changing(session, |h| {
            fault::panic_if_asked("perfvec_session_reset");
            h.session.reset()
        })
    }
}

/// What follows is in the region of interest. PERFVEC_ERR_STATE inside a region.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_region_begin(
    session: *mut perfvec_session,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe { changing(session, |h| h.session.region_begin()) }
}

/// What follows is outside the region: it warms the features but is not measured.
/// PERFVEC_ERR_STATE outside a region.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_region_end(
    session: *mut perfvec_session,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe { changing(session, |h| h.session.region_end()) }
}

/// Puts everything accepted through the model and delivers finished intervals: afterwards nothing
/// is pending but a control transfer whose outcome only the next retirement can tell. What later
/// calls compute does not change, to the bit.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_sync(session: *mut perfvec_session) -> perfvec_status {
    let sync = |h: &mut Hart| {
        h.session.sync()?;
        h.deliver()
    };
    // SAFETY: by the contract of the module.
    unsafe { changing(session, sync) }
}

/// Ends the stream: settles what is held back, puts everything through the model, and delivers
/// the remaining intervals, the last of which may be short. Reset the session before feeding it
/// another stream.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_finish(session: *mut perfvec_session) -> perfvec_status {
    let finish = |h: &mut Hart| {
        let last = h.session.finish()?;
        h.hand_on(&last)
    };
    // SAFETY: by the contract of the module.
    unsafe { changing(session, finish) }
}

/// `exclusive` for calls that make a snapshot stale.
unsafe fn changing(
    session: *mut perfvec_session,
    f: impl FnOnce(&mut Hart) -> Result<()>,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe {
        exclusive(session, |h| {
            h.changed();
            f(h)
        })
    }
}

/// The table of a target error is read here; `targets` is NULL or a table by the contract of the
/// module.
unsafe fn read_config(c: &perfvec_config) -> Result<SessionConfig> {
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
        },
        other => {
            return bad(
                ErrorKind::InvalidArgument,
                format!("sampling is {other}; give one of PERFVEC_SAMPLING_..."),
            )
        }
    };
    let targets = if matches!(sampling, Sampling::TargetError { .. }) && !c.targets.is_null() {
        // SAFETY: by the contract above.
        unsafe {
            microarchs::with_table(c.targets, |table| {
                Ok(table.entries().iter().map(|e| e.vector.clone()).collect())
            })
        }?
    } else {
        Vec::new()
    };
    Ok(SessionConfig {
        threads: c.threads as usize,
        lanes: or(c.lanes, default.lanes),
        segment: or(c.segment, default.segment),
        warmup: (c.warmup != PERFVEC_WARMUP_OF_MODEL).then_some(c.warmup as usize),
        interval: c.interval,
        sampling,
        unit,
        targets: Arc::new(targets),
        seed: c.seed,
        start_outside_region: c.start_outside_region == 1,
    })
}
