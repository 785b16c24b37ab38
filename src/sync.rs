//! The standard library's locks, without poisoning: a panic while one is held is reported elsewhere.
//!
//! They keep nothing outside themselves. Locks that queue their waiters in a table of the whole
//! process may be inside that table in some thread during a fork(), and the child waits for ever.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Locks `mutex`.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a notification.
pub(crate) fn wait<'a, T>(changed: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
}
