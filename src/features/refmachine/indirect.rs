//! Targets of indirect jumps: a small set-associative table behind a hash of recent outcomes and
//! targets, as in gem5's `SimpleIndirectPredictor`.

use crate::bytes::{field, put};
use crate::error::Result;

const OUTCOMES: u64 = (1 << 13) - 1;
const PATH: usize = 3;

/// The recent control transfers: the context that distinguishes targets.
#[derive(Clone, Default)]
pub struct Path {
    outcomes: u64,
    targets: [u64; PATH],
}

impl Path {
    /// A transfer was taken or not.
    pub fn push(&mut self, taken: bool) {
        self.outcomes = (self.outcomes << 1 | u64::from(taken)) & OUTCOMES;
    }

    /// An indirect jump went to `target`.
    pub fn push_target(&mut self, target: u64) {
        self.targets.rotate_left(1);
        self.targets[PATH - 1] = target;
    }

    /// Appends the state.
    pub fn save(&self, out: &mut Vec<u8>) {
        for v in self.targets.iter().chain([&self.outcomes]) {
            put(out, &[*v]);
        }
    }

    /// Takes the state back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        for v in self.targets.iter_mut().chain([&mut self.outcomes]) {
            *v = field(bytes, "an indirect predictor")?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Entry {
    tag: u32,
    target: u64,
}

/// A table of targets: sets of two.
#[derive(Clone)]
pub struct Targets {
    log2_sets: u32,
    sets: Vec<[Entry; 2]>,
}

impl Targets {
    /// An empty table of `1 << log2_sets` sets.
    pub fn new(log2_sets: u32) -> Self {
        Self {
            log2_sets,
            sets: vec![[Entry::default(); 2]; 1 << log2_sets],
        }
    }

    /// Whether the jump at `pc` to `target` would have missed; learns it.
    pub fn missed(&mut self, pc: u64, path: &Path, target: u64) -> bool {
        let mut hash = pc >> 1 ^ path.outcomes;
        let shift = self.log2_sets / PATH as u32;
        for (i, t) in (0..).zip(&path.targets) {
            hash ^= t >> (1 + i * shift);
        }
        let set = &mut self.sets[hash as usize & ((1 << self.log2_sets) - 1)];
        let tag = (pc >> 1) as u32 & 0xffff;
        if set[0].tag != tag || set[0].target == 0 {
            // The other way becomes the most recent, or makes room.
            set.swap(0, 1);
        }
        let missed = set[0].tag != tag || set[0].target != target;
        set[0] = Entry { tag, target };
        missed
    }

    /// Appends the state.
    pub fn save(&self, out: &mut Vec<u8>) {
        for e in self.sets.iter().flatten() {
            put(out, &[e.tag]);
            put(out, &[e.target]);
        }
    }

    /// Takes the state back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        for e in self.sets.iter_mut().flatten() {
            e.tag = field(bytes, "an indirect predictor")?;
            e.target = field(bytes, "an indirect predictor")?;
        }
        Ok(())
    }
}
