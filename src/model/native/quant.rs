//! int8: weights and activations as integers, in words of four bytes for [`Simd::dot`].

use super::gates::GATE_SCALE;
use super::simd::Simd;
use crate::model::network::{Dense, Lstm};

/// |h| < 1 in steps of 1/127.
pub const STATE_STEPS: f32 = 127.0;
/// Zero of a quantised state, since activations are unsigned.
pub const STATE_ZERO: f32 = 128.0;

/// What bytes of activations mean, per column: `(byte - zero) * step`.
pub struct Bytes {
    pub step: Vec<f32>,
    pub zero: Vec<f32>,
}

impl Bytes {
    /// `n` columns with the same meaning.
    pub fn same(n: usize, step: f32, zero: f32) -> Self {
        Self {
            step: vec![step; n],
            zero: vec![zero; n],
        }
    }

    /// States of `n` hidden units.
    fn states(n: usize) -> Self {
        Self::same(n, 1.0 / STATE_STEPS, STATE_ZERO)
    }

    /// Weights of bytes from weights of values.
    fn weights(&self, w: &[f32]) -> Vec<f32> {
        w.iter().zip(&self.step).map(|(w, step)| w * step).collect()
    }
}

/// i8 weights of U quads of rows per group, `[group][k / 4][u][row]` as words.
pub struct Words<const U: usize> {
    /// Words of a row.
    pub k: usize,
    pub w: Vec<[[i32; 4]; U]>,
    /// Value of one step, `[group][u][row]`.
    pub step: Vec<[[f32; 4]; U]>,
}

/// Weights of a row and the bytes that they meet, in parts, each of which starts at a new word.
type Row<'a> = Vec<(&'a [f32], &'a Bytes)>;

impl<const U: usize> Words<U> {
    /// Quantises symmetrically, a step per row: `row(quad, r)`; an empty row is padding. What the
    /// zeros of the bytes add to the sums is taken out of the biases `b`.
    fn new<'a>(quads: usize, b: &mut Bias<U>, row: impl Fn(usize, usize) -> Row<'a>) -> Self {
        let words = |parts: &Row| parts.iter().map(|p| p.0.len().div_ceil(4)).sum::<usize>();
        let k = words(&row(0, 0));
        let groups = quads.div_ceil(U);
        let mut out = Self {
            k,
            w: vec![[[0; 4]; U]; groups * k],
            step: vec![[[0.0; 4]; U]; groups],
        };
        for quad in 0..quads {
            let (group, u) = (quad / U, quad % U);
            for r in 0..4 {
                let parts = row(quad, r);
                let scaled: Vec<Vec<f32>> = parts.iter().map(|(w, x)| x.weights(w)).collect();
                let step = best_step(scaled.iter().flatten().copied());
                let mut zeros = 0.0;
                let mut words = out.w[group * k..][..k].iter_mut();
                for (w, (_, x)) in scaled.iter().zip(&parts) {
                    for ((w, zero), word) in w.chunks(4).zip(x.zero.chunks(4)).zip(&mut words) {
                        let mut bytes = [0; 4];
                        for ((byte, w), zero) in bytes.iter_mut().zip(w).zip(zero) {
                            let steps = to_step(*w, step);
                            zeros += f64::from(steps) * f64::from(*zero);
                            *byte = steps as i8 as u8;
                        }
                        word[u][r] = i32::from_le_bytes(bytes);
                    }
                }
                out.step[group][u][r] = step;
                let b = &mut b[group][u][r];
                *b = (f64::from(*b) - f64::from(step) * zeros) as f32;
            }
        }
        out
    }

    /// Words of group `g`.
    #[inline(always)]
    pub fn group(&self, g: usize) -> &[[[i32; 4]; U]] {
        &self.w[g * self.k..][..self.k]
    }
}

/// `w` in steps, within 8 bits.
fn to_step(w: f32, step: f32) -> f32 {
    (w / step).round_ties_even().clamp(-127.0, 127.0)
}

