//! Branch predictors, as gem5 24.0 has them: the same tables, indices and rules of training.
//!
//! A twin follows only the path that retires. It looks a branch up when it is fetched and enters the
//! actual outcome into the speculative histories at once, which equals their repair after a
//! misprediction. It trains when the branch commits, possibly several branches later, with the
//! [`Record`] of the prediction; an in-order core predicts and trains at once.
//!
//! The effects of wrong paths (return addresses, and the perceptron's unconditional branches,
//! which gem5 never undoes) are not modelled. Where gem5 draws random numbers, a small
//! generator does so here: counts differ by chance, but are the same for the same stream.

pub mod bimode;
pub mod branch_unit;
pub mod btb;
mod counters;
pub(in crate::twin) use counters::Random;
mod folded_history;
mod in_flight;
pub mod indirect;
pub mod l_tage;
pub mod local;
mod loop_predictor;
pub mod multiperspective_perceptron;
mod perceptron_features;
mod perceptron_histories;
pub mod return_stack;
mod statistical_corrector;
pub mod tage;
pub mod tage_sc_l;
mod tage_sc_l_tables;
pub mod tournament;

use bimode::BiMode;
use l_tage::LTage;
use local::Local;
use multiperspective_perceptron::MultiperspectivePerceptron;
use tage::Tage;
use tage_sc_l::TageScL;
use tournament::Tournament;

/// Which predictor, by the names of gem5-glue/configs/microarchs.py.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// gem5's `LocalBP`.
    Local,
    /// gem5's `TournamentBP`.
    Tournament,
    /// gem5's `BiModeBP`.
    BiMode,
    /// gem5's `TAGE`.
    Tage,
    /// gem5's `LTAGE`.
    LTage,
    /// gem5's `TAGE_SC_L_8KB`.
    TageScL8K,
    /// gem5's `TAGE_SC_L_64KB`.
    TageScL64K,
    /// gem5's `MultiperspectivePerceptron8KB`.
    Perceptron8K,
    /// gem5's `MultiperspectivePerceptron64KB`.
    Perceptron64K,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Local,
        Self::Tournament,
        Self::BiMode,
        Self::Tage,
        Self::LTage,
        Self::TageScL8K,
        Self::TageScL64K,
        Self::Perceptron8K,
        Self::Perceptron64K,
    ];

    /// The name that a core's parameters give it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Tournament => "tournament",
            Self::BiMode => "bimode",
            Self::Tage => "tage",
            Self::LTage => "ltage",
            Self::TageScL8K => "tage_sc_l_8k",
            Self::TageScL64K => "tage_sc_l_64k",
            Self::Perceptron8K => "perceptron_8k",
            Self::Perceptron64K => "perceptron_64k",
        }
    }

    /// That of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// A predictor of directions.
// One of each core: what the small ones waste is little beside the tables of any.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Direction {
    /// Counters by address.
    Local(Local),
    /// Local and global histories.
    Tournament(Tournament),
    /// Bi-mode.
    BiMode(BiMode),
    /// TAGE.
    Tage(Tage),
    /// TAGE and loops.
    LTage(LTage),
    /// TAGE, loops and a statistical corrector.
    TageScL(TageScL),
    /// The multiperspective perceptron.
    Perceptron(MultiperspectivePerceptron),
}

/// A branch, and how it went.
#[derive(Debug, Clone, Copy)]
pub struct Branch {
    /// Its address.
    pub pc: u64,
    /// Whether it may go either way.
    pub conditional: bool,
    /// Whether its target is computed.
    pub indirect: bool,
    /// Whether it was taken.
    pub taken: bool,
    /// Where control went.
    pub next: u64,
}

/// What a predictor keeps of a branch from its prediction until it trains. Records are long: they are
/// filled where they stay.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Record {
    /// Address of the branch.
    pub pc: u64,
    seen: Seen,
}

