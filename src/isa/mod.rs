//! Instruction encodings to static instructions, one file per ISA.

pub mod riscv64;

use crate::error::{Error, ErrorKind, Result};
use crate::inst::StaticInst;

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
}

impl Isa {
    /// The name that models and traces carry.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Riscv64 => "riscv64",
            Isa::Aarch64 => "aarch64",
            Isa::X86_64 => "x86_64",
        }
    }

    /// The ISA called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Isa::Riscv64, Isa::Aarch64, Isa::X86_64]
            .into_iter()
            .find(|i| i.name() == name)
    }

    /// The ISA numbered `n` in the C ABI.
    pub fn from_u32(n: u32) -> Option<Self> {
        [Isa::Riscv64, Isa::Aarch64, Isa::X86_64]
            .into_iter()
            .find(|i| *i as u32 == n)
    }

    /// Decodes one instruction at `pc`. `encoding` holds its bytes in memory order; extra bytes
    /// after the instruction are ignored. An encoding the decoder does not know is still given a
    /// class (by major opcode) and the `UNKNOWN` flag; only too few bytes are an error.
    pub fn decode(self, pc: u64, encoding: &[u8]) -> Result<StaticInst> {
        match self {
            Isa::Riscv64 => riscv64::decode(pc, encoding),
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
