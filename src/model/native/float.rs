//! The engine in f32.

use super::gates::{cell, Fine, GATE_SCALE};
use super::out::Output;
use super::simd::{Op, Simd};
use super::tiles::{biases, load, tiles, Quads, Tiles};
use crate::error::Result;
use crate::model::network::{Dense, Lstm, Network};
use crate::model::rows::Capacity;
use crate::model::{Engine, Out, Rows};
use std::sync::Arc;

/// Weights of a layer in the order of use: a group is 4U rows, `[group][k][u][4]`.
struct Packed<const U: usize> {
    /// Columns; those from `inputs` on are of the state.
    k: usize,
    inputs: usize,
    /// Rows in sets of 4U; the last ones may be padding of zeros.
    w: Vec<[[f32; 4]; U]>,
    b: Vec<[[f32; 4]; U]>,
}

impl<const U: usize> Packed<U> {
    /// Packs `quads` sets of four rows: `row(quad, r)` is (weights, bias).
    fn new(
        [inputs, state]: [usize; 2],
        quads: usize,
        row: impl Fn(usize, usize) -> (Vec<f32>, f32),
    ) -> Self {
        let k = inputs + state;
        let groups = quads.div_ceil(U);
        let mut w = vec![[[0.0; 4]; U]; groups * k];
        let mut b = vec![[[0.0; 4]; U]; groups];
        for quad in 0..quads {
            for r in 0..4 {
                let (weights, bias) = row(quad, r);
                let (group, u) = (quad / U, quad % U);
                b[group][u][r] = bias;
                for (to, x) in w[group * k..][..k].iter_mut().zip(weights) {
                    to[u][r] = x;
                }
            }
        }
        Self { k, inputs, w, b }
    }

    /// A quad is the four gates of one hidden unit.
    fn lstm(l: &Lstm) -> Self {
        Self::new([l.inputs, l.hidden], l.hidden, |unit, gate| {
            let row = gate * l.hidden + unit;
            let x = &l.wx[row * l.inputs..][..l.inputs];
            let h = &l.wh[row * l.hidden..][..l.hidden];
            let scale = GATE_SCALE[gate];
            let weights = x.iter().chain(h).map(|w| w * scale).collect();
            (weights, l.b[row] * scale)
        })
    }

    /// A quad is four outputs.
    fn dense(d: &Dense) -> Self {
        Self::new([d.inputs, 0], d.outputs.div_ceil(4), |quad, r| {
            let row = 4 * quad + r;
            if row < d.outputs {
                (d.w[row * d.inputs..][..d.inputs].to_vec(), d.b[row])
            } else {
                (Vec::new(), 0.0)
            }
        })
    }

    /// Rows that an output needs, padding included.
    fn quads(&self) -> usize {
        self.b.len() * U
    }
}

/// Weights of a network, shared by its engines.
pub struct FloatWeights<const U: usize> {
    net: Arc<Network>,
    embedding: Option<Packed<U>>,
    layers: Vec<Packed<U>>,
}

impl<const U: usize> FloatWeights<U> {
    /// Packs `net`.
    pub fn new(net: Arc<Network>) -> Self {
        Self {
            embedding: net.embedding.as_ref().map(Packed::dense),
            layers: net.layers.iter().map(Packed::lstm).collect(),
            net,
        }
    }
}

/// Scratch and state of one engine. A tile's kernel makes U hidden units of V vectors of lanes.
pub struct FloatEngine<S: Simd, const U: usize, const V: usize> {
    s: S,
    capacity: Capacity,
    weights: Arc<FloatWeights<U>>,
    x: Tiles<S::F, V>,
    embedded: Option<Tiles<S::F, V>>,
    layers: Vec<Layer<S, V>>,
    output: Output<V>,
}

struct Layer<S: Simd, const V: usize> {
    h: Tiles<S::F, V>,
    /// h of the step before.
    previous: Tiles<S::F, V>,
    c: Tiles<S::F, V>,
}

impl<S: Simd, const U: usize, const V: usize> FloatEngine<S, U, V> {
    /// An engine for up to the lanes of `capacity`.
    pub fn new(s: S, weights: Arc<FloatWeights<U>>, capacity: Capacity) -> Self {
        let lanes = capacity.lanes;
        let new = |rows| Tiles::new(s.splat(0.0), rows, tiles::<S, V>(lanes));
        Self {
            s,
            capacity,
            x: new(weights.net.features),
            embedded: weights.embedding.as_ref().map(|e| new(4 * e.quads())),
            layers: weights
                .layers
                .iter()
                .map(|l| Layer {
                    h: new(l.quads()),
                    previous: new(l.quads()),
                    c: new(l.quads()),
                })
                .collect(),
            output: Output::new::<S>(&weights.net, lanes),
            weights,
        }
    }
}

