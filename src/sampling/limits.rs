//! Bounds of sampling, for settings and for what snapshots may say.

/// Feature warming that drops nothing: more than any stream has.
pub const WARMING_ALL: u64 = i64::MAX as u64;

/// Past any stream, and far enough from the end of the numbers for sums of a few such.
pub const MAX_INDEX: u64 = 1 << 60;

/// Longest period of a fixed rate, in retirements: positions stay far from the end of the numbers.
pub const MAX_FIXED_PERIOD: u64 = 1 << 52;

/// Epochs in a plan at the most. Every epoch is as long as all before it, so no stream has as many.
pub const MAX_EPOCHS: usize = 64;

/// Longest period of an epoch, in units.
pub const MAX_PERIOD: u64 = 1 << 32;

/// Units of the first epoch, all of them measured. Every later epoch is as long as everything
/// before it.
pub const FIRST: u64 = 32;

/// Fewest units whose variance is worth having; an epoch with fewer joins the one before.
pub const ENOUGH: u64 = 16;
