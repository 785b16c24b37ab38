//! L-TAGE: TAGE and a loop predictor (Seznec, The L-TAGE branch predictor, 2007; gem5
//! `cpu/pred/ltage.cc`).

use super::counters::Random;
use super::loop_predictor::{self, LoopPredictor};
use super::tage::{self, Tage};

/// The predictor, with its tables and speculative histories.
#[derive(Debug, Clone, PartialEq)]
pub struct LTage {
    tage: Tage,
    loops: LoopPredictor,
    random: Random,
}

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    tage: tage::Seen,
    loops: loop_predictor::Seen,
    prediction: bool,
}

impl LTage {
    /// gem5's `LTAGE`.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            tage: Tage::of_l_tage(),
            loops: LoopPredictor::of_l_tage(),
            random: Random::new(),
        }
    }

    pub(super) fn without_chance(&mut self) {
        self.random = Random::zeros();
        self.tage.without_chance();
    }

    pub(super) fn lookup(&self, pc: u64) -> (bool, Seen) {
        let (tage, loops) = (self.tage.lookup(pc), self.loops.lookup(pc));
        let prediction = self.loops.choose(&loops, tage.prediction);
        let seen = Seen {
            tage,
            loops,
            prediction,
        };
        (prediction, seen)
    }

    pub(super) fn push(&mut self, pc: u64, taken: bool) {
        self.tage.push(pc, taken);
    }

    pub(super) fn train(&mut self, seen: &Seen, taken: bool) {
        let (said, tage) = (seen.prediction, seen.tage.prediction);
        self.loops
            .train(&seen.loops, taken, tage, said, &mut self.random);
        self.tage.train(&seen.tage, taken);
    }
}
