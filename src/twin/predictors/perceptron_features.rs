//! The features of the multiperspective perceptron: which, with what weight, in tables of what
//! size (Jimenez, Multiperspective perceptron predictor, 2016; gem5
//! `cpu/pred/multiperspective_perceptron_8KB.cc`, `_64KB.cc`).

/// A view of the branch's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    Bias,
    /// Outcomes from one age to another, folded.
    Global(usize, usize),
    /// Outcomes and addresses of the last branches: how many, shifted by how much.
    GlobalPath(usize, u32),
    /// Likewise, but one bit of each address, folded: how many, which bit.
    GlobalPathBit(usize, u32),
    /// Addresses of the last branches.
    Path(usize, u32),
    /// One of four counters of iterations, from 1.
    Iterations(usize),
    /// Outcomes at this address.
    Local,
    /// Outcomes, each where its address falls.
    Acyclic,
    /// Outcomes and addresses of branches whose hashed address is a multiple: of what less 2, how
    /// many, shifted by how much.
    ModuloGlobalPath(usize, usize, u32),
    /// Outcomes of such branches.
    Modulo(usize, usize),
    /// Addresses of such branches.
    ModuloPath(usize, usize, u32),
    /// Regions that control came through: their size, how many.
    Blurry(u32, usize),
    /// The last different addresses: how many, shifted by how much.
    Recency(usize, u32),
    /// How recently this one was run.
    RecencyPosition,
}

/// A feature and its table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spec {
    pub(super) feature: Feature,
    /// How much it counts.
    pub(super) coefficient: f64,
    /// Entries of its table; 0 is a share of what the budget leaves.
    pub(super) size: usize,
    /// Bits of a weight.
    pub(super) width: u32,
}

const fn spec(feature: Feature, coefficient: f64, size: usize) -> Spec {
    Spec {
        feature,
        coefficient,
        size,
        width: 6,
    }
}

use Feature::*;

pub(super) const SMALL: [Spec; 16] = [
    spec(Bias, 2.40625, 0),
    spec(Global(0, 19), 1.4375, 0),
    spec(Global(0, 65), 1.0, 0),
    spec(Global(21, 64), 1.0, 0),
    spec(Global(75, 150), 1.0625, 0),
    spec(ModuloGlobalPath(0, 7, 3), 1.625, 0),
    spec(GlobalPath(11, 2), 1.25, 0),
    spec(GlobalPath(15, 4), 1.125, 0),
    spec(GlobalPath(31, 1), 1.40625, 0),
    spec(GlobalPath(7, 1), 1.5, 600),
    spec(Iterations(4), 1.28125, 375),
    spec(Local, 1.5625, 512),
    spec(Recency(14, 4), 1.25, 0),
    spec(RecencyPosition, 1.875, 0),
    // gem5's SGHISTPATH, which in blocks of 21 is GHISTPATH but for the histories it requests.
    spec(GlobalPath(4, 3), 1.65625, 0),
    Spec {
        width: 5,
        ..spec(GlobalPath(2, 5), 2.53125, 0)
    },
];

pub(super) const LARGE: [Spec; 37] = [
    spec(Acyclic, 1.0, 0),
    spec(Blurry(10, 7), 1.0, 0),
    spec(Global(0, 19), 1.3125, 0),
    spec(Global(0, 65), 0.85, 0),
    spec(Global(111, 222), 1.0, 0),
    spec(Global(115, 206), 1.0, 0),
    spec(Global(190, 336), 1.0, 0),
    spec(Global(21, 64), 1.0, 0),
    spec(Global(48, 119), 1.0, 0),
    spec(Global(67, 203), 0.75, 0),
    spec(Global(75, 150), 1.0, 0),
    spec(ModuloGlobalPath(1, 5, 4), 1.45, 1913),
    spec(ModuloGlobalPath(3, 13, 1), 1.0, 0),
    spec(GlobalPathBit(105, 4), 1.0, 0),
    spec(GlobalPath(11, 2), 1.25, 0),
    spec(GlobalPath(15, 4), 1.125, 0),
    spec(GlobalPath(23, 4), 1.0, 0),
    spec(GlobalPath(31, 1), 1.0, 0),
    spec(GlobalPath(32, 2), 1.0, 0),
    spec(GlobalPath(36, 4), 1.0, 0),
    spec(GlobalPathBit(51, 1), 1.0, 0),
    spec(GlobalPath(7, 1), 1.5, 0),
    spec(GlobalPath(72, 1), 1.0, 0),
    spec(GlobalPathBit(86, 4), 1.0, 0),
    spec(Iterations(1), 1.8125, 0),
    spec(Iterations(4), 1.78125, 1536),
    spec(Local, 1.0, 1024),
    spec(Local, 2.0, 3467),
    spec(Modulo(1, 16), 0.9375, 0),
    spec(ModuloPath(3, 20, 1), 1.0, 0),
    spec(Path(13, 2), 1.4375, 0),
    spec(Path(27, 5), 1.0, 0),
    spec(Recency(10, 3), 0.55, 1024),
    spec(Recency(14, 4), 1.3125, 0),
    spec(RecencyPosition, 1.5, 0),
    spec(GlobalPath(2, 5), 1.25, 768),
    spec(GlobalPath(5, 2), 1.3125, 972),
];
