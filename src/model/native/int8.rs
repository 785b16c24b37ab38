//! The engine in int8: integer products, everything between them in f32.
//!
//! Weights have 8 bits and a step per row. States have 8 bits and a fixed step, since |h| < 1.
//! Features have 8 bits over the range that the graph clips them to (see [`super::dither`]).
//! Cell states, gates and raw columns stay f32.
//!
//! A tile of lanes goes through a block of steps before the next one does, so that its rows are
//! read in order and its bytes and states stay in the first-level cache.

use super::dither::Quantiser;
use super::gates::{cell, Coarse};
use super::out::Output;
use super::quant::{bytes, dense, place_state, Bias, Bytes, Layer, Words, STATE_ZERO};
use super::simd::{prefetch, words_mut, Op, Simd};
use super::tiles::{biases, tile_lanes, tiles, Quads, Tiles};
use crate::error::Result;
use crate::model::network::{Lstm, Network};
use crate::model::rows::Capacity;
use crate::model::{Engine, Out, Rows};
use std::ops::Range;
use std::sync::Arc;

/// Steps whose features are made bytes at a time.
const BLOCK: usize = 8;

/// Quantised weights of a network, shared by its engines.
pub struct IntWeights<const U: usize> {
    net: Arc<Network>,
    features: Quantiser,
    embedding: Option<(Words<U>, Bias<U>)>,
    layers: Vec<Layer<U>>,
}

impl<const U: usize> IntWeights<U> {
    /// Quantises `net`.
    pub fn new(net: Arc<Network>) -> Self {
        let features = Quantiser::new(&net.norm);
        let embedding = net.embedding.as_ref().map(|e| dense(e, &features.bytes));
        let layer = |(i, l): (usize, &Lstm)| match (i, &embedding) {
            (0, None) => Layer::first(l, &features.bytes),
            (0, Some(_)) => Layer::first(l, &Bytes::same(l.inputs, 1.0, 0.0)),
            _ => Layer::above(l),
        };
        Self {
            layers: net.layers.iter().enumerate().map(layer).collect(),
            embedding,
            features,
            net,
        }
    }
}

/// Scratch and state of one engine. A tile's kernel makes U hidden units of V vectors of lanes.
pub struct IntEngine<S: Simd, const U: usize, const V: usize> {
    s: S,
    capacity: Capacity,
    weights: Arc<IntWeights<U>>,
    /// Steps since the lanes began.
    clock: u32,
    /// Offsets of the features' bytes, for all steps of a call.
    offsets: Vec<f32>,
    /// Bytes of a lane's block of steps.
    lane: Vec<u8>,
    /// Bytes of a tile's block of steps, step after step.
    x: Vec<[S::I; V]>,
    embedded: Vec<[S::F; V]>,
    bytes: Vec<[S::I; V]>,
    layers: Vec<LayerState<S, V>>,
    /// h of the last layer of a tile.
    h: Vec<[S::F; V]>,
    output: Output<V>,
}

struct LayerState<S: Simd, const V: usize> {
    /// h as bytes, before and after each step in turn.
    q: [Tiles<S::I, V>; 2],
    c: Tiles<S::F, V>,
}

