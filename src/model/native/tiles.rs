//! Matrices with lanes as columns, cut into tiles of V vectors of lanes, and the way of feature
//! rows into them and of representations out of them.

use super::simd::{lanes, lanes_mut, Simd};
use crate::model::network::{Network, Passthrough};

/// `rows` by lanes; a tile holds all rows of V vectors of lanes, row after row.
pub struct Tiles<S: Simd, const V: usize> {
    rows: usize,
    data: Vec<[S::F; V]>,
}

impl<S: Simd, const V: usize> Tiles<S, V> {
    /// Lanes of a tile.
    pub const LANES: usize = V * S::LANES;

    /// Zeros, for at least `lanes` lanes.
    pub fn new(s: S, rows: usize, lanes: usize) -> Self {
        Self {
            rows,
            data: vec![[s.splat(0.0); V]; rows * lanes.div_ceil(Self::LANES)],
        }
    }

    /// Sets all to zero.
    pub fn clear(&mut self, s: S) {
        self.data.fill([s.splat(0.0); V]);
    }

    /// All rows of tile `t`.
    #[inline(always)]
    pub fn tile(&self, t: usize) -> &[[S::F; V]] {
        &self.data[t * self.rows..][..self.rows]
    }

    /// All rows of tile `t`.
    #[inline(always)]
    pub fn tile_mut(&mut self, t: usize) -> &mut [[S::F; V]] {
        &mut self.data[t * self.rows..][..self.rows]
    }

    /// Puts `row` into the column of `lane`.
    #[inline(always)]
    pub fn set_lane(&mut self, lane: usize, row: &[f32]) {
        let at = lane % Self::LANES;
        let tile = lanes_mut::<S>(self.tile_mut(lane / Self::LANES).as_flattened_mut());
        for (column, x) in tile.chunks_exact_mut(Self::LANES).zip(row) {
            column[at] = *x;
        }
    }

    /// Copies the column of `lane` to `row`.
    #[inline(always)]
    pub fn get_lane(&self, lane: usize, row: &mut [f32]) {
        let at = lane % Self::LANES;
        let tile = lanes::<S>(self.tile(lane / Self::LANES).as_flattened());
        for (column, x) in tile.chunks_exact(Self::LANES).zip(row) {
            *x = column[at];
        }
    }
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
pub fn load<S: Simd, const V: usize>(s: S, net: &Network, rows: Rows, out: &mut Tiles<S, V>) {
    for lane in 0..rows.lanes {
        out.set_lane(lane, rows.row(lane));
    }
    let (low, high) = (s.splat(net.norm.clip.0), s.splat(net.norm.clip.1));
    for t in 0..rows.lanes.div_ceil(Tiles::<S, V>::LANES) {
        let columns = net.norm.mean.iter().zip(&net.norm.inv_std);
        for (row, (mean, inv_std)) in out.tile_mut(t).iter_mut().zip(columns) {
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
pub fn store<S: Simd, const V: usize>(net: &Network, h: &Tiles<S, V>, rows: Rows, to: &mut Out) {
    let hidden = net.hidden();
    for lane in 0..rows.lanes {
        let out = &mut to.out[(lane * to.steps + rows.step) * to.width..][..to.width];
        let (front, back) = out.split_at_mut(hidden);
        h.get_lane(lane, front);
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
