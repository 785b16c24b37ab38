//! The engine in int8: integer products, everything between them in f32.
//!
//! Weights have 8 bits and a step per row. States have 8 bits and a fixed step, since |h| < 1.
//! Features, whose outliers would drown the rest in 8 bits, have 16 and a step per row; they
//! take two products of bytes. Cell states, gates and raw columns stay f32.

use super::gates::cell;
use super::quant::{bytes, dense, place, state_byte, wide, Bias, Layer, Words, STATE_ZERO};
use super::simd::{Op, Simd};
use super::tiles::{load, store, tiles, Out, Rows, Tiles};
use crate::model::network::Network;
use std::sync::Arc;

/// Quantised weights of a network, shared by its engines.
pub struct IntWeights<const U: usize> {
    net: Arc<Network>,
    embedding: Option<(Words<U>, Bias<U>)>,
    layers: Vec<Layer<U>>,
}

impl<const U: usize> IntWeights<U> {
    /// Quantises `net`.
    pub fn new(net: Arc<Network>) -> Self {
        Self {
            embedding: net.embedding.as_ref().map(dense),
            layers: net
                .layers
                .iter()
                .enumerate()
                .map(|(i, l)| Layer::new(l, i == 0))
                .collect(),
            net,
        }
    }
}

/// Scratch and state of one engine. A tile's kernel makes U hidden units of V vectors of lanes.
pub struct IntEngine<S: Simd, const U: usize, const V: usize> {
    s: S,
    weights: Arc<IntWeights<U>>,
    x: Tiles<S::F, V>,
    high: Tiles<S::I, V>,
    low: Tiles<S::I, V>,
    embedded: Tiles<S::F, V>,
    bytes: Tiles<S::I, V>,
    layers: Vec<LayerState<S, V>>,
    /// h of the last layer.
    h: Tiles<S::F, V>,
}

struct LayerState<S: Simd, const V: usize> {
    /// h as bytes.
    q: Tiles<S::I, V>,
    /// h of the step before.
    previous: Tiles<S::I, V>,
    c: Tiles<S::F, V>,
}

/// Input of a layer in a tile.
enum Input<'a, S: Simd, const V: usize> {
    /// Features: high bytes, low bytes, steps.
    Wide(&'a [[S::I; V]], &'a [[S::I; V]], [S::F; V]),
    /// An embedding: bytes, steps.
    Bytes(&'a [[S::I; V]], [S::F; V]),
    /// The states of the layer below.
    State(&'a [[S::I; V]]),
}

/// Zero states in all four bytes.
const ZERO_STATES: i32 = i32::from_le_bytes([STATE_ZERO as u8; 4]);

impl<S: Simd, const U: usize, const V: usize> IntEngine<S, U, V> {
    /// An engine for up to `lanes` lanes.
    pub fn new(s: S, weights: Arc<IntWeights<U>>, lanes: usize) -> Self {
        let n = tiles::<S, V>(lanes);
        let floats = |rows: usize| Tiles::new(s.splat(0.0), rows, n);
        let words = |rows: usize| Tiles::new(s.splat_i(0), rows.div_ceil(4), n);
        let features = weights.net.features;
        let embedded = weights
            .embedding
            .as_ref()
            .map_or(0, |(_, b)| 4 * U * b.len());
        let states = |units: usize| Tiles::new(s.splat_i(ZERO_STATES), units.div_ceil(4), n);
        Self {
            s,
            x: floats(features),
            high: words(features),
            low: words(features),
            embedded: floats(embedded),
            bytes: words(embedded),
            layers: weights
                .layers
                .iter()
                .map(|l| LayerState {
                    q: states(U * l.b.len()),
                    previous: states(U * l.b.len()),
                    c: floats(U * l.b.len()),
                })
                .collect(),
            h: floats(weights.layers.last().map_or(0, |l| U * l.b.len())),
            weights,
        }
    }
}

impl<S: Simd, const U: usize, const V: usize> super::Run for IntEngine<S, U, V> {
    fn reset(&mut self) {
        for l in &mut self.layers {
            l.q.fill(self.s.splat_i(ZERO_STATES));
            l.c.fill(self.s.splat(0.0));
        }
    }

    fn run(&mut self, rows: Rows, steps: usize, out: Out) {
        let s = self.s;
        s.call(Steps {
            engine: self,
            rows,
            steps,
            out,
        });
    }
}

struct Steps<'a, S: Simd, const U: usize, const V: usize> {
    engine: &'a mut IntEngine<S, U, V>,
    rows: Rows<'a>,
    steps: usize,
    out: Out<'a>,
}

impl<S: Simd, const U: usize, const V: usize> Op<S> for Steps<'_, S, U, V> {
    #[inline(always)]
    fn run(mut self, s: S) {
        let e = self.engine;
        let net = &e.weights.net;
        for step in 0..self.steps {
            let rows = Rows { step, ..self.rows };
            for l in &mut e.layers {
                std::mem::swap(&mut l.q, &mut l.previous);
            }
            load(s, net, rows, &mut e.x);
            for t in 0..tiles::<S, V>(rows.lanes) {
                let (high, low) = (e.high.tile_mut(t), e.low.tile_mut(t));
                let steps = wide(s, e.x.tile(t), high, low);
                let mut input = Input::Wide(high, low, steps);
                if let Some((w, b)) = &e.weights.embedding {
                    let embedded = e.embedded.tile_mut(t);
                    embed(s, w, b, &input, embedded);
                    let packed = e.bytes.tile_mut(t);
                    let steps = bytes(s, embedded, packed);
                    input = Input::Bytes(packed, steps);
                }
                let last = e.layers.len() - 1;
                for (i, (w, l)) in e.weights.layers.iter().zip(&mut e.layers).enumerate() {
                    let q = l.q.tile_mut(t);
                    let c = l.c.tile_mut(t);
                    let h = (i == last).then(|| e.h.tile_mut(t));
                    lstm(s, w, &input, l.previous.tile(t), q, c, h);
                    input = Input::State(q);
                }
            }
            store::<S, V>(net, &e.h, rows, &mut self.out);
        }
    }
}

