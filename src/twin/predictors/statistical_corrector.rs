//! The statistical corrector of TAGE-SC-L (Seznec, TAGE-SC-L branch predictors again, 2016; gem5
//! `cpu/pred/statistical_corrector.cc` and `tage_sc_l_*KB.cc`).
//!
//! Tables of small counters, each indexed by a part of some history (global, local, path, of the
//! innermost loop), vote for or against what TAGE and the loop predictor said. gem5 reads and
//! moves all of its histories at commit.

use super::counters::step_signed;

const COUNTER_BITS: u32 = 6;
const WEIGHT_BITS: u32 = 6;
const CHOOSER_BITS: u32 = 7;
/// Weights of a component, by address.
const WEIGHTS: usize = 8;

/// Which history a component sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Outcomes of all conditional branches.
    Global,
    /// Whether each was a backward branch that was taken.
    Backward,
    /// TAGE's path.
    Path,
    /// Outcomes by address, in the table of this number.
    Local(usize),
    /// Iterations of the innermost loop.
    Iterations,
    /// Outcomes at this iteration of the innermost loop.
    AtIteration,
}

/// Tables that see one history at several lengths.
#[derive(Debug, Clone, PartialEq)]
struct Component {
    source: Source,
    masks: Vec<i64>,
    log2: u32,
    /// Its tables in `counters`, one after the other.
    start: usize,
    /// Whether it counts double.
    weights: [i8; WEIGHTS],
}

/// Histories by address.
#[derive(Debug, Clone, PartialEq)]
struct Locals {
    histories: Vec<i64>,
    shift: u32,
    /// The address enters the history with the outcome.
    mixed: bool,
}

impl Locals {
    fn new(size: usize, shift: u32, mixed: bool) -> Self {
        Self {
            histories: vec![0; size],
            shift,
            mixed,
        }
    }

    fn slot(&self, pc: u64) -> usize {
        (pc ^ pc >> self.shift) as usize & (self.histories.len() - 1)
    }

    fn push(&mut self, pc: u64, taken: bool) {
        let slot = self.slot(pc);
        let mut history = (self.histories[slot] << 1) + i64::from(taken);
        if self.mixed {
            history ^= (pc & 15) as i64;
        }
        self.histories[slot] = history;
    }
}

/// How sure TAGE was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Confidence {
    pub(super) low: bool,
    pub(super) medium: bool,
    pub(super) high: bool,
}

/// What TAGE says, and all that the corrector asks of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Asked {
    pub(super) pc: u64,
    /// What TAGE and the loop predictor said.
    pub(super) prediction: bool,
    pub(super) confidence: Confidence,
    /// The longest match and the alternate differ.
    pub(super) disputed: bool,
    pub(super) hit: u8,
    pub(super) alternate: u8,
    pub(super) path: i32,
}

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Seen {
    sum: i32,
    threshold: i32,
}

/// The corrector's tables, histories and threshold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StatisticalCorrector {
    large: bool,
    bias: [Vec<i8>; 3],
    bias_weights: [i8; WEIGHTS],
    counters: Vec<i8>,
    components: Vec<Component>,
    threshold: i32,
    thresholds: Vec<i8>,
    /// Whom to follow where TAGE is half sure, and where it is sure.
    choosers: [i8; 2],
    global: i64,
    backward: i64,
    locals: Vec<Locals>,
    iterations: i64,
    at_iteration: Vec<i64>,
}

impl StatisticalCorrector {
    /// That of the 8 KB predictor.
    pub(super) fn small() -> Self {
        let mut built = Self::empty(false, 7, vec![Locals::new(64, 2, false)]);
        built.add(Source::Global, &[6, 3], 7, 7);
        built.add(Source::Backward, &[16, 8], 7, 7);
        built.add(Source::Local(0), &[6, 3], 7, 7);
        built.add(Source::Iterations, &[8], 7, 7);
        built
    }

    /// That of the 64 KB predictor.
    pub(super) fn large() -> Self {
        let locals = vec![
            Locals::new(256, 2, false),
            Locals::new(16, 5, true),
            Locals::new(16, 10, false),
        ];
        let mut built = Self::empty(true, 8, locals);
        // The first length is 40, which gem5 shifts into an int: 8 are left on every host.
        built.add(Source::Backward, &[8, 24, 10], 10, 7);
        built.add(Source::Path, &[25, 16, 9], 9, 7);
        built.add(Source::Local(0), &[11, 6, 3], 10, 7);
        built.add(Source::Local(1), &[16, 11, 6], 9, 7);
        built.add(Source::Local(2), &[9, 4], 10, 7);
        built.add(Source::AtIteration, &[10, 4], 9, 0);
        built.add(Source::Iterations, &[8], 8, 7);
        built
    }

