//! Sessions: creation, end, regions, and the handle's object, which hands finished intervals on.

use super::config::{self, perfvec_config};
use super::handle::{self, exclusive, reading, AfterFork, Opaque};
use super::model::perfvec_model;
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::{log, signals};
use crate::error::{Error, ErrorKind, Result};
use crate::isa::Isa;
use crate::microarch::Calibrator;
use crate::session::{Interval, Sampling, Session};
use crate::sync::lock;
use std::ffi::c_char;
use std::sync::{Arc, Mutex};

/// The stream of one hart.
///
/// General flow: create; intern each static instruction when the host first meets it; retire;
/// estimate at any time; finish; free. Regions, intervals, a calibrator and snapshots are optional.
///
/// Lifetime: from perfvec_session_create() to perfvec_session_free(). Its model, and what its
/// configuration points to, may be freed before it. An interval callback and its user data must
/// outlive it, or be replaced.
///
/// Threads: one at a time; it may move between threads. Any number of sessions share a model.
///
/// Cost, with the default model, table and configuration, in time of one server core (they differ
/// by a factor of two or so):
/// - retiring: 0.8 us in all, features and model included, most of it in the session's thread where
///   it has one; 0.1 us when one unit in 100 is measured;
/// - perfvec_session_sync(): at least 6 ms, since incomplete segments are evaluated with their
///   warm-up, and up to 50 ms more for pending retirements;
/// - perfvec_session_estimate(): 1 us; all 84 cores 3 us, and 0.2 ms when sampling, for the
///   confidence intervals;
/// - an interval is delivered at most 70 000 retirements after its end with `threads` 0, and one
///   block (`lanes` x `segment`, 65 536) later per thread; perfvec_session_sync() delivers all;
/// - perfvec_session_snapshot(): a sync, and at least 1 MB.
///
/// Memory: 30 to 60 MB, for the lanes of a block and the engine, in proportion to `lanes`. It grows
/// with distinct cache lines, pages and static instructions, never with retirements.
pub struct perfvec_session {
    _opaque: [u8; 0],
}

/// A host's callback for intervals.
pub(super) type Callback = Box<dyn Fn(&Interval)>;

/// A calibrator, for the host's handle and for the session that feeds it.
pub(super) type Attached = Arc<Mutex<Calibrator>>;

/// The object of a `perfvec_session` handle.
pub(super) struct Hart {
    pub session: Session,
    /// ISA of the model.
    pub isa: Isa,
    /// There are intervals to take, or there is a snapshot that the next change makes stale: one
    /// test on the way of every retirement.
    pub attention: bool,
    /// Single retirements while there was attention.
    pub calls: u32,
    pub callback: Option<Callback>,
    pub calibrator: Option<Attached>,
    /// Number of the first interval that began when somebody received them.
    pub first_interval: u64,
    /// Snapshot made to answer its size; dropped by the next change.
    pub snapshot: Option<Vec<u8>>,
}

impl Opaque for perfvec_session {
    type Inner = Hart;
    const KIND: u16 = 0x103;
    const NAME: &'static str = "perfvec_session";
    const AFTER_FORK: AfterFork = AfterFork::Refused(
        "its threads stayed in the parent; create a session in the child, and restore a snapshot taken before the fork to continue",
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
        self.attention = self.session.config().interval > 0 || self.snapshot.is_some();
    }

    /// Somebody is about to receive intervals; refuses a session that makes none.
    pub fn expect_intervals(&mut self) -> Result<()> {
        let interval = self.session.config().interval;
        if interval == 0 {
            return Err(Error::new(
                ErrorKind::State,
                "the session makes no intervals; set interval in its perfvec_config (1000 for calibration)",
            ));
        }
        if self.callback.is_none() && self.calibrator.is_none() {
            self.first_interval = self.session.counts().retired.div_ceil(interval);
        }
        Ok(())
    }