// Records live on the stack or in a ring: nothing is gained by indirection.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Seen {
    /// Nothing but the address.
    #[default]
    Address,
    /// An unconditional branch of those predictors that it trains, or whose histories it enters
    /// only at commit.
    Unconditional {
        indirect: bool,
    },
    Tournament(tournament::Seen),
    BiMode(bimode::Seen),
    Tage(tage::Seen),
    LTage(l_tage::Seen),
    TageScL(tage_sc_l::Seen),
    Perceptron(multiperspective_perceptron::Seen),
}

impl Direction {
    /// A predictor that has seen nothing. `log2` is the size of those that have sizes (local,
    /// tournament, bi-mode): 8 to 14 in gem5's configurations.
    pub fn new(kind: Kind, log2: u32) -> Self {
        match kind {
            Kind::Local => Self::Local(Local::new(log2)),
            Kind::Tournament => Self::Tournament(Tournament::new(log2)),
            Kind::BiMode => Self::BiMode(BiMode::new(log2)),
            Kind::Tage => Self::Tage(Tage::new()),
            Kind::LTage => Self::LTage(LTage::new()),
            Kind::TageScL8K => Self::TageScL(TageScL::small()),
            Kind::TageScL64K => Self::TageScL(TageScL::large()),
            Kind::Perceptron8K => Self::Perceptron(MultiperspectivePerceptron::small()),
            Kind::Perceptron64K => Self::Perceptron(MultiperspectivePerceptron::large()),
        }
    }

    /// The same, drawing zeros where it would draw random numbers: what is compared with gem5's own
    /// code, bit for bit.
    #[must_use]
    pub fn without_chance(mut self) -> Self {
        match &mut self {
            Self::Local(_) | Self::Tournament(_) | Self::BiMode(_) => {}
            Self::Tage(p) => p.without_chance(),
            Self::LTage(p) => p.without_chance(),
            Self::TageScL(p) => p.without_chance(),
            Self::Perceptron(p) => p.without_chance(),
        }
        self
    }

    /// Predicts a conditional branch at `pc`, without consequences but for the record.
    #[inline]
    pub fn lookup(&self, pc: u64, record: &mut Record) -> bool {
        record.pc = pc;
        let (prediction, seen) = match self {
            Self::Local(p) => (p.predict(pc), Seen::Address),
            Self::Tournament(p) => {
                let (prediction, seen) = p.lookup(pc);
                (prediction, Seen::Tournament(seen))
            }
            Self::BiMode(p) => {
                let (prediction, seen) = p.lookup(pc);
                (prediction, Seen::BiMode(seen))
            }
            // The longest ones, stored by each arm: together they would be copied at the length of
            // the longest.
            Self::Tage(p) => {
                let seen = p.lookup(pc);
                record.seen = Seen::Tage(seen);
                return seen.prediction;
            }
            Self::LTage(p) => {
                let (prediction, seen) = p.lookup(pc);
                record.seen = Seen::LTage(seen);
                return prediction;
            }
            Self::TageScL(p) => {
                let (prediction, seen) = p.lookup(pc);
                record.seen = Seen::TageScL(seen);
                return prediction;
            }
            Self::Perceptron(p) => {
                let (prediction, seen) = p.lookup(pc);
                (prediction, Seen::Perceptron(seen))
            }
        };
        record.seen = seen;
        prediction
    }

    /// The conditional branch at `pc` went so: it enters the speculative histories. Follows its
    /// [`Self::lookup`] at once.
    #[inline]
    pub fn push(&mut self, pc: u64, taken: bool) {
        match self {
            Self::Tournament(p) => p.push(pc, taken),
            Self::BiMode(p) => p.push(taken),
            Self::Tage(p) => p.push(pc, taken),
            Self::LTage(p) => p.push(pc, taken),
            // All that these keep of conditional branches moves at commit.
            Self::Local(_) | Self::TageScL(_) | Self::Perceptron(_) => {}
        }
    }

    /// Looks a conditional branch up when it is fetched, and enters its outcome into the histories.
    #[inline]
    pub fn predict(&mut self, pc: u64, taken: bool) -> (bool, Record) {
        let mut record = Record::default();
        let said = self.lookup(pc, &mut record);
        self.push(pc, taken);
        (said, record)
    }

