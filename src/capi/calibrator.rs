//! Calibrators: a core's vector from a run of its timing CPU.

use super::handle::{self, exclusive, reading, AfterFork, Opaque};
use super::microarchs::{change, perfvec_microarchs, with_table};
use super::model::perfvec_model;
use super::session::{perfvec_session, Attached, Hart};
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::strings::text;
use crate::error::{Error, ErrorKind};
use crate::microarch::Calibrator;
use crate::sync::lock;
use std::ffi::c_char;
use std::sync::{Arc, Mutex};

/// Fits the vector of one core to the cycles of a timing CPU.
///
/// General flow: create; attach to a session with intervals; perfvec_session_retire_timed() for
/// every retirement; sync or finish the session; solve.
///
/// Lifetime: from perfvec_calibrator_create() to perfvec_calibrator_free(). It may be freed while
/// it is attached to sessions.
///
/// Threads: one at a time; the sessions that it is attached to may run in other threads.
///
/// Cost and memory: D x D numbers, updated once per interval; D^3 operations to solve.
pub struct perfvec_calibrator {
    _opaque: [u8; 0],
}

/// Quality of a fit.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_fit {
    /// sizeof(perfvec_fit).
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Retirements observed.
    pub retirements: u64,
    /// Intervals observed.
    pub intervals: u64,
    /// Root mean square of the relative errors of fitted intervals' cycles, weighted by the cycles.
    pub fit_error: f64,
    /// The same over held-out intervals: every fifth one, which was not fitted.
    pub held_out_error: f64,
}

const _: () = assert!(size_of::<perfvec_fit>() == 40);

// SAFETY: plain numbers.
unsafe impl Sized32 for perfvec_fit {
    const NAME: &'static str = "perfvec_fit";
    const SIZES: &'static [usize] = &[40];
    fn defaults() -> Self {
        Self {
            struct_size: 40,
            reserved: 0,
            retirements: 0,
            intervals: 0,
            fit_error: 0.0,
            held_out_error: 0.0,
        }
    }
}

impl Opaque for perfvec_calibrator {
    type Inner = Attached;
    const KIND: u16 = 0x105;
    const NAME: &'static str = "perfvec_calibrator";
    const AFTER_FORK: AfterFork =
        AfterFork::Refused("a session of the parent may be feeding it; create another calibrator");
}

/// Creates a calibrator for streams of `model`. `prior` is a table of known cores of the same
/// model, with which short runs suffice; NULL for none. Both may be freed afterwards. Errors:
/// PERFVEC_ERR_MISMATCH for a table of another model.
#[no_mangle]
pub unsafe extern "C" fn perfvec_calibrator_create(
    model: *const perfvec_model,
    prior: *const perfvec_microarchs,
    out: *mut *mut perfvec_calibrator,
) -> perfvec_status {
    let make = || {
        // SAFETY: by the contract of the module.
        let model = unsafe { reading(model) }?;
        let info = model.model.info();
        let calibrator = if prior.is_null() {
            Calibrator::new(&info.id, info.representation, None)
        } else {
            // SAFETY: as above.
            unsafe {
                with_table(prior, |t| {
                    Calibrator::new(&info.id, info.representation, Some(t))
                })
            }
        };
        Ok(Arc::new(Mutex::new(calibrator?)))
    };
    // SAFETY: as above.
    unsafe { handle::create_into(out, make) }
}

/// Attaches a calibrator to a session: it receives the cycles of perfvec_session_retire_timed(), by
/// intervals that are measured and timed throughout; NULL detaches. A calibrator may be attached to
/// several sessions, and freed while it is attached. Configure the session with intervals of about
/// 1000 retirements (PERFVEC_ERR_STATE without any).
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_attach_calibrator(
    session: *mut perfvec_session,
    calibrator: *mut perfvec_calibrator,
) -> perfvec_status {
    let mut attached = None;
    if !calibrator.is_null() {
        // SAFETY: by the contract of the module.
        let status = unsafe {
            exclusive(calibrator, |c| {
                attached = Some(c.clone());
                Ok(())
            })
        };
        if attached.is_none() {
            return status;
        }
    }
    let attach = |h: &mut Hart| {
        if let Some(new) = &attached {
            h.expect_intervals()?;
            let (of_session, of_calibrator) = (&h.session.model().info().id, lock(new));
            if of_session != of_calibrator.model_id() {
                return Err(Error::new(
                    ErrorKind::Mismatch,
                    format!(
                        "the session runs model \"{of_session}\" but the calibrator is for \"{}\"; create it with the session's model",
                        of_calibrator.model_id()
                    ),
                ));
            }
        }
        h.calibrator = attached;
        Ok(())
    };
    // SAFETY: as above.
    unsafe { exclusive(session, attach) }
}

/// Fits the vector and adds it to `table` as `name` with `clock_hz`; `out`, which may be NULL,
/// receives the quality of the fit (set `out->struct_size` before the call). Call
/// perfvec_session_sync() on the sessions first. More intervals may follow, and another fit.
/// PERFVEC_ERR_STATE with fewer than 10 intervals.
#[no_mangle]
pub unsafe extern "C" fn perfvec_calibrator_solve(
    calibrator: *mut perfvec_calibrator,
    name: *const c_char,
    clock_hz: f64,
    table: *mut perfvec_microarchs,
    out: *mut perfvec_fit,
) -> perfvec_status {
    let solve = |c: &mut Attached| {
        // SAFETY: by the contract of the module.
        let name = unsafe {
            if !out.is_null() {
                sized::check(out)?;
            }
            text(name, "name")?
        };
        let c = lock(c);
        let (core, fit) = c.solve(name, clock_hz)?;
        let add = |t: &mut crate::microarch::MicroarchTable| {
            if t.model_id() != c.model_id() {
                return Err(Error::new(
                    ErrorKind::Mismatch,
                    format!(
                        "the table belongs to model \"{}\" but the calibrator to \"{}\"; use a table of that model",
                        t.model_id(), c.model_id()
                    ),
                ));
            }
            t.add(core)
        };
        // SAFETY: as above.
        unsafe { change(table, add) }?;
        if out.is_null() {
            return Ok(());
        }
        let fit = perfvec_fit {
            retirements: fit.retirements,
            intervals: fit.intervals,
            fit_error: fit.fit_error,
            held_out_error: fit.held_out_error,
            ..perfvec_fit::defaults()
        };
        // SAFETY: as above.
        unsafe { sized::write(out, &fit) }
    };
    // SAFETY: as above.
    unsafe { exclusive(calibrator, solve) }
}

/// The text of the calibrator's last failed call; "" where none failed. Never NULL; valid until
/// its next failed call. For NULL or a foreign pointer, the text of perfvec_last_error().
#[no_mangle]
pub unsafe extern "C" fn perfvec_calibrator_last_error(
    calibrator: *const perfvec_calibrator,
) -> *const c_char {
    // SAFETY: by the contract of the module.
    unsafe { handle::last_error(calibrator) }
}

/// Frees the handle; sessions that it is attached to are not affected. NULL does nothing.
#[no_mangle]
pub unsafe extern "C" fn perfvec_calibrator_free(calibrator: *mut perfvec_calibrator) {
    // SAFETY: by the contract of the module.
    unsafe { handle::free(calibrator) }
}
