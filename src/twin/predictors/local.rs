//! A table of two-bit counters by address (Smith 1981; gem5 `LocalBP`, `cpu/pred/2bit_local.cc`).
//!
//! gem5's name notwithstanding there is no history. Its size counts bits, so that there are half
//! as many counters.

use super::counters::step;

/// The table of counters.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    counters: Vec<u8>,
}

impl Local {
    /// `1 << log2` bits of counters.
    pub fn new(log2: u32) -> Self {
        Self {
            counters: vec![0; 1 << (log2 - 1)],
        }
    }

    fn slot(&self, pc: u64) -> usize {
        (pc >> 1) as usize & (self.counters.len() - 1)
    }

    pub(super) fn predict(&self, pc: u64) -> bool {
        self.counters[self.slot(pc)] >= 2
    }

    pub(super) fn train(&mut self, pc: u64, taken: bool) {
        let slot = self.slot(pc);
        step(&mut self.counters[slot], taken, 3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_outcomes_turn_a_counter_and_neighbours_that_alias_share_it() {
        let mut p = Local::new(4);
        assert!(!p.predict(0x10), "counters start at strongly not taken");
        p.train(0x10, true);
        assert!(!p.predict(0x10));
        p.train(0x10, true);
        assert!(p.predict(0x10));
        assert!(
            p.predict(0x20),
            "8 counters of 2 bytes of code: 16 further is the same"
        );
        assert!(!p.predict(0x1e));
        for _ in 0..2 {
            p.train(0x10, false);
        }
        assert!(!p.predict(0x10));
    }
}