    /// Passes finished intervals to the callback, or drops them without one.
    pub fn deliver(&mut self) -> Result<()> {
        if self.session.config().interval == 0 {
            return Ok(());
        }
        let intervals = self.session.take_intervals();
        self.hand_on(&intervals)
    }

    /// Hands on intervals: to the calibrator where the timing CPU ran all of one, and to the
    /// callback.
    pub fn hand_on(&self, intervals: &[Interval]) -> Result<()> {
        for i in intervals.iter().filter(|i| i.index >= self.first_interval) {
            let whole = i.timed == i.retirements && i.measured == i.retirements;
            if let (Some(calibrator), true) = (&self.calibrator, whole && i.retirements > 0) {
                lock(calibrator).add(&i.vector, i.retirements, i.cycles)?;
            }
            if let Some(callback) = &self.callback {
                callback(i);
            }
        }
        Ok(())
    }
}

/// Creates a session at the start of a stream. `config` NULL means the defaults. The model, and
/// what the configuration points to, may be freed afterwards. Free the session with
/// perfvec_session_free().
///
/// Errors: PERFVEC_ERR_VERSION if the caller was compiled against another ABI version,
/// PERFVEC_ERR_INVALID_ARGUMENT for a field outside its range, PERFVEC_ERR_OUT_OF_MEMORY if there
/// is no memory for the lanes, PERFVEC_ERR_STATE in a child of fork() with a model that runs on
/// ONNX Runtime.
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
            (reading(model)?, config::read(&config)?)
        };
        model.check_process()?;
        let session = signals::blocked(|| Session::new(model.model.clone(), &config))?;
        let mut config = config;
        let mut count = 0;
        if let Sampling::TargetError { targets, .. } = &mut config.sampling {
            // Their numbers would fill pages.
            count = std::mem::take(targets).len();
        }
        log::info(&format!(
            "session of model \"{}\": {config:?}, {count} targets",
            model.model.info().id
        ));
        let mut hart = Hart {
            session,
            isa: model.isa,
            attention: false,
            calls: 0,
            callback: None,
            calibrator: None,
            first_interval: 0,
            snapshot: None,
        };
        hart.update_attention();
        Ok(hart)
    };
    // SAFETY: as above.
    unsafe { handle::create_into(out, make) }
}

/// Stops the session's threads and frees it; NULL does nothing. Pending retirements are discarded.
/// In a child of fork() a session of the parent stays allocated.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_free(session: *mut perfvec_session) {
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

/// Resets the session to the start of a stream, with the same configuration; interned static
/// instructions, callback and calibrator are kept.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_reset(session: *mut perfvec_session) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe {
        changing(session, |h| {
            h.first_interval = 0;
            h.session.reset()
        })
    }
}

/// Begins a region of interest: the retirements that follow are measured. PERFVEC_ERR_STATE inside
/// a region.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_region_begin(
    session: *mut perfvec_session,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe { changing(session, |h| h.session.region_begin()) }
}

/// Ends a region of interest: the retirements that follow warm the features but are not measured.
/// PERFVEC_ERR_STATE outside a region.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_region_end(
    session: *mut perfvec_session,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe { changing(session, |h| h.session.region_end()) }
}

/// Evaluates the model on all pending retirements and delivers finished intervals. Afterwards
/// nothing is pending except a control transfer whose outcome depends on the next retirement. It
/// does not change the results of later calls in any bit. Cost: waits for all pending work, then
/// evaluates the incomplete block, which later calls evaluate again (see perfvec_session).
/// Estimates without a sync lag by the pending retirements and have no such cost.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_sync(session: *mut perfvec_session) -> perfvec_status {
    let sync = |h: &mut Hart| {
        h.session.sync()?;
        h.deliver()
    };
    // SAFETY: by the contract of the module.
    unsafe { changing(session, sync) }
}

/// Ends the stream: evaluates the model on everything that is pending and delivers the remaining
/// intervals, the last of which may be short. Reset the session before feeding it another stream.
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