    fn empty(large: bool, log2_bias: u32, locals: Vec<Locals>) -> Self {
        let bias = |quad: [i8; 4]| quad.repeat(1 << (log2_bias - 2));
        Self {
            large,
            bias: [
                bias([-32, 31, -1, 0]),
                bias([-8, 7, -32, 31]),
                bias([-32, 31, -1, 0]),
            ],
            bias_weights: [4; WEIGHTS],
            counters: Vec::new(),
            components: Vec::new(),
            threshold: 35 << 3,
            thresholds: vec![0; 64],
            choosers: [0; 2],
            global: 0,
            backward: 0,
            locals,
            iterations: 0,
            at_iteration: vec![0; 256],
        }
    }

    fn add(&mut self, source: Source, lengths: &[u32], log2: u32, weight: i8) {
        self.components.push(Component {
            source,
            masks: lengths.iter().map(|l| (1 << l) - 1).collect(),
            log2,
            start: self.counters.len(),
            weights: [weight; WEIGHTS],
        });
        let size = lengths.len() << log2;
        self.counters
            .extend((0..size).map(|i| if i & 1 == 0 { -1i8 } else { 0 }));
    }

    /// Places in the three bias tables.
    fn biases(&self, a: &Asked) -> [usize; 3] {
        let size = self.bias[0].len();
        let said = u64::from(a.prediction);
        let (low, high) = (u64::from(a.confidence.low), u64::from(a.confidence.high));
        let first = ((a.pc ^ a.pc >> 2) << 1 ^ (low & u64::from(a.disputed))) << 1;
        let skewed = ((a.pc ^ a.pc >> (size.ilog2() - 2)) << 1 ^ high) << 1;
        let by_table = said
            + (((u64::from(a.hit) + 1) / 4) << 4)
            + (high << 1)
            + (low << 2)
            + (u64::from(a.alternate != 0) << 3);
        let by_table = if self.large {
            by_table.wrapping_add((a.pc ^ a.pc >> 2) << 7)
        } else {
            by_table
        };
        [
            first.wrapping_add(said),
            skewed.wrapping_add(said),
            by_table,
        ]
        .map(|place| place as usize & (size - 1))
    }

    fn weight_of(pc: u64) -> usize {
        (pc ^ pc >> 2) as usize & (WEIGHTS - 1)
    }

    fn history(&self, source: Source, a: &Asked) -> i64 {
        match source {
            Source::Global => self.global,
            Source::Backward => self.backward,
            Source::Path => i64::from(a.path),
            Source::Local(table) => {
                let locals = &self.locals[table];
                locals.histories[locals.slot(a.pc)]
            }
            Source::Iterations => self.iterations,
            Source::AtIteration => self.at_iteration[self.iterations as usize],
        }
    }

    /// The large one's backward tables tell predictions apart.
    fn address(&self, source: Source, a: &Asked) -> u64 {
        if self.large && source == Source::Backward {
            (a.pc << 1).wrapping_add(u64::from(a.prediction))
        } else {
            a.pc
        }
    }

    /// Place of a component's counter in its table `i`.
    #[inline]
    fn place(&self, c: &Component, i: usize, pc: u64, history: i64) -> usize {
        let h = history & c.masks[i];
        let hash = pc as i64
            ^ h
            ^ h >> (8 - i)
            ^ h >> (16 - 2 * i)
            ^ h >> (24 - 3 * i)
            ^ h >> (32 - 3 * i)
            ^ h >> (40 - 4 * i);
        // The last two tables of the large one's components are used by half.
        let half = u32::from(self.large && i + 2 >= c.masks.len());
        c.start + (i << c.log2) + (hash as usize & ((1 << (c.log2 - half)) - 1))
    }

    /// The final prediction.
    pub(super) fn predict(&self, a: &Asked) -> (bool, Seen) {
        let vote = |counter: i8| 2 * i32::from(counter) + 1;
        let own = Self::weight_of(a.pc);
        let mut sum = 0;
        for (table, place) in self.bias.iter().zip(self.biases(a)) {
            sum += vote(table[place]);
        }
        sum <<= u32::from(self.bias_weights[own] >= 0);
        let mut doubled = i32::from(self.bias_weights[own] >= 0);
        for c in &self.components {
            let (pc, history) = (self.address(c.source, a), self.history(c.source, a));
            let part: i32 = (0..c.masks.len())
                .map(|i| vote(self.counters[self.place(c, i, pc, history)]))
                .sum();
            sum += part << u32::from(c.weights[Self::weight_of(pc)] >= 0);
            // gem5 leaves this one out of its threshold.
            doubled += i32::from(c.source != Source::AtIteration && c.weights[own] >= 0);
        }
        let threshold = (self.threshold >> 3)
            + i32::from(self.thresholds[(a.pc ^ a.pc >> 2) as usize & 63])
            + if self.large { 12 * doubled } else { 0 };

        let corrected = sum >= 0;
        let follow = corrected == a.prediction || {
            let size = sum.abs();
            let mut follow = true;
            if a.confidence.high {
                if size < threshold / 4 {
                    follow = false;
                } else if size < threshold / 2 {
                    follow = self.choosers[1] < 0;
                }
            }
            if a.confidence.medium && size < threshold / 4 {
                follow = self.choosers[0] < 0;
            }
            follow
        };
        let prediction = if follow { corrected } else { a.prediction };
        (prediction, Seen { sum, threshold })
    }

