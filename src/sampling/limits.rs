//! Bounds of sampling, for settings and for what snapshots may say.

/// Feature warming that drops nothing: more than any stream has.
pub const WARMING_ALL: u64 = i64::MAX as u64;

/// Past any stream, and far enough from the end of the numbers for sums of a few such.
pub const MAX_INDEX: u64 = 1 << 60;

/// Longest period of a fixed rate, in retirements: positions stay far from the end of the numbers.
pub const MAX_FIXED_PERIOD: u64 = 1 << 52;

/// Epochs in a plan at the most. 32 of them double what came before, so no stream has as many.
pub const MAX_EPOCHS: usize = 2048;

/// Longest period of an epoch, in units.
pub const MAX_PERIOD: u64 = 1 << 32;

/// Units of the first epoch, all of them measured. The next four are as long as everything before
/// them.
pub const FIRST: u64 = 32;

/// Later epochs are at most this part of everything before them, so that a plan that a late phase
/// proves wrong is soon another.
pub const PART: u64 = 32;

/// Fewest units whose variance is worth having; an epoch with fewer joins the one before.
pub const ENOUGH: u64 = 16;
