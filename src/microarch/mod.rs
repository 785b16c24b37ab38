//! Microarchitecture vectors: tables of them, prediction, calibration.

pub mod calibrate;
pub mod estimate;
pub mod program_vector;
pub mod table;

pub use estimate::Estimate;
pub use program_vector::ProgramVector;
pub use table::{Microarch, MicroarchTable};
