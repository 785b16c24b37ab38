//! RV64GC with Zba, Zbb, Zbs, Zicsr and Zifencei (RISC-V Unprivileged ISA manual), and the
//! privileged instructions of a machine with supervisor mode (`sret`, `mret`, `wfi`, `sfence.vma`).
//!
//! Op classes and flags follow gem5 24.0's RISC-V decoder, read as whole instructions: an atomic
//! is one static instruction here although gem5 cracks it into micro-ops, and its `aq` and `rl`
//! bits become barriers on that instruction. Where a reader could expect otherwise:
//!
//! * A compressed instruction has the registers and the class of what it expands to.
//! * Sources stand in the order rs1, rs2, rs3, CSR; a register that is named twice is listed twice.
//! * CSRs are registers of class `Misc` with the CSR's number as index, listed where the
//!   instruction reads or writes them by the manual's rules. The effects of floating-point
//!   instructions on `fcsr` (flags raised, dynamic rounding mode) are not dependences.
//! * Atomics have class `MemRead`, as gem5's read-modify-write micro-op has.
//! * Every `fence` is a read and a write barrier, whatever its predecessor and successor sets.
//! * `CALL` and `RETURN` follow the return-address-stack hint table of the manual, so `mret` and
//!   `sret` (which gem5 marks as returns) are indirect jumps only.
//! * Vector instructions have no registers and no access size, since these hang on `vtype`.
//! * An unknown encoding has no registers either; its flags say what its major opcode implies.
//! * Encodings of more than 32 bits are unknown, and their first 32 bits suffice. The format for
//!   192 bits and more, which the manual reserves, counts as 24 bytes.

mod address;
mod compressed;
mod float;
mod integer;
mod system;
#[cfg(test)]
mod tests;

pub use address::address;

use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, OpClass, RegClass, StaticInst};

/// Decodes one instruction; see [`super::Isa::decode`].
pub fn decode(pc: u64, encoding: &[u8]) -> Result<StaticInst> {
    decode_of(Width::W64, pc, encoding)
}

/// Width of the integer registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    W32,
    W64,
}

pub(super) fn decode_of(width: Width, pc: u64, encoding: &[u8]) -> Result<StaticInst> {
    match *encoding {
        [b0, b1, ..] if b0 & 3 != 3 => {
            let form = compressed::form(width, u16::from_le_bytes([b0, b1]));
            Ok(form.build(pc, 2))
        }
        [b0, b1, b2, b3, ..] => {
            let word = Word(u32::from_le_bytes([b0, b1, b2, b3]));
            let form = match width {
                Width::W64 => form(word),
                Width::W32 => form32(word),
            };
            Ok(form.build(pc, length(word)))
        }
        _ => Err(too_short(pc, encoding)),
    }
}

#[cold]
fn too_short(pc: u64, encoding: &[u8]) -> Error {
    let need = match encoding.first() {
        Some(b0) if b0 & 3 == 3 => 4,
        _ => 2,
    };
    Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "instruction at {pc:#x}: {} byte(s) {encoding:02x?} given, {need} are needed",
            encoding.len()
        ),
    )
}

/// Length in bytes of an encoding that is not compressed.
fn length(w: Word) -> u8 {
    match w.0 & 0x7f {
        low if low & 0x1c != 0x1c => 4,
        low if low & 0x20 == 0 => 6,
        low if low & 0x40 == 0 => 8,
        _ => 10 + 2 * w.funct3() as u8,
    }
}

/// Fields of a 32-bit encoding.
#[derive(Clone, Copy)]
struct Word(u32);

impl Word {
    /// Bits 6:2.
    fn major(self) -> u32 {
        self.0 >> 2 & 0x1f
    }
    fn rd(self) -> u16 {
        (self.0 >> 7 & 0x1f) as u16
    }
    fn funct3(self) -> u32 {
        self.0 >> 12 & 7
    }
    fn rs1(self) -> u16 {
        (self.0 >> 15 & 0x1f) as u16
    }
    fn rs2(self) -> u16 {
        (self.0 >> 20 & 0x1f) as u16
    }
    fn rs3(self) -> u16 {
        (self.0 >> 27) as u16
    }
    fn funct7(self) -> u32 {
        self.0 >> 25
    }
    /// Bits 31:20.
    fn imm12(self) -> u32 {
        self.0 >> 20
    }
}

