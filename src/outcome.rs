//! What a branch did: the one rule, for sessions, profiles, the stream hash and comparisons.
//!
//! A conditional branch is taken where control left the fall-through path:
//!
//! 1. by `next_pc`, where the retirement has one;
//! 2. else by its flags, where it has one of them;
//! 3. else by the pc of the retirement that follows; where none follows it was not taken.
//!
//! A flag that contradicts `next_pc` counts for nothing: hosts that know only the next pc cannot
//! tell a taken branch to its own fall-through from one that was not taken, and every host must
//! give the same stream. An unconditional control transfer is always taken.

use crate::bytes::{corrupt, fields, flag, put};
use crate::error::Result;
use crate::inst::{InstFlags, InstId, Resolved, Retirement, StaticInst};

/// Whether the conditional branch `r` was taken, if the retirement itself shows it;
/// `fall_through` is the address after the branch.
#[inline]
pub fn stated(r: &Retirement, fall_through: u64) -> Option<bool> {
    if r.next_pc != 0 {
        Some(r.next_pc != fall_through)
    } else if r.flags & Retirement::TAKEN != 0 {
        Some(true)
    } else if r.flags & Retirement::NOT_TAKEN != 0 {
        Some(false)
    } else {
        None
    }
}

/// Whether the conditional branch `r` was taken, `follower` being the pc of the next retirement.
#[inline]
pub fn taken(r: &Retirement, fall_through: u64, follower: Option<u64>) -> bool {
    let followed = || follower.is_some_and(|pc| pc != fall_through);
    stated(r, fall_through).unwrap_or_else(followed)
}

/// Settles retirements in order: the loop in front of everything that looks at a stream. A control
/// transfer of which the next retirement tells where it went is held back until then.
#[derive(Default, Clone)]
pub struct Resolver {
    insts: Vec<Transfer>,
    held: Option<Retirement>,
}

/// What must be known of a static instruction: 16 bytes, where a stream may have many millions.
#[derive(Clone, Copy)]
struct Transfer {
    pc: u64,
    flags: InstFlags,
    size: u8,
}

impl Transfer {
    fn of(inst: &StaticInst) -> Self {
        Self {
            pc: inst.pc,
            flags: inst.flags,
            size: inst.size,
        }
    }

    fn fall_through(&self) -> u64 {
        self.pc.wrapping_add(u64::from(self.size))
    }
}

/// What became of `r`, `follower` being the pc of the next retirement where that is known.
fn settle(inst: &Transfer, r: &Retirement, follower: Option<u64>) -> Resolved {
    let taken = if inst.flags.contains(InstFlags::UNCOND_CTRL) {
        true
    } else {
        inst.flags.contains(InstFlags::COND_CTRL) && taken(r, inst.fall_through(), follower)
    };
    let next = match r.next_pc {
        0 => follower.unwrap_or(0),
        pc => pc,
    };
    Resolved {
        inst: r.inst,
        taken,
        fault: r.flags & Retirement::FAULT != 0,
        address: r.address,
        target: if taken { next } else { 0 },
    }
}

/// Whether only the next retirement shows what became of `r`: whether it was taken, or where to.
fn is_open(inst: &Transfer, r: &Retirement) -> bool {
    if !inst.flags.is_ctrl() || r.next_pc != 0 {
        return false;
    }
    // Targets train target predictors, direct ones too, so that a flag alone settles only what was
    // not taken.
    inst.flags.contains(InstFlags::UNCOND_CTRL) || stated(r, inst.fall_through()) != Some(false)
}

impl Resolver {
    /// Announces the next static instruction; ids are dense from 0.
    pub fn intern(&mut self, inst: &StaticInst) -> InstId {
        self.insts.push(Transfer::of(inst));
        (self.insts.len() - 1) as InstId
    }

    /// Takes retirements of instructions that were announced; appends to `settled` what is settled
    /// by them, in order.
    pub fn settle(&mut self, retirements: &[Retirement], settled: &mut Vec<Resolved>) {
        for r in retirements {
            let inst = &self.insts[r.inst as usize];
            if let Some(held) = self.held.take() {
                settled.push(settle(
                    &self.insts[held.inst as usize],
                    &held,
                    Some(inst.pc),
                ));
            }
            if is_open(inst, r) {
                self.held = Some(*r);
            } else {
                settled.push(settle(inst, r, None));
            }
        }
    }

    /// [`Resolver::settle`] where nobody wants to know what became of the retirements: only how
    /// many were settled.
    pub fn pass(&mut self, retirements: &[Retirement]) -> u64 {
        let Some(last) = retirements.last() else {
            return 0;
        };
        let before = self.held.take().is_some();
        self.held = Some(*last).filter(|r| is_open(&self.insts[r.inst as usize], r));
        retirements.len() as u64 + u64::from(before) - u64::from(self.held.is_some())
    }

    /// Settles what is held back where nobody wants to know how; whether there was any.
    pub fn drop_held(&mut self) -> bool {
        self.held.take().is_some()
    }

    /// Settles what is held back as if nothing followed: the stream ends or a region changes.
    pub fn flush(&mut self, settled: &mut Vec<Resolved>) {
        self.flush_before(None, settled);
    }

