//! Opaque handles: what is checked on every entry, and the panic boundary.

use super::fork;
use super::status::{fail, perfvec_status, to_c_string, PERFVEC_OK};
use crate::error::{Error, ErrorKind, Result};
use std::cell::UnsafeCell;
use std::ffi::{c_char, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A type that C sees as an opaque struct.
pub(super) trait Opaque {
    /// What is behind it.
    type Inner;
    /// Tells handles of one type from others; no two alike.
    const MAGIC: u64;
    /// The C name.
    const NAME: &'static str;
    /// Whether a child of fork() may use a handle of its parent; if not, how to rebuild it.
    const AFTER_FORK: AfterFork;
}

/// What a child of fork() may do with a handle of its parent.
pub(super) enum AfterFork {
    /// Everything: it holds neither threads nor files.
    Usable,
    /// Only free it; the text says how to get a new one.
    Refused(&'static str),
}

const IDLE: u32 = 0;
const BUSY: u32 = 1;
const POISONED: u32 = 2;
/// Magic of a freed handle, as long as its memory is not used again.
const FREED: u64 = 0x6465_6572_6676_7066;

#[repr(C)]
struct Handle<T> {
    /// First in every handle, so that one of another type is recognised.
    magic: AtomicU64,
    generation: u32,
    /// IDLE, BUSY (exclusive handles in a call) or POISONED.
    state: AtomicU32,
    /// Text of the last failed call; touched by the thread that holds BUSY only.
    error: UnsafeCell<CString>,
    inner: UnsafeCell<T>,
}

/// Makes a handle; the pointer goes to C.
pub(super) fn create<O: Opaque>(inner: O::Inner) -> *mut O {
    fork::watch();
    Box::into_raw(Box::new(Handle {
        magic: AtomicU64::new(O::MAGIC),
        generation: fork::generation(),
        state: AtomicU32::new(IDLE),
        error: UnsafeCell::default(),
        inner: UnsafeCell::new(inner),
    }))
    .cast()
}

/// Runs `f` behind the panic boundary and writes what it makes to `out` as a new handle.
pub(super) unsafe fn create_into<O: Opaque>(
    out: *mut *mut O,
    f: impl FnOnce() -> Result<O::Inner>,
) -> perfvec_status {
    if out.is_null() {
        return fail(&null("out"));
    }
    // SAFETY: not NULL, and writable by the contract of the module.
    unsafe { out.write(ptr::null_mut()) };
    guard(|| {
        let handle = create::<O>(f()?);
        // SAFETY: as above.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Runs `f`, which belongs to no handle, behind the panic boundary.
pub(super) fn guard(f: impl FnOnce() -> Result<()>) -> perfvec_status {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(())) => PERFVEC_OK,
        Ok(Err(e)) => fail(&e),
        Err(panic) => fail(&panicked(panic)),
    }
}

/// Runs `f` with sole access to what is behind the handle: NULL, foreign, forked, poisoned and
/// busy handles are told; a panic poisons the handle.
#[inline(always)]
pub(super) unsafe fn exclusive<O: Opaque>(
    handle: *mut O,
    f: impl FnOnce(&mut O::Inner) -> Result<()>,
) -> perfvec_status {
    // SAFETY: by the contract of the module, or it is told here.
    let h = match unsafe { check(handle) } {
        Ok(h) => h,
        Err(e) => return fail(&e),
    };
    let entered = h
        .state
        .compare_exchange(IDLE, BUSY, Ordering::Acquire, Ordering::Relaxed);
    if let Err(state) = entered {
        return fail(&refused::<O>(state));
    }
    // SAFETY: BUSY is held, so no other reference to `inner` is alive.
    let inner = unsafe { &mut *h.inner.get() };
    let result = catch_unwind(AssertUnwindSafe(|| f(inner)));
    if let Ok(Ok(())) = result {
        h.state.store(IDLE, Ordering::Release);
        return PERFVEC_OK;
    }
    leave_failed(h, result)
}

#[cold]
fn leave_failed<T>(h: &Handle<T>, result: std::thread::Result<Result<()>>) -> perfvec_status {
    let (error, state) = match result {
        Ok(Ok(())) => return PERFVEC_OK,
        Ok(Err(e)) => (e, IDLE),
        Err(panic) => (panicked(panic), POISONED),
    };
    // SAFETY: BUSY is still held.
    unsafe { *h.error.get() = to_c_string(error.message()) };
    h.state.store(state, Ordering::Release);
    fail(&error)
}

/// Runs `f` with shared access: for handles whose inside takes care of several threads itself.
pub(super) unsafe fn shared<O: Opaque>(
    handle: *const O,
    f: impl FnOnce(&O::Inner) -> Result<()>,
) -> perfvec_status
where
    O::Inner: Sync,
{
    guard(|| {
        // SAFETY: by the contract of the module, or it is told here.
        let inner = unsafe { shared_ref(handle) }?;
        f(inner)
    })
}

/// What is behind a shared handle.
pub(super) unsafe fn shared_ref<'a, O: Opaque>(handle: *const O) -> Result<&'a O::Inner>
where
    O::Inner: Sync,
{
    // SAFETY: by the contract of the module, or it is told here.
    let h = unsafe { check(handle.cast_mut()) }?;
    match h.state.load(Ordering::Acquire) {
        // SAFETY: shared handles are only ever borrowed shared.
        IDLE => Ok(unsafe { &*h.inner.get() }),
        state => Err(refused::<O>(state)),
    }
}

/// The text of the last failed call with this handle, or of the calling thread where the handle
/// is not usable or is in a call of another thread just now.
pub(super) unsafe fn last_error<O: Opaque>(handle: *const O) -> *const c_char {
    // SAFETY: by the contract of the module, or it is told here.
    let Ok(h) = (unsafe { check(handle.cast_mut()) }) else {
        return super::status::perfvec_last_error();
    };
    let entered = h
        .state
        .compare_exchange(IDLE, BUSY, Ordering::Acquire, Ordering::Relaxed);
    if entered == Err(BUSY) {
        return super::status::perfvec_last_error();
    }
    // SAFETY: BUSY is held, or the handle is poisoned and nobody writes the text any more.
    let text = unsafe { (*h.error.get()).as_ptr() };
    if entered.is_ok() {
        h.state.store(IDLE, Ordering::Release);
    }
    text
}

/// Takes the inside out of a handle and frees the handle. `None` for NULL, or in a child of
/// fork(), where a handle that may not be used is left in place: its threads do not exist here,
/// and its file is the parent's.
pub(super) unsafe fn take<O: Opaque>(handle: *mut O) -> Result<Option<O::Inner>> {
    if handle.is_null() {
        return Ok(None);
    }
    // SAFETY: by the contract of the module, or it is told here.
    let h = unsafe { check_tag(handle) }?;
    if h.generation != fork::generation() && matches!(O::AFTER_FORK, AfterFork::Refused(_)) {
        return Ok(None);
    }
    if h.state.swap(BUSY, Ordering::Acquire) == BUSY {
        return Err(refused::<O>(BUSY));
    }
    h.magic.store(FREED, Ordering::Relaxed);
    // SAFETY: `create` made it from a box of this type, and BUSY is held.
    let handle = unsafe { Box::from_raw(handle.cast::<Handle<O::Inner>>()) };
    Ok(Some(handle.inner.into_inner()))
}

/// Frees a handle; NULL does nothing. A failure can only be a misuse, which is logged.
pub(super) unsafe fn free<O: Opaque>(handle: *mut O) {
    guard(|| {
        // SAFETY: by the contract of the module, or it is told there.
        drop(unsafe { take(handle) }?);
        Ok(())
    });
}

#[inline(always)]
unsafe fn check<'a, O: Opaque>(handle: *mut O) -> Result<&'a Handle<O::Inner>> {
    // SAFETY: by the contract of the module.
    let h = unsafe { check_tag(handle) }?;
    if h.generation != fork::generation() {
        if let AfterFork::Refused(rebuild) = O::AFTER_FORK {
            return Err(forked::<O>(rebuild));
        }
    }
    Ok(h)
}

#[inline(always)]
unsafe fn check_tag<'a, O: Opaque>(handle: *mut O) -> Result<&'a Handle<O::Inner>> {
    let h = handle.cast::<Handle<O::Inner>>();
    if h.is_null() || !h.is_aligned() {
        return Err(foreign::<O>(0, h.is_null()));
    }
    // SAFETY: not NULL and aligned; every handle begins with its magic.
    let magic = unsafe { (*ptr::addr_of!((*h).magic)).load(Ordering::Relaxed) };
    if magic != O::MAGIC {
        return Err(foreign::<O>(magic, false));
    }
    // SAFETY: the magic says that it is such a handle.
    Ok(unsafe { &*h })
}

#[cold]
fn foreign<O: Opaque>(magic: u64, is_null: bool) -> Error {
    let name = O::NAME;
    let what = if is_null {
        format!("{name}: the handle is NULL; pass the one that was created")
    } else if magic == FREED {
        format!("{name}: the handle was freed; set it to NULL when you free it")
    } else {
        format!("{name}: the pointer is not a {name} handle; pass the one that was created")
    };
    Error::new(ErrorKind::InvalidArgument, what)
}

#[cold]
fn forked<O: Opaque>(rebuild: &str) -> Error {
    let text = format!("{}: the handle was made before fork(); {rebuild}", O::NAME);
    Error::new(ErrorKind::State, text)
}

#[cold]
fn refused<O: Opaque>(state: u32) -> Error {
    if state == POISONED {
        let text = format!(
            "{}: an earlier call failed inside the library; destroy the handle and make another",
            O::NAME
        );
        return Error::new(ErrorKind::Poisoned, text);
    }
    let text = format!(
        "{}: another call is using the handle, in another thread or around this callback; use it from one thread at a time",
        O::NAME
    );
    Error::new(ErrorKind::State, text)
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Error {
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast::<&str>() {
            Ok(text) => (*text).to_owned(),
            Err(other) => {
                // Dropping a payload of unknown type may panic again.
                std::mem::forget(other);
                "no message".to_owned()
            }
        },
    };
    Error::new(
        ErrorKind::Internal,
        format!("a defect in perfvec {}: {text}", env!("CARGO_PKG_VERSION")),
    )
}

/// The error for a required pointer that is NULL.
#[cold]
pub(super) fn null(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("{what} is NULL; pass a pointer as documented"),
    )
}