/// Major opcodes (bits 6:2) of 32-bit encodings.
mod major {
    pub const LOAD: u32 = 0x00;
    pub const LOAD_FP: u32 = 0x01;
    pub const CUSTOM_0: u32 = 0x02;
    pub const MISC_MEM: u32 = 0x03;
    pub const OP_IMM: u32 = 0x04;
    pub const AUIPC: u32 = 0x05;
    pub const OP_IMM_32: u32 = 0x06;
    pub const STORE: u32 = 0x08;
    pub const STORE_FP: u32 = 0x09;
    pub const CUSTOM_1: u32 = 0x0a;
    pub const AMO: u32 = 0x0b;
    pub const OP: u32 = 0x0c;
    pub const LUI: u32 = 0x0d;
    pub const OP_32: u32 = 0x0e;
    pub const MADD: u32 = 0x10;
    pub const NMADD: u32 = 0x13;
    pub const OP_FP: u32 = 0x14;
    pub const OP_V: u32 = 0x15;
    pub const CUSTOM_2: u32 = 0x16;
    pub const BRANCH: u32 = 0x18;
    pub const JALR: u32 = 0x19;
    pub const JAL: u32 = 0x1b;
    pub const SYSTEM: u32 = 0x1c;
    pub const OP_VE: u32 = 0x1d;
    pub const CUSTOM_3: u32 = 0x1e;
}

bitflags::bitflags! {
    /// Which operand fields of the encoding name registers: `R*` integer, `F*` floating point.
    #[derive(Clone, Copy)]
    struct Operands: u16 {
        const RD = 1 << 0;
        const RS1 = 1 << 1;
        const RS2 = 1 << 2;
        const FD = 1 << 3;
        const FS1 = 1 << 4;
        const FS2 = 1 << 5;
        const FS3 = 1 << 6;
        const CSR_READ = 1 << 7;
        const CSR_WRITE = 1 << 8;
    }
}

/// What an encoding means, before its register numbers are read.
#[derive(Clone, Copy)]
struct Form {
    word: Word,
    op: OpClass,
    flags: InstFlags,
    access_size: u8,
    operands: Operands,
}

impl Form {
    fn new(word: Word, op: OpClass, operands: Operands) -> Self {
        Self {
            word,
            op,
            flags: InstFlags::empty(),
            access_size: 0,
            operands,
        }
    }

    fn flags(self, flags: InstFlags) -> Self {
        Self {
            flags: self.flags | flags,
            ..self
        }
    }

    fn access(self, access_size: u8) -> Self {
        Self {
            access_size,
            ..self
        }
    }

    fn build(self, pc: u64, size: u8) -> StaticInst {
        let (w, operands) = (self.word, self.operands);
        let mut inst = StaticInst::new(pc, self.op, size);
        inst.flags = self.flags;
        inst.access_size = self.access_size;
        let sources = [
            (Operands::RS1, RegClass::Int, w.rs1()),
            (Operands::FS1, RegClass::Float, w.rs1()),
            (Operands::RS2, RegClass::Int, w.rs2()),
            (Operands::FS2, RegClass::Float, w.rs2()),
            (Operands::FS3, RegClass::Float, w.rs3()),
            (Operands::CSR_READ, RegClass::Misc, w.imm12() as u16),
        ];
        for (operand, class, index) in sources {
            if operands.contains(operand) && (class != RegClass::Int || index != 0) {
                inst.push_src(class, index);
            }
        }
        let destinations = [
            (Operands::RD, RegClass::Int, w.rd()),
            (Operands::FD, RegClass::Float, w.rd()),
            (Operands::CSR_WRITE, RegClass::Misc, w.imm12() as u16),
        ];
        for (operand, class, index) in destinations {
            if operands.contains(operand) && (class != RegClass::Int || index != 0) {
                inst.push_dst(class, index);
            }
        }
        inst
    }
}

