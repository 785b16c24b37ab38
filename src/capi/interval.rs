//! Intervals to the host's callback.

use super::handle::exclusive;
use super::session::{perfvec_session, Callback, Hart};
use super::status::perfvec_status;
use crate::session::Interval;
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
        h.callback = function.map(|function| -> Callback {
            Box::new(move |interval: &Interval| {
                let interval = perfvec_interval {
                    struct_size: size_of::<perfvec_interval>() as u32,
                    reserved: 0,
                    index: interval.index,
                    first: interval.first,
                    retirements: interval.retirements,
                    measured: interval.measured,
                    vector: interval.vector.as_ptr(),
                    len: interval.vector.len(),
                };
                // SAFETY: the host registered this function and user data for such calls.
                unsafe { function(user, &interval) }
            })
        });
        Ok(())
    };
    // SAFETY: by the contract of the module.
    unsafe { exclusive(session, set) }
}
