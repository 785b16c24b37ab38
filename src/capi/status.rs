//! Status codes and the text of the last error.

use crate::error::ErrorKind;
use std::cell::RefCell;
use std::ffi::{c_char, CStr, CString};

/// The result of a call: `PERFVEC_OK` or one of `PERFVEC_ERR_...`. The numbers never change; new
/// ones may be added.
pub type perfvec_status = i32;

/// The call did what its documentation says.
pub const PERFVEC_OK: i32 = 0;
/// An argument is outside its documented range, or a required pointer is NULL.
pub const PERFVEC_ERR_INVALID_ARGUMENT: i32 = 1;
/// A file could not be opened, read, written or renamed.
pub const PERFVEC_ERR_IO: i32 = 2;
/// A file is truncated, fails its checksum, or is not of the format its use demands.
pub const PERFVEC_ERR_CORRUPT: i32 = 3;
/// A file or a caller has a version that this library does not support.
pub const PERFVEC_ERR_VERSION: i32 = 4;
/// Two things that must belong together do not: model and table, schema and model, ISA and model.
pub const PERFVEC_ERR_MISMATCH: i32 = 5;
/// A name, index, ISA or default file is not known.
pub const PERFVEC_ERR_NOT_FOUND: i32 = 6;
/// The model's graph cannot be run: missing state, wrong shape, unsupported operator, NaN weight.
pub const PERFVEC_ERR_MODEL: i32 = 7;
/// ONNX Runtime is missing, too old, or refused the graph.
pub const PERFVEC_ERR_RUNTIME: i32 = 8;
/// The object failed internally in an earlier call and rejects every call but free.
pub const PERFVEC_ERR_POISONED: i32 = 9;
/// The call is not allowed in the object's present state: used by two threads at once, made
/// before a fork(), region open.
pub const PERFVEC_ERR_STATE: i32 = 10;
/// Memory could not be allocated, or a documented limit would be exceeded.
pub const PERFVEC_ERR_OUT_OF_MEMORY: i32 = 11;
/// A bug in this library: please report it with the text of the error.
pub const PERFVEC_ERR_INTERNAL: i32 = 12;

const NAMES: [(i32, ErrorKind, &CStr); 12] = [
    (
        PERFVEC_ERR_INVALID_ARGUMENT,
        ErrorKind::InvalidArgument,
        c"PERFVEC_ERR_INVALID_ARGUMENT",
    ),
    (PERFVEC_ERR_IO, ErrorKind::Io, c"PERFVEC_ERR_IO"),
    (
        PERFVEC_ERR_CORRUPT,
        ErrorKind::Corrupt,
        c"PERFVEC_ERR_CORRUPT",
    ),
    (
        PERFVEC_ERR_VERSION,
        ErrorKind::Version,
        c"PERFVEC_ERR_VERSION",
    ),
    (
        PERFVEC_ERR_MISMATCH,
        ErrorKind::Mismatch,
        c"PERFVEC_ERR_MISMATCH",
    ),
    (
        PERFVEC_ERR_NOT_FOUND,
        ErrorKind::NotFound,
        c"PERFVEC_ERR_NOT_FOUND",
    ),
    (PERFVEC_ERR_MODEL, ErrorKind::Model, c"PERFVEC_ERR_MODEL"),
    (
        PERFVEC_ERR_RUNTIME,
        ErrorKind::Runtime,
        c"PERFVEC_ERR_RUNTIME",
    ),
    (
        PERFVEC_ERR_POISONED,
        ErrorKind::Poisoned,
        c"PERFVEC_ERR_POISONED",
    ),
    (PERFVEC_ERR_STATE, ErrorKind::State, c"PERFVEC_ERR_STATE"),
    (
        PERFVEC_ERR_OUT_OF_MEMORY,
        ErrorKind::OutOfMemory,
        c"PERFVEC_ERR_OUT_OF_MEMORY",
    ),
    (
        PERFVEC_ERR_INTERNAL,
        ErrorKind::Internal,
        c"PERFVEC_ERR_INTERNAL",
    ),
];

const _: () = {
    let mut i = 0;
    while i < NAMES.len() {
        assert!(
            NAMES[i].0 == NAMES[i].1 as i32,
            "a status differs from its ErrorKind"
        );
        i += 1;
    }
};

/// The name of a status ("PERFVEC_ERR_IO"), or "PERFVEC_ERR_UNKNOWN". Static; never NULL.
/// Callable from any thread.
#[no_mangle]
pub extern "C" fn perfvec_status_name(status: perfvec_status) -> *const c_char {
    if status == PERFVEC_OK {
        return c"PERFVEC_OK".as_ptr();
    }
    NAMES
        .iter()
        .find(|n| n.0 == status)
        .map_or(c"PERFVEC_ERR_UNKNOWN", |n| n.2)
        .as_ptr()
}

/// The error text of the last failed call of the calling thread, whatever its object; "" if none
/// has failed yet. Names what failed, what was found, and the fix. Never NULL; valid until the next
/// failed call of this thread. Successful calls do not change it.
#[no_mangle]
pub extern "C" fn perfvec_last_error() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr())
        .unwrap_or(c"".as_ptr())
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Keeps the text of an error for [`perfvec_last_error`].
pub(super) fn keep(text: CString) {
    // A thread that is already being torn down has no place for the text; the status remains.
    let _ = LAST.try_with(|last| *last.borrow_mut() = text);
}
