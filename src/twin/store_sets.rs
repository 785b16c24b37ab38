//! Which loads wait for which stores (Chrysos and Emer, ISCA 1998), as gem5's `StoreSet` keeps it.

/// The last store of a set.
#[derive(Clone, Copy, Default)]
pub struct LastStore {
    /// When it issued: what is dispatched later does not wait for it.
    pub issued: u64,
    /// When it was done.
    pub done: u64,
}

/// Set identifiers by instruction, and each set's last store.
pub struct StoreSets {
    sets: Vec<Option<u32>>,
    last: Vec<LastStore>,
    mask: u64,
    accesses: u64,
}

/// Accesses after which everything is forgotten (`store_set_clear_period`).
const CLEAR_PERIOD: u64 = 250_000;

impl StoreSets {
    /// Nothing is known.
    pub fn new(log2: u32) -> Self {
        let size = 1usize << log2;
        Self {
            sets: vec![None; size],
            last: vec![LastStore::default(); size],
            mask: size as u64 - 1,
            accesses: 0,
        }
    }

    fn slot(&self, pc: u64) -> usize {
        (pc >> 2 & self.mask) as usize
    }

    /// Counts an access; now and then all is forgotten.
    pub fn count(&mut self) {
        self.accesses += 1;
        if self.accesses > CLEAR_PERIOD {
            self.accesses = 0;
            self.sets.fill(None);
            self.last.fill(LastStore::default());
        }
    }

    /// As many accesses as that were not counted.
    pub fn count_more(&mut self, accesses: u64) {
        if accesses > 0 {
            self.accesses += accesses - 1;
            self.count();
        }
    }

    /// The set of the access at `pc`.
    #[inline(always)]
    pub fn of(&self, pc: u64) -> Option<u32> {
        self.sets[self.slot(pc)]
    }

    /// The last store of `set`.
    pub fn last(&self, set: u32) -> LastStore {
        self.last[set as usize]
    }

    /// `store` is the last one of `set`.
    pub fn stored(&mut self, set: u32, store: LastStore) {
        self.last[set as usize] = store;
    }

    /// The load at `load` ran before the store at `store` that it depended on.
    pub fn violation(&mut self, store: u64, load: u64) {
        let (l, s) = (self.slot(load), self.slot(store));
        let set = match (self.sets[l], self.sets[s]) {
            (None, None) => ((load ^ load >> 10) & self.mask) as u32,
            (Some(set), None) | (None, Some(set)) => set,
            (Some(a), Some(b)) => {
                // The one with the greater number moves.
                if b > a {
                    self.sets[s] = Some(a);
                } else {
                    self.sets[l] = Some(b);
                }
                return;
            }
        };
        self.sets[l] = Some(set);
        self.sets[s] = Some(set);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_puts_load_and_store_into_one_set() {
        let mut s = StoreSets::new(4);
        assert_eq!(s.of(0x100), None);
        s.violation(0x100, 0x204);
        let set = s.of(0x100).unwrap();
        assert_eq!(s.of(0x204), Some(set));
        s.stored(set, LastStore { issued: 5, done: 9 });
        assert_eq!((s.last(set).issued, s.last(set).done), (5, 9));
        // A second load joins the store's set.
        s.violation(0x100, 0x308);
        assert_eq!(s.of(0x308), Some(set));
    }

    #[test]
    fn of_two_sets_the_smaller_number_wins() {
        let mut s = StoreSets::new(6);
        s.violation(0x10, 0x8);
        s.violation(0x20, 0x4);
        let (a, b) = (s.of(0x10).unwrap(), s.of(0x20).unwrap());
        assert_ne!(a, b);
        s.violation(0x10, 0x4);
        assert_eq!(s.of(0x10).unwrap().min(s.of(0x4).unwrap()), a.min(b));
        assert!(s.of(0x10) == Some(a.min(b)) || s.of(0x4) == Some(a.min(b)));
    }

    #[test]
    fn accesses_that_were_not_counted_make_it_forget_as_soon() {
        // As many as that in any parts: one more than the period forgets, none fewer.
        for parts in [vec![CLEAR_PERIOD], vec![1, 0, CLEAR_PERIOD - 2, 1]] {
            let mut s = StoreSets::new(4);
            s.violation(0x100, 0x204);
            parts.into_iter().for_each(|n| s.count_more(n));
            assert!(s.of(0x100).is_some());
            s.count();
            assert_eq!(s.of(0x100), None);
        }
    }

    #[test]
    fn all_is_forgotten_after_a_while() {
        let mut s = StoreSets::new(4);
        s.violation(0x100, 0x204);
        (0..=CLEAR_PERIOD).for_each(|_| s.count());
        assert_eq!(s.of(0x100), None);
    }
}
