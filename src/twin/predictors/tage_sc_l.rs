//! TAGE-SC-L in its two sizes: TAGE, a loop predictor, and a statistical corrector that may
//! overrule both (Seznec, TAGE-SC-L branch predictors again, 2016; gem5 `cpu/pred/tage_sc_l.cc`).

use super::counters::{strength, Random};
use super::loop_predictor::{self, LoopPredictor};
use super::statistical_corrector::{self, Asked, Confidence, StatisticalCorrector};
use super::tage_sc_l_tables::{self, Tables};

/// TAGE, the loop predictor and the statistical corrector.
#[derive(Debug, Clone, PartialEq)]
pub struct TageScL {
    tables: Tables,
    loops: LoopPredictor,
    corrector: StatisticalCorrector,
    random: Random,
}

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    tables: tage_sc_l_tables::Seen,
    loops: loop_predictor::Seen,
    corrector: statistical_corrector::Seen,
    /// Of TAGE and the loop predictor.
    before: bool,
    prediction: bool,
}

impl TageScL {
    /// That of 8 KB.
    pub fn small() -> Self {
        Self {
            tables: Tables::small(),
            loops: LoopPredictor::of_tage_sc_l(3),
            corrector: StatisticalCorrector::small(),
            random: Random::new(),
        }
    }

    /// That of 64 KB.
    pub fn large() -> Self {
        Self {
            tables: Tables::large(),
            loops: LoopPredictor::of_tage_sc_l(5),
            corrector: StatisticalCorrector::large(),
            random: Random::new(),
        }
    }

    pub(super) fn without_chance(&mut self) {
        self.random = Random::zeros();
    }

    /// What the corrector asks; the path is that of now.
    fn asked(&self, pc: u64, tables: &tage_sc_l_tables::Seen, before: bool) -> Asked {
        let confidence = if tables.hit > 0 {
            let strength = strength(tables.counter);
            Confidence {
                low: strength == 1,
                medium: strength == 5,
                high: strength >= 7,
            }
        } else {
            Confidence {
                low: !tables.bimodal_sure,
                medium: false,
                high: tables.bimodal_sure,
            }
        };
        Asked {
            pc,
            prediction: before,
            confidence,
            disputed: tables.longest != tables.other,
            hit: tables.hit,
            alternate: tables.alternate,
            path: self.tables.path(),
        }
    }

    pub(super) fn lookup(&self, pc: u64) -> (bool, Seen) {
        let tables = self.tables.lookup(pc);
        let loops = self.loops.lookup(pc);
        let before = self.loops.choose(&loops, tables.prediction);
        let (prediction, corrector) = self.corrector.predict(&self.asked(pc, &tables, before));
        let seen = Seen {
            tables,
            loops,
            corrector,
            before,
            prediction,
        };
        (prediction, seen)
    }

    /// A conditional branch that went to `next`.
    pub(super) fn train(&mut self, pc: u64, seen: &Seen, taken: bool, next: u64) {
        let asked = self.asked(pc, &seen.tables, seen.before);
        self.corrector.train(&asked, &seen.corrector, taken);
        let (random, said) = (&mut self.random, seen.prediction);
        self.loops
            .train(&seen.loops, taken, seen.tables.prediction, said, random);
        self.tables.train(&seen.tables, taken, said, random);
        self.corrector.push(pc, taken, next);
        self.tables.push(pc, taken, false);
    }

    /// An unconditional branch.
    pub(super) fn unconditional(&mut self, pc: u64, indirect: bool) {
        self.tables.push(pc, true, indirect);
    }
}
