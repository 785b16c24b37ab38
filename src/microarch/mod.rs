//! Microarchitecture vectors: tables of them, prediction, calibration.
