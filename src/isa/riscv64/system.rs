//! Fences, environment calls, CSR accesses and the privileged instructions.

use super::{Form, Operands, Word};
use crate::inst::{InstFlags, OpClass};

/// What gem5 gives to every instruction that touches machine state.
pub(super) const SERIAL: InstFlags = InstFlags::SERIALIZE_AFTER.union(InstFlags::NON_SPECULATIVE);

/// Writing it changes how the following instructions are fetched.
const CSR_SATP: u32 = 0x180;

pub(super) fn misc_mem(w: Word) -> Option<Form> {
    let flags = match w.funct3() {
        // The manual has implementations ignore rd and rs1, and take unknown modes for a plain fence.
        0 => InstFlags::READ_BARRIER | InstFlags::WRITE_BARRIER,
        // fence.i
        1 => SERIAL | InstFlags::SQUASH_AFTER,
        _ => return None,
    };
    Some(Form::new(w, OpClass::No_OpClass, Operands::empty()).flags(flags))
}

pub(super) fn system(w: Word) -> Option<Form> {
    match w.funct3() {
        0 => privileged(w),
        4 => None,
        _ => Some(csr(w)),
    }
}

fn privileged(w: Word) -> Option<Form> {
    // sfence.vma alone has operands.
    if w.funct7() == 0x09 && w.rd() == 0 {
        let operands = Operands::RS1 | Operands::RS2;
        return Some(Form::new(w, OpClass::No_OpClass, operands).flags(SERIAL));
    }
    if w.rd() != 0 || w.rs1() != 0 {
        return None;
    }
    let (op, flags) = match w.imm12() {
        // ecall
        0x000 => (OpClass::No_OpClass, InstFlags::SYSCALL),
        // ebreak
        0x001 => (OpClass::No_OpClass, InstFlags::empty()),
        // sret mret
        0x102 | 0x302 => (
            OpClass::IntAlu,
            InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL,
        ),
        // wfi
        0x105 => (OpClass::No_OpClass, InstFlags::SQUASH_AFTER),
        _ => return None,
    };
    Some(Form::new(w, op, Operands::empty()).flags(SERIAL | flags))
}

fn csr(w: Word) -> Form {
    let immediate = w.funct3() & 4 != 0;
    let swaps = w.funct3() & 3 == 1;
    let mut operands = Operands::RD;
    operands.set(Operands::RS1, !immediate);
    // A swap that drops the old value does not read; setting or clearing no bits does not write.
    operands.set(Operands::CSR_READ, !swaps || w.rd() != 0);
    operands.set(Operands::CSR_WRITE, swaps || w.rs1() != 0);
    let mut flags = SERIAL;
    flags.set(InstFlags::SQUASH_AFTER, w.imm12() == CSR_SATP);
    Form::new(w, OpClass::No_OpClass, operands).flags(flags)
}
