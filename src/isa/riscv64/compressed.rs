//! The C extension of RV64 and RV32: 16-bit encodings as the 32-bit ones they stand for.

use super::{major, Form, Operands, Width, Word};
use crate::inst::{InstFlags, OpClass};

const SP: u32 = 2;

/// The form of a 16-bit encoding.
pub(super) fn form(width: Width, half: u16) -> Form {
    let word = match width {
        Width::W64 => expand(u32::from(half)),
        Width::W32 => expand32(u32::from(half)),
    };
    match word {
        Some(word) => super::form(word),
        None => reserved(half),
    }
}

/// A 32-bit encoding; `upper` is what stands above rs2, or the immediate from bit 20 on.
fn encode(major: u32, funct3: u32, rd: u32, rs1: u32, upper: u32) -> Option<Word> {
    Some(Word(
        upper << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | major << 2 | 3,
    ))
}

/// A load, or an operation with an immediate, whose value is of no interest here.
fn i_type(major: u32, funct3: u32, rd: u32, rs1: u32) -> Option<Word> {
    encode(major, funct3, rd, rs1, 0)
}

/// A store or a branch.
fn s_type(major: u32, funct3: u32, rs1: u32, rs2: u32) -> Option<Word> {
    encode(major, funct3, 0, rs1, rs2)
}

fn r_type(major: u32, funct3: u32, funct7: u32, rd: u32, rs2: u32) -> Option<Word> {
    encode(major, funct3, rd, rd, funct7 << 5 | rs2)
}

/// The instruction that `c` stands for, with immediates left zero since static instructions carry
/// none; nothing for the reserved encodings.
pub(super) fn expand(c: u32) -> Option<Word> {
    let funct3 = c >> 13 & 7;
    // Full register fields, and the three-bit ones that name x8 to x15.
    let (rd, rs2) = (c >> 7 & 0x1f, c >> 2 & 0x1f);
    let (rd_low, rs2_low) = (8 + (c >> 7 & 7), 8 + (c >> 2 & 7));
    match (c & 3, funct3) {
        // c.addi4spn, whose immediate may not be zero
        (0, 0) if c >> 5 & 0xff != 0 => i_type(major::OP_IMM, 0, rs2_low, SP),
        // c.fld c.lw c.ld
        (0, 1) => i_type(major::LOAD_FP, 3, rs2_low, rd_low),
        (0, 2 | 3) => i_type(major::LOAD, funct3, rs2_low, rd_low),
        // c.fsd c.sw c.sd
        (0, 5) => s_type(major::STORE_FP, 3, rd_low, rs2_low),
        (0, 6 | 7) => s_type(major::STORE, funct3 & 3, rd_low, rs2_low),
        // c.addi, which is c.nop for x0
        (1, 0) => i_type(major::OP_IMM, 0, rd, rd),
        (1, 1) if rd != 0 => i_type(major::OP_IMM_32, 0, rd, rd),
        // c.li
        (1, 2) => i_type(major::OP_IMM, 0, rd, 0),
        // c.addi16sp and c.lui, whose immediates may not be zero
        (1, 3) if c & 0x107c == 0 => None,
        (1, 3) if rd == SP => i_type(major::OP_IMM, 0, SP, SP),
        (1, 3) => encode(major::LUI, 0, rd, 0, 0),
        (1, 4) => arithmetic(c, rd_low, rs2_low),
        // c.j
        (1, 5) => encode(major::JAL, 0, 0, 0, 0),
        // c.beqz c.bnez
        (1, 6 | 7) => s_type(major::BRANCH, funct3 & 1, rd_low, 0),
        // c.slli
        (2, 0) => i_type(major::OP_IMM, 1, rd, rd),
        // c.fldsp c.lwsp c.ldsp
        (2, 1) => i_type(major::LOAD_FP, 3, rd, SP),
        (2, 2 | 3) if rd != 0 => i_type(major::LOAD, funct3, rd, SP),
        (2, 4) => jump_or_move(c >> 12 & 1 != 0, rd, rs2),
        // c.fsdsp c.swsp c.sdsp
        (2, 5) => s_type(major::STORE_FP, 3, SP, rs2),
        (2, 6 | 7) => s_type(major::STORE, funct3 & 3, SP, rs2),
        _ => None,
    }
}

