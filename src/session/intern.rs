//! Interning: every distinct static instruction gets a dense id.

use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstId, StaticInst};
use crate::isa::Isa;
use std::collections::HashMap;

/// Longest encoding of any ISA, in bytes (x86).
const MAX_ENCODING: usize = 15;

/// A fixed-size, hashable copy of an encoding.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Encoding {
    isa: u32,
    len: u8,
    bytes: [u8; MAX_ENCODING],
}

/// The static instructions of one stream.
#[derive(Default)]
pub struct Interner {
    insts: Vec<StaticInst>,
    ids: HashMap<StaticInst, InstId>,
    encodings: HashMap<(u64, Encoding), InstId>,
    unknown: u64,
}

impl Interner {
    /// The id of `inst`, new or old. Register slots past its counts do not tell two apart.
    pub fn intern(&mut self, inst: &StaticInst) -> Result<InstId> {
        inst.validate()?;
        let inst = inst.canonical();
        if let Some(id) = self.ids.get(&inst) {
            return Ok(*id);
        }
        let id = InstId::try_from(self.insts.len()).map_err(|_| {
            Error::new(
                ErrorKind::OutOfMemory,
                "more than 4294967295 distinct static instructions in one stream",
            )
        })?;
        self.insts.push(inst);
        self.ids.insert(inst, id);
        if inst.flags.contains(crate::inst::InstFlags::UNKNOWN) {
            self.unknown += 1;
        }
        Ok(id)
    }

    /// Decodes and interns; a known (pc, encoding) is found without decoding.
    pub fn intern_encoding(&mut self, isa: Isa, pc: u64, encoding: &[u8]) -> Result<InstId> {
        let len = encoding.len().min(MAX_ENCODING);
        let mut key = Encoding {
            isa: isa as u32,
            len: len as u8,
            bytes: [0; MAX_ENCODING],
        };
        key.bytes[..len].copy_from_slice(&encoding[..len]);
        if let Some(id) = self.encodings.get(&(pc, key)) {
            return Ok(*id);
        }
        let id = self.intern(&isa.decode(pc, encoding)?)?;
        self.encodings.insert((pc, key), id);
        Ok(id)
    }

    /// The instructions in order of their ids.
    pub fn insts(&self) -> &[StaticInst] {
        &self.insts
    }

    /// Distinct static instructions that the decoder did not know.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }
}
