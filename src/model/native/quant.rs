//! int8: weights and activations as integers, in words of four bytes for [`Simd::dot`].

use super::gates::GATE_SCALE;
use super::simd::Simd;
use crate::model::network::{Dense, Lstm};

/// |h| < 1 in steps of 1/127.
pub const STATE_STEPS: f32 = 127.0;
/// Zero of a quantised state, since activations are unsigned.
pub const STATE_ZERO: i32 = 128;
/// Wide activations have 16 bits, split into two bytes.
const WIDE_STEPS: f32 = 32767.0;
const WIDE_ZERO: i32 = 32768;

/// i8 weights of U quads of rows per group, `[group][k / 4][u][row]` as words.
pub struct Words<const U: usize> {
    /// Words of a row.
    pub k: usize,
    pub w: Vec<[[i32; 4]; U]>,
    /// Sum of each row's integers, to take zero points out, `[group][u][row]`.
    pub sum: Vec<[[i32; 4]; U]>,
    /// Value of one step, `[group][u][row]`.
    pub step: Vec<[[f32; 4]; U]>,
}

/// A row of weights in parts, each of which starts at a new word.
pub type Row<'a> = Vec<&'a [f32]>;

impl<const U: usize> Words<U> {
    /// Quantises symmetrically, a step per row: `row(quad, r)`; an empty row is padding.
    pub fn new<'a>(quads: usize, row: impl Fn(usize, usize) -> Row<'a>) -> Self {
        let words = |parts: &Row| parts.iter().map(|p| p.len().div_ceil(4)).sum::<usize>();
        let k = words(&row(0, 0));
        let groups = quads.div_ceil(U);
        let mut out = Self {
            k,
            w: vec![[[0; 4]; U]; groups * k],
            sum: vec![[[0; 4]; U]; groups],
            step: vec![[[0.0; 4]; U]; groups],
        };
        for quad in 0..quads {
            let (group, u) = (quad / U, quad % U);
            for r in 0..4 {
                let parts = row(quad, r);
                let largest = parts
                    .iter()
                    .copied()
                    .flatten()
                    .fold(0.0f32, |m, w| m.max(w.abs()));
                let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
                out.step[group][u][r] = step;
                let quartets = parts.iter().flat_map(|p| p.chunks(4));
                for (word, weights) in out.w[group * k..][..k].iter_mut().zip(quartets) {
                    let mut bytes = [0i8; 4];
                    for (byte, w) in bytes.iter_mut().zip(weights) {
                        *byte = (w / step).round_ties_even() as i8;
                        out.sum[group][u][r] += i32::from(*byte);
                    }
                    word[u][r] = i32::from_le_bytes(bytes.map(|b| b as u8));
                }
            }
        }
        out
    }

    /// Words of group `g`.
    #[inline(always)]
    pub fn group(&self, g: usize) -> &[[[i32; 4]; U]] {
        &self.w[g * self.k..][..self.k]
    }

    /// Multiplies the steps of the rows by the factor of their gate and `by`.
    fn scale_gates(&mut self, by: f32) {
        for row in self.step.as_flattened_mut() {
            for (step, gate) in row.iter_mut().zip(GATE_SCALE) {
                *step *= gate * by;
            }
        }
    }
}

/// A bias per row, `[group][u][row]`.
pub type Bias<const U: usize> = Vec<[[f32; 4]; U]>;

fn bias<const U: usize>(quads: usize, row: impl Fn(usize, usize) -> f32) -> Bias<U> {
    let mut out = vec![[[0.0; 4]; U]; quads.div_ceil(U)];
    for quad in 0..quads {
        for r in 0..4 {
            out[quad / U][quad % U][r] = row(quad, r);
        }
    }
    out
}

/// The embedding: a quad is four outputs.
pub fn dense<const U: usize>(d: &Dense) -> (Words<U>, Bias<U>) {
    let quads = d.outputs.div_ceil(4);
    let words = Words::new(quads, |quad, r| match 4 * quad + r {
        row if row < d.outputs => vec![&d.w[row * d.inputs..][..d.inputs]],
        _ => Vec::new(),
    });
    let b = bias(quads, |quad, r| {
        d.b.get(4 * quad + r).copied().unwrap_or(0.0)
    });
    (words, b)
}

