//! Snapshots: the complete state of a session, to memory or to a file.

use super::handle::exclusive;
use super::session::{perfvec_session, Hart};
use super::signals;
use super::status::perfvec_status;
use super::strings::{self, fill, slice};
use crate::error::Result;
use crate::file::{read_bounded, write_atomic};
use crate::session::Session;
use std::ffi::c_char;

/// Largest snapshot file read.
const MAX_FILE_BYTES: u64 = 1 << 36;

/// The complete state as bytes: a session restored from it continues bit-identically. An interval
/// callback and a calibrator are not part of it. Asking for the length takes a snapshot, which the
/// next call reuses if the session has not changed in between.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_snapshot(
    session: *mut perfvec_session,
    out: *mut u8,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    let copy = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        unsafe { fill(h.snapshot()?, out, capacity, len) }?;
        if !out.is_null() {
            h.changed();
        }
        Ok(())
    };
    // SAFETY: as above.
    unsafe { exclusive(session, copy) }
}

/// Replaces the session's stream, configuration and interned instructions with those of a snapshot;
/// its threads, callback and calibrator are kept. Errors: PERFVEC_ERR_MISMATCH for a snapshot of
/// another model, PERFVEC_ERR_CORRUPT for damaged bytes; the session is then unchanged.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_restore(
    session: *mut perfvec_session,
    snapshot: *const u8,
    len: usize,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    unsafe { exclusive(session, |h| h.restore(slice(snapshot, len, "snapshot")?)) }
}

/// perfvec_session_snapshot() to a file: to a temporary file beside `path`, then renamed.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_snapshot_file(
    session: *mut perfvec_session,
    path: *const c_char,
) -> perfvec_status {
    let save = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let path = unsafe { strings::path(path) }?;
        write_atomic(path, &h.session.snapshot()?).map_err(|e| e.context(path.display()))
    };
    // SAFETY: as above.
    unsafe { exclusive(session, save) }
}

/// perfvec_session_restore() from a file.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_restore_file(
    session: *mut perfvec_session,
    path: *const c_char,
) -> perfvec_status {
    let restore = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let path = unsafe { strings::path(path) }?;
        read_bounded(path, MAX_FILE_BYTES)
            .and_then(|bytes| h.restore(&bytes))
            .map_err(|e| e.context(path.display()))
    };
    // SAFETY: as above.
    unsafe { exclusive(session, restore) }
}

impl Hart {
    /// The snapshot, taken again only if something changed since the last one.
    fn snapshot(&mut self) -> Result<&[u8]> {
        if self.snapshot.is_none() {
            self.snapshot = Some(self.session.snapshot()?);
            self.update_attention();
        }
        Ok(self.snapshot.as_deref().unwrap_or_default())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let (model, threads) = (self.session.model().clone(), self.session.config().threads);
        self.session = signals::blocked(|| Session::restore(model, threads, bytes))?;
        self.first_interval = 0;
        self.snapshot = None;
        self.update_attention();
        Ok(())
    }
}