    /// A conditional branch, before its outcome enters the histories.
    pub(super) fn train(&mut self, a: &Asked, seen: &Seen, taken: bool) {
        let (corrected, size) = (seen.sum >= 0, seen.sum.abs());
        if a.prediction != corrected {
            let quarter = size < seen.threshold / 4;
            if a.confidence.high && size < seen.threshold / 2 && size < seen.threshold && !quarter {
                step_signed(&mut self.choosers[1], a.prediction == taken, CHOOSER_BITS);
            }
            if a.confidence.medium && quarter {
                step_signed(&mut self.choosers[0], a.prediction == taken, CHOOSER_BITS);
            }
        }
        let wrong = corrected != taken;
        if !wrong && size >= seen.threshold {
            return;
        }
        self.threshold = (self.threshold + if wrong { 1 } else { -1 }).clamp(-2048, 2047);
        let at = (a.pc ^ a.pc >> 2) as usize & 63;
        step_signed(&mut self.thresholds[at], wrong, 8);

        let places = self.biases(a);
        let mut part = 0;
        for (table, place) in self.bias.iter_mut().zip(places) {
            part += 2 * i32::from(table[place]) + 1;
            step_signed(&mut table[place], taken, COUNTER_BITS);
        }
        train_weight(
            &mut self.bias_weights[Self::weight_of(a.pc)],
            part,
            seen.sum,
            taken,
        );
        for at in 0..self.components.len() {
            let c = &self.components[at];
            let (pc, history) = (self.address(c.source, a), self.history(c.source, a));
            let mut part = 0;
            for i in 0..c.masks.len() {
                let counter = self.place(c, i, pc, history);
                let counter = &mut self.counters[counter];
                part += 2 * i32::from(*counter) + 1;
                step_signed(counter, taken, COUNTER_BITS);
            }
            let weight = &mut self.components[at].weights[Self::weight_of(pc)];
            train_weight(weight, part, seen.sum, taken);
        }
    }

    /// A conditional branch that went to `next` enters the histories.
    pub(super) fn push(&mut self, pc: u64, taken: bool, next: u64) {
        let backward = next < pc;
        self.global = (self.global << 1) + i64::from(taken);
        self.at_iteration[self.iterations as usize] =
            (self.at_iteration[self.iterations as usize] << 1) + i64::from(taken);
        if backward {
            // What was not taken never goes backwards, unless a host says so.
            self.iterations = if taken {
                (self.iterations + 1).min(255)
            } else {
                0
            };
        }
        self.backward = (self.backward << 1) + i64::from(taken && backward);
        for locals in &mut self.locals {
            locals.push(pc, taken);
        }
    }
}

/// Learns whether doubling a part, with which the sum was `sum`, is right.
fn train_weight(weight: &mut i8, part: i32, sum: i32, taken: bool) {
    let single = sum - if *weight >= 0 { part } else { 0 };
    if (single + part >= 0) != (single >= 0) {
        step_signed(weight, (part >= 0) == taken, WEIGHT_BITS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pc: u64, prediction: bool) -> Asked {
        Asked {
            pc,
            prediction,
            confidence: Confidence {
                low: true,
                ..Confidence::default()
            },
            disputed: false,
            hit: 0,
            alternate: 0,
            path: 0,
        }
    }

    #[test]
    fn a_bias_against_the_prediction_is_learnt() {
        for mut sc in [StatisticalCorrector::small(), StatisticalCorrector::large()] {
            let a = asked(0x1234, true);
            assert!(sc.predict(&a).0, "at first it follows TAGE");
            for _ in 0..100 {
                let (_, seen) = sc.predict(&a);
                sc.train(&a, &seen, false);
                sc.push(a.pc, false, a.pc + 4);
            }
            assert!(!sc.predict(&a).0);
        }
    }

    #[test]
    fn a_local_pattern_is_learnt_where_others_disturb_the_global_history() {
        let mut sc = StatisticalCorrector::large();
        let mut noise = super::super::counters::Random::new();
        let mut misses = 0;
        for i in 0..20_000 {
            let taken = i % 3 == 0;
            let a = asked(0x4000, false);
            let (said, seen) = sc.predict(&a);
            misses += usize::from(i > 15_000 && said != taken);
            sc.train(&a, &seen, taken);
            sc.push(a.pc, taken, a.pc + 4);
            for pc in [0x5002, 0x6006] {
                sc.push(pc, noise.next() & 1 == 0, pc + 8);
            }
        }
        assert!(misses < 100, "{misses} of 5000, TAGE 1667");
    }

    #[test]
    fn backward_branches_count_iterations() {
        let mut sc = StatisticalCorrector::small();
        for _ in 0..300 {
            sc.push(0x2000, true, 0x1000);
        }
        assert_eq!((sc.iterations, sc.backward & 7), (255, 7));
        sc.push(0x2000, false, 0x2004);
        assert_eq!(
            sc.iterations, 255,
            "in gem5 a loop's end is no backward branch"
        );
        sc.push(0x2000, false, 0x1ffc);
        assert_eq!(sc.iterations, 0);
    }
}
