//! The host's signal handlers run in the host's threads.
//!
//! A handler may count on being in a thread that the host made: QEMU's, for one, asks which vCPU
//! the thread is. So the library's threads, which start with the mask of the thread that makes
//! them, block what a process is sent. What a thread brings on itself stays open: a crash of one
//! of these threads must reach the host's handler as any other does.

use std::mem::MaybeUninit;

/// What an instruction of the thread itself raises.
const OWN: [libc::c_int; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// The mask that this thread had before; dropping it puts that back.
struct Before(libc::sigset_t);

impl Drop for Before {
    fn drop(&mut self) {
        // SAFETY: the set is one that the system wrote.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

/// Runs `f`; the threads that it starts get no signals of the process.
pub(super) fn blocked<T>(f: impl FnOnce() -> T) -> T {
    if cfg!(miri) {
        // Miri has no signals.
        return f();
    }
    let mut all = MaybeUninit::uninit();
    let mut before = MaybeUninit::uninit();
    // SAFETY: both sets are written before they are read, the second one where the call succeeds.
    let _before = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        for signal in OWN {
            libc::sigdelset(all.as_mut_ptr(), signal);
        }
        (libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr()) == 0)
            .then(|| Before(before.assume_init()))
    };
    f()
}
