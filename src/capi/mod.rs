//! The C ABI. The only unsafe code of the crate besides the kernel interface.
//!
//! One file per C object; `handle`, `status`, `fork` and `sized` are the plumbing that every
//! exported function shares. `include/perfvec.h` is generated from this directory by cbindgen
//! (`tests/abi/header.rs`), so the comments here are the manual of the C ABI.
//!
//! # Safety
//! Every exported function is `unsafe` for the same reasons, which are its contract with C:
//! - a handle may be anything: it is a number that is looked up (`slots`), never followed. NULL,
//!   foreign pointers, freed handles and handles of another type are refused (`InvalidArgument`);
//! - a pointer to a struct or an array points to as much as its documentation says, readable for
//!   `const` parameters and writable for others; a string ends in NUL. NULL is rejected with an
//!   error unless it is documented as allowed;
//! - nothing else writes to such memory during the call.
#![allow(non_camel_case_types, clippy::missing_safety_doc)]

pub mod calibrator;
pub mod config;
pub mod constants;
pub mod estimates;
mod fork;
mod handle;
pub mod inst;
pub mod interval;
pub mod log;
pub mod microarchs;
pub mod model;
pub mod recorder;
pub mod region;
pub mod rules;
pub mod session;
mod signals;
mod sized;
mod slots;
pub mod snapshot;
pub mod status;
pub mod stream;
mod strings;
pub mod version;
