//! Outcome histories of conditional branches and their entropies.

use crate::bytes::{corrupt, list, put_list};
use crate::error::Result;

/// Outcomes that an entropy looks at.
const LENGTH: u32 = 8;
/// A history before its first outcome: the leading one marks where the outcomes begin.
const EMPTY: u16 = 1;
/// Outcomes kept: an entropy before the newest one needs one more than [`LENGTH`].
const KEPT: u32 = LENGTH + 1;

/// Outcome histories of the branches of one stream, by a dense branch number.
///
/// The entropy, in nats, is that of the share of taken among the last eight outcomes, where an
/// outcome that is not there yet counts as half taken.
#[derive(Debug, Clone)]
pub(super) struct BranchEntropy {
    /// Up to nine outcomes below a leading one; the newest is bit 0.
    histories: Vec<u16>,
    /// Entropy by the outcomes' sum in halves, 0 to 16.
    entropy: [f32; 2 * LENGTH as usize + 1],
}

impl BranchEntropy {
    pub(super) fn new() -> Self {
        Self {
            histories: Vec::new(),
            entropy: std::array::from_fn(|halves| {
                let p = halves as f64 / f64::from(2 * LENGTH);
                if p == 0.0 || p == 1.0 {
                    return 0.0;
                }
                (-p * p.ln() - (1.0 - p) * (1.0 - p).ln()) as f32
            }),
        }
    }

    /// A number for another branch.
    pub(super) fn add(&mut self) -> u32 {
        self.histories.push(EMPTY);
        self.histories.len() as u32 - 1
    }

    /// Records an outcome; the entropies before and after it.
    #[inline(always)]
    pub(super) fn record(&mut self, branch: u32, taken: bool) -> (f32, f32) {
        let history = &mut self.histories[branch as usize];
        let before = self.entropy[halves(*history)];
        let mut longer = *history << 1 | u16::from(taken);
        if longer >> (KEPT + 1) != 0 {
            longer = longer & ((1 << KEPT) - 1) | 1 << KEPT;
        }
        *history = longer;
        (before, self.entropy[halves(longer)])
    }

    pub(super) fn reset(&mut self) {
        self.histories.fill(EMPTY);
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        put_list(out, &self.histories);
    }

    /// Takes the histories back; branches added since the save have none.
    pub(super) fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let saved: Vec<u16> = list(bytes, "branch histories")?;
        if saved.len() > self.histories.len() {
            return Err(corrupt("more branches than were interned"));
        }
        self.histories.fill(EMPTY);
        for (history, saved) in self.histories.iter_mut().zip(saved) {
            *history = saved;
            if *history == 0 || *history >> (KEPT + 1) != 0 {
                return Err(corrupt("a branch history is out of range"));
            }
        }
        Ok(())
    }
}

/// Sum of the last [`LENGTH`] outcomes in halves: 2 for taken, 1 for a missing one.
#[inline(always)]
fn halves(history: u16) -> usize {
    let present = (u16::BITS - 1 - history.leading_zeros()).min(LENGTH);
    let outcomes = history & ((1 << present) - 1);
    (2 * outcomes.count_ones() + LENGTH - present) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By the definition: each of the last eight outcomes counts 1 or 0, a missing one a half.
    fn naive(outcomes: &[bool]) -> f32 {
        let last = &outcomes[outcomes.len().saturating_sub(8)..];
        let taken = last.iter().filter(|t| **t).count() as f64;
        let p = (taken + (8 - last.len()) as f64 / 2.0) / 8.0;
        let term = |p: f64| if p == 0.0 { 0.0 } else { -p * p.ln() };
        (term(p) + term(1.0 - p)) as f32
    }

    proptest! {
        #[test]
        fn entropies_are_those_of_the_last_eight_outcomes(
            outcomes in prop::collection::vec(any::<bool>(), 0..40), runs: bool,
        ) {
            let mut all = BranchEntropy::new();
            let (other, branch) = (all.add(), all.add());
            for n in 0..outcomes.len() {
                // Long runs of one outcome, too.
                let taken = outcomes[if runs { n / 12 } else { n }];
                let so_far: Vec<bool> = (0..=n).map(|m| outcomes[if runs { m / 12 } else { m }]).collect();
                let (before, after) = all.record(branch, taken);
                prop_assert_eq!(before, naive(&so_far[..n]));
                prop_assert_eq!(after, naive(&so_far));
            }
            prop_assert_eq!(all.record(other, true).0, naive(&[]));
        }
    }

    fn with(branches: u32) -> BranchEntropy {
        let mut all = BranchEntropy::new();
        for _ in 0..branches {
            all.add();
        }
        all
    }

    #[test]
    fn histories_come_back_and_later_branches_have_none() {
        let mut before = with(2);
        for n in 0..12 {
            before.record(n % 2, n % 3 == 0);
        }
        let mut bytes = Vec::new();
        before.save(&mut bytes);
        for branches in 2..4 {
            let mut after = with(branches);
            for b in 0..branches {
                after.record(b, true);
            }
            after.restore(&mut &bytes[..]).unwrap();
            assert_eq!(after.histories[..2], before.histories);
            assert!(after.histories[2..].iter().all(|h| *h == EMPTY));
        }
        let e = with(1).restore(&mut &bytes[..]).unwrap_err();
        assert!(e.message().contains("more branches"), "{e}");
    }

    #[test]
    fn a_history_that_cannot_be_is_refused() {
        for (history, good) in [(0, false), (1, true), (0x3ff, true), (0x400, false)] {
            let mut bytes = Vec::new();
            put_list(&mut bytes, &[history]);
            let restored = with(1).restore(&mut &bytes[..]);
            assert_eq!(restored.is_ok(), good, "{history:#x}");
        }
    }
}
