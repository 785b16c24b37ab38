//! What a host reports to a session: static instructions and retirements.

use super::handle::exclusive;
use super::inst::{self, isa_from, perfvec_retirement, perfvec_static_inst, read_inst};
use super::session::{perfvec_session, Hart};
use super::status::perfvec_status;
use super::strings::{one, put, slice};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::InstId;

/// Intervals are looked for once in this many single retirements.
const LOOK_EVERY: u32 = 1024;

/// Interns a decoded static instruction; the same instruction gets the same id. Ids are dense from
/// 0 and stay valid across perfvec_session_reset().
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_intern(
    session: *mut perfvec_session,
    inst: *const perfvec_static_inst,
    id: *mut u32,
) -> perfvec_status {
    let intern = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let inst = unsafe { read_inst(inst) }?;
        let new = h.session.intern(&inst)?;
        h.changed();
        // SAFETY: as above.
        unsafe { put(id, new, "id") }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, intern) }
}

/// Decodes and interns; see perfvec_static_inst_decode(). A repeated (pc, encoding) is found
/// without decoding. PERFVEC_ERR_MISMATCH if the model was trained on another ISA.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_intern_encoding(
    session: *mut perfvec_session,
    isa: u32,
    pc: u64,
    bytes: *const u8,
    len: usize,
    id: *mut u32,
) -> perfvec_status {
    let intern = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let new = h.intern_encoding(isa, pc, unsafe { slice(bytes, len, "bytes") }?)?;
        // SAFETY: as above.
        unsafe { put(id, new, "id") }
    };
    // SAFETY: as above.
    unsafe { exclusive(session, intern) }
}

/// Reports one retirement. Errors: PERFVEC_ERR_INVALID_ARGUMENT for an id that was not interned,
/// and for flags that contradict each other.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_retire(
    session: *mut perfvec_session,
    retirement: *const perfvec_retirement,
) -> perfvec_status {
    let retire = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        h.session
            .retire(inst::retirement(unsafe { one(retirement, "retirement") }?))?;
        h.after_one()
    };
    // SAFETY: as above.
    unsafe { exclusive(session, retire) }
}

/// Reports `len` retirements in order. After an error none of them is accepted.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_retire_many(
    session: *mut perfvec_session,
    retirements: *const perfvec_retirement,
    len: usize,
) -> perfvec_status {
    let retire = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let all = inst::retirements(unsafe { slice(retirements, len, "retirements") }?);
        h.session.retire_many(all)?;
        h.changed();
        h.deliver()
    };
    // SAFETY: as above.
    unsafe { exclusive(session, retire) }
}

/// Interns an encoding, through a cache, and retires it, in one call. `address` and `next_pc` as in
/// perfvec_retirement.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_retire_encoding(
    session: *mut perfvec_session,
    isa: u32,
    pc: u64,
    bytes: *const u8,
    len: usize,
    address: u64,
    next_pc: u64,
) -> perfvec_status {
    let retire = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let inst = h.intern_encoding(isa, pc, unsafe { slice(bytes, len, "bytes") }?)?;
        let r = perfvec_retirement {
            inst,
            flags: 0,
            address,
            next_pc,
        };
        h.session.retire(inst::retirement(&r))?;
        h.after_one()
    };
    // SAFETY: as above.
    unsafe { exclusive(session, retire) }
}

/// Reports one retirement of a timing CPU and the cycles since the retirement before it. The cycles
/// go to the attached calibrator; without one they are ignored.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_retire_timed(
    session: *mut perfvec_session,
    retirement: *const perfvec_retirement,
    cycles: u32,
) -> perfvec_status {
    let retire = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let r = inst::retirement(unsafe { one(retirement, "retirement") }?);
        if h.calibrator.is_some() {
            h.session.retire_timed(r, cycles)?;
        } else {
            h.session.retire(r)?;
        }
        h.after_one()
    };
    // SAFETY: as above.
    unsafe { exclusive(session, retire) }
}

impl Hart {
    fn intern_encoding(&mut self, isa: u32, pc: u64, bytes: &[u8]) -> Result<InstId> {
        let isa = isa_from(isa)?;
        if isa != self.isa {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "isa is {} but the model was trained on {}; load a model of that ISA",
                    isa.name(),
                    self.isa.name()
                ),
            ));
        }
        self.changed();
        self.session.intern_encoding(isa, pc, bytes)
    }

    /// What follows a single retirement.
    #[inline(always)]
    fn after_one(&mut self) -> Result<()> {
        if self.attention {
            return self.attend();
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn attend(&mut self) -> Result<()> {
        self.changed();
        self.calls = self.calls.wrapping_add(1);
        if self.calls.is_multiple_of(LOOK_EVERY) {
            self.deliver()?;
        }
        Ok(())
    }
}
