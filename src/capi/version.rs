//! Versions of the ABI and of the library.

use std::ffi::c_char;

/// Version of the C ABI that this header describes. It changes only when a program compiled
/// against an older header would break.
pub const PERFVEC_ABI_VERSION: u32 = 1;

/// The ABI version of the library that is loaded: compare it with `PERFVEC_ABI_VERSION`.
/// Callable from any thread.
#[no_mangle]
pub extern "C" fn perfvec_abi_version() -> u32 {
    PERFVEC_ABI_VERSION
}

/// The version of the library that is loaded, as "major.minor.patch". Static; never NULL.
/// Callable from any thread.
#[no_mangle]
pub extern "C" fn perfvec_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