    /// An unconditional branch is fetched. It trains some predictors, so that its record goes to
    /// [`Self::train`] too.
    #[inline]
    pub fn unconditional(&mut self, pc: u64, indirect: bool, record: &mut Record) {
        record.pc = pc;
        record.seen = match self {
            Self::Local(_) | Self::TageScL(_) => Seen::Unconditional { indirect },
            Self::Tournament(p) => Seen::Tournament(p.unconditional()),
            Self::BiMode(p) => Seen::BiMode(p.unconditional()),
            Self::Tage(p) => {
                p.push(pc, true);
                Seen::Address
            }
            Self::LTage(p) => {
                p.push(pc, true);
                Seen::Address
            }
            Self::Perceptron(p) => {
                p.unconditional(pc);
                Seen::Address
            }
        };
    }

    /// Branches that are fetched and commit at once, one after the other.
    pub fn warm(&mut self, branches: impl Iterator<Item = Branch>) {
        // As fetch and commit do it, but for records, which are long, and with a loop for each kind.
        match self {
            Self::Local(p) => branches.for_each(|b| p.train(b.pc, b.taken)),
            Self::Tournament(p) => branches.for_each(|b| {
                let seen = if b.conditional {
                    let (_, seen) = p.lookup(b.pc);
                    p.push(b.pc, b.taken);
                    seen
                } else {
                    p.unconditional()
                };
                p.train(&seen, b.taken);
            }),
            Self::BiMode(p) => branches.for_each(|b| {
                let seen = if b.conditional {
                    let (_, seen) = p.lookup(b.pc);
                    p.push(b.taken);
                    seen
                } else {
                    p.unconditional()
                };
                p.train(b.pc, &seen, b.taken);
            }),
            Self::Tage(p) => branches.for_each(|b| {
                if b.conditional {
                    let seen = p.lookup(b.pc);
                    p.push(b.pc, b.taken);
                    p.train(&seen, b.taken);
                } else {
                    p.push(b.pc, true);
                }
            }),
            Self::LTage(p) => branches.for_each(|b| {
                if b.conditional {
                    let (_, seen) = p.lookup(b.pc);
                    p.push(b.pc, b.taken);
                    p.train(&seen, b.taken);
                } else {
                    p.push(b.pc, true);
                }
            }),
            Self::TageScL(p) => branches.for_each(|b| {
                if b.conditional {
                    let (_, seen) = p.lookup(b.pc);
                    p.train(b.pc, &seen, b.taken, b.next);
                } else {
                    p.unconditional(b.pc, b.indirect);
                }
            }),
            Self::Perceptron(p) => branches.for_each(|b| {
                if b.conditional {
                    let (_, seen) = p.lookup(b.pc);
                    p.train(b.pc, &seen, b.taken, b.next);
                } else {
                    p.unconditional(b.pc);
                }
            }),
        }
    }

    /// The branch commits; control went on at `next`. Branches commit in the order of their
    /// prediction.
    #[inline]
    pub fn train(&mut self, record: &Record, taken: bool, next: u64) {
        let pc = record.pc;
        match (self, &record.seen) {
            (Self::Local(p), _) => p.train(pc, taken),
            (Self::Tournament(p), Seen::Tournament(seen)) => p.train(seen, taken),
            (Self::BiMode(p), Seen::BiMode(seen)) => p.train(pc, seen, taken),
            (Self::Tage(p), Seen::Tage(seen)) => p.train(seen, taken),
            (Self::LTage(p), Seen::LTage(seen)) => p.train(seen, taken),
            (Self::TageScL(p), Seen::TageScL(seen)) => p.train(pc, seen, taken, next),
            (Self::TageScL(p), Seen::Unconditional { indirect }) => p.unconditional(pc, *indirect),
            (Self::Perceptron(p), Seen::Perceptron(seen)) => p.train(pc, seen, taken, next),
            // An unconditional branch that trains nothing.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
