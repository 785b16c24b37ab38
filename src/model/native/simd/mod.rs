//! Vectors of lanes: one lane of a vector is one lane of the engine.
//!
//! Every operation acts on each lane by itself and rounds as IEEE 754 says, so a lane's result
//! depends neither on the other lanes nor on the width of the vector. The implementations
//! differ in speed alone (one exception: [`Simd::mul_acc`]).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
pub use avx2::{Avx2, Avx2Vnni};
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use portable::Portable;

/// An instruction set. A value proves that this CPU has it, which makes the methods safe.
pub trait Simd: Copy + Send + Sync + 'static {
    /// Lanes of a vector.
    const LANES: usize;
    /// A vector of f32.
    type F: Copy + Send + Sync;
    /// A vector of i32 (also seen as four bytes a lane).
    type I: Copy + Send + Sync;
    /// As many f64.
    type D: Copy + Send + Sync;

    /// Runs `op` in a function compiled for this instruction set.
    fn call<O: Op<Self>>(self, op: O);

    /// Every lane `x`.
    fn splat(self, x: f32) -> Self::F;
    /// a + b
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    /// a - b
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    /// a * b
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// a / b
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// a < b ? a : b (b where either is NaN)
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// a > b ? a : b (b where either is NaN)
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// a * b + c, rounded once.
    fn fma(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// a * b + c for the inner loop: rounded once wherever the CPU can (else twice, since
    /// emulation would be a hundred times slower).
    fn mul_acc(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// a * 2^n, where the low bits of `n` hold n in two's complement; the result must be normal.
    fn scale2(self, a: Self::F, n: Self::F) -> Self::F;

    /// The first `LANES` of `x`; panics where there are fewer.
    fn load(self, x: &[f32]) -> Self::F;
    /// a clamped to [-bound, bound] (anything where a is NaN).
    fn clamp(self, a: Self::F, bound: Self::F) -> Self::F;
    /// The first `LANES` of `x`; panics where there are fewer.
    fn load_d(self, x: &[f64]) -> Self::D;
    /// Writes the first `LANES` of `to`; panics where there are fewer.
    fn store_d(self, a: Self::D, to: &mut [f64]);
    /// acc + a
    fn add_d(self, acc: Self::D, a: Self::F) -> Self::D;

    /// Every lane `x`.
    fn splat_i(self, x: i32) -> Self::I;
    /// acc + the dot product of four u8 of `a` and four i8 of `w`, wrapping.
    fn dot(self, acc: Self::I, a: Self::I, w: Self::I) -> Self::I;
    /// The nearest f32.
    fn to_f(self, a: Self::I) -> Self::F;
    /// The nearest integer, ties to even; the value must fit.
    fn round(self, a: Self::F) -> Self::I;
    /// a + b, wrapping.
    fn add_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// a | b
    fn or(self, a: Self::I, b: Self::I) -> Self::I;
    /// a & b
    fn and(self, a: Self::I, b: Self::I) -> Self::I;
    /// a << N
    fn shl<const N: u32>(self, a: Self::I) -> Self::I;
    /// a >> N, zeros shifted in.
    fn shr<const N: u32>(self, a: Self::I) -> Self::I;
    /// The bits of a.
    fn bits(self, a: Self::F) -> Self::I;
    /// Writes the low byte of every lane to the first `LANES` of `to`; panics where there are
    /// fewer. Lanes must be from 0 to 255.
    fn store_bytes(self, a: Self::I, to: &mut [u8]);
}

/// Work that [`Simd::call`] runs. `run` and all that it calls must be `#[inline(always)]`.
pub trait Op<S: Simd> {
    /// The work.
    fn run(self, s: S);
}

/// Asks for `x` to be brought into the first-level cache, where the CPU can be asked.
#[inline(always)]
pub fn prefetch(x: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in x.chunks(16) {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        // SAFETY: every x86-64 CPU has SSE, and a prefetch reads nothing that the program sees.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = x;
}

/// The lanes of `v` in order.
pub fn lanes<S: Simd>(v: &[S::F]) -> &[f32] {
    const { assert!(size_of::<S::F>() == 4 * S::LANES) };
    // SAFETY: an `S::F` is exactly `LANES` f32 without padding (asserted above), and f32 needs no
    // more alignment than it.
    unsafe { std::slice::from_raw_parts(v.as_ptr().cast(), v.len() * S::LANES) }
}

/// The lanes of `v` in order.
pub fn words_mut<S: Simd>(v: &mut [S::I]) -> &mut [i32] {
    const { assert!(size_of::<S::I>() == 4 * S::LANES) };
    // SAFETY: an `S::I` is exactly `LANES` i32 without padding (asserted above), i32 needs no more
    // alignment than it, and every bit pattern is valid for both.
    unsafe { std::slice::from_raw_parts_mut(v.as_mut_ptr().cast(), v.len() * S::LANES) }
}

/// The lanes of `v` in order.
pub fn lanes_mut<S: Simd>(v: &mut [S::F]) -> &mut [f32] {
    const { assert!(size_of::<S::F>() == 4 * S::LANES) };
    // SAFETY: as in `lanes`; every bit pattern is a valid f32 and a valid vector lane.
    unsafe { std::slice::from_raw_parts_mut(v.as_mut_ptr().cast(), v.len() * S::LANES) }
}
