//! How many of something are taken in each cycle: issue slots, units, ports, freed entries.

/// Cycles that are kept apart. What is booked further ahead than this counts in no cycle: only a
/// core that waits thousands of cycles for one access gets there.
const SPAN: usize = 1 << 12;

/// A word of counts for each cycle, in the slot of the cycle modulo the span. The lower `COUNTS` bits
/// count; above them is the span's number, which tells a cycle's own word from an earlier one's.
#[derive(Clone)]
struct Slots<const COUNTS: u32>(Box<[u64; SPAN]>);

impl<const COUNTS: u32> Slots<COUNTS> {
    fn new() -> Self {
        Self(Box::new([0; SPAN]))
    }

    /// The word of `cycle`.
    #[inline(always)]
    fn of(&self, cycle: u64) -> u64 {
        let (word, span) = (self.0[cycle as usize % SPAN], cycle / SPAN as u64);
        if word >> COUNTS == span {
            word
        } else {
            span << COUNTS
        }
    }

    /// `word`, which was made of the cycle's own, takes its place.
    #[inline(always)]
    fn set(&mut self, cycle: u64, word: u64) {
        self.0[cycle as usize % SPAN] = word;
    }
}

/// Bits that count uses.
const USES: u32 = 16;

/// Uses per cycle.
#[derive(Clone)]
pub struct Calendar {
    slots: Slots<USES>,
}

impl Calendar {
    /// Nothing is taken.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            slots: Slots::new(),
        }
    }

    /// Uses in `cycle`.
    #[inline(always)]
    pub fn used(&self, cycle: u64) -> u32 {
        self.slots.of(cycle) as u32 & ((1 << USES) - 1)
    }

    /// One more use in `cycle`.
    #[inline(always)]
    pub fn take(&mut self, cycle: u64) {
        self.slots.set(cycle, self.slots.of(cycle) + 1);
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
        while self.used(cycle) >= limit {
            cycle += 1;
        }
        self.take(cycle);
        cycle
    }
}

/// Kinds of functional units.
pub const KINDS: usize = 8;

/// Bits of an issue slot that count all issues, and from where on a kind's are: 5 for the first and
/// 4 for each of the others.
const ISSUES: u32 = 6;
const FROM: [u32; KINDS] = [6, 11, 15, 19, 23, 27, 31, 35];
/// All of them.
const COUNTS: u32 = 39;

/// What issues in each cycle, and the functional units that it takes: one word per cycle, since
/// they are looked at together.
#[derive(Clone)]
pub struct Issue {
    slots: Slots<COUNTS>,
    width: u64,
    units: [u64; KINDS],
}

impl Issue {
    /// Nothing issues. `units` of a kind: at most 16 of the first, 8 of the others.
    pub fn new(width: u32, units: [u32; KINDS]) -> Self {
        debug_assert!(width < 1 << ISSUES && units[0] <= 16 && units[1..].iter().all(|u| *u <= 8));
        Self {
            slots: Slots::new(),
            width: u64::from(width),
            units: units.map(u64::from),
        }
    }

    #[inline(always)]
    fn free(&self, word: u64, kind: usize) -> bool {
        let taken = word >> FROM[kind] & if kind == 0 { 31 } else { 15 };
        taken < self.units[kind]
    }

    /// The first cycle from `cycle` on with an issue slot and with a unit that is free for `busy`
    /// cycles; takes them.
    #[inline(always)]
    pub fn reserve(&mut self, kind: usize, mut cycle: u64, busy: u64) -> u64 {
        loop {
            let word = self.slots.of(cycle);
            let issues = word & ((1 << ISSUES) - 1);
            if issues < self.width
                && self.free(word, kind)
                && (cycle + 1..cycle + busy).all(|c| self.free(self.slots.of(c), kind))
            {
                self.slots.set(cycle, word + 1 + (1 << FROM[kind]));
                for c in cycle + 1..cycle + busy {
                    self.slots.set(c, self.slots.of(c) + (1 << FROM[kind]));
                }
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

    proptest! {
        #[test]
        fn an_issue_waits_for_a_slot_and_a_unit(
            wanted in prop::collection::vec((0u64..9000, 0usize..KINDS, 1u64..24), 1..400),
            width in 1u32..9, units in prop::array::uniform8(1u32..9),
        ) {
            let mut issue = Issue::new(width, units);
            let mut issued = Calendar::new();
            let mut taken: [Calendar; KINDS] = std::array::from_fn(|_| Calendar::new());
            let mut latest = 0;
            for (back, kind, busy) in wanted {
                // As a core's cycles do, they go on, and nothing is far behind.
                latest += back / 300;
                let from = latest.saturating_sub(back % 40);
                let free = |c: u64| taken[kind].used(c) < units[kind];
                let first = (from..)
                    .find(|c| issued.used(*c) < width && (*c..c + busy).all(free))
                    .unwrap();
                issued.take(first);
                (first..first + busy).for_each(|c| taken[kind].take(c));
                prop_assert_eq!(issue.reserve(kind, from, busy), first);
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
