//! The branch predictors of a core, combined as in gem5's `BPredUnit`
//! (`cpu/pred/bpred_unit.cc`) and its O3 CPU.
//!
//! First a direction is predicted, then a target: from the branch target buffer, for returns from
//! the return address stack, for other indirect jumps from their own table. A branch that is
//! predicted taken but has no target falls through. Decode corrects wrong targets of direct branches
//! that are unconditional or predicted taken; execute detects the rest. Updates on a misprediction
//! (buffer, targets, histories) are done before the next branch of the right path is fetched, so
//! they happen at fetch here.

use super::btb::Btb;
use super::in_flight::Queue;
use super::indirect::Indirect;
use super::return_stack::ReturnStack;
use super::{Direction, Kind};
use crate::inst::InstFlags;

/// The parameters of a core's branch prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// The predictor of directions.
    pub predictor: Kind,
    /// Its size, where it has one: 8 to 14.
    pub predictor_log2: u32,
    /// Entries of the branch target buffer.
    pub btb_log2: u32,
    /// Entries of the return address stack, at least 1.
    pub ras: usize,
    /// Targets of indirect jumps.
    pub indirect_log2: u32,
    /// gem5 issue 1405: copies of a compressed instruction's PC take it for four bytes long, so
    /// that O3 takes a compressed branch that was mispredicted as taken for one that was taken, to
    /// where it falls through. Only in O3, as published.
    pub compressed_looks_taken: bool,
}

/// A control transfer that is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// Its address.
    pub pc: u64,
    /// Bytes of its encoding.
    pub size: u8,
    /// Its properties.
    pub flags: InstFlags,
    /// Whether it goes elsewhere than on: always, where it is unconditional.
    pub taken: bool,
    /// Where it goes if taken; not read where it is not.
    pub target: u64,
}

impl Control {
    fn has(&self, flags: InstFlags) -> bool {
        self.flags.intersects(flags)
    }

    /// Where control goes.
    pub fn next(&self) -> u64 {
        if self.taken {
            self.target
        } else {
            self.fall_through()
        }
    }

    fn fall_through(&self) -> u64 {
        self.pc.wrapping_add(u64::from(self.size))
    }
}

/// Where a wrong prediction is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was right.
    Right,
    /// At decode, which goes on at the right target.
    Decode,
    /// At execute.
    Execute,
    /// At decode, which goes on at a branch's target, and then at execute, since it is not taken.
    Both,
}

/// What fetch made of a control transfer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fetched {
    /// Fetch did not continue at the fall-through address.
    pub predicted_taken: bool,
    /// Whether that was wrong.
    pub found: Found,
    /// It was thought taken, but no target was known.
    pub no_target: bool,
    /// The direction alone was right.
    pub right_direction: bool,
    /// Where fetch went on.
    pub goes_to: u64,
}

/// Where transfers of control go: what a core predicts besides directions.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    btb: Btb,
    returns: ReturnStack,
    indirect: Indirect,
}

impl Targets {
    /// Nothing is known.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            btb: Btb::new(parameters.btb_log2),
            returns: ReturnStack::new(parameters.ras),
            indirect: Indirect::new(parameters.indirect_log2),
        }
    }

    /// What [`BranchUnit::fetch`] makes of them, apart from directions: a direct branch that is
    /// taken is in the buffer then, whatever was predicted. Only of one that is taken to where it
    /// falls through, which is never wrong for long, the buffer keeps what it had.
    #[inline]
    pub fn warm(&mut self, c: &Control) {
        let direct = c.has(InstFlags::DIRECT_CTRL);
        let jumps = !direct && !c.has(InstFlags::RETURN);
        let (fall_through, next) = (c.fall_through(), c.next());
        if direct && c.taken && next != fall_through {
            self.btb.update(c.pc, next);
        }
        if c.has(InstFlags::CALL) {
            self.returns.push(fall_through);
        } else if c.has(InstFlags::RETURN) {
            self.returns.pop();
        }
        if jumps {
            let predicted = self.indirect.lookup(c.pc).or(self.btb.lookup(c.pc));
            if c.taken && predicted.unwrap_or(fall_through) != next {
                self.indirect.update(c.pc, next);
            }
            self.indirect.push_target(next);
        }
        self.indirect.push(c.taken);
    }
}

