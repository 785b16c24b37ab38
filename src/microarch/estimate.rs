//! Estimates: a program vector priced on a microarchitecture vector.

/// What a microarchitecture would have taken for the retirements in the region so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct Estimate {
    /// Cycles, scaled to every retirement of the region (measured or not).
    pub cycles: f64,
    /// Cycles per retirement.
    pub cpi: f64,
    /// Seconds at the microarchitecture's clock.
    pub seconds: f64,
    /// Half width of the 95% confidence interval of `cycles`, relative to `cycles`; 0 in full mode.
    pub half_width: f64,
}
