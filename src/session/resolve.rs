//! Settling outcomes: hosts often learn where a branch went only from the next retirement.

use crate::inst::{InstFlags, Resolved, Retirement, StaticInst};

/// Settles retirements in order. A control transfer whose outcome the host left open is held back
/// until the next retirement shows where it went.
#[derive(Default, Clone)]
pub struct Resolver {
    held: Option<Retirement>,
}

fn settle(inst: &StaticInst, r: &Retirement, next_pc: u64) -> Resolved {
    let taken = if !inst.flags.is_ctrl() {
        false
    } else if inst.flags.contains(InstFlags::UNCOND_CTRL) || r.flags & Retirement::TAKEN != 0 {
        true
    } else if r.flags & Retirement::NOT_TAKEN != 0 {
        false
    } else {
        next_pc != 0 && next_pc != inst.fall_through()
    };
    Resolved {
        inst: r.inst,
        taken,
        fault: r.flags & Retirement::FAULT != 0,
        address: r.address,
        target: if taken { next_pc } else { 0 },
    }
}

/// Whether only the next retirement shows what became of `r`.
fn is_open(inst: &StaticInst, r: &Retirement) -> bool {
    // Indirect targets train the target predictors, so a taken flag alone does not settle them.
    let known = r.next_pc != 0
        || !inst.flags.contains(InstFlags::INDIRECT_CTRL)
            && (r.flags & (Retirement::TAKEN | Retirement::NOT_TAKEN) != 0
                || inst.flags.contains(InstFlags::UNCOND_CTRL));
    inst.flags.is_ctrl() && !known
}

impl Resolver {
    /// Takes the next retirement of `insts[r.inst]`; gives what is settled by it, in order.
    pub fn push(
        &mut self,
        insts: &[StaticInst],
        r: &Retirement,
        mut settled: impl FnMut(Resolved),
    ) {
        let inst = &insts[r.inst as usize];
        if let Some(held) = self.held.take() {
            settled(settle(&insts[held.inst as usize], &held, inst.pc));
        }
        if is_open(inst, r) {
            self.held = Some(*r);
        } else {
            settled(settle(inst, r, r.next_pc));
        }
    }

    /// [`Resolver::push`] for each of `retirements`, where nobody wants to know what became of
    /// them: only how many were settled.
    pub fn pass(&mut self, insts: &[StaticInst], retirements: &[Retirement]) -> u64 {
        let Some(last) = retirements.last() else {
            return 0;
        };
        let before = self.held.take().is_some();
        self.held = Some(*last).filter(|r| is_open(&insts[r.inst as usize], r));
        retirements.len() as u64 + u64::from(before) - u64::from(self.held.is_some())
    }

    /// Whether a retirement is held back.
    pub fn held(&self) -> Option<&Retirement> {
        self.held.as_ref()
    }

    /// Sets what is held back (for restoring a snapshot).
    pub fn hold(&mut self, r: Option<Retirement>) {
        self.held = r;
    }

    /// Settles what is held back as if nothing followed: the stream ends or a region changes.
    pub fn flush(&mut self, insts: &[StaticInst], mut settled: impl FnMut(Resolved)) {
        if let Some(held) = self.held.take() {
            settled(settle(&insts[held.inst as usize], &held, 0));
        }
    }
}
