//! Integer, multiply, bit-manipulation, control-transfer and atomic instructions.

use super::{Form, Operands, Word};
use crate::inst::{InstFlags, OpClass};

const RD: Operands = Operands::RD;
const RS1: Operands = Operands::RS1;
const RS2: Operands = Operands::RS2;

/// `slti x0, x0, 0x501` and `slti x0, x0, 0x502`. The manual leaves SLTI with rd = x0 to custom use
/// as a hint: every core runs it as a no-op, and no compiler makes one.
const BEGIN_MARKER: u32 = 0x501 << 20 | 2 << 12 | 0x13;
const END_MARKER: u32 = 0x502 << 20 | 2 << 12 | 0x13;

fn alu_imm(w: Word) -> Option<Form> {
    Some(Form::new(w, OpClass::IntAlu, RD | RS1))
}

fn alu(w: Word) -> Option<Form> {
    Some(Form::new(w, OpClass::IntAlu, RD | RS1 | RS2))
}

pub(super) fn load(w: Word) -> Option<Form> {
    if w.funct3() == 7 {
        return None;
    }
    let form = Form::new(w, OpClass::MemRead, RD | RS1);
    Some(form.flags(InstFlags::LOAD).access(1 << (w.funct3() & 3)))
}

pub(super) fn store(w: Word) -> Option<Form> {
    if w.funct3() > 3 {
        return None;
    }
    let form = Form::new(w, OpClass::MemWrite, RS1 | RS2);
    Some(form.flags(InstFlags::STORE).access(1 << w.funct3()))
}

pub(super) fn op_imm(w: Word) -> Option<Form> {
    // Shift amounts take six bits.
    let funct6 = w.imm12() >> 6;
    let known = match w.funct3() {
        1 => match funct6 {
            // slli bseti bclri binvi
            0x00 | 0x0a | 0x12 | 0x1a => true,
            // clz ctz cpop sext.b sext.h
            0x18 => matches!(w.imm12() & 0x3f, 0 | 1 | 2 | 4 | 5),
            _ => false,
        },
        5 => match funct6 {
            // srli srai bexti rori
            0x00 | 0x10 | 0x12 | 0x18 => true,
            // orc.b rev8
            _ => matches!(w.imm12(), 0x287 | 0x6b8),
        },
        _ => true,
    };
    if !known {
        return None;
    }
    let form = alu_imm(w)?;
    Some(match w.0 {
        BEGIN_MARKER => form.flags(InstFlags::REGION_BEGIN),
        END_MARKER => form.flags(InstFlags::REGION_END),
        _ => form,
    })
}

pub(super) fn op_imm_32(w: Word) -> Option<Form> {
    let known = match (w.funct3(), w.funct7()) {
        // addiw
        (0, _) => true,
        // slliw, slli.uw (whose shift amount takes six bits)
        (1, 0x00 | 0x04 | 0x05) => true,
        // clzw ctzw cpopw
        (1, 0x30) => w.rs2() <= 2,
        // srliw sraiw roriw
        (5, 0x00 | 0x20 | 0x30) => true,
        _ => false,
    };
    if known {
        alu_imm(w)
    } else {
        None
    }
}

pub(super) fn op(w: Word) -> Option<Form> {
    match (w.funct7(), w.funct3()) {
        (0x00, _) => alu(w),
        (0x01, funct3) => multiply(w, funct3),
        // sub sra xnor orn andn
        (0x20, 0 | 4 | 5 | 6 | 7) => alu(w),
        // min minu max maxu
        (0x05, 4..=7) => alu(w),
        // sh1add sh2add sh3add
        (0x10, 2 | 4 | 6) => alu(w),
        // rol ror
        (0x30, 1 | 5) => alu(w),
        // bset
        (0x14, 1) => alu(w),
        // bclr bext
        (0x24, 1 | 5) => alu(w),
        // binv
        (0x34, 1) => alu(w),
        _ => None,
    }
}

pub(super) fn op_32(w: Word) -> Option<Form> {
    match (w.funct7(), w.funct3()) {
        // addw sllw srlw
        (0x00, 0 | 1 | 5) => alu(w),
        // mulw divw divuw remw remuw
        (0x01, funct3 @ (0 | 4..=7)) => multiply(w, funct3),
        // subw sraw
        (0x20, 0 | 5) => alu(w),
        // add.uw
        (0x04, 0) => alu(w),
        // zext.h
        (0x04, 4) if w.rs2() == 0 => alu(w),
        // sh1add.uw sh2add.uw sh3add.uw
        (0x10, 2 | 4 | 6) => alu(w),
        // rolw rorw
        (0x30, 1 | 5) => alu(w),
        _ => None,
    }
}

fn multiply(w: Word, funct3: u32) -> Option<Form> {
    let op = if funct3 < 4 {
        OpClass::IntMult
    } else {
        OpClass::IntDiv
    };
    Some(Form::new(w, op, RD | RS1 | RS2))
}

pub(super) fn branch(w: Word) -> Option<Form> {
    if matches!(w.funct3(), 2 | 3) {
        return None;
    }
    let form = Form::new(w, OpClass::IntAlu, RS1 | RS2);
    Some(form.flags(InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL))
}

/// Whether the manual's hint table takes `reg` for a link register.
fn is_link(reg: u16) -> bool {
    reg == 1 || reg == 5
}

pub(super) fn jal(w: Word) -> Form {
    let mut flags = InstFlags::UNCOND_CTRL | InstFlags::DIRECT_CTRL;
    flags.set(InstFlags::CALL, is_link(w.rd()));
    Form::new(w, OpClass::IntAlu, RD).flags(flags)
}

pub(super) fn jalr(w: Word) -> Option<Form> {
    if w.funct3() != 0 {
        return None;
    }
    let (rd, rs1) = (w.rd(), w.rs1());
    let mut flags = InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL;
    flags.set(InstFlags::CALL, is_link(rd));
    flags.set(InstFlags::RETURN, is_link(rs1) && rd != rs1);
    Some(Form::new(w, OpClass::IntAlu, RD | RS1).flags(flags))
}

pub(super) fn amo(w: Word) -> Option<Form> {
    if !matches!(w.funct3(), 2 | 3) {
        return None;
    }
    let form = match w.funct7() >> 2 {
        0x02 if w.rs2() == 0 => Form::new(w, OpClass::MemRead, RD | RS1)
            .flags(InstFlags::LOAD | InstFlags::LOAD_RESERVED),
        0x03 => Form::new(w, OpClass::MemWrite, RD | RS1 | RS2)
            .flags(InstFlags::STORE | InstFlags::STORE_CONDITIONAL),
        // amoadd amoswap amoxor amoor amoand amomin amomax amominu amomaxu
        0x00 | 0x01 | 0x04 | 0x08 | 0x0c | 0x10 | 0x14 | 0x18 | 0x1c => {
            Form::new(w, OpClass::MemRead, RD | RS1 | RS2)
                .flags(InstFlags::ATOMIC | InstFlags::LOAD | InstFlags::STORE)
        }
        _ => return None,
    };
    // gem5 brackets the access with full fences for rl (before) and aq (after).
    let barriers = if w.funct7() & 3 == 0 {
        InstFlags::empty()
    } else {
        InstFlags::READ_BARRIER | InstFlags::WRITE_BARRIER
    };
    Some(form.flags(barriers).access(1 << w.funct3()))
}
