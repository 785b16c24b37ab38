//! Microarch tables, estimates and calibration.

mod calibrate;
mod estimate;
mod files;
mod golden;
