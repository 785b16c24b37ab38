//! Opaque handles: what is checked on every entry, and the panic boundary.

use super::slots::{self, Closed, Key, IDLE, POISONED};
use super::status::{self, perfvec_status, PERFVEC_OK};
use super::strings::{check_out, to_c_string};
use super::{fork, log};
use crate::error::{Error, ErrorKind, Result};
use std::cell::UnsafeCell;
use std::ffi::{c_char, CString};
use std::ops::{Deref, DerefMut};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

/// A type that C sees as an opaque struct.
pub(super) trait Opaque {
    /// The object's type.
    type Inner;
    /// Tells handles of one type from others: 1 to 0xffe, no two alike.
    const KIND: u16;
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

/// What a slot of the table points to.
struct Body<T> {
    /// Text of the last failed call; touched by whoever is alone in the slot only.
    error: UnsafeCell<CString>,
    inner: UnsafeCell<T>,
}

/// Makes a handle; what C sees as a pointer is a number (see `slots`).
fn create<O: Opaque>(inner: O::Inner) -> Result<*mut O> {
    fork::watch();
    let body = Box::into_raw(Box::new(Body {
        error: UnsafeCell::default(),
        inner: UnsafeCell::new(inner),
    }));
    match slots::insert(O::KIND, fork::generation(), body.cast()) {
        Some(handle) => Ok(ptr::without_provenance_mut(handle)),
        None => {
            // SAFETY: just created, and not yet published.
            drop(unsafe { Box::from_raw(body) });
            Err(Error::new(
                ErrorKind::OutOfMemory,
                format!(
                    "{} handles are alive; free some before making more",
                    slots::SLOTS
                ),
            ))
        }
    }
}

/// Runs `f` inside the panic boundary and writes its result to `out` as a new handle.
pub(super) unsafe fn create_into<O: Opaque>(
    out: *mut *mut O,
    f: impl FnOnce() -> Result<O::Inner>,
) -> perfvec_status {
    guard(|| {
        check_out(out, "out")?;
        let handle = create::<O>(f()?)?;
        // SAFETY: not NULL, aligned, and writable by the contract of the module.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Runs `f`, which belongs to no handle, inside the panic boundary.
pub(super) fn guard(f: impl FnOnce() -> Result<()>) -> perfvec_status {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(())) => PERFVEC_OK,
        Ok(Err(e)) => fail(&e),
        Err(panic) => fail(&panicked(panic)),
    }
}

/// Runs `f` with exclusive access to the handle's object: NULL, foreign, freed, forked, poisoned
/// and busy handles are refused; a panic poisons the handle.
#[inline(always)]
pub(super) unsafe fn exclusive<O: Opaque>(
    handle: *mut O,
    f: impl FnOnce(&mut O::Inner) -> Result<()>,
) -> perfvec_status {
    let (key, body) = match key(handle).and_then(|key| Ok((key, enter::<O>(key)?))) {
        Ok(entered) => entered,
        Err(e) => return fail(&e),
    };
    // SAFETY: the slot was entered alone, so no other reference to `inner` is alive.
    let inner = unsafe { &mut *(*body).inner.get() };
    let result = catch_unwind(AssertUnwindSafe(|| f(inner)));
    if let Ok(Ok(())) = result {
        key.leave(IDLE);
        return PERFVEC_OK;
    }
    // SAFETY: as above.
    leave_failed(key, unsafe { &(*body).error }, result)
}

#[cold]
fn leave_failed(
    key: Key,
    text: &UnsafeCell<CString>,
    result: std::thread::Result<Result<()>>,
) -> perfvec_status {
    let (error, state) = match result {
        Ok(Ok(())) => return PERFVEC_OK,
        Ok(Err(e)) => (e, IDLE),
        Err(panic) => (panicked(panic), POISONED),
    };
    // SAFETY: the slot is still held alone.
    unsafe { *text.get() = to_c_string(error.message()) };
    key.leave(state);
    fail(&error)
}

/// Keeps the error's text for the calling thread, logs it, and gives its status.
#[cold]
fn fail(e: &Error) -> perfvec_status {
    let text = to_c_string(e.message());
    log::write(log::PERFVEC_LOG_ERROR, &text);
    status::keep(text);
    e.kind() as i32
}

/// Exclusive access to a handle's object; a panic while it lives poisons the handle.
pub(super) struct Alone<O: Opaque> {
    key: Key,
    body: *mut Body<O::Inner>,
}

/// Takes a handle for one change, for calls that belong to another handle or to none.
pub(super) unsafe fn alone<O: Opaque>(handle: *const O) -> Result<Alone<O>> {
    let key = key(handle.cast_mut())?;
    Ok(Alone {
        key,
        body: enter::<O>(key)?,
    })
}

impl<O: Opaque> Deref for Alone<O> {
    type Target = O::Inner;
    fn deref(&self) -> &O::Inner {
        // SAFETY: the slot was entered alone.
        unsafe { &*(*self.body).inner.get() }
    }
}

impl<O: Opaque> DerefMut for Alone<O> {
    fn deref_mut(&mut self) -> &mut O::Inner {
        // SAFETY: the slot was entered alone.
        unsafe { &mut *(*self.body).inner.get() }
    }
}

impl<O: Opaque> Drop for Alone<O> {
    fn drop(&mut self) {
        let failed = std::thread::panicking();
        self.key.leave(if failed { POISONED } else { IDLE });
    }
}

/// Shared access to a handle's object; it cannot be freed meanwhile.
pub(super) struct Reading<O: Opaque> {
    key: Key,
    body: *const Body<O::Inner>,
}

/// Takes a handle for reading: for objects whose inside takes care of several threads itself.
pub(super) unsafe fn reading<O: Opaque>(handle: *const O) -> Result<Reading<O>>
where
    O::Inner: Sync,
{
    let key = key(handle.cast_mut())?;
    let body = key.enter_shared().map_err(refused::<O>)?;
    Ok(Reading {
        key,
        body: body.cast(),
    })
}

impl<O: Opaque> Deref for Reading<O> {
    type Target = O::Inner;
    fn deref(&self) -> &O::Inner {
        // SAFETY: the slot was entered by readers, which only borrow shared.
        unsafe { &*(*self.body).inner.get() }
    }
}

impl<O: Opaque> Drop for Reading<O> {
    fn drop(&mut self) {
        self.key.leave_shared();
    }
}

/// The text of the last failed call with this handle, or of the calling thread where the handle
/// is not usable or is in a call of another thread just now.
pub(super) unsafe fn last_error<O: Opaque>(handle: *const O) -> *const c_char {
    let Ok(key) = key(handle.cast_mut()) else {
        return super::status::perfvec_last_error();
    };
    for state in [IDLE, POISONED] {
        if let Ok(body) = key.enter(state) {
            let body = body.cast::<Body<O::Inner>>();
            // SAFETY: the slot was entered alone. The text lives until the next failed call, as
            // documented.
            let text = unsafe { (*(*body).error.get()).as_ptr() };
            key.leave(state);
            return text;
        }
    }
    super::status::perfvec_last_error()
}

/// Frees a handle; NULL does nothing. A failure can only be a misuse, which is logged.
pub(super) unsafe fn free<O: Opaque>(handle: *mut O) {
    guard(|| {
        if handle.is_null() {
            return Ok(());
        }
        let key = find(handle)?;
        let stays = matches!(O::AFTER_FORK, AfterFork::Refused(_));
        if stays && key.is_of_another(fork::generation()) && key.is_alive() {
            // Its threads do not exist in this process, and its file is the parent's.
            return Ok(());
        }
        let body = match key.enter(IDLE) {
            Err(Closed::Poisoned) => key.enter(POISONED),
            other => other,
        };
        let body = body.map_err(refused::<O>)?.cast::<Body<O::Inner>>();
        key.remove();
        // SAFETY: `create` made it from a box of this type; the slot was entered alone, and its
        // handle opens it no more.
        drop(unsafe { Box::from_raw(body) });
        Ok(())
    });
}

#[inline(always)]
fn enter<O: Opaque>(key: Key) -> Result<*mut Body<O::Inner>> {
    key.enter(IDLE).map(<*mut ()>::cast).map_err(refused::<O>)
}

/// The slot of a handle that this process may use.
#[inline(always)]
fn key<O: Opaque>(handle: *mut O) -> Result<Key> {
    let key = find(handle)?;
    if let AfterFork::Refused(rebuild) = O::AFTER_FORK {
        if key.is_of_another(fork::generation()) {
            return Err(forked::<O>(key, rebuild));
        }
    }
    Ok(key)
}

#[inline(always)]
fn find<O: Opaque>(handle: *mut O) -> Result<Key> {
    slots::find(O::KIND, handle.addr()).map_err(|closed| {
        if handle.is_null() {
            return missing::<O>();
        }
        refused::<O>(closed)
    })
}

#[cold]
fn missing<O: Opaque>() -> Error {
    let text = format!(
        "{}: the handle is NULL; pass the one that was created",
        O::NAME
    );
    Error::new(ErrorKind::InvalidArgument, text)
}

#[cold]
fn forked<O: Opaque>(key: Key, rebuild: &str) -> Error {
    if !key.is_alive() {
        return refused::<O>(Closed::Freed);
    }
    let text = format!("{}: the handle was made before fork(); {rebuild}", O::NAME);
    Error::new(ErrorKind::State, text)
}

#[cold]
fn refused<O: Opaque>(closed: Closed) -> Error {
    let name = O::NAME;
    let (kind, text) = match closed {
        Closed::Foreign => (
            ErrorKind::InvalidArgument,
            format!("{name}: the pointer is not a {name} handle; pass the one that was created"),
        ),
        Closed::Freed => (
            ErrorKind::InvalidArgument,
            format!("{name}: the handle was freed; set it to NULL when you free it"),
        ),
        Closed::Poisoned => (
            ErrorKind::Poisoned,
            format!(
                "{name}: an earlier call failed inside the library; free the handle and create another"
            ),
        ),
        Closed::Busy => (
            ErrorKind::State,
            format!("{name}: another call is using the handle, in another thread or around this callback; use it from one thread at a time"),
        ),
    };
    Error::new(kind, text)
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
        format!("a bug in perfvec {}: {text}", env!("CARGO_PKG_VERSION")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::model::{perfvec_model, perfvec_model_free, perfvec_model_load};
    use crate::capi::session::*;
    use crate::capi::status::*;
    use std::ffi::CStr;
    use std::ptr::null;

    fn text(of: *const c_char) -> String {
        // SAFETY: every text of the library is a string.
        let text = unsafe { CStr::from_ptr(of) };
        text.to_str().unwrap().to_owned()
    }

    fn model() -> *mut perfvec_model {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/capi/tiny.onnx\0");
        let mut model = ptr::null_mut();
        // SAFETY: a string and a place for the handle.
        let status = unsafe { perfvec_model_load(path.as_ptr().cast(), 0, &mut model) };
        assert_eq!(status, PERFVEC_OK);
        model
    }

    /// No panic crosses; the handle is poisoned, still says why, and harms no other.
    #[test]
    fn a_panic_poisons_one_handle() {
        let model = model();
        let mut sessions = [ptr::null_mut::<perfvec_session>(); 2];
        // SAFETY: handles are good, and there is a place for each new one.
        unsafe {
            for session in &mut sessions {
                assert_eq!(perfvec_session_create(model, null(), session), PERFVEC_OK);
            }
            let [broken, other] = sessions;
            let status = exclusive(broken, |_| panic!("injected"));
            assert_eq!(status, PERFVEC_ERR_INTERNAL);
            assert!(text(perfvec_last_error()).contains("injected"));
            assert_eq!(perfvec_session_sync(broken), PERFVEC_ERR_POISONED);
            assert_eq!(perfvec_session_reset(broken), PERFVEC_ERR_POISONED);
            assert!(text(perfvec_last_error()).contains("create another"));
            assert!(text(perfvec_session_last_error(broken)).contains("injected"));
            assert_eq!(perfvec_session_sync(other), PERFVEC_OK);
            perfvec_session_free(broken);
            assert_eq!(perfvec_session_sync(broken), PERFVEC_ERR_INVALID_ARGUMENT);
            assert!(text(perfvec_last_error()).contains("freed"));
            perfvec_session_free(other);
            perfvec_model_free(model);
        }
    }

    /// A panic in a call that belongs to no handle poisons nothing but what it was changing.
    #[test]
    fn a_panic_poisons_what_was_being_changed() {
        let model = model();
        // SAFETY: as above.
        unsafe {
            let status = guard(|| {
                let _reading = reading(model)?;
                panic!("while reading")
            });
            assert_eq!(status, PERFVEC_ERR_INTERNAL);
            assert!(reading(model).is_ok());
            let status = guard(|| {
                let _alone = alone(model)?;
                panic!("while changing")
            });
            assert_eq!(status, PERFVEC_ERR_INTERNAL);
            let e = reading(model).err().unwrap();
            assert_eq!(e.kind(), ErrorKind::Poisoned);
            perfvec_model_free(model);
            assert!(reading(model).err().unwrap().message().contains("freed"));
        }
    }

    /// A reader keeps a handle from being freed, and from being changed.
    #[test]
    fn what_is_read_is_not_freed() {
        let model = model();
        // SAFETY: as above.
        unsafe {
            let first = reading(model).unwrap();
            let second = reading(model).unwrap();
            perfvec_model_free(model);
            assert!(text(perfvec_last_error()).contains("another call is using"));
            assert_eq!(alone(model).err().unwrap().kind(), ErrorKind::State);
            drop((first, second));
            perfvec_model_free(model);
            assert!(reading(model).is_err());
        }
    }
}