impl<S: Simd, const U: usize, const V: usize> Engine for FloatEngine<S, U, V> {
    fn reset(&mut self) {
        for l in &mut self.layers {
            l.h.fill(self.s.splat(0.0));
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
    engine: &'a mut FloatEngine<S, U, V>,
    rows: Rows<'a>,
    out: Out<'a>,
}

impl<S: Simd, const U: usize, const V: usize> Op<S> for Steps<'_, S, U, V> {
    #[inline(always)]
    fn run(mut self, s: S) {
        let (e, rows, out) = (self.engine, self.rows, &mut self.out);
        let net = &e.weights.net;
        let tiles = tiles::<S, V>(rows.lanes);
        for t in 0..tiles {
            e.output.start::<S>(t, rows, out);
        }
        for step in 0..rows.steps {
            load(s, net, rows, step, &mut e.x);
            let mut input = &e.x;
            if let (Some(w), Some(embedded)) = (&e.weights.embedding, &mut e.embedded) {
                dense(s, w, input, embedded, tiles);
                input = embedded;
            }
            for (w, layer) in e.weights.layers.iter().zip(&mut e.layers) {
                std::mem::swap(&mut layer.h, &mut layer.previous);
                lstm(s, w, input, layer, tiles);
                input = &layer.h;
            }
            for t in 0..tiles {
                e.output.hidden(s, input.tile(t), t, step, rows, out);
            }
        }
        for t in 0..tiles {
            e.output.finish::<S>(t, rows, out);
        }
        for lane in 0..rows.lanes {
            e.output.raw(s, lane, 0..rows.steps, rows, out);
        }
    }
}

/// acc[u][r][v] += sum over k of w[k][u][r] * a[k][v], in the order of k.
#[inline(always)]
fn accumulate<S: Simd, const U: usize, const V: usize>(
    s: S,
    mut acc: Quads<S, U, V>,
    w: &[[[f32; 4]; U]],
    a: &[[S::F; V]],
) -> Quads<S, U, V> {
    for (w, a) in w.iter().zip(a) {
        for u in 0..U {
            for r in 0..4 {
                let w = s.splat(w[u][r]);
                for v in 0..V {
                    acc[u][r][v] = s.mul_acc(a[v], w, acc[u][r][v]);
                }
            }
        }
    }
    acc
}

#[inline(always)]
fn dense<S: Simd, const U: usize, const V: usize>(
    s: S,
    p: &Packed<U>,
    x: &Tiles<S::F, V>,
    out: &mut Tiles<S::F, V>,
    tiles: usize,
) {
    for (group, b) in p.b.iter().enumerate() {
        let w = &p.w[group * p.k..][..p.k];
        for t in 0..tiles {
            let acc = accumulate(s, biases(s, b), w, x.tile(t));
            let rows = &mut out.tile_mut(t)[4 * U * group..][..4 * U];
            for (row, acc) in rows.iter_mut().zip(acc.as_flattened()) {
                for v in 0..V {
                    row[v] = s.max(acc[v], s.splat(0.0));
                }
            }
        }
    }
}

#[inline(always)]
fn lstm<S: Simd, const U: usize, const V: usize>(
    s: S,
    p: &Packed<U>,
    x: &Tiles<S::F, V>,
    layer: &mut Layer<S, V>,
    tiles: usize,
) {
    for (group, b) in p.b.iter().enumerate() {
        let w = &p.w[group * p.k..][..p.k];
        for t in 0..tiles {
            // The input's and the state's rows may be padded; the weights say how many count.
            let previous = layer.previous.tile(t);
            let (wx, wh) = w.split_at(p.inputs);
            let acc = accumulate(s, biases(s, b), wx, x.tile(t));
            let acc = accumulate(s, acc, wh, previous);
            let c = &mut layer.c.tile_mut(t)[U * group..][..U];
            let h = &mut layer.h.tile_mut(t)[U * group..][..U];
            for u in 0..U {
                for v in 0..V {
                    let gates = [acc[u][0][v], acc[u][1][v], acc[u][2][v], acc[u][3][v]];
                    (c[u][v], h[u][v]) = cell::<S, Fine>(s, gates, c[u][v]);
                }
            }
        }
    }
}
