//! Strings, paths and arrays from C.

use crate::error::{Error, ErrorKind, Result};
use std::ffi::{c_char, CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The error for a required pointer that is NULL.
#[cold]
pub(super) fn null(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("{what} is NULL; pass a pointer as documented"),
    )
}

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
unsafe fn slice_mut<'a, T>(data: *mut T, len: usize, what: &str) -> Result<&'a mut [T]> {
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
    check_out(to, what)?;
    // SAFETY: checked, and writable by the contract of the module.
    unsafe { to.write(value) };
    Ok(())
}

/// Checks where a result will be written, before what cannot be undone.
pub(super) fn check_out<T>(to: *const T, what: &str) -> Result<()> {
    check_array(to, 1, what)
}

/// Writes `items` by the one rule for arrays that a call fills: an array of NULL asks for the
/// length, and one without room for all of them is left as it is, `len` too. `len` may be NULL
/// where there is an array.
pub(super) unsafe fn fill<T: Copy>(
    items: &[T],
    out: *mut T,
    capacity: usize,
    len: *mut usize,
) -> Result<()> {
    if out.is_null() || !len.is_null() {
        check_out(len, "len")?;
    }
    if !out.is_null() {
        if capacity < items.len() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "capacity is {capacity} but there are {} elements; make room for all, or pass a NULL array to ask how many",
                    items.len()
                ),
            ));
        }
        // SAFETY: not NULL, and has room for `capacity` elements by the contract of the module.
        unsafe { slice_mut(out, items.len(), "out") }?.copy_from_slice(items);
    }
    if !len.is_null() {
        // SAFETY: checked, and writable by the contract of the module.
        unsafe { len.write(items.len()) };
    }
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

/// `text` for C; a NUL inside is written as `\0`.
pub(super) fn to_c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}
