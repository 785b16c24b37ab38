//! LRU depth within the set of a set-associative cache: a hit in any LRU cache with this number
//! of sets and at least that many ways. One structure answers for every associativity at once
//! (Mattson's inclusion property, applied per set).

use crate::bytes::{field, put};
use crate::error::Result;

/// Largest depth that is distinguished.
pub const WAYS: usize = 16;
/// The depth reported for a line that is in none of the [`WAYS`] most recent of its set.
pub const ABSENT: u8 = WAYS as u8 + 1;

/// LRU lists of [`WAYS`] entries for each of a power-of-two number of sets.
#[derive(Clone)]
pub struct SetDepth {
    mask: u64,
    shift: u32,
    tags: Vec<[u32; WAYS]>,
}

/// Tag that no line gets, so that an empty way never matches.
const EMPTY: u32 = 0;

impl SetDepth {
    /// `sets` must be a power of two.
    pub fn new(sets: usize) -> Self {
        assert!(sets.is_power_of_two());
        Self {
            mask: sets as u64 - 1,
            shift: sets.trailing_zeros(),
            tags: vec![[EMPTY; WAYS]; sets],
        }
    }

    /// Folds the rest of the line number into 31 bits, offset from [`EMPTY`]. Two lines of one
    /// set share a tag with probability 2^-31.
    #[inline(always)]
    fn tag(&self, line: u64) -> u32 {
        let rest = line >> self.shift;
        ((rest ^ (rest >> 31)) as u32 & 0x7fff_ffff) + 1
    }

    /// Touches `line`; returns its depth before the touch: 1 is most recent, [`ABSENT`] is none.
    #[inline(always)]
    pub fn access(&mut self, line: u64) -> u8 {
        let tag = self.tag(line);
        let set = &mut self.tags[(line & self.mask) as usize];
        if set[0] == tag {
            return 1;
        }
        if set[1] == tag {
            set.swap(0, 1);
            return 2;
        }
        // A mask of matches instead of an early exit: the compiler turns it into vector compares.
        let old = *set;
        let mut hits = 1u32 << WAYS;
        for (i, t) in old.iter().enumerate() {
            hits |= u32::from(*t == tag) << i;
        }
        let depth = hits.trailing_zeros();
        // Moves up what was more recent, by the same comparison in every way: no call to a copy
        // of some length.
        for i in 1..WAYS {
            set[i] = if i as u32 <= depth {
                old[i - 1]
            } else {
                old[i]
            };
        }
        set[0] = tag;
        depth as u8 + 1
    }

    /// Empties every set.
    pub fn reset(&mut self) {
        self.tags.fill([EMPTY; WAYS]);
    }

    /// Appends the state.
    pub fn save(&self, out: &mut Vec<u8>) {
        for set in &self.tags {
            put(out, set);
        }
    }

    /// Takes the state back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        for set in &mut self.tags {
            for t in set {
                *t = field(bytes, "a cache tag")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, literally: distinct lines of the set since the last touch, plus one.
    fn oracle(history: &[u64], line: u64, sets: u64) -> u8 {
        let mut seen = std::collections::HashSet::new();
        for past in history.iter().rev().filter(|p| **p % sets == line % sets) {
            if *past == line {
                return (seen.len() + 1).min(usize::from(ABSENT)) as u8;
            }
            seen.insert(*past);
        }
        ABSENT
    }

    proptest! {
        #[test]
        fn depth_is_the_definition(lines in prop::collection::vec(0u64..200, 1..400), log_sets in 0u32..4) {
            let sets = 1usize << log_sets;
            let mut fast = SetDepth::new(sets);
            for (i, line) in lines.iter().enumerate() {
                prop_assert_eq!(fast.access(*line), oracle(&lines[..i], *line, sets as u64));
            }
        }
    }
}
