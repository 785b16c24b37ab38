//! Structs that may grow: they begin with their size as the caller knows it.

use super::strings::null;
use crate::error::{Error, ErrorKind, Result};
use std::mem::size_of;

/// A `repr(C)` struct whose first field is `uint32_t struct_size`, of plain data: any bytes,
/// zeros included, are a valid value.
pub(super) unsafe trait Sized32: Copy {
    /// The C name.
    const NAME: &'static str;
    /// Sizes that released headers gave it, ascending; the last one is its present size.
    const SIZES: &'static [usize];
    /// The value that fields have which an older caller does not know.
    fn defaults() -> Self;
}

/// No header will describe a struct of this many bytes; a size over it was never set.
const MAX_SIZE: usize = 4096;

/// Reads a struct from a caller of any version: fields that an older caller does not know get
/// their defaults; fields that a newer caller knows must be zero, since they would be ignored.
pub(super) unsafe fn read<T: Sized32>(from: *const T) -> Result<T> {
    // SAFETY: by the contract of the module.
    let size = unsafe { struct_size(from) }?;
    let known = size.min(size_of::<T>());
    let mut value = T::defaults();
    // SAFETY: `from` has `size` readable bytes; `T` is plain data.
    let tail = unsafe {
        std::ptr::copy_nonoverlapping(from.cast::<u8>(), (&raw mut value).cast::<u8>(), known);
        std::slice::from_raw_parts(from.cast::<u8>().add(known), size - known)
    };
    if let Some(at) = tail.iter().position(|b| *b != 0) {
        return Err(Error::new(
            ErrorKind::Version,
            format!(
                "{}: byte {} is set, which this library (perfvec {}) does not know; use a newer library or leave the field 0",
                T::NAME, known + at, env!("CARGO_PKG_VERSION")
            ),
        ));
    }
    Ok(value)
}

/// Writes as much of `value` as the caller's struct has room for; its size and what lies after
/// the fields that this library knows are left alone.
pub(super) unsafe fn write<T: Sized32>(to: *mut T, value: &T) -> Result<()> {
    // SAFETY: by the contract of the module.
    let size = unsafe { struct_size(to) }?.min(size_of::<T>());
    let skip = size_of::<u32>();
    // SAFETY: `to` has at least `size` writable bytes, and `size >= skip`.
    unsafe {
        let from = (value as *const T).cast::<u8>().add(skip);
        std::ptr::copy_nonoverlapping(from, to.cast::<u8>().add(skip), size - skip);
    }
    Ok(())
}

/// Fills a caller's struct of `size` bytes with defaults, and what only the caller knows with zeros.
pub(super) unsafe fn init<T: Sized32>(to: *mut T, size: usize) -> Result<()> {
    if to.is_null() {
        return Err(null(T::NAME));
    }
    let size = known_size::<T>(size)?;
    // SAFETY: every such struct begins with its size; `to` has `size` writable bytes, by the
    // contract of the module.
    unsafe {
        to.cast::<u8>().write_bytes(0, size);
        to.cast::<u32>().write_unaligned(size as u32);
        write(to, &T::defaults())
    }
}

/// Checks the size of a struct that will be written later.
pub(super) unsafe fn check<T: Sized32>(to: *const T) -> Result<()> {
    // SAFETY: by the contract of the module.
    unsafe { struct_size(to) }.map(drop)
}

/// The size that the caller set, checked.
unsafe fn struct_size<T: Sized32>(at: *const T) -> Result<usize> {
    if at.is_null() {
        return Err(null(T::NAME));
    }
    // SAFETY: not NULL; every such struct begins with its size.
    known_size::<T>(unsafe { at.cast::<u32>().read_unaligned() } as usize)
}

