//! The LSTM cell after its matrix product.

use super::simd::Simd;
use std::f32::consts::{LN_2, LOG2_E};

/// What the rows of gates i, o, f, c are multiplied with, so that [`cell`] can use powers of two.
pub const GATE_SCALE: [f32; 4] = [-LOG2_E, -LOG2_E, -LOG2_E, -2.0 * LOG2_E];

/// Bound on the exponent: sigmoid and tanh are within 2e-11 of their limits there, and a product
/// of three powers still fits an f32.
const BOUND: f32 = 36.0;

/// 2^x for x clamped to [-36, 36]; relative error below 3e-7.
#[inline(always)]
fn exp2<S: Simd>(s: S, x: S::F) -> S::F {
    // Adding 1.5 * 2^23 rounds x to an integer in the low bits of the sum.
    const MAGIC: f32 = 12_582_912.0;
    let x = s.max(s.min(x, s.splat(BOUND)), s.splat(-BOUND));
    let n = s.add(x, s.splat(MAGIC));
    let f = s.sub(x, s.sub(n, s.splat(MAGIC)));
    let mut p = s.splat(EXP2[5]);
    for c in EXP2[..5].iter().rev() {
        p = s.fma(p, f, s.splat(*c));
    }
    s.scale2(p, n)
}

/// Minimax coefficients of 2^x on [-0.5, 0.5], the first two exact; relative error 1.1e-7.
const EXP2: [f32; 6] = [
    1.0,
    LN_2,
    0.240_222_83,
    0.055_505_585,
    0.009_669_69,
    0.001_330_06,
];

/// New (c, h) of one hidden unit from its gates, which carry [`GATE_SCALE`]:
/// c' = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c').
///
/// With I = 2^i and so on, sigmoid(i) = 1/(1+I) and tanh(g) = (1-G)/(1+G); common denominators
/// leave two divisions of five. Absolute error below 1e-6 (see the tests).
#[inline(always)]
pub fn cell<S: Simd>(s: S, gates: [S::F; 4], c: S::F) -> (S::F, S::F) {
    let one = s.splat(1.0);
    let [i, o, f, g] = gates;
    let g = exp2(s, g);
    let product = s.mul(s.add(one, exp2(s, i)), s.add(one, g));
    let forget = s.add(one, exp2(s, f));
    let sum = s.fma(c, product, s.mul(s.sub(one, g), forget));
    let c = s.div(sum, s.mul(product, forget));
    let e = exp2(s, s.mul(c, s.splat(GATE_SCALE[3])));
    let h = s.div(s.sub(one, e), s.mul(s.add(one, exp2(s, o)), s.add(one, e)));
    (c, h)
}