/// The step that leaves the least squared error: a little less than the largest weight asks for
/// often pays for its clipping.
fn best_step(weights: impl Iterator<Item = f32> + Clone) -> f32 {
    let largest = weights.clone().fold(0.0f32, |m, w| m.max(w.abs()));
    if largest == 0.0 {
        return 1.0;
    }
    let error = |step: f32| -> f64 {
        let one = |w: f32| f64::from(w) - f64::from(to_step(w, step)) * f64::from(step);
        weights.clone().map(|w| one(w).powi(2)).sum()
    };
    let steps = (0..41u8).map(|i| largest / 127.0 * (1.1 - 0.01 * f32::from(i)));
    let scored = steps.map(|step| (error(step), step));
    scored
        .fold((f64::INFINITY, 1.0), |a, b| if b.0 < a.0 { b } else { a })
        .1
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

/// The embedding, whose inputs are `x`: a quad is four outputs.
pub fn dense<const U: usize>(d: &Dense, x: &Bytes) -> (Words<U>, Bias<U>) {
    let quads = d.outputs.div_ceil(4);
    let mut b = bias(quads, |quad, r| {
        d.b.get(4 * quad + r).copied().unwrap_or(0.0)
    });
    let words = Words::new(quads, &mut b, |quad, r| match 4 * quad + r {
        row if row < d.outputs => vec![(&d.w[row * d.inputs..][..d.inputs], x)],
        _ => Vec::new(),
    });
    (words, b)
}

/// An LSTM layer: a quad is the gates of a hidden unit. A layer above another takes states on
/// both sides, so that one product serves both; the first one has a product of its own for its
/// input.
pub struct Layer<const U: usize> {
    pub input: Option<Words<U>>,
    pub state: Words<U>,
    /// Leading words of `state` that meet the layer below.
    pub below: usize,
    pub b: Bias<U>,
}

impl<const U: usize> Layer<U> {
    /// The layer at the bottom, whose inputs are `x`.
    pub fn first(l: &Lstm, x: &Bytes) -> Self {
        let (l, states) = (&scaled(l), &Bytes::states(l.hidden));
        let mut b = gate_bias(l);
        Self {
            input: Some(Words::new(l.hidden, &mut b, |unit, gate| {
                vec![(input_row(l, unit, gate), x)]
            })),
            state: Words::new(l.hidden, &mut b, |unit, gate| {
                vec![(state_row(l, unit, gate), states)]
            }),
            below: 0,
            b,
        }
    }

    /// A layer above another.
    pub fn above(l: &Lstm) -> Self {
        let (l, below) = (&scaled(l), &Bytes::states(l.inputs));
        let states = &Bytes::states(l.hidden);
        let mut b = gate_bias(l);
        Self {
            input: None,
            state: Words::new(l.hidden, &mut b, |unit, gate| {
                vec![
                    (input_row(l, unit, gate), below),
                    (state_row(l, unit, gate), states),
                ]
            }),
            below: l.inputs.div_ceil(4),
            b,
        }
    }
}

/// `l` with the rows of its gates multiplied by [`GATE_SCALE`].
fn scaled(l: &Lstm) -> Lstm {
    let scale = |x: &[f32], width: usize| {
        let gate = |i: usize| GATE_SCALE[i / (width * l.hidden)];
        x.iter().enumerate().map(|(i, x)| x * gate(i)).collect()
    };
    Lstm {
        wx: scale(&l.wx, l.inputs),
        wh: scale(&l.wh, l.hidden),
        b: scale(&l.b, 1),
        ..*l
    }
}

fn input_row(l: &Lstm, unit: usize, gate: usize) -> &[f32] {
    &l.wx[(gate * l.hidden + unit) * l.inputs..][..l.inputs]
}

fn state_row(l: &Lstm, unit: usize, gate: usize) -> &[f32] {
    &l.wh[(gate * l.hidden + unit) * l.hidden..][..l.hidden]
}

fn gate_bias<const U: usize>(l: &Lstm) -> Bias<U> {
    bias(l.hidden, |unit, gate| l.b[gate * l.hidden + unit])
}

/// 1.5 * 2^23: adding it leaves an integer in the low bits of a small f32.
const MAGIC: f32 = 12_582_912.0;
/// What the bits of [`MAGIC`] add to a word of four of them, each shifted to its byte.
const MAGIC_WORD: i32 = (MAGIC.to_bits() as i32).wrapping_mul(0x0101_0101);

/// `word` with byte `at` set to the state `h`. Byte 0 starts a new word, which is whole once all
/// four are set; what is above the last byte that was set means nothing.
#[inline(always)]
pub fn place_state<S: Simd>(s: S, word: S::I, at: usize, h: S::F) -> S::I {
    let h = s.fma(h, s.splat(STATE_STEPS), s.splat(MAGIC + STATE_ZERO));
    let bits = s.bits(h);
    match at {
        0 => s.add_i(bits, s.splat_i(MAGIC_WORD.wrapping_neg())),
        1 => s.add_i(word, s.shl::<8>(bits)),
        2 => s.add_i(word, s.shl::<16>(bits)),
        _ => s.add_i(word, s.shl::<24>(bits)),
    }
}

/// `word` with byte `at` (which was zero) set to `byte`; byte 0 starts a new word.
#[inline(always)]
fn place<S: Simd>(s: S, word: S::I, at: usize, byte: S::I) -> S::I {
    match at {
        0 => byte,
        1 => s.or(word, s.shl::<8>(byte)),
        2 => s.or(word, s.shl::<16>(byte)),
        _ => s.or(word, s.shl::<24>(byte)),
    }
}

/// Largest of each lane over `rows`, which are not negative; never zero.
#[inline(always)]
fn largest<S: Simd, const V: usize>(s: S, rows: &[[S::F; V]]) -> [S::F; V] {
    let mut m = [s.splat(1e-30); V];
    for row in rows {
        for v in 0..V {
            m[v] = s.max(row[v], m[v]);
        }
    }
    m
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

#[cfg(test)]
mod tests {
    use super::super::dither::Quantiser;
    use super::*;
    use crate::model::read_network;
    use proptest::prelude::*;
    use std::path::Path;

    /// The largest difference, in steps, between a byte and the weight that it stands for.
    fn rounding<const U: usize>(words: &Words<U>, rows: &[[Vec<f32>; 4]]) -> f32 {
        let mut worst = 0.0f32;
        for (quad, gates) in rows.iter().enumerate() {
            let (group, u) = (quad / U, quad % U);
            for (r, row) in gates.iter().enumerate() {
                let step = words.step[group][u][r];
                let bytes = words.group(group).iter().map(|w| w[u][r].to_le_bytes());
                for (byte, w) in bytes.flatten().zip(row) {
                    worst = worst.max((w / step - f32::from(byte as i8)).abs());
                }
            }
        }
        worst
    }

    /// Rows of weights as they meet bytes of `x`, by hidden unit and gate.
    fn rows(l: &Lstm, x: &Bytes, row: fn(&Lstm, usize, usize) -> &[f32]) -> Vec<[Vec<f32>; 4]> {
        let of = |unit, gate| x.weights(row(l, unit, gate));
        (0..l.hidden)
            .map(|unit| [0, 1, 2, 3].map(|gate| of(unit, gate)))
            .collect()
    }

    /// How far `l`, which takes `x`, is from what int8 makes of it, in steps.
    fn rounding_of(l: &Lstm, x: &Bytes) -> f32 {
        let layer = Layer::<2>::first(l, x);
        let (l, states) = (&scaled(l), &Bytes::states(l.hidden));
        let input = layer.input.expect("a product of its own");
        rounding(&input, &rows(l, x, input_row))
            .max(rounding(&layer.state, &rows(l, states, state_row)))
    }

    proptest! {
        /// Weights that are whole steps already, 127 of them at most, stay what they are.
        #[test]
        fn what_lies_on_the_grid_is_not_rounded(
            inputs in 1usize..20,
            hidden in 1usize..6,
            seed in any::<u64>(),
        ) {
            let mut state = seed | 1;
            let mut next = |n: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) % n
            };
            let x = Bytes {
                step: (0..inputs).map(|_| 0.001 + next(1000) as f32 * 1e-4).collect(),
                zero: vec![3.0; inputs],
            };
            let mut grid = |width: usize, step: &[f32]| -> Vec<f32> {
                let row = |_| {
                    let own = 1e-4 + next(1000) as f32 * 1e-5;
                    let full = next(width as u64) as usize;
                    let mut steps = |c| if c == full { 127.0 } else { next(255) as f32 - 127.0 };
                    (0..width).map(|c| steps(c) * own / step[c]).collect::<Vec<_>>()
                };
                (0..4 * hidden).flat_map(row).collect()
            };
            let wx = grid(inputs, &x.step);
            let wh = grid(hidden, &vec![1.0 / STATE_STEPS; hidden]);
            let l = Lstm { inputs, hidden, wx, wh, b: vec![0.0; 4 * hidden] };
            prop_assert!(rounding_of(&l, &x) < 1e-3);
        }
    }

    /// Training leaves the default model's weights where int8 has them (perfvec_training/rounding.py).
    #[test]
    fn the_default_model_is_not_rounded() {
        let path = "onnx/perfvec-riscv64-1.onnx";
        let net = read_network(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path);
        let features = Quantiser::new(&net.norm);
        assert!(
            net.embedding.is_none() && net.layers.len() == 1,
            "another shape of network"
        );
        let worst = rounding_of(&net.layers[0], &features.bytes);
        assert!(worst < 1e-2, "a weight is {worst} steps from its byte");
    }
}