/// `size`, where it can be that of a caller's struct.
fn known_size<T: Sized32>(size: usize) -> Result<usize> {
    let known = T::SIZES.contains(&size) || (size > size_of::<T>() && size <= MAX_SIZE);
    if known {
        return Ok(size);
    }
    let (kind, fix) = if size == 0 || size > MAX_SIZE {
        (
            ErrorKind::InvalidArgument,
            "set it to sizeof the struct before the call",
        )
    } else {
        (
            ErrorKind::Version,
            "compile against the header of this library",
        )
    };
    Err(Error::new(
        kind,
        format!(
            "{}.struct_size is {size}; known sizes are {:?}: {fix}",
            T::NAME,
            T::SIZES
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    struct V2 {
        struct_size: u32,
        old: u32,
        new: u64,
    }

    // SAFETY: plain integers.
    unsafe impl Sized32 for V2 {
        const NAME: &'static str = "v2";
        const SIZES: &'static [usize] = &[8, 16];
        fn defaults() -> Self {
            V2 {
                struct_size: 16,
                old: 1,
                new: 77,
            }
        }
    }

    fn bytes(size: u32, rest: [u32; 7]) -> [u32; 8] {
        let mut all = [size; 8];
        all[1..].copy_from_slice(&rest);
        all
    }

    fn read_from(memory: &[u32; 8]) -> Result<V2> {
        let aligned: [u64; 4] =
            std::array::from_fn(|i| u64::from(memory[2 * i]) | u64::from(memory[2 * i + 1]) << 32);
        // SAFETY: 32 readable bytes; no test claims more.
        unsafe { read(aligned.as_ptr().cast::<V2>()) }
    }

    #[test]
    fn an_older_caller_gets_defaults_and_a_newer_one_must_leave_zeros() {
        let old = read_from(&bytes(8, [5, 9, 9, 9, 9, 9, 9])).unwrap();
        assert_eq!((old.old, old.new), (5, 77));
        let now = read_from(&bytes(16, [5, 6, 0, 9, 9, 9, 9])).unwrap();
        assert_eq!((now.old, now.new), (5, 6));
        let newer = read_from(&bytes(24, [5, 6, 0, 0, 0, 9, 9])).unwrap();
        assert_eq!((newer.old, newer.new), (5, 6));
        let e = read_from(&bytes(24, [5, 6, 0, 0, 1 << 8, 0, 0])).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Version);
        assert!(e.message().contains("byte 21"), "{e}");
    }

    #[test]
    fn sizes_that_nobody_released_are_rejected() {
        for (size, kind) in [
            (0, ErrorKind::InvalidArgument),
            (4, ErrorKind::Version),
            (12, ErrorKind::Version),
            (5000, ErrorKind::InvalidArgument),
            (u32::MAX, ErrorKind::InvalidArgument),
        ] {
            let e = read_from(&bytes(size, [0; 7])).unwrap_err();
            assert_eq!(e.kind(), kind, "{e}");
        }
        // SAFETY: NULL is rejected.
        let e = unsafe { read::<V2>(std::ptr::null()) }.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn defaults_fill_what_the_caller_has() {
        for (size, want) in [
            (8, [8 | 1 << 32, 9, 9]),
            (16, [16 | 1 << 32, 77, 9]),
            (24, [24 | 1 << 32, 77, 0]),
        ] {
            let mut memory = [9u64; 3];
            // SAFETY: 24 writable bytes.
            unsafe { init(memory.as_mut_ptr().cast::<V2>(), size) }.unwrap();
            assert_eq!(memory, want);
        }
        for size in [0, 12, 5000, usize::MAX] {
            let mut memory = [9u64; 3];
            // SAFETY: as above; nothing is written.
            unsafe { init(memory.as_mut_ptr().cast::<V2>(), size) }.unwrap_err();
            assert_eq!(memory, [9; 3]);
        }
        // SAFETY: NULL is rejected.
        unsafe { init::<V2>(std::ptr::null_mut(), 16) }.unwrap_err();
    }

    #[test]
    fn writing_stays_within_what_the_caller_has() {
        let value = V2 {
            struct_size: 16,
            old: 3,
            new: 4,
        };
        for (size, want) in [
            (8u64, [8 | 3 << 32, 9, 9]),
            (16, [16 | 3 << 32, 4, 9]),
            (24, [24 | 3 << 32, 4, 9]),
        ] {
            let mut memory = [size, 9, 9];
            // SAFETY: 24 writable bytes.
            unsafe { write(memory.as_mut_ptr().cast::<V2>(), &value) }.unwrap();
            assert_eq!(memory, want);
        }
    }
}
