//! perfvec: performance estimates inside a running simulator.
//!
//! A host (QEMU, gem5, a trace, your own simulator through [`capi`]) reports each retired
//! instruction. A [`session::Session`] prices the stream on every core of a table and can report at
//! any moment how many cycles each has needed so far. A tour, in the order of the data:
//!
//! 1. [`isa`] decodes an encoding into a static instruction ([`inst::StaticInst`]), which is
//!    announced once; a retirement ([`inst::Retirement`]) is its id, its address and what followed.
//!    [`outcome`] is the one rule of what a branch did.
//! 2. [`session`] cuts the stream into segments, and [`sampling`] decides which of them are measured.
//! 3. An extractor ([`features::Extractor`]) makes a row of numbers of each retirement:
//!    - [`twin`] advances a timing model of each core, and the row holds the cycles and cause of
//!      each;
//!    - [`features`] describes the retirement whatever the core, for a foundation model.
//! 4. An engine ([`model::Engine`]) turns rows into representations: cycles by cause, or the
//!    outputs of a recurrent network (the method of PerfVec, arXiv 2310.16792).
//! 5. Representations add up to a program vector ([`microarch::ProgramVector`]), whose dot product
//!    with a microarchitecture's vector is its cycles ([`microarch::MicroarchTable`]), with the
//!    error of sampling, and [`microarch::stack`] splits them by cause.
//!
//! [`pricing`] opens whatever prices: a list of cores or a model file. [`trace`] records a stream and
//! replays it, and reads those of other tools. [`microarch::calibrate`] fits a core that was timed.
//!
//! Dependencies point one way: hosts, then [`capi`], [`session`], then [`sampling`], [`features`],
//! [`twin`], [`model`] and [`microarch`]; nothing knows the hosts.

// Shapes are written as in the papers, [T,B,F], which rustdoc takes for links.
#![allow(rustdoc::broken_intra_doc_links)]

pub mod bytes;
pub mod capi;
pub mod error;
pub mod features;
pub mod file;
pub mod file_kind;
#[cfg(test)]
mod fingerprint;
pub mod inst;
pub mod isa;
pub mod microarch;
pub mod model;
pub mod npy;
pub mod outcome;
pub mod pricing;
pub mod region;
pub mod sampling;
pub mod session;
mod statics;
mod sync;
pub mod trace;
pub mod twin;

pub use error::{Error, ErrorKind, Result};
