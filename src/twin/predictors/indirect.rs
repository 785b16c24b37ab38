//! Targets of indirect jumps and calls by history (Chang, Hao and Patt, Target prediction for
//! indirect jumps, 1997; gem5 `SimpleIndirectPredictor`, `cpu/pred/simple_indirect.cc`).
//!
//! Outcomes of all branches and the last three targets choose the set. Both histories are
//! speculative; a target is entered when a misprediction is found. Returns take no part, but as
//! outcomes.

use super::counters::Random;

const WAYS: usize = 2;
const OUTCOMES: u64 = (1 << 13) - 1;
const PATH: usize = 3;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Entry {
    /// 0 is none.
    target: u64,
    tag: u16,
}

/// The sets of targets and the history that chooses among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Indirect {
    sets: Vec<[Entry; WAYS]>,
    outcomes: u64,
    /// The youngest first.
    path: [u64; PATH],
    random: Random,
}

impl Indirect {
    /// An empty one of `1 << log2` targets; two at least.
    pub fn new(log2: u32) -> Self {
        Self {
            sets: vec![[Entry::default(); WAYS]; 1 << log2.saturating_sub(1)],
            outcomes: 0,
            path: [0; PATH],
            random: Random::new(),
        }
    }

    fn set(&self, pc: u64) -> usize {
        let mut hash = pc >> 1 ^ self.outcomes;
        let shift = self.sets.len().ilog2() / PATH as u32;
        for (i, target) in (0..).zip(self.path) {
            hash ^= target >> (1 + i * shift);
        }
        hash as usize & (self.sets.len() - 1)
    }

    /// The target of the jump at `pc` under the histories of now.
    #[inline]
    pub fn lookup(&self, pc: u64) -> Option<u64> {
        let tag = (pc >> 1) as u16;
        let way = self.sets[self.set(pc)]
            .iter()
            .find(|e| e.tag == tag && e.target != 0);
        way.map(|e| e.target)
    }

    /// The jump at `pc` went to another `target` than [`Self::lookup`] said under the same
    /// histories.
    pub fn update(&mut self, pc: u64, target: u64) {
        let (set, tag) = (self.set(pc), (pc >> 1) as u16);
        // An empty way has tag 0.
        let way = self.sets[set].iter().position(|e| e.tag == tag);
        let way = way.unwrap_or_else(|| self.random.next() as usize % WAYS);
        self.sets[set][way] = Entry { target, tag };
    }

    /// A branch is fetched.
    #[inline]
    pub fn push(&mut self, taken: bool) {
        self.outcomes = (self.outcomes << 1 | u64::from(taken)) & OUTCOMES;
    }

    /// An indirect jump or call is fetched; [`Self::push`] follows.
    #[inline]
    pub fn push_target(&mut self, target: u64) {
        self.path.copy_within(..PATH - 1, 1);
        self.path[0] = target;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Misses of a jump whose targets repeat.
    fn misses(p: &mut Indirect, targets: &[u64], rounds: usize) -> usize {
        let mut misses = 0;
        for _ in 0..rounds {
            for &target in targets {
                if p.lookup(0x1000) != Some(target) {
                    misses += 1;
                    p.update(0x1000, target);
                }
                p.push_target(target);
                p.push(true);
            }
        }
        misses
    }

    #[test]
    fn targets_that_follow_each_other_are_learnt_by_their_path() {
        let mut p = Indirect::new(7);
        misses(&mut p, &[0x2000, 0x2460, 0x2000, 0x2a90], 20);
        assert_eq!(misses(&mut p, &[0x2000, 0x2460, 0x2000, 0x2a90], 20), 0);
    }

    #[test]
    fn a_table_of_two_targets_holds_two() {
        let mut p = Indirect::new(1);
        assert_eq!(p.sets.len(), 1);
        p.update(0x1000, 0x2000);
        p.update(0x1002, 0x3000);
        let held = [0x1000, 0x1002].map(|pc| p.lookup(pc).is_some());
        assert!(held[1], "the last update is there");
        p.update(0x1002, 0x4000);
        assert_eq!(p.lookup(0x1002), Some(0x4000), "its own way is taken again");
    }
}
