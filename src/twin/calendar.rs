//! How many of something are taken in each cycle: issue slots, units, ports, freed entries.

/// Cycles that are kept apart. What is booked further ahead than this counts in no cycle: only a
/// core that waits thousands of cycles for one access gets there.
const SPAN: usize = 1 << 12;

/// Bits of a slot that count uses; a cycle is above them.
const USES: u32 = 16;

/// Uses per cycle.
#[derive(Clone)]
pub struct Calendar {
    /// Cycle and uses in one word, by cycle modulo the span.
    slots: Box<[u64; SPAN]>,
}

impl Calendar {
    /// Nothing is taken.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            slots: Box::new([0; SPAN]),
        }
    }

    /// Uses in `cycle`.
    #[inline(always)]
    pub fn used(&self, cycle: u64) -> u32 {
        let slot = self.slots[cycle as usize % SPAN];
        if slot >> USES == cycle {
            slot as u32 & ((1 << USES) - 1)
        } else {
            0
        }
    }

    /// One more use in `cycle`.
    #[inline(always)]
    pub fn take(&mut self, cycle: u64) {
        let slot = &mut self.slots[cycle as usize % SPAN];
        let before = if *slot >> USES == cycle {
            *slot
        } else {
            cycle << USES
        };
        *slot = before + 1;
    }

    /// The first cycle from `cycle` on after which `length` cycles are free; takes them.
    pub fn reserve_run(&mut self, mut cycle: u64, length: u64) -> u64 {
        while let Some(taken) = (cycle..cycle + length).rev().find(|c| self.used(*c) > 0) {
            cycle = taken + 1;
        }
        (cycle..cycle + length).for_each(|c| self.take(c));
        cycle
    }

    /// The first cycle from `cycle` on with fewer than `limit` uses; takes one there.
    #[inline(always)]
    pub fn reserve(&mut self, mut cycle: u64, limit: u32) -> u64 {
        loop {
            let slot = &mut self.slots[cycle as usize % SPAN];
            let uses = if *slot >> USES == cycle {
                *slot as u32 & ((1 << USES) - 1)
            } else {
                0
            };
            if uses < limit {
                *slot = (cycle << USES) + u64::from(uses + 1);
                return cycle;
            }
            cycle += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reservations_are_the_first_that_fit(
            wanted in prop::collection::vec(0u64..600, 1..300), limit in 1u32..4,
        ) {
            let mut calendar = Calendar::new();
            let mut naive = std::collections::HashMap::<u64, u32>::new();
            for from in wanted {
                let first = (from..).find(|c| naive.get(c).copied().unwrap_or(0) < limit).unwrap();
                *naive.entry(first).or_default() += 1;
                prop_assert_eq!(calendar.reserve(from, limit), first);
                prop_assert_eq!(calendar.used(first), naive[&first]);
            }
        }
    }

    #[test]
    fn cycles_a_span_apart_do_not_meet() {
        let mut calendar = Calendar::new();
        calendar.take(5);
        calendar.take(5 + SPAN as u64);
        assert_eq!((calendar.used(5), calendar.used(5 + SPAN as u64)), (0, 1));
    }
}