/// Sums of U quads of rows.
type Sums<S, const U: usize, const V: usize> = [[[<S as Simd>::I; V]; 4]; U];

/// acc[u][r][v] += sum over k of the four products of a[k][v] and w[k][u][r].
#[inline(always)]
fn accumulate<S: Simd, const U: usize, const V: usize>(
    s: S,
    mut acc: Sums<S, U, V>,
    w: &[[[i32; 4]; U]],
    a: &[[S::I; V]],
) -> Sums<S, U, V> {
    for (w, a) in w.iter().zip(a) {
        for u in 0..U {
            for r in 0..4 {
                let w = s.splat_i(w[u][r]);
                for v in 0..V {
                    acc[u][r][v] = s.dot(acc[u][r][v], a[v], w);
                }
            }
        }
    }
    acc
}

/// What sums start with when the activations' zero is `zero`.
#[inline(always)]
fn start<S: Simd, const U: usize, const V: usize>(
    s: S,
    sum: &[[i32; 4]; U],
    zero: i32,
) -> Sums<S, U, V> {
    let mut acc = [[[s.splat_i(0); V]; 4]; U];
    for u in 0..U {
        for r in 0..4 {
            acc[u][r] = [s.splat_i(-zero * sum[u][r]); V];
        }
    }
    acc
}

/// W x + b of group `g` where the step of x differs from lane to lane.
#[inline(always)]
fn product<S: Simd, const U: usize, const V: usize>(
    s: S,
    w: &Words<U>,
    b: &[[f32; 4]; U],
    g: usize,
    input: &Input<S, V>,
) -> [[[S::F; V]; 4]; U] {
    let (acc, step) = match input {
        Input::Wide(high, low, step) => {
            // The start is multiplied with 256 as well: the zero of 16 bits.
            let mut acc = accumulate(s, start(s, &w.sum[g], STATE_ZERO), w.group(g), high);
            for u in 0..U {
                for r in 0..4 {
                    for v in 0..V {
                        acc[u][r][v] = s.shl::<8>(acc[u][r][v]);
                    }
                }
            }
            (accumulate(s, acc, w.group(g), low), *step)
        }
        Input::Bytes(a, step) => (accumulate(s, start(s, &w.sum[g], 0), w.group(g), a), *step),
        // Not reached: a layer above another has no input product of its own.
        Input::State(a) => (
            accumulate(s, start(s, &w.sum[g], STATE_ZERO), w.group(g), a),
            [s.splat(1.0); V],
        ),
    };
    let mut out = [[[s.splat(0.0); V]; 4]; U];
    for u in 0..U {
        for r in 0..4 {
            let (row, b) = (s.splat(w.step[g][u][r]), s.splat(b[u][r]));
            for v in 0..V {
                out[u][r][v] = s.fma(s.to_f(acc[u][r][v]), s.mul(step[v], row), b);
            }
        }
    }
    out
}

#[inline(always)]
fn embed<S: Simd, const U: usize, const V: usize>(
    s: S,
    w: &Words<U>,
    b: &Bias<U>,
    input: &Input<S, V>,
    out: &mut [[S::F; V]],
) {
    for (g, (b, out)) in b.iter().zip(out.chunks_exact_mut(4 * U)).enumerate() {
        let y = product(s, w, b, g, input);
        for (row, y) in out.iter_mut().zip(y.as_flattened()) {
            for v in 0..V {
                row[v] = s.max(y[v], s.splat(0.0));
            }
        }
    }
}

#[inline(always)]
fn lstm<S: Simd, const U: usize, const V: usize>(
    s: S,
    layer: &Layer<U>,
    input: &Input<S, V>,
    previous: &[[S::I; V]],
    q: &mut [[S::I; V]],
    c: &mut [[S::F; V]],
    mut h: Option<&mut [[S::F; V]]>,
) {
    let state = &layer.state;
    for (g, b) in layer.b.iter().enumerate() {
        let mut gates = [[[s.splat(0.0); V]; 4]; U];
        let mut acc = start(s, &state.sum[g], STATE_ZERO);
        let mut w = state.group(g);
        if let Some(own) = &layer.input {
            gates = product(s, own, b, g, input);
        } else {
            for u in 0..U {
                for r in 0..4 {
                    gates[u][r] = [s.splat(b[u][r]); V];
                }
            }
            if let Input::State(below) = input {
                // Rows of padding in `below` meet no weights.
                let (front, back) = w.split_at(layer.below);
                acc = accumulate(s, acc, front, below);
                w = back;
            }
        }
        let acc = accumulate(s, acc, w, previous);
        for u in 0..U {
            let unit = U * g + u;
            for v in 0..V {
                let mut gate = [s.splat(0.0); 4];
                for r in 0..4 {
                    let row = s.splat(state.step[g][u][r]);
                    gate[r] = s.fma(s.to_f(acc[u][r][v]), row, gates[u][r][v]);
                }
                let (new_c, new_h) = cell(s, gate, c[unit][v]);
                c[unit][v] = new_c;
                let word = &mut q[unit / 4][v];
                *word = place(s, *word, unit % 4, state_byte(s, new_h));
                if let Some(h) = &mut h {
                    h[unit][v] = new_h;
                }
            }
        }
    }
}
