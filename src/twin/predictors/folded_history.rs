//! Global history, and the folds of it that TAGE's tables are indexed and tagged with.
//!
//! A fold is the XOR of the youngest `length` outcomes cut into pieces of `bits`. It is kept as
//! outcomes enter and leave (Michaud, A PPM-like, tag-based branch predictor, 2005). Histories are
//! up to 3000 long, so that nothing is ever refolded.

/// Outcomes and their folds: three a table, for its index and two for its tag.
///
/// Tables lie side by side, and nothing is shifted by a table's own number, so that the compiler
/// moves many folds at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct History {
    /// A ring, longer than the longest history.
    outcomes: Vec<u8>,
    youngest: usize,
    lengths: Vec<u32>,
    /// What leaves each table's history, in a step: all bits or none.
    leaving: Vec<u32>,
    folds: [Folds; 3],
}

/// A fold of each table.
#[derive(Debug, Clone, PartialEq)]
struct Folds {
    values: Vec<u32>,
    /// The bit above the fold.
    top: Vec<u32>,
    /// The bit at which the outcome that leaves lies by then.
    out: Vec<u32>,
}

impl History {
    /// Of each table: the outcomes that it sees, and the bits of its three folds.
    pub(super) fn new(tables: &[(u32, [u32; 3])]) -> Self {
        let lengths: Vec<u32> = tables.iter().map(|t| t.0).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0) as usize;
        Self {
            outcomes: vec![0; (longest + 1).next_power_of_two()],
            youngest: 0,
            leaving: vec![0; lengths.len()],
            folds: std::array::from_fn(|fold| Folds {
                values: vec![0; lengths.len()],
                top: tables.iter().map(|t| 1 << t.1[fold]).collect(),
                out: tables.iter().map(|t| 1 << (t.0 % t.1[fold])).collect(),
            }),
            lengths,
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
    pub(super) fn all_folds(&self) -> [&[u32]; 3] {
        let [index, tag, tag2] = &self.folds;
        [&index.values, &tag.values, &tag2.values]
    }

    /// The youngest outcome is now this one.
    #[inline]
    pub(super) fn push(&mut self, taken: bool) {
        let mask = self.outcomes.len() - 1;
        self.youngest = self.youngest.wrapping_add(1) & mask;
        self.outcomes[self.youngest] = u8::from(taken);
        for (leaves, &length) in self.leaving.iter_mut().zip(&self.lengths) {
            let at = self.youngest.wrapping_sub(length as usize) & mask;
            *leaves = 0u32.wrapping_sub(self.outcomes[at].into());
        }
        let taken = u32::from(taken);
        for Folds { values, top, out } in &mut self.folds {
            let shape = top.iter().zip(out.iter()).zip(&self.leaving);
            for (value, ((&top, &out), &leaves)) in values.iter_mut().zip(shape) {
                let new = (*value << 1 | taken) ^ (leaves & out);
                *value = (new ^ u32::from(new & top != 0)) & (top - 1);
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
            let mut history = History::new(&tables);
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
