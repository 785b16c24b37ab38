//! Logging through a callback; silent by default.

use super::status::{perfvec_status, PERFVEC_OK};
use super::strings::to_c_string;
use std::ffi::{c_int, c_void, CStr};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A call failed; the message is the text of its error.
pub const PERFVEC_LOG_ERROR: i32 = 1;
/// Something that a user should know but that is not an error.
pub const PERFVEC_LOG_WARNING: i32 = 2;
/// What was loaded, from where, and which engine runs it.
pub const PERFVEC_LOG_INFO: i32 = 3;

/// Receives log messages (`level` is one of `PERFVEC_LOG_...`, `message` is valid during the
/// call). It may be called by any thread that is inside a call of this library, by several at
/// once. It must not throw, and must not call this library.
pub type perfvec_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: c_int, message: *const std::ffi::c_char)>;

struct Sink {
    function: unsafe extern "C" fn(*mut c_void, c_int, *const std::ffi::c_char),
    user: *mut c_void,
    max_level: c_int,
    /// Sinks are never freed, since another thread may be inside one; the chain keeps them
    /// reachable for leak checkers.
    _before: *mut Sink,
}

/// NULL: silent. A pointer instead of a lock, so that no fork() can leave it locked in the child.
static SINK: AtomicPtr<Sink> = AtomicPtr::new(ptr::null_mut());
/// The newest sink, in use or not: the chain's head.
static NEWEST: AtomicPtr<Sink> = AtomicPtr::new(ptr::null_mut());

/// Sends messages up to `max_level` (one of `PERFVEC_LOG_...`) to `function` with `user`, for the
/// whole process; a NULL function silences the library, which is the initial state. Another thread
/// that is logging at that moment may still finish a call of the former function. Each call with a
/// function keeps a few bytes until the process ends. Always PERFVEC_OK. Callable from any thread.
#[no_mangle]
pub unsafe extern "C" fn perfvec_log_set(
    function: perfvec_log_fn,
    user: *mut c_void,
    max_level: c_int,
) -> perfvec_status {
    let sink = match function {
        None => ptr::null_mut(),
        Some(function) => {
            let sink = Box::into_raw(Box::new(Sink {
                function,
                user,
                max_level,
                _before: NEWEST.load(Ordering::Acquire),
            }));
            NEWEST.store(sink, Ordering::Release);
            sink
        }
    };
    SINK.store(sink, Ordering::Release);
    PERFVEC_OK
}

/// Logs what was loaded or made.
pub(super) fn info(message: &str) {
    write(PERFVEC_LOG_INFO, &to_c_string(message));
}

/// Hands `message` to the callback, if there is one that wants the level.
pub(super) fn write(level: c_int, message: &CStr) {
    // SAFETY: a sink that was stored is never freed or changed.
    if let Some(sink) = unsafe { SINK.load(Ordering::Acquire).as_ref() } {
        if level <= sink.max_level {
            // SAFETY: the host registered this function and user data for such calls.
            unsafe { (sink.function)(sink.user, level, message.as_ptr()) }
        }
    }
}
