//! Matrices with lanes as columns, cut into tiles of V vectors of lanes, and the way of feature
//! rows into them and of representations out of them.

use super::simd::{lanes, lanes_mut, Simd};
use crate::model::network::{Network, Passthrough};

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

/// One step's rows of the caller: row of lane b is `x[(b * stride + step) * F ..][..F]`.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub x: &'a [f32],
    pub features: usize,
    pub stride: usize,
    pub step: usize,
    pub lanes: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn row(&self, lane: usize) -> &'a [f32] {
        &self.x[(lane * self.stride + self.step) * self.features..][..self.features]
    }
}

/// Normalised features of one step into `out`.
#[inline(always)]
pub fn load<S: Simd, const V: usize>(s: S, net: &Network, rows: Rows, out: &mut Tiles<S::F, V>) {
    let (low, high) = (s.splat(net.norm.clip.0), s.splat(net.norm.clip.1));
    for t in 0..tiles::<S, V>(rows.lanes) {
        let tile = out.tile_mut(t);
        let first = t * V * S::LANES;
        for lane in first..rows.lanes.min(first + V * S::LANES) {
            let columns = lanes_mut::<S>(tile.as_flattened_mut()).chunks_exact_mut(V * S::LANES);
            for (column, x) in columns.zip(rows.row(lane)) {
                column[lane - first] = *x;
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

/// Where the representations of one step go: lane b's to `out[(b * steps + step) * D ..][..D]`.
pub struct Out<'a> {
    pub out: &'a mut [f32],
    pub width: usize,
    pub steps: usize,
}

/// Representations of one step: the columns of `h`, then the raw columns.
#[inline(always)]
pub fn store<S: Simd, const V: usize>(net: &Network, h: &Tiles<S::F, V>, rows: Rows, to: &mut Out) {
    for lane in 0..rows.lanes {
        let out = &mut to.out[(lane * to.steps + rows.step) * to.width..][..to.width];
        let (front, back) = out.split_at_mut(net.hidden());
        let tile = lanes::<S>(h.tile(lane / (V * S::LANES)).as_flattened());
        let columns = tile.chunks_exact(V * S::LANES);
        for (x, column) in front.iter_mut().zip(columns) {
            *x = column[lane % (V * S::LANES)];
        }
        if net.relu {
            for x in front.iter_mut() {
                *x = x.max(0.0);
            }
        }
        let row = rows.row(lane);
        for (x, &Passthrough { column, scale }) in back.iter_mut().zip(&net.raw) {
            *x = row[column] * scale;
        }
    }
}
