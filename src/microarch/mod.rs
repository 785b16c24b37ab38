//! Microarchitecture vectors: tables of them, prediction, calibration.

pub mod calibrate;
pub(crate) mod container;
mod entry;
pub mod estimate;
pub(crate) mod linalg;
pub mod program_vector;
mod saved;
pub mod stack;
pub mod table;
mod table_file;
pub(crate) mod totals;

pub use calibrate::{Calibrator, Fit};
pub use entry::Microarch;
pub use estimate::Estimate;
pub use program_vector::ProgramVector;
pub use saved::Saved;
pub use stack::{Stack, PARTS};
pub use table::{MicroarchTable, Ood};