/// Input of a layer in a tile.
#[derive(Clone, Copy)]
enum Input<'a, S: Simd, const V: usize> {
    /// Features.
    Features(&'a [[S::I; V]]),
    /// An embedding: bytes, steps.
    Bytes(&'a [[S::I; V]], [S::F; V]),
    /// The states of the layer below.
    State(&'a [[S::I; V]]),
}

/// Zero states in all four bytes.
const ZERO_STATES: i32 = i32::from_le_bytes([STATE_ZERO as u8; 4]);

impl<S: Simd, const U: usize, const V: usize> IntEngine<S, U, V> {
    /// An engine for up to the lanes and steps of `capacity`.
    pub fn new(s: S, weights: Arc<IntWeights<U>>, capacity: Capacity) -> Self {
        let Capacity { lanes, steps, .. } = capacity;
        let n = tiles::<S, V>(lanes);
        let words = weights.features.words();
        let embedding = weights.embedding.as_ref();
        let embedded = embedding.map_or(0, |(_, b)| 4 * U * b.len());
        let state = |l: &Layer<U>| {
            let units = U * l.b.len();
            let q = || Tiles::new(s.splat_i(ZERO_STATES), units.div_ceil(4), n);
            LayerState {
                q: [q(), q()],
                c: Tiles::new(s.splat(0.0), units, n),
            }
        };
        let most = weights.layers.iter().map(|l| U * l.b.len()).max();
        Self {
            s,
            capacity,
            clock: 0,
            offsets: vec![0.0; steps * weights.net.features],
            lane: vec![0; BLOCK * 4 * words],
            x: vec![[s.splat_i(0); V]; BLOCK * words],
            embedded: vec![[s.splat(0.0); V]; embedded],
            bytes: vec![[s.splat_i(0); V]; embedded.div_ceil(4)],
            layers: weights.layers.iter().map(state).collect(),
            h: vec![[s.splat(0.0); V]; most.unwrap_or(0)],
            output: Output::new::<S>(&weights.net, lanes),
            weights,
        }
    }

    /// Bytes of tile `t`'s features in `steps`, and their raw columns while they are in cache.
    #[inline(always)]
    fn load(&mut self, t: usize, steps: Range<usize>, rows: Rows, out: &mut Out) {
        let features = &self.weights.features;
        let own = tile_lanes::<S, V>(t, rows.lanes);
        for (i, lane) in own.clone().enumerate() {
            // The CPU does not see the next lane coming.
            if lane + 1 < own.end {
                prefetch(rows.block(lane + 1, steps.clone()));
            } else {
                let next = steps.end..rows.steps.min(steps.end + BLOCK);
                prefetch(rows.block(own.start, next));
            }
            self.output.raw(self.s, lane, steps.clone(), rows, out);
            let bytes = &mut self.lane;
            features.quantise(self.s, lane, steps.clone(), rows, &self.offsets, bytes);
            let columns = words_mut::<S>(self.x.as_flattened_mut()).chunks_exact_mut(V * S::LANES);
            for (column, word) in columns.zip(bytes.as_chunks::<4>().0) {
                column[i] = i32::from_le_bytes(*word);
            }
        }
    }

    /// Step `at` of the block in tile `t`.
    #[inline(always)]
    fn step(&mut self, t: usize, at: usize, odd: usize) {
        let s = self.s;
        let weights = &*self.weights;
        let words = weights.features.words();
        let x = &self.x[at * words..][..words];
        let mut input = Input::Features(x);
        if let Some((w, b)) = &weights.embedding {
            embed(s, w, b, x, &mut self.embedded);
            let steps = bytes(s, &self.embedded, &mut self.bytes);
            input = Input::Bytes(&self.bytes, steps);
        }
        for (w, l) in weights.layers.iter().zip(&mut self.layers) {
            let [a, b] = &mut l.q;
            let (previous, q) = if odd == 0 { (a, b) } else { (b, a) };
            let q = q.tile_mut(t);
            let c = l.c.tile_mut(t);
            // Each layer overwrites the h of the one below.
            lstm(s, w, input, previous.tile(t), q, c, &mut self.h);
            input = Input::State(q);
        }
    }
}

impl<S: Simd, const U: usize, const V: usize> Engine for IntEngine<S, U, V> {
    fn reset(&mut self) {
        self.clock = 0;
        for l in &mut self.layers {
            l.q[0].fill(self.s.splat_i(ZERO_STATES));
            l.c.fill(self.s.splat(0.0));
        }
    }

    fn run(&mut self, rows: &Rows, out: Out) -> Result<()> {
        self.capacity.check(rows, &out)?;
        let s = self.s;
        s.call(Steps {
            engine: self,
            rows: *rows,
            out,
        });
        Ok(())
    }
}

struct Steps<'a, S: Simd, const U: usize, const V: usize> {
    engine: &'a mut IntEngine<S, U, V>,
    rows: Rows<'a>,
    out: Out<'a>,
}

impl<S: Simd, const U: usize, const V: usize> Op<S> for Steps<'_, S, U, V> {
    #[inline(always)]
    fn run(mut self, s: S) {
        let (e, rows, out) = (self.engine, self.rows, &mut self.out);
        let features = &e.weights.features;
        features.offsets(e.clock, rows.steps, &mut e.offsets);
        for t in 0..tiles::<S, V>(rows.lanes) {
            e.output.start::<S>(t, rows, out);
            for from in (0..rows.steps).step_by(BLOCK) {
                let block = from..rows.steps.min(from + BLOCK);
                e.load(t, block.clone(), rows, out);
                for (at, step) in block.enumerate() {
                    let odd = (e.clock as usize + step) % 2;
                    e.step(t, at, odd);
                    e.output.hidden(s, &e.h, t, step, rows, out);
                }
            }
            e.output.finish::<S>(t, rows, out);
        }
        e.clock = e.clock.wrapping_add(rows.steps as u32);
    }
}

