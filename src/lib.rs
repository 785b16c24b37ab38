//! perfvec: learned performance estimates inside a running simulator.
//!
//! A host reports each retired instruction; a [`session::Session`] turns the stream into feature
//! rows ([`features`]), runs them through a recurrent foundation model ([`model`]), sums the
//! representations into a program vector, and prices it on every microarchitecture of a table
//! ([`microarch`]). The method is PerfVec (arXiv 2310.16792). Hosts in C and C++ use the same
//! through [`capi`]; [`trace`] records a stream and replays it.

// Shapes are written as in the papers, [T,B,F], which rustdoc takes for links.
#![allow(rustdoc::broken_intra_doc_links)]

pub mod bytes;
pub mod capi;
pub mod error;
pub mod features;
pub mod file;
pub mod file_kind;
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
mod sync;
pub mod trace;
pub mod twin;

pub use error::{Error, ErrorKind, Result};
