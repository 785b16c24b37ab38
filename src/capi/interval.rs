//! Intervals: to the host's callback and to the calibrator.

use super::handle::exclusive;
use super::session::{perfvec_session, Hart};
use super::status::perfvec_status;
use crate::error::{Error, ErrorKind, Result};
use crate::session::Interval;
use crate::sync::lock;
use std::ffi::c_void;

/// One finished interval of a session.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_interval {
    /// sizeof(perfvec_interval) as the library knows it.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Number of the interval, from 0.
    pub index: u64,
    /// Index of its first retirement in the region.
    pub first: u64,
    /// Retirements in it; less than configured only for the last one.
    pub retirements: u64,
    /// Number of these whose representations are in `vector`.
    pub measured: u64,
    /// Sum of their representations, `len` elements; valid during the call.
    pub vector: *const f64,
    /// D.
    pub len: usize,
}

const _: () = assert!(size_of::<perfvec_interval>() == 56);

/// Receives finished intervals in order. It is called by the session's own thread only, inside
/// retire, sync and finish calls. It must not throw; a call with its own session answers
/// PERFVEC_ERR_STATE, while tables may be used (perfvec_microarchs_estimate()).
pub type perfvec_interval_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, interval: *const perfvec_interval)>;

/// A host's callback.
pub(super) struct Callback {
    function: unsafe extern "C" fn(*mut c_void, *const perfvec_interval),
    user: *mut c_void,
}

/// Sets the callback that receives intervals, or none (NULL), with its `user` data. For the delay
/// of delivery see perfvec_session. The callback's time adds to the call that it is made from. Set
/// it before the first retirement to receive all intervals: those that begin while a session has
/// neither a callback nor a calibrator are discarded, so that they do not fill the memory.
/// PERFVEC_ERR_STATE for a session that was configured without intervals.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_set_interval_callback(
    session: *mut perfvec_session,
    function: perfvec_interval_fn,
    user: *mut c_void,
) -> perfvec_status {
    let set = |h: &mut Hart| {
        if function.is_some() {
            h.expect_intervals()?;
        }
        h.callback = function.map(|function| Callback { function, user });
        Ok(())
    };
    // SAFETY: by the contract of the module.
    unsafe { exclusive(session, set) }
}

impl Hart {
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
                let c = perfvec_interval {
                    struct_size: size_of::<perfvec_interval>() as u32,
                    reserved: 0,
                    index: i.index,
                    first: i.first,
                    retirements: i.retirements,
                    measured: i.measured,
                    vector: i.vector.as_ptr(),
                    len: i.vector.len(),
                };
                // SAFETY: the host registered this function and user data for such calls.
                unsafe { (callback.function)(callback.user, &c) }
            }
        }
        Ok(())
    }
}
