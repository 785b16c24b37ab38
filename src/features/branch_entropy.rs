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
