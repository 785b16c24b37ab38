//! Local against global history, chosen between (Kessler, The Alpha 21264, 1999; gem5
//! `TournamentBP`, `cpu/pred/tournament.cc`).
//!
//! Both histories are speculative. All branches enter the global one, only conditional ones the
//! local ones, and unconditional ones train the global counters too.

use super::counters::step;

/// Both predictors, the chooser and the histories.
#[derive(Debug, Clone, PartialEq)]
pub struct Tournament {
    /// Histories by address; only as many bits as index `local`.
    histories: Vec<u16>,
    local: Vec<u8>,
    global: Vec<u8>,
    /// Whether the global side is right more often; as large as `global`.
    choice: Vec<u8>,
    history: u32,
}

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    local: u16,
    global: u32,
    local_taken: bool,
    global_taken: bool,
    conditional: bool,
}

impl Tournament {
    /// Global and choice tables of `1 << log2` counters, local ones of a quarter, 64 at least.
    pub fn new(log2: u32) -> Self {
        let (size, small) = (1 << log2, (1usize << log2 >> 2).max(64));
        Self {
            histories: vec![0; small],
            local: vec![0; small],
            global: vec![0; size],
            choice: vec![0; size],
            history: 0,
        }
    }

    fn slot(&self, pc: u64) -> usize {
        (pc >> 1) as usize & (self.histories.len() - 1)
    }

    fn push_global(&mut self, taken: bool) {
        self.history = (self.history << 1 | u32::from(taken)) & (self.global.len() as u32 - 1);
    }

    pub(super) fn push(&mut self, pc: u64, taken: bool) {
        self.push_global(taken);
        let (slot, mask) = (self.slot(pc), (self.local.len() - 1) as u16);
        self.histories[slot] = (self.histories[slot] << 1 | u16::from(taken)) & mask;
    }

    pub(super) fn lookup(&self, pc: u64) -> (bool, Seen) {
        let local = self.histories[self.slot(pc)];
        let seen = Seen {
            local,
            global: self.history,
            local_taken: self.local[usize::from(local)] >= 2,
            global_taken: self.global[self.history as usize] >= 2,
            conditional: true,
        };
        let global_used = self.choice[self.history as usize] >= 2;
        let prediction = if global_used {
            seen.global_taken
        } else {
            seen.local_taken
        };
        (prediction, seen)
    }

    pub(super) fn unconditional(&mut self) -> Seen {
        let seen = Seen {
            local: 0,
            global: self.history,
            local_taken: true,
            global_taken: true,
            conditional: false,
        };
        self.push_global(true);
        seen
    }

    pub(super) fn train(&mut self, seen: &Seen, taken: bool) {
        let global = seen.global as usize;
        if seen.conditional {
            if seen.local_taken != seen.global_taken {
                step(&mut self.choice[global], seen.global_taken == taken, 3);
            }
            step(&mut self.local[usize::from(seen.local)], taken, 3);
        }
        step(&mut self.global[global], taken, 3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predict(p: &mut Tournament, pc: u64, taken: bool) -> (bool, Seen) {
        let found = p.lookup(pc);
        p.push(pc, taken);
        found
    }

    fn misses(p: &mut Tournament, outcomes: impl Iterator<Item = (u64, bool)>) -> usize {
        let mut misses = 0;
        for (pc, taken) in outcomes {
            let (said, seen) = predict(p, pc, taken);
            misses += usize::from(said != taken);
            p.train(&seen, taken);
        }
        misses
    }

    #[test]
    fn a_short_loop_is_learnt_by_its_local_history() {
        let mut p = Tournament::new(10);
        let turn = |i: usize| (0x1000u64, i % 5 != 4);
        misses(&mut p, (0..500).map(turn));
        assert_eq!(misses(&mut p, (500..1000).map(turn)), 0);
    }

    #[test]
    fn a_branch_that_copies_another_is_learnt_by_global_history() {
        // The first is a coin (here a fixed sequence without a short period), the second copies it.
        let coin = |i: usize| (i * i * 7 + i / 3) % 11 < 5;
        let stream = |n: std::ops::Range<usize>| {
            n.flat_map(move |i| [(0x1000u64, coin(i)), (0x2000, coin(i))])
        };
        let mut p = Tournament::new(12);
        misses(&mut p, stream(0..20_000));
        let mut copy_misses = 0;
        for (pc, taken) in stream(20_000..21_000) {
            let (said, seen) = predict(&mut p, pc, taken);
            copy_misses += usize::from(pc == 0x2000 && said != taken);
            p.train(&seen, taken);
        }
        assert!(copy_misses < 20, "{copy_misses}");
    }

    #[test]
    fn training_may_come_later_than_the_next_prediction() {
        let mut p = Tournament::new(8);
        let (_, first) = predict(&mut p, 0x1000, true);
        let (_, second) = predict(&mut p, 0x1000, true);
        assert_eq!((first.global, second.global), (0, 1));
        assert_eq!((first.local, second.local), (0, 1));
        p.train(&first, true);
        p.train(&second, true);
        assert_eq!((p.global[0], p.global[1], p.global[3]), (1, 1, 0));
        let call = p.unconditional();
        p.train(&call, true);
        assert_eq!((p.global[3], p.local[0], p.history), (1, 1, 7));
    }
}