/// The same for RV32, which has single-precision accesses and a call where RV64 has doublewords.
fn expand32(c: u32) -> Option<Word> {
    let (rd, rs2) = (c >> 7 & 0x1f, c >> 2 & 0x1f);
    let (rd_low, rs2_low) = (8 + (c >> 7 & 7), 8 + (c >> 2 & 7));
    match (c & 3, c >> 13 & 7) {
        // c.flw c.fsw
        (0, 3) => i_type(major::LOAD_FP, 2, rs2_low, rd_low),
        (0, 7) => s_type(major::STORE_FP, 2, rd_low, rs2_low),
        // c.jal
        (1, 1) => encode(major::JAL, 0, 1, 0, 0),
        // c.srli and c.srai by 32 and more, c.subw c.addw
        (1, 4) if c >> 12 & 1 != 0 && c >> 10 & 3 != 2 => None,
        // c.slli by 32 and more
        (2, 0) if c >> 12 & 1 != 0 => None,
        // c.flwsp c.fswsp
        (2, 3) => i_type(major::LOAD_FP, 2, rd, SP),
        (2, 7) => s_type(major::STORE_FP, 2, SP, rs2),
        _ => expand(c),
    }
}

/// The offset of a compressed load or store, which [`expand`] leaves out; `None` for others.
pub(super) fn offset(c: u32) -> Option<i32> {
    /// Bits `from` and up, `count` of them, moved to place `to`.
    fn field(c: u32, from: u32, count: u32, to: u32) -> u32 {
        (c >> from & ((1 << count) - 1)) << to
    }
    let offset = match (c & 3, c >> 13 & 7) {
        // c.lw c.sw
        (0, 2 | 6) => field(c, 10, 3, 3) | field(c, 6, 1, 2) | field(c, 5, 1, 6),
        // c.fld c.ld c.fsd c.sd
        (0, 1 | 3 | 5 | 7) => field(c, 10, 3, 3) | field(c, 5, 2, 6),
        // c.lwsp
        (2, 2) => field(c, 12, 1, 5) | field(c, 4, 3, 2) | field(c, 2, 2, 6),
        // c.fldsp c.ldsp
        (2, 1 | 3) => field(c, 12, 1, 5) | field(c, 5, 2, 3) | field(c, 2, 3, 6),
        // c.swsp
        (2, 6) => field(c, 9, 4, 2) | field(c, 7, 2, 6),
        // c.fsdsp c.sdsp
        (2, 5 | 7) => field(c, 10, 3, 3) | field(c, 7, 3, 6),
        _ => return None,
    };
    Some(offset as i32)
}

fn arithmetic(c: u32, rd: u32, rs2: u32) -> Option<Word> {
    match (c >> 10 & 3, c >> 12 & 1, c >> 5 & 3) {
        // c.srli c.srai c.andi
        (0, ..) => i_type(major::OP_IMM, 5, rd, rd),
        (1, ..) => encode(major::OP_IMM, 5, rd, rd, 0x400),
        (2, ..) => i_type(major::OP_IMM, 7, rd, rd),
        // c.sub c.xor c.or c.and
        (3, 0, 0) => r_type(major::OP, 0, 0x20, rd, rs2),
        (3, 0, 1) => r_type(major::OP, 4, 0, rd, rs2),
        (3, 0, 2) => r_type(major::OP, 6, 0, rd, rs2),
        (3, 0, 3) => r_type(major::OP, 7, 0, rd, rs2),
        // c.subw c.addw
        (3, 1, 0) => r_type(major::OP_32, 0, 0x20, rd, rs2),
        (3, 1, 1) => r_type(major::OP_32, 0, 0, rd, rs2),
        _ => None,
    }
}

fn jump_or_move(bit12: bool, rd: u32, rs2: u32) -> Option<Word> {
    match (bit12, rd, rs2) {
        // c.jr, which has no meaning for x0
        (false, 0, 0) => None,
        (false, _, 0) => i_type(major::JALR, 0, 0, rd),
        // c.mv
        (false, ..) => encode(major::OP, 0, rd, 0, rs2),
        // c.ebreak c.jalr
        (true, 0, 0) => encode(major::SYSTEM, 0, 0, 0, 1),
        (true, _, 0) => i_type(major::JALR, 0, 1, rd),
        // c.add
        (true, ..) => r_type(major::OP, 0, 0, rd, rs2),
    }
}

/// What the quadrant and funct3 of a reserved encoding imply.
fn reserved(half: u16) -> Form {
    let (op, flags) = match (half & 3, half >> 13) {
        // The all-zero illegal instruction is here, and the bytes and halfwords of later extensions.
        (0, _) => (OpClass::No_OpClass, InstFlags::empty()),
        // c.lwsp and c.ldsp to x0
        (2, 2 | 3) => (OpClass::MemRead, InstFlags::LOAD),
        // c.jr to x0
        (2, _) => (
            OpClass::IntAlu,
            InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL,
        ),
        _ => (OpClass::IntAlu, InstFlags::empty()),
    };
    Form::new(Word(u32::from(half)), op, Operands::empty()).flags(flags | InstFlags::UNKNOWN)
}
