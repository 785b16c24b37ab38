//! Strings, paths and arrays from C.

use super::handle::null;
use crate::error::{Error, ErrorKind, Result};
use std::ffi::{c_char, CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A required UTF-8 string.
pub(super) unsafe fn text<'a>(s: *const c_char, what: &str) -> Result<&'a str> {
    if s.is_null() {
        return Err(null(what));
    }
    // SAFETY: not NULL, and ends in NUL by the contract of the module.
    unsafe { CStr::from_ptr(s) }.to_str().map_err(|e| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("{what} is not UTF-8 ({e}); pass UTF-8"),
        )
    })
}

/// A UTF-8 string; "" where it is NULL.
pub(super) unsafe fn optional_text<'a>(s: *const c_char, what: &str) -> Result<&'a str> {
    if s.is_null() {
        return Ok("");
    }
    // SAFETY: as for `text`.
    unsafe { text(s, what) }
}

/// A path of any bytes; `None` where it is NULL.
pub(super) unsafe fn optional_path<'a>(s: *const c_char) -> Option<&'a Path> {
    if s.is_null() {
        return None;
    }
    // SAFETY: not NULL, and ends in NUL by the contract of the module.
    let bytes = unsafe { CStr::from_ptr(s) }.to_bytes();
    Some(Path::new(OsStr::from_bytes(bytes)))
}

/// A required path.
pub(super) unsafe fn path<'a>(s: *const c_char) -> Result<&'a Path> {
    // SAFETY: as there.
    unsafe { optional_path(s) }.ok_or_else(|| null("path"))
}

/// `len` elements at `data`; NULL is allowed for none.
#[inline]
pub(super) unsafe fn slice<'a, T>(data: *const T, len: usize, what: &str) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    check_array(data, len, what)?;
    // SAFETY: checked, and readable by the contract of the module.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// The same for writing; the elements are plain data.
pub(super) unsafe fn slice_mut<'a, T>(data: *mut T, len: usize, what: &str) -> Result<&'a mut [T]> {
    if len == 0 {
        return Ok(&mut []);
    }
    check_array(data, len, what)?;
    // SAFETY: checked, and writable by the contract of the module.
    Ok(unsafe { std::slice::from_raw_parts_mut(data, len) })
}

/// The struct at `data`, for reading.
#[inline(always)]
pub(super) unsafe fn one<'a, T>(data: *const T, what: &str) -> Result<&'a T> {
    check_array(data, 1, what)?;
    // SAFETY: checked, and readable by the contract of the module.
    Ok(unsafe { &*data })
}

/// Writes a result; `to` must not be NULL.
pub(super) unsafe fn put<T>(to: *mut T, value: T, what: &str) -> Result<()> {
    check_array(to, 1, what)?;
    // SAFETY: checked, and writable by the contract of the module.
    unsafe { to.write(value) };
    Ok(())
}

#[inline(always)]
fn check_array<T>(data: *const T, len: usize, what: &str) -> Result<()> {
    let fits = matches!(len.checked_mul(size_of::<T>()), Some(b) if b <= isize::MAX as usize);
    if data.is_null() || !data.is_aligned() || !fits {
        return Err(bad_array(data.cast(), len, what));
    }
    Ok(())
}

#[cold]
fn bad_array(data: *const u8, len: usize, what: &str) -> Error {
    if data.is_null() {
        return null(what);
    }
    Error::new(
        ErrorKind::InvalidArgument,
        format!("{what}: {data:?} does not point to {len} aligned elements; pass an array of that length"),
    )
}
