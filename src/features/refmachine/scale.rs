//! How depths, counts and times become the numbers of a row.

use super::set_depth::WAYS;

/// log2 of a cache depth over 4: 0 for a hit in the most recent way, just over 1 for absent.
pub static DEPTH: [f32; WAYS + 2] = [
    0.0,
    0.0,
    0.25,
    0.396_240_63,
    0.5,
    0.580_482,
    0.646_240_65,
    0.701_838_73,
    0.75,
    0.792_481_24,
    0.830_482,
    0.864_857_9,
    0.896_240_65,
    0.925_109_9,
    0.951_838_73,
    0.976_722_66,
    1.0,
    1.25,
];

/// Counts whose logarithm is kept: most are small.
const LOGS: usize = 1024;

/// `log2(1 + n) / 16`.
fn log_count(n: u64) -> f32 {
    ((n + 1) as f32).log2() / 16.0
}

/// [`log_count`], from a table where it can.
pub struct Logs(Box<[f32; LOGS]>);

impl Logs {
    /// The table.
    pub fn new() -> Self {
        Self(Box::new(std::array::from_fn(|n| log_count(n as u64))))
    }

    /// `log2(1 + n) / 16`.
    #[inline(always)]
    pub fn of(&self, n: u64) -> f32 {
        match self.0.get(n as usize) {
            Some(log) => *log,
            None => log_count(n),
        }
    }
}

/// Of no and of yes.
static FLAG: [f32; 2] = [0.0, 1.0];

/// 1 if so, else 0. From a table: of masks the compiler makes a move between registers (VEX, 0F D6)
/// that Valgrind does not know.
#[inline(always)]
pub fn flag(b: bool) -> f32 {
    FLAG[usize::from(b)]
}

/// log2(1 + x) for x >= 0, the same on every machine (no libm), to 1e-3: features need no more.
#[inline(always)]
pub fn log2_1p(x: f32) -> f32 {
    let y = x + 1.0;
    let bits = y.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000) - 1.0;
    // Cubic through log2 at 1 and 2 with matched end slopes, error under 9e-4.
    exponent as f32 + m * (1.423_35 + m * (-0.587_02 + m * 0.163_67))
}
