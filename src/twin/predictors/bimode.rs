//! Branches that mostly go one way in tables of their own (Lee, Chen and Mudge, The bi-mode branch
//! predictor, 1997; gem5 `BiModeBP`, `cpu/pred/bi_mode.cc`).
//!
//! A counter by address chooses between two tables that address and global history index. The
//! history is speculative and all branches enter it.

use super::counters::step;

/// The two tables, the chooser and the history.
#[derive(Debug, Clone, PartialEq)]
pub struct BiMode {
    choice: Vec<u8>,
    /// Not taken and taken.
    direction: [Vec<u8>; 2],
    history: u32,
}

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    history: u32,
    taken_side: bool,
    prediction: bool,
}

impl BiMode {
    /// Three tables of `1 << log2` counters.
    pub fn new(log2: u32) -> Self {
        let table = vec![0; 1 << log2];
        Self {
            choice: table.clone(),
            direction: [table.clone(), table],
            history: 0,
        }
    }

    fn slots(&self, pc: u64, history: u32) -> (usize, usize) {
        let mask = self.choice.len() - 1;
        let word = (pc >> 1) as usize;
        (word & mask, (word ^ history as usize) & mask)
    }

    pub(super) fn push(&mut self, taken: bool) {
        self.history = (self.history << 1 | u32::from(taken)) & (self.choice.len() as u32 - 1);
    }

    pub(super) fn lookup(&self, pc: u64) -> (bool, Seen) {
        let (choice, direction) = self.slots(pc, self.history);
        let taken_side = self.choice[choice] >= 2;
        let prediction = self.direction[usize::from(taken_side)][direction] >= 2;
        let seen = Seen {
            history: self.history,
            taken_side,
            prediction,
        };
        (prediction, seen)
    }

    /// It trains as if the choice and both tables had said taken.
    pub(super) fn unconditional(&mut self) -> Seen {
        let seen = Seen {
            history: self.history,
            taken_side: true,
            prediction: true,
        };
        self.push(true);
        seen
    }

    pub(super) fn train(&mut self, pc: u64, seen: &Seen, taken: bool) {
        let (choice, direction) = self.slots(pc, seen.history);
        step(
            &mut self.direction[usize::from(seen.taken_side)][direction],
            taken,
            3,
        );
        // A branch that went against its choice and was predicted all the same keeps its side.
        if seen.prediction != taken || seen.prediction == seen.taken_side {
            step(&mut self.choice[choice], taken, 3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposite_branches_that_alias_in_the_tables_do_not_disturb_each_other() {
        let mut p = BiMode::new(6);
        let mut late = 0;
        for i in 0..2000 {
            // 0x1002 and 0x1004 differ in the choice table and meet under some histories.
            for (pc, taken) in [(0x1002, true), (0x1004, false)] {
                let (said, seen) = p.lookup(pc);
                p.push(taken);
                late += usize::from(i > 100 && said != taken);
                p.train(pc, &seen, taken);
            }
        }
        assert_eq!(late, 0);
    }

    #[test]
    fn the_choice_stays_where_the_table_knew_better() {
        let mut p = BiMode::new(6);
        p.choice[8] = 3;
        let seen = Seen {
            history: 0,
            taken_side: true,
            prediction: false,
        };
        p.train(0x10, &seen, false);
        assert_eq!(p.choice[8], 3, "predicted rightly against the choice");
        p.train(0x10, &seen, true);
        assert_eq!(p.choice[8], 3, "already at its end");
        p.train(
            0x10,
            &Seen {
                prediction: true,
                ..seen
            },
            false,
        );
        assert_eq!(p.choice[8], 2, "a wrong prediction always moves it");
    }
}