/// Sums of U quads of rows.
pub type Sums<S, const U: usize, const V: usize> = [[[<S as Simd>::I; V]; 4]; U];

/// acc[u][r][v] + the sum over k of the four products of a[k][v] and w[k][u][r].
#[inline(always)]
pub fn accumulate<S: Simd, const U: usize, const V: usize>(
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

/// `sums * step + y`, where `by` is a factor of the steps in each lane.
#[inline(always)]
fn add_scaled<S: Simd, const U: usize, const V: usize>(
    s: S,
    mut y: Quads<S, U, V>,
    sums: Sums<S, U, V>,
    step: &[[f32; 4]; U],
    by: Option<[S::F; V]>,
) -> Quads<S, U, V> {
    for u in 0..U {
        for r in 0..4 {
            let step = s.splat(step[u][r]);
            for v in 0..V {
                let step = by.map_or(step, |by| s.mul(by[v], step));
                y[u][r][v] = s.fma(s.to_f(sums[u][r][v]), step, y[u][r][v]);
            }
        }
    }
    y
}

#[inline(always)]
fn embed<S: Simd, const U: usize, const V: usize>(
    s: S,
    w: &Words<U>,
    b: &Bias<U>,
    x: &[[S::I; V]],
    out: &mut [[S::F; V]],
) {
    let zero = [[[s.splat_i(0); V]; 4]; U];
    for (g, (b, out)) in b.iter().zip(out.chunks_exact_mut(4 * U)).enumerate() {
        let sums = accumulate(s, zero, w.group(g), x);
        let y = add_scaled(s, biases(s, b), sums, &w.step[g], None);
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
    input: Input<S, V>,
    previous: &[[S::I; V]],
    q: &mut [[S::I; V]],
    cells: &mut [[S::F; V]],
    h: &mut [[S::F; V]],
) {
    let state = &layer.state;
    let zero = [[[s.splat_i(0); V]; 4]; U];
    for (g, b) in layer.b.iter().enumerate() {
        let mut gates = biases(s, b);
        let mut acc = zero;
        let mut w = state.group(g);
        match (&layer.input, input) {
            (Some(own), Input::Features(x)) => {
                let sums = accumulate(s, zero, own.group(g), x);
                gates = add_scaled(s, gates, sums, &own.step[g], None);
            }
            (Some(own), Input::Bytes(x, by)) => {
                let sums = accumulate(s, zero, own.group(g), x);
                gates = add_scaled(s, gates, sums, &own.step[g], Some(by));
            }
            (_, Input::State(below) | Input::Features(below) | Input::Bytes(below, _)) => {
                // Rows of padding in `below` meet no weights.
                let (front, back) = w.split_at(layer.below);
                acc = accumulate(s, acc, front, below);
                w = back;
            }
        }
        let acc = accumulate(s, acc, w, previous);
        let gates = add_scaled(s, gates, acc, &state.step[g], None);
        for u in 0..U {
            let unit = U * g + u;
            for v in 0..V {
                let [i, o, f, c] = &gates[u];
                let gate = [i[v], o[v], f[v], c[v]];
                let (new_c, new_h) = cell::<S, Coarse>(s, gate, cells[unit][v]);
                cells[unit][v] = new_c;
                h[unit][v] = new_h;
                q[unit / 4][v] = place_state(s, q[unit / 4][v], unit % 4, new_h);
            }
        }
    }
}
