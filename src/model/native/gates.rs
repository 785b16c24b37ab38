//! The LSTM cell after its matrix product.

use super::simd::Simd;
use std::f32::consts::{LN_2, LOG2_E};

/// What the rows of gates i, o, f, c are multiplied with, so that [`cell`] can use powers of two.
pub const GATE_SCALE: [f32; 4] = [-LOG2_E, -LOG2_E, -LOG2_E, -2.0 * LOG2_E];

/// Bound on the exponent: sigmoid and tanh are within 2e-11 of their limits there, and a product
/// of three powers still fits an f32.
const BOUND: f32 = 36.0;

/// Minimax coefficients of 2^x on [-0.5, 0.5].
pub trait Exp2 {
    /// From the constant to the highest power.
    const TERMS: &'static [f32];
}

/// The first two coefficients exact; relative error 1.1e-7.
pub struct Fine;
/// For values that are about to have 8 bits; relative error 7.5e-5.
pub struct Coarse;

impl Exp2 for Fine {
    const TERMS: &'static [f32] = &[
        1.0,
        LN_2,
        0.240_222_83,
        0.055_505_585,
        0.009_669_69,
        0.001_330_06,
    ];
}

impl Exp2 for Coarse {
    const TERMS: &'static [f32] = &[0.999_928_07, 0.693_260_99, 0.242_611_12, 0.055_171_67];
}

/// 2^x for x clamped to [-36, 36].
#[inline(always)]
fn exp2<S: Simd, E: Exp2>(s: S, x: S::F) -> S::F {
    // Adding 1.5 * 2^23 rounds x to an integer in the low bits of the sum.
    const MAGIC: f32 = 12_582_912.0;
    let x = s.clamp(x, s.splat(BOUND));
    let n = s.add(x, s.splat(MAGIC));
    let f = s.sub(x, s.sub(n, s.splat(MAGIC)));
    let (last, terms) = const {
        match E::TERMS.split_last() {
            Some((last, terms)) => (*last, terms),
            None => (1.0, E::TERMS),
        }
    };
    let mut p = s.splat(last);
    for c in terms.iter().rev() {
        p = s.fma(p, f, s.splat(*c));
    }
    s.scale2(p, n)
}

/// New (c, h) of one hidden unit from its gates, which carry [`GATE_SCALE`]:
/// c' = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c').
///
/// With I = 2^i and so on, sigmoid(i) = 1/(1+I) and tanh(g) = (1-G)/(1+G); common denominators
/// leave two divisions of five. Absolute error below 1e-6 with [`Fine`] (see the tests).
#[inline(always)]
pub fn cell<S: Simd, E: Exp2>(s: S, gates: [S::F; 4], c: S::F) -> (S::F, S::F) {
    let one = s.splat(1.0);
    let [i, o, f, g] = gates;
    let g = exp2::<S, E>(s, g);
    let product = s.mul(s.add(one, exp2::<S, E>(s, i)), s.add(one, g));
    let forget = s.add(one, exp2::<S, E>(s, f));
    let sum = s.fma(c, product, s.mul(s.sub(one, g), forget));
    let c = s.div(sum, s.mul(product, forget));
    let e = exp2::<S, E>(s, s.mul(c, s.splat(GATE_SCALE[3])));
    let h = s.div(
        s.sub(one, e),
        s.mul(s.add(one, exp2::<S, E>(s, o)), s.add(one, e)),
    );
    (c, h)
}
