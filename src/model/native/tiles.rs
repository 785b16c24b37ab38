//! Matrices with lanes as columns, cut into tiles of V vectors of lanes, and the way of feature
//! rows into them and of representations out of them.

use super::simd::{lanes_mut, Simd};
use crate::model::network::Network;
use crate::model::Rows;
use std::ops::Range;

/// `rows` by lanes; a tile holds all rows of V vectors of lanes, row after row.
pub struct Tiles<T, const V: usize> {
    rows: usize,
    data: Vec<[T; V]>,
}

impl<T: Copy, const V: usize> Tiles<T, V> {
    /// A matrix of `zero`s of that many tiles.
    pub fn new(zero: T, rows: usize, tiles: usize) -> Self {
        Self {
            rows,
            data: vec![[zero; V]; rows * tiles],
        }
    }

    /// Sets every element.
    pub fn fill(&mut self, x: T) {
        self.data.fill([x; V]);
    }

    /// All rows of tile `t`.
    #[inline(always)]
    pub fn tile(&self, t: usize) -> &[[T; V]] {
        &self.data[t * self.rows..][..self.rows]
    }

    /// All rows of tile `t`.
    #[inline(always)]
    pub fn tile_mut(&mut self, t: usize) -> &mut [[T; V]] {
        &mut self.data[t * self.rows..][..self.rows]
    }
}

/// Tiles that `lanes` lanes need.
#[inline(always)]
pub fn tiles<S: Simd, const V: usize>(lanes: usize) -> usize {
    lanes.div_ceil(V * S::LANES)
}

/// The lanes of tile `t`.
#[inline(always)]
pub fn tile_lanes<S: Simd, const V: usize>(t: usize, lanes: usize) -> Range<usize> {
    let first = t * V * S::LANES;
    first..lanes.min(first + V * S::LANES)
}

/// Four rows for each of U units, of a tile's lanes.
pub type Quads<S, const U: usize, const V: usize> = [[[<S as Simd>::F; V]; 4]; U];

/// The same bias in every lane.
#[inline(always)]
pub fn biases<S: Simd, const U: usize, const V: usize>(s: S, b: &[[f32; 4]; U]) -> Quads<S, U, V> {
    let mut out = [[[s.splat(0.0); V]; 4]; U];
    for u in 0..U {
        for r in 0..4 {
            out[u][r] = [s.splat(b[u][r]); V];
        }
    }
    out
}

/// Normalised features of one step into `out`.
#[inline(always)]
pub fn load<S: Simd, const V: usize>(
    s: S,
    net: &Network,
    rows: Rows,
    step: usize,
    out: &mut Tiles<S::F, V>,
) {
    let (low, high) = (s.splat(net.norm.clip.0), s.splat(net.norm.clip.1));
    for t in 0..tiles::<S, V>(rows.lanes) {
        let tile = out.tile_mut(t);
        let own = tile_lanes::<S, V>(t, rows.lanes);
        for lane in own.clone() {
            let columns = lanes_mut::<S>(tile.as_flattened_mut()).chunks_exact_mut(V * S::LANES);
            for (column, x) in columns.zip(rows.row(lane, step)) {
                column[lane - own.start] = *x;
            }
        }
        let columns = net.norm.mean.iter().zip(&net.norm.inv_std);
        for (row, (mean, inv_std)) in tile.iter_mut().zip(columns) {
            let (mean, inv_std) = (s.splat(*mean), s.splat(*inv_std));
            for x in row {
                let y = s.mul(s.sub(*x, mean), inv_std);
                *x = s.min(s.max(y, low), high);
            }
        }
    }
}
