//! Instruction encodings to static instructions, one file per ISA.

mod riscv32;
pub mod riscv64;

use crate::error::{Error, ErrorKind, Result};
use crate::inst::{Reg, StaticInst};

/// Instruction sets that the library knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Isa {
    /// RISC-V, 64 bit.
    Riscv64 = 1,
    /// Arm AArch64 (decoded records only).
    Aarch64 = 2,
    /// x86-64 (decoded records only).
    X86_64 = 3,
    /// RISC-V, 32 bit. Models of [`Isa::Riscv64`] take it, see [`Isa::suits`].
    Riscv32 = 4,
}

/// How an instruction forms its data address: the value of `base` plus `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The base register; in RISC-V, index 0 is the register that reads as zero.
    pub base: Reg,
    /// Bytes added to it.
    pub offset: i32,
}

impl Isa {
    /// Every ISA.
    pub const ALL: [Self; 4] = [Isa::Riscv64, Isa::Aarch64, Isa::X86_64, Isa::Riscv32];

    /// The name that models and traces carry.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Riscv64 => "riscv64",
            Isa::Aarch64 => "aarch64",
            Isa::X86_64 => "x86_64",
            Isa::Riscv32 => "riscv32",
        }
    }

    /// The ISA called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|i| i.name() == name)
    }

    /// The ISA numbered `n` in the C ABI.
    pub fn from_u32(n: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|i| *i as u32 == n)
    }

    /// Whether a model of the ISA called `model` takes streams of that called `stream`: its own, and
    /// RISC-V of 32 bits where it is of 64. These share op classes, registers and calling
    /// convention, and features know nothing of widths; but no model was trained on such programs.
    pub fn suits(model: &str, stream: &str) -> bool {
        model == stream || (model, stream) == (Isa::Riscv64.name(), Isa::Riscv32.name())
    }

    /// The base and offset of an instruction that accesses memory there (vector accesses: their
    /// first element); `None` for others, for indexed vector accesses, and for an ISA other than
    /// RISC-V of 64 bits. Static instructions do not hold them: no feature depends on them.
    pub fn address(self, encoding: &[u8]) -> Option<Address> {
        match self {
            Isa::Riscv64 => riscv64::address(encoding),
            _ => None,
        }
    }

    /// Decodes one instruction at `pc`. `encoding` holds its bytes in memory order; extra bytes
    /// after the instruction are ignored. An encoding the decoder does not know is still given a
    /// class (by major opcode) and the `UNKNOWN` flag; only too few bytes are an error.
    pub fn decode(self, pc: u64, encoding: &[u8]) -> Result<StaticInst> {
        match self {
            Isa::Riscv64 => riscv64::decode(pc, encoding),
            Isa::Riscv32 => riscv32::decode(pc, encoding),
            other => Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "no decoder for ISA {}; hand over decoded static instructions instead",
                    other.name()
                ),
            )),
        }
    }
}
