//! Counts of a session's progress.

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Retirements inside regions of interest.
    pub retired: u64,
    /// Of these, the ones whose representations are in the program vector.
    pub measured: u64,
    /// Full mode: retirements in regions that are not yet through the model (upper bound). 0 when
    /// sampling, where most never go through it and the estimates stand for all.
    pub pending: u64,
    /// Sampling units measured (0 in full mode).
    pub units: u64,
}

/// One finished interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Number of the interval, from 0.
    pub index: u64,
    /// Index of its first retirement in the region.
    pub first: u64,
    /// Retirements in it (less than configured only for the last one).
    pub retirements: u64,
    /// Number of these that were measured.
    pub measured: u64,
    /// Cycles observed over its timed retirements.
    pub cycles: u64,
    /// Retirements of it that were timed.
    pub timed: u64,
    /// Sum of the measured representations, length D.
    pub vector: Vec<f64>,
}
