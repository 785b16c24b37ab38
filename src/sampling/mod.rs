//! Sampling: which retirements of a region are measured, and how often.
//!
//! [`mode`] is what a user asks for. `plan` places units in the stream. Where the period is not
//! fixed it is decided at the start of each epoch (`pace`): from the units of the last epochs
//! (`strata`, `target`), from the time that they took (`meter`), or from a list.

pub(crate) mod limits;
pub(crate) mod meter;
pub mod mode;
mod pace;
pub(crate) mod plan;
pub(crate) mod strata;
mod target;

pub use limits::{MAX_EPOCHS, WARMING_ALL};
pub use mode::Sampling;
