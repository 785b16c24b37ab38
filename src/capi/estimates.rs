//! Estimates, counts and program vectors of sessions.

use super::handle::{exclusive, guard};
use super::microarchs::{perfvec_estimate, perfvec_microarchs, put_estimates, with_table};
use super::session::{perfvec_session, Hart};
use super::sized::{self, Sized32};
use super::status::{perfvec_status, PERFVEC_OK};
use super::strings::{self, fill, put, slice};
use crate::error::{Error, ErrorKind};
use crate::microarch::{Estimate, PARTS};
use std::ffi::{c_char, CStr};

/// Progress counters of a session.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_counts {
    /// sizeof(perfvec_counts).
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Retirements inside regions of interest.
    pub retired: u64,
    /// Number of these whose representations are in the program vector.
    pub measured: u64,
    /// Full mode: retirements in regions that the model has not evaluated yet (upper bound). 0 when
    /// sampling, since most are never evaluated and the estimates are scaled to all.
    pub pending: u64,
    /// Sampling units measured; 0 in full mode.
    pub units: u64,
    /// Distinct static instructions that the decoder did not know.
    pub unknown_insts: u64,
}

const _: () = assert!(size_of::<perfvec_counts>() == 48);

// SAFETY: plain integers.
unsafe impl Sized32 for perfvec_counts {
    const NAME: &'static str = "perfvec_counts";
    const SIZES: &'static [usize] = &[48];
    fn defaults() -> Self {
        Self {
            struct_size: 48,
            reserved: 0,
            retired: 0,
            measured: 0,
            pending: 0,
            units: 0,
            unknown_insts: 0,
        }
    }
}

/// Progress counters, without waiting for pending work; set `out->struct_size` before the call.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_counts(
    session: *mut perfvec_session,
    out: *mut perfvec_counts,
) -> perfvec_status {
    let get = |h: &mut Hart| {
        let counts = h.session.counts();
        let c = perfvec_counts {
            retired: counts.retired,
            measured: counts.measured,
            pending: counts.pending,
            units: counts.units,
            unknown_insts: h.session.unknown_instructions(),
            ..perfvec_counts::defaults()
        };
        // SAFETY: by the contract of the module.
        unsafe { sized::write(out, &c) }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, get) }
}

/// The estimate so far on the microarchitecture at `index` of a table, without waiting for pending
/// work (call perfvec_session_sync() first to include it). Allowed at any time while streaming.
/// Errors: PERFVEC_ERR_MISMATCH for a table of another model, PERFVEC_ERR_NOT_FOUND for an index
/// past the table.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_estimate(
    session: *mut perfvec_session,
    microarchs: *const perfvec_microarchs,
    index: usize,
    out: *mut perfvec_estimate,
) -> perfvec_status {
    let estimate = |h: &mut Hart| {
        let program = h.session.program_vector()?;
        // SAFETY: by the contract of the module.
        let e = unsafe { with_table(microarchs, |t| t.estimate_one(&program, index)) }?;
        // SAFETY: as above.
        unsafe { put(out, e.into(), "out") }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, estimate) }
}

/// The same for every microarchitecture, in the table's order: perfvec_microarchs_count()
/// elements.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_estimate_all(
    session: *mut perfvec_session,
    microarchs: *const perfvec_microarchs,
    out: *mut perfvec_estimate,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    let estimate = |h: &mut Hart| {
        let program = h.session.program_vector()?;
        // SAFETY: by the contract of the module.
        unsafe {
            let all = with_table(microarchs, |t| t.estimate(&program))?;
            put_estimates(&all, out, capacity, len)
        }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, estimate) }
}

/// The estimates split by cause (CPI stacks, in cycles): PERFVEC_STACK_PARTS numbers for each
/// microarchitecture, in the table's order, whose sum is exactly its cycles;
/// perfvec_microarchs_stack_part() names them. Only for lists of cores: PERFVEC_ERR_NOT_FOUND with
/// a foundation model, which does not separate causes.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_stacks(
    session: *mut perfvec_session,
    microarchs: *const perfvec_microarchs,
    out: *mut f64,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    let split = |h: &mut Hart| {
        let program = h.session.program_vector()?;
        // SAFETY: by the contract of the module.
        unsafe {
            let stacks = with_table(microarchs, |t| t.stacks(&program))?.ok_or_else(no_causes)?;
            fill(&stacks.concat(), out, capacity, len)
        }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, split) }
}

/// The expected error of each microarchitecture's cycles, in the table's order: half widths,
/// relative to the cycles, of 90% intervals, which are meant to contain gem5's cycles for nine
/// programs in ten and include the error of sampling. Only for lists of cores:
/// PERFVEC_ERR_NOT_FOUND with a foundation model; use perfvec_session_ood_score() there.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_errors(
    session: *mut perfvec_session,
    microarchs: *const perfvec_microarchs,
    out: *mut f64,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    let errors = |h: &mut Hart| {
        let program = h.session.program_vector()?;
        // SAFETY: by the contract of the module.
        unsafe {
            let errors = with_table(microarchs, |t| t.errors(&program))?.ok_or_else(no_causes)?;
            fill(&errors, out, capacity, len)
        }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, errors) }
}