    /// The same where the instruction at `follower` retires next, which is not settled here.
    pub fn flush_before(&mut self, follower: Option<u64>, settled: &mut Vec<Resolved>) {
        if let Some(held) = self.held.take() {
            settled.push(settle(&self.insts[held.inst as usize], &held, follower));
        }
    }

    /// The retirement that is held back.
    pub fn held(&self) -> Option<&Retirement> {
        self.held.as_ref()
    }

    /// Appends what is held back.
    pub fn save(&self, out: &mut Vec<u8>) {
        let r = self.held.unwrap_or_default();
        put(out, &[u64::from(self.held.is_some())]);
        put(out, &[r.inst, r.flags]);
        put(out, &[r.address, r.next_pc]);
    }

    /// Takes it back, after the same static instructions were announced.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let what = "the retirement held back";
        let is = flag(bytes, what)?;
        let [inst, flags] = fields(bytes, what)?;
        let [address, next_pc] = fields(bytes, what)?;
        let held = Retirement {
            inst,
            flags,
            address,
            next_pc,
        };
        self.held = is.then_some(held);
        match self.held {
            Some(r) if !r.is_valid(self.insts.len()) => Err(corrupt(
                "the retirement held back is of no static instruction, or has unknown flags",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inst::OpClass;

    const PC: u64 = 0x100;
    const BEHIND: u64 = 0x104;
    const AWAY: u64 = 0x200;

    fn retirement(flags: u32, next_pc: u64) -> Retirement {
        Retirement {
            flags,
            next_pc,
            ..Retirement::default()
        }
    }

    /// Taken, and the target, of a transfer with `flags` that an instruction at `follower` follows.
    fn settled(kind: InstFlags, r: Retirement, follower: u64) -> (bool, u64) {
        let mut inst = StaticInst::new(PC, OpClass::IntAlu, 4);
        inst.flags = kind;
        let next = StaticInst::new(follower, OpClass::IntAlu, 4);
        let mut resolver = Resolver::default();
        resolver.intern(&inst);
        let mut out = Vec::new();
        resolver.settle(&[r], &mut out);
        // A snapshot in between changes nothing.
        let mut saved = Vec::new();
        resolver.save(&mut saved);
        let mut resolver = Resolver::default();
        resolver.intern(&inst);
        let id = resolver.intern(&next);
        resolver.restore(&mut &saved[..]).unwrap();
        let after = Retirement {
            inst: id,
            ..Retirement::default()
        };
        resolver.settle(&[after], &mut out);
        assert_eq!(out.len(), 2);
        (out[0].taken, out[0].target)
    }

    #[test]
    fn the_next_pc_counts_before_flags_and_flags_before_the_follower() {
        let branch = InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL;
        for (flags, next_pc, follower, want) in [
            (0, AWAY, BEHIND, (true, AWAY)),
            (0, BEHIND, AWAY, (false, 0)),
            (Retirement::NOT_TAKEN, AWAY, BEHIND, (true, AWAY)),
            // Taken to its own fall-through: control did not leave the path.
            (Retirement::TAKEN, BEHIND, BEHIND, (false, 0)),
            // Say, an interrupt came after it.
            (Retirement::NOT_TAKEN, 0, AWAY, (false, 0)),
            (Retirement::TAKEN, 0, AWAY, (true, AWAY)),
            (Retirement::TAKEN, 0, BEHIND, (true, BEHIND)),
            (0, 0, AWAY, (true, AWAY)),
            (0, 0, BEHIND, (false, 0)),
        ] {
            let got = settled(branch, retirement(flags, next_pc), follower);
            assert_eq!(
                got, want,
                "flags {flags}, next pc {next_pc:#x}, then {follower:#x}"
            );
        }
    }

    #[test]
    fn other_transfers_are_always_taken_and_other_instructions_never() {
        let jump = InstFlags::UNCOND_CTRL | InstFlags::DIRECT_CTRL;
        let indirect = InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL;
        let not = retirement(Retirement::NOT_TAKEN, 0);
        assert_eq!(settled(jump, not, AWAY), (true, AWAY));
        assert_eq!(settled(indirect, not, AWAY), (true, AWAY));
        assert_eq!(
            settled(indirect, retirement(0, BEHIND), AWAY),
            (true, BEHIND)
        );
        let taken = retirement(Retirement::TAKEN, AWAY);
        assert_eq!(settled(InstFlags::empty(), taken, AWAY), (false, 0));
    }

    #[test]
    fn without_a_follower_an_open_branch_is_not_taken() {
        let mut inst = StaticInst::new(PC, OpClass::IntAlu, 4);
        inst.flags = InstFlags::COND_CTRL;
        let mut resolver = Resolver::default();
        resolver.intern(&inst);
        let mut out = Vec::new();
        resolver.settle(&[retirement(0, 0)], &mut out);
        assert!(out.is_empty() && resolver.held().is_some());
        resolver.flush(&mut out);
        let out: Vec<bool> = out.iter().map(|s| s.taken).collect();
        assert_eq!(out, [false]);
        assert!(resolver.held().is_none());
    }
}
