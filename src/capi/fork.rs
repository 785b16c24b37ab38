//! How a child of fork() is known, without a system call per call.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Once;

/// Number of forks between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The generation of this process. Handles of another one were made before a fork().
#[inline(always)]
pub(super) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Starts counting forks; called before the first handle is made.
pub(super) fn watch() {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        extern "C" fn in_child() {
            GENERATION.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the handler only adds to an atomic, which is allowed in a child of fork().
        // It can only fail for lack of memory; forks are then not detected, as documented nowhere
        // else than here, since nothing better can be done.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}