fn no_causes() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "the model has no cycles by cause; load a list of cores (.toml) as the model",
    )
}

/// Number of causes in a stack: the elements that perfvec_session_stacks() writes for each
/// microarchitecture.
pub const PERFVEC_STACK_PARTS: u32 = 11;

const _: () = assert!(PERFVEC_STACK_PARTS as usize == PARTS.len());

/// The name of the cause at `index` (from 0) of a stack, such as "branch"; NULL past the last.
/// Valid as long as the library is loaded.
#[no_mangle]
pub extern "C" fn perfvec_microarchs_stack_part(index: usize) -> *const c_char {
    const NAMES: [&CStr; PARTS.len()] = [
        c"base",
        c"fetch",
        c"branch",
        c"dependence",
        c"ports",
        c"window",
        c"L1",
        c"L2",
        c"L3",
        c"memory",
        c"store",
    ];
    NAMES
        .get(index)
        .map_or(std::ptr::null(), |name| name.as_ptr())
}

/// The totals over several sessions (harts): cycles and seconds add up, the CPI is over all
/// retirements, and half widths combine as those of independent samples. Results as for
/// perfvec_session_estimate_all(). The sessions must be in no other call.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_estimate_total(
    sessions: *const *mut perfvec_session,
    sessions_len: usize,
    microarchs: *const perfvec_microarchs,
    out: *mut perfvec_estimate,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    let mut parts: Vec<(Vec<Estimate>, u64)> = Vec::new();
    // SAFETY: by the contract of the module.
    let sessions = match unsafe { slice(sessions, sessions_len, "sessions") } {
        Ok(sessions) => sessions,
        Err(e) => return guard(|| Err(e)),
    };
    for &session in sessions {
        let estimate = |h: &mut Hart| {
            let program = h.session.program_vector()?;
            // SAFETY: as above.
            let all = unsafe { with_table(microarchs, |t| t.estimate(&program)) }?;
            parts.push((all, program.retired));
            Ok(())
        };
        // SAFETY: as above.
        let status = unsafe { exclusive(session, estimate) };
        if status != PERFVEC_OK {
            return status;
        }
    }
    guard(|| {
        // SAFETY: as above.
        let cores = unsafe { with_table(microarchs, |t| Ok(t.entries().len())) }?;
        if parts.iter().any(|p| p.0.len() != cores) {
            return Err(Error::new(
                ErrorKind::State,
                "the table changed during perfvec_session_estimate_total; change it while no other call uses it",
            ));
        }
        let total = |k: usize| Estimate::total(parts.iter().map(|p| (p.0[k], p.1)));
        let all: Vec<Estimate> = (0..cores).map(total).collect();
        // SAFETY: as above.
        unsafe { put_estimates(&all, out, capacity, len) }
    })
}

/// The out-of-distribution score of the stream so far: 0 is the centre of the training programs, 1
/// their edge; distrust estimates above 1. PERFVEC_ERR_NOT_FOUND if the table holds no training
/// distribution, PERFVEC_ERR_STATE until something has been measured.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_ood_score(
    session: *mut perfvec_session,
    microarchs: *const perfvec_microarchs,
    score: *mut f64,
) -> perfvec_status {
    let get = |h: &mut Hart| {
        let program = h.session.program_vector()?;
        let of_table = |t: &crate::microarch::MicroarchTable| {
            let missing = if t.ood().is_none() {
                (ErrorKind::NotFound, "the table has no training distribution (tensors ood.mean and ood.whiten); use one that has")
            } else {
                (
                    ErrorKind::State,
                    "nothing has been measured yet; retire some and call perfvec_session_sync",
                )
            };
            t.ood_score(&program)?
                .ok_or_else(|| Error::new(missing.0, missing.1))
        };
        // SAFETY: by the contract of the module.
        unsafe { put(score, with_table(microarchs, of_table)?, "score") }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, get) }
}

/// The program vector so far: D elements (perfvec_model_info.representation).
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_vector(
    session: *mut perfvec_session,
    out: *mut f64,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe {
        exclusive(session, |h| {
            fill(&h.session.program_vector()?.sum, out, capacity, len)
        })
    }
}

/// The plan so far of a session that adapts its sampling period (target error or overhead): the
/// sampling period, in units, of each epoch after the first. At most PERFVEC_PLAN_MAX numbers; none
/// in other modes. With these as `plan`, PERFVEC_SAMPLING_PLAN measures the same units again.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_plan(
    session: *mut perfvec_session,
    out: *mut u64,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe { exclusive(session, |h| fill(&h.session.plan(), out, capacity, len)) }
}

/// Writes the program vector so far to a file that merges with others of the same model: to a
/// temporary file beside `path`, then renamed.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_save_vector(
    session: *mut perfvec_session,
    path: *const c_char,
) -> perfvec_status {
    let save = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let path = unsafe { strings::path(path) }?;
        h.session.program_vector()?.save(path)
    };
    // SAFETY: as above.
    unsafe { exclusive(session, save) }
}
