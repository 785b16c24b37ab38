//! Calibration: fitting a microarchitecture vector to observed cycles.