/// A core's branch prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct BranchUnit {
    direction: Direction,
    targets: Targets,
    /// What was fetched and has not committed.
    fetched: Queue,
    compressed_looks_taken: bool,
}

impl BranchUnit {
    /// One that has seen nothing.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            direction: Direction::new(parameters.predictor, parameters.predictor_log2),
            targets: Targets::new(parameters),
            fetched: Queue::new(),
            compressed_looks_taken: parameters.compressed_looks_taken,
        }
    }

    /// What was learnt elsewhere of the same stream takes the place of what this one has.
    pub fn take(&mut self, direction: &Direction, targets: &Targets) {
        self.direction.clone_from(direction);
        self.targets.clone_from(targets);
        self.fetched.clear();
    }

    /// What another one of the same shape learnt takes the place of what this one has.
    pub fn take_all(&mut self, other: &Self) {
        self.take(&other.direction, &other.targets);
    }

    /// A control transfer is fetched and commits at once.
    #[inline]
    pub fn warm(&mut self, c: &Control) {
        self.fetch(c);
        self.commit();
    }

    /// A control transfer is fetched.
    pub fn fetch(&mut self, c: &Control) -> Fetched {
        let conditional = c.has(InstFlags::COND_CTRL);
        let direct = c.has(InstFlags::DIRECT_CTRL);
        let jumps = !direct && !c.has(InstFlags::RETURN);
        let (fall_through, next) = (c.fall_through(), c.next());

        let in_flight = self.fetched.push();
        let said_taken = !conditional || self.direction.lookup(c.pc, &mut in_flight.record);
        let mut predicted = if said_taken {
            self.targets.btb.lookup(c.pc)
        } else {
            None
        };
        if c.has(InstFlags::CALL) {
            self.targets.returns.push(fall_through);
        } else if c.has(InstFlags::RETURN) {
            predicted = self.targets.returns.pop().or(predicted);
        }
        if jumps {
            predicted = self.targets.indirect.lookup(c.pc).or(predicted);
        }
        let predicted_taken = predicted.is_some();
        let goes_to = predicted.unwrap_or(fall_through);

        let decodes = direct && (!conditional || predicted_taken);
        // What a branch that is not taken would go to is not known, but never behind itself.
        let wrong_target = if c.taken {
            goes_to != c.target
        } else {
            goes_to == fall_through
        };
        let at_decode = decodes && wrong_target;
        let at_execute = if at_decode { !c.taken } else { goes_to != next };

        let looks_taken = at_execute && self.compressed_looks_taken && direct && c.size == 2;
        let taken = c.taken || looks_taken;
        if (at_decode || at_execute) && taken {
            if direct {
                self.targets.btb.update(c.pc, next);
            } else if jumps {
                self.targets.indirect.update(c.pc, next);
            }
        }
        if jumps {
            self.targets.indirect.push_target(next);
        }
        self.targets.indirect.push(taken);
        (in_flight.taken, in_flight.next) = (taken, next);
        if conditional {
            self.direction.push(c.pc, taken);
        } else {
            let record = &mut in_flight.record;
            self.direction.unconditional(c.pc, !direct, record);
        }
        Fetched {
            predicted_taken,
            found: match (at_decode, at_execute) {
                (false, false) => Found::Right,
                (true, false) => Found::Decode,
                (false, true) => Found::Execute,
                (true, true) => Found::Both,
            },
            no_target: said_taken && !predicted_taken,
            right_direction: said_taken == c.taken,
            goes_to,
        }
    }

    /// The first control transfer that was fetched and has not committed does.
    #[inline]
    pub fn commit(&mut self) {
        if let Some(f) = self.fetched.first() {
            self.direction.train(&f.record, f.taken, f.next);
            self.fetched.pop();
        }
    }

    /// All that were fetched commit.
    pub fn commit_all(&mut self) {
        while self.fetched.first().is_some() {
            self.commit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRANCH: InstFlags = InstFlags::COND_CTRL.union(InstFlags::DIRECT_CTRL);
    const JUMP: InstFlags = InstFlags::UNCOND_CTRL.union(InstFlags::DIRECT_CTRL);
    const JUMP_REG: InstFlags = InstFlags::UNCOND_CTRL.union(InstFlags::INDIRECT_CTRL);

    fn unit(compressed_looks_taken: bool) -> BranchUnit {
        BranchUnit::new(&Parameters {
            predictor: Kind::Local,
            predictor_log2: 8,
            btb_log2: 6,
            ras: 4,
            indirect_log2: 4,
            compressed_looks_taken,
        })
    }

    fn run(unit: &mut BranchUnit, pc: u64, flags: InstFlags, taken: bool, target: u64) -> Found {
        let fetched = unit.fetch(&Control {
            pc,
            size: 2,
            flags,
            taken,
            target,
        });
        unit.commit();
        fetched.found
    }

    #[test]
    fn decode_mends_jumps_without_a_target_once() {
        let mut u = unit(false);
        assert_eq!(run(&mut u, 0x1000, JUMP, true, 0x2000), Found::Decode);
        assert_eq!(run(&mut u, 0x1000, JUMP, true, 0x2000), Found::Right);
        run(&mut u, 0x1080, JUMP, true, 0x3000);
        assert_eq!(
            run(&mut u, 0x1000, JUMP, true, 0x2000),
            Found::Decode,
            "evicted"
        );
    }

    #[test]
    fn a_branch_without_a_target_is_found_at_execute() {
        let mut u = unit(false);
        for _ in 0..2 {
            assert_eq!(run(&mut u, 0x1000, BRANCH, true, 0x2000), Found::Execute);
        }
        assert_eq!(run(&mut u, 0x1000, BRANCH, true, 0x2000), Found::Right);
        run(&mut u, 0x1080, JUMP, true, 0x3000);
        let c = Control {
            pc: 0x1000,
            size: 2,
            flags: BRANCH,
            taken: true,
            target: 0x2000,
        };
        let fetched = u.fetch(&c);
        assert_eq!((fetched.found, fetched.no_target), (Found::Execute, true));
        run(&mut u, 0x1080, JUMP, true, 0x3000);
        let fetched = u.fetch(&Control { taken: false, ..c });
        assert_eq!(
            fetched.found,
            Found::Right,
            "no target: it falls through, as it must"
        );
    }

    #[test]
    fn returns_go_to_their_calls() {
        let mut u = unit(false);
        run(&mut u, 0x1000, JUMP | InstFlags::CALL, true, 0x2000);
        run(&mut u, 0x2000, JUMP_REG | InstFlags::CALL, true, 0x3000);
        let back = JUMP_REG | InstFlags::RETURN;
        assert_eq!(run(&mut u, 0x3004, back, true, 0x2002), Found::Right);
        assert_eq!(run(&mut u, 0x2004, back, true, 0x1002), Found::Right);
        assert_eq!(run(&mut u, 0x1004, back, true, 0x0ffe), Found::Execute);
        // Nothing learns where a return went.
        assert_eq!(run(&mut u, 0x1004, back, true, 0x0ffe), Found::Execute);
    }

    #[test]
    fn an_indirect_jump_is_found_at_execute_and_learnt() {
        let mut u = unit(false);
        let mut last = Found::Right;
        for i in 0..40 {
            last = run(&mut u, 0x1000, JUMP_REG, true, 0x2000);
            assert_eq!(i == 0, i == 0 && last == Found::Execute);
        }
        assert_eq!(last, Found::Right);
    }

    #[test]
    fn stock_gem5_never_learns_that_a_compressed_branch_is_not_taken() {
        let mut mended = unit(false);
        let mut stock = unit(true);
        for u in [&mut mended, &mut stock] {
            for _ in 0..4 {
                run(u, 0x1000, BRANCH, true, 0x2000);
            }
        }
        let after = |u: &mut BranchUnit| -> Vec<Found> {
            (0..4).map(|_| run(u, 0x1000, BRANCH, false, 0)).collect()
        };
        use Found::{Both, Execute, Right};
        assert_eq!(after(&mut mended), [Execute, Execute, Right, Right]);
        // Decode sends it to its target each time, and execute back.
        assert_eq!(after(&mut stock), [Execute, Both, Both, Both]);
    }
}
