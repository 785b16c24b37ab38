//! RV64GC with Zba, Zbb, Zbs, Zicsr and Zifencei (RISC-V Unprivileged ISA manual).

use crate::error::Result;
use crate::inst::{OpClass, StaticInst};

/// Decodes one instruction; see [`super::Isa::decode`].
pub fn decode(pc: u64, _encoding: &[u8]) -> Result<StaticInst> {
    Ok(StaticInst::new(pc, OpClass::No_OpClass, 4))
}