/// The form of an encoding that is not compressed.
fn form(w: Word) -> Form {
    let known = match w.major() {
        major::LOAD => integer::load(w),
        major::STORE => integer::store(w),
        major::OP_IMM => integer::op_imm(w),
        major::OP_IMM_32 => integer::op_imm_32(w),
        major::OP => integer::op(w),
        major::OP_32 => integer::op_32(w),
        major::LUI | major::AUIPC => Some(Form::new(w, OpClass::IntAlu, Operands::RD)),
        major::BRANCH => integer::branch(w),
        major::JAL => Some(integer::jal(w)),
        major::JALR => integer::jalr(w),
        major::AMO => integer::amo(w),
        major::LOAD_FP => float::load(w),
        major::STORE_FP => float::store(w),
        major::MADD..=major::NMADD => float::multiply_add(w),
        major::OP_FP => float::op(w),
        major::OP_V | major::OP_VE => Some(vector(w, OpClass::SimdAlu)),
        major::MISC_MEM => system::misc_mem(w),
        major::SYSTEM => system::system(w),
        _ => None,
    };
    known.unwrap_or_else(|| unknown(w))
}

/// The form of an encoding of RV32 that is not compressed.
fn form32(w: Word) -> Form {
    let shift_of_32 = matches!(w.funct3(), 1 | 5) && w.imm12() >> 5 & 1 != 0;
    match w.major() {
        major::OP_32 | major::OP_IMM_32 => unknown(w),
        major::LOAD if matches!(w.funct3(), 3 | 6) => unknown(w),
        major::STORE | major::AMO if w.funct3() == 3 => unknown(w),
        // zext.h and rev8, which are pack with x0 and grevi
        major::OP if (w.funct7(), w.funct3(), w.rs2()) == (0x04, 4, 0) => {
            Form::new(w, OpClass::IntAlu, Operands::RD | Operands::RS1)
        }
        major::OP_IMM if (w.funct3(), w.imm12()) == (5, 0x698) => {
            Form::new(w, OpClass::IntAlu, Operands::RD | Operands::RS1)
        }
        major::OP_IMM if shift_of_32 => unknown(w),
        _ => form(w),
    }
}

fn vector(w: Word, op: OpClass) -> Form {
    Form::new(w, op, Operands::empty()).flags(InstFlags::VECTOR)
}

/// What the major opcode alone says of an encoding that the decoder does not know.
fn unknown(w: Word) -> Form {
    let (op, flags) = match w.major() {
        major::LOAD => (OpClass::MemRead, InstFlags::LOAD),
        major::STORE => (OpClass::MemWrite, InstFlags::STORE),
        major::LOAD_FP => (OpClass::FloatMemRead, InstFlags::LOAD),
        major::STORE_FP => (OpClass::FloatMemWrite, InstFlags::STORE),
        major::AMO => (
            OpClass::MemRead,
            InstFlags::ATOMIC | InstFlags::LOAD | InstFlags::STORE,
        ),
        major::MADD..=major::NMADD => (OpClass::FloatMultAcc, InstFlags::empty()),
        // What gem5 gives to a floating-point instruction that states no class.
        major::OP_FP => (OpClass::FloatAdd, InstFlags::empty()),
        major::BRANCH => (
            OpClass::IntAlu,
            InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL,
        ),
        major::JALR => (
            OpClass::IntAlu,
            InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL,
        ),
        major::SYSTEM => (OpClass::No_OpClass, system::SERIAL),
        major::OP_IMM | major::OP_IMM_32 | major::OP | major::OP_32 => {
            (OpClass::IntAlu, InstFlags::empty())
        }
        major::CUSTOM_0 | major::CUSTOM_1 | major::CUSTOM_2 | major::CUSTOM_3 => {
            (OpClass::IntAlu, InstFlags::empty())
        }
        _ => (OpClass::No_OpClass, InstFlags::empty()),
    };
    Form::new(w, op, Operands::empty()).flags(flags | InstFlags::UNKNOWN)
}
