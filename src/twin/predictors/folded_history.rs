//! Global history, and the folds of it that TAGE's tables are indexed and tagged with.
//!
//! A fold is the XOR of the youngest `length` outcomes cut into pieces of `bits`. It is updated as
//! outcomes enter and leave (Michaud, A PPM-like, tag-based branch predictor, 2005). Histories are
//! up to 3000 long, so that nothing is ever refolded.

/// Outcomes that are remembered: more than the longest history.
const OUTCOMES: usize = 1 << 12;

/// Outcomes and their folds: three a table, for its index and two for its tag, of up to `N` tables.
///
/// Tables lie side by side in arrays, and nothing is shifted by a table's own number, so that the
/// compiler moves many folds at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct History<const N: usize> {
    /// A ring.
    outcomes: Box<[u8; OUTCOMES]>,
    youngest: usize,
    lengths: [u32; N],
    folds: [Folds<N>; 3],
}

/// A fold of each table.
#[derive(Debug, Clone, PartialEq)]
struct Folds<const N: usize> {
    values: [u32; N],
    /// The bit above the fold.
    top: [u32; N],
    /// The bit at which the outcome that leaves lies by then.
    out: [u32; N],
}

impl<const N: usize> History<N> {
    /// Of each table: the outcomes that it sees, and the bits of its three folds.
    pub(super) fn new(tables: &[(u32, [u32; 3])]) -> Self {
        // Tables that are not there have folds of no bits.
        let of = |table: usize| tables.get(table).copied().unwrap_or((1, [0; 3]));
        debug_assert!(tables.len() <= N && tables.iter().all(|t| (t.0 as usize) < OUTCOMES));
        Self {
            outcomes: Box::new([0; OUTCOMES]),
            youngest: 0,
            lengths: std::array::from_fn(|t| of(t).0),
            folds: std::array::from_fn(|fold| Folds {
                values: [0; N],
                top: std::array::from_fn(|t| 1 << of(t).1[fold]),
                out: std::array::from_fn(|t| 1 << (of(t).0 % of(t).1[fold].max(1))),
            }),
        }
    }

    /// The folds of a table: of the index, of the tag, and the second of the tag.
    #[inline]
    pub(super) fn folds(&self, table: usize) -> [u32; 3] {
        let [index, tag, tag2] = self.all_folds();
        [index[table], tag[table], tag2[table]]
    }

    /// The folds of all tables: of their indices, of their tags, and the second ones of their tags.
    #[inline]
    pub(super) fn all_folds(&self) -> [&[u32; N]; 3] {
        let [index, tag, tag2] = &self.folds;
        [&index.values, &tag.values, &tag2.values]
    }

    /// The youngest outcome is now this one.
    #[inline]
    pub(super) fn push(&mut self, taken: bool) {
        self.youngest = (self.youngest + 1) % OUTCOMES;
        self.outcomes[self.youngest] = u8::from(taken);
        // What leaves each table's history: all bits or none.
        let leaving: [u32; N] = std::array::from_fn(|t| {
            let at = self.youngest.wrapping_sub(self.lengths[t] as usize) % OUTCOMES;
            0u32.wrapping_sub(self.outcomes[at].into())
        });
        let taken = u32::from(taken);
        for Folds { values, top, out } in &mut self.folds {
            for t in 0..N {
                let new = (values[t] << 1 | taken) ^ (leaving[t] & out[t]);
                values[t] = (new ^ u32::from(new & top[t] != 0)) & (top[t] - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Folds `outcomes`, the youngest last, from nothing.
    fn naive(outcomes: &[bool], length: u32, bits: u32) -> u32 {
        let mut value = 0u32;
        for (age, taken) in outcomes.iter().rev().take(length as usize).enumerate() {
            value ^= u32::from(*taken) << (age as u32 % bits);
        }
        value
    }

    proptest! {
        #[test]
        fn folds_are_those_of_the_last_outcomes(
            outcomes in proptest::collection::vec(any::<bool>(), 1..400),
            tables in proptest::collection::vec((1u32..150, [1u32..15, 2u32..12, 3u32..20]), 1..5),
        ) {
            let mut history = History::<5>::new(&tables);
            for (i, taken) in outcomes.iter().enumerate() {
                history.push(*taken);
                for (t, (length, bits)) in tables.iter().enumerate() {
                    prop_assert_eq!(
                        history.folds(t),
                        bits.map(|b| naive(&outcomes[..=i], *length, b))
                    );
                }
            }
        }
    }
}