/// An LSTM layer: a quad is the gates of a hidden unit. A layer above another takes states on
/// both sides, so that one product serves both; the first one has a product of its own for its
/// input, whose scale changes from row to row.
pub struct Layer<const U: usize> {
    pub input: Option<Words<U>>,
    pub state: Words<U>,
    /// Leading words of `state` that meet the layer below.
    pub below: usize,
    pub b: Bias<U>,
}

impl<const U: usize> Layer<U> {
    pub fn new(l: &Lstm, first: bool) -> Self {
        let row = |unit, gate| gate * l.hidden + unit;
        let x = |unit, gate| &l.wx[row(unit, gate) * l.inputs..][..l.inputs];
        let h = |unit, gate| &l.wh[row(unit, gate) * l.hidden..][..l.hidden];
        let mut state = if first {
            Words::new(l.hidden, |unit, gate| vec![h(unit, gate)])
        } else {
            Words::new(l.hidden, |unit, gate| vec![x(unit, gate), h(unit, gate)])
        };
        state.scale_gates(1.0 / STATE_STEPS);
        let input = first.then(|| {
            let mut words = Words::new(l.hidden, |unit, gate| vec![x(unit, gate)]);
            words.scale_gates(1.0);
            words
        });
        Self {
            input,
            state,
            below: if first { 0 } else { l.inputs.div_ceil(4) },
            b: bias(l.hidden, |unit, gate| {
                l.b[row(unit, gate)] * GATE_SCALE[gate]
            }),
        }
    }
}

/// A state or its padding as a byte.
#[inline(always)]
pub fn state_byte<S: Simd>(s: S, h: S::F) -> S::I {
    let q = s.round(s.mul(h, s.splat(STATE_STEPS)));
    s.add_i(q, s.splat_i(STATE_ZERO))
}

/// `word` with byte `at` (which was zero) set to `byte`; byte 0 starts a new word.
#[inline(always)]
pub fn place<S: Simd>(s: S, word: S::I, at: usize, byte: S::I) -> S::I {
    match at {
        0 => byte,
        1 => s.or(word, s.shl::<8>(byte)),
        2 => s.or(word, s.shl::<16>(byte)),
        _ => s.or(word, s.shl::<24>(byte)),
    }
}

/// Largest magnitude of each lane over `rows`, never zero.
#[inline(always)]
fn largest<S: Simd, const V: usize>(s: S, rows: &[[S::F; V]]) -> [S::F; V] {
    let mut m = [s.splat(1e-30); V];
    for row in rows {
        for v in 0..V {
            m[v] = s.max(s.max(row[v], s.sub(s.splat(0.0), row[v])), m[v]);
        }
    }
    m
}

/// Quantises each lane to 16 bits with a step of its own: high bytes, low bytes, steps.
#[inline(always)]
pub fn wide<S: Simd, const V: usize>(
    s: S,
    rows: &[[S::F; V]],
    high: &mut [[S::I; V]],
    low: &mut [[S::I; V]],
) -> [S::F; V] {
    let m = largest(s, rows);
    let mut step = m;
    for v in 0..V {
        step[v] = s.div(m[v], s.splat(WIDE_STEPS));
        let inverse = s.div(s.splat(WIDE_STEPS), m[v]);
        for (quartet, (high, low)) in rows.chunks(4).zip(high.iter_mut().zip(&mut *low)) {
            for (at, row) in quartet.iter().enumerate() {
                let q = s.add_i(s.round(s.mul(row[v], inverse)), s.splat_i(WIDE_ZERO));
                high[v] = place(s, high[v], at, s.shr::<8>(q));
                low[v] = place(s, low[v], at, s.and(q, s.splat_i(0xff)));
            }
        }
    }
    step
}

/// Quantises each lane of values that are not negative to 8 bits with a step of its own.
#[inline(always)]
pub fn bytes<S: Simd, const V: usize>(
    s: S,
    rows: &[[S::F; V]],
    out: &mut [[S::I; V]],
) -> [S::F; V] {
    let m = largest(s, rows);
    let mut step = m;
    for v in 0..V {
        step[v] = s.div(m[v], s.splat(255.0));
        let inverse = s.div(s.splat(255.0), m[v]);
        for (quartet, out) in rows.chunks(4).zip(&mut *out) {
            for (at, row) in quartet.iter().enumerate() {
                out[v] = place(s, out[v], at, s.round(s.mul(row[v], inverse)));
            }
        }
    }
    step
}
