//! Interning: every distinct static instruction gets a dense id.

use crate::bytes::{corrupt, count, field, fields, put};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, InstId, OpClass, RegClass, StaticInst};
use crate::isa::Isa;
use crate::statics::Statics;

/// The static instructions of one stream.
#[derive(Default)]
pub struct Interner {
    insts: Statics,
    seen: Seen,
    unknown: u64,
}

impl Interner {
    /// The id of `inst`, new or old. Register slots past its counts do not tell two apart.
    pub fn intern(&mut self, inst: &StaticInst) -> Result<InstId> {
        inst.validate()?;
        let inst = inst.canonical();
        if let Some(id) = self.insts.id(&inst) {
            return Ok(id);
        }
        if self.insts.len() > InstId::MAX as usize {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                "more than 4294967296 distinct static instructions in one stream",
            ));
        }
        let id = self.insts.add(&inst);
        if inst.flags.contains(InstFlags::UNKNOWN) {
            self.unknown += 1;
        }
        Ok(id)
    }

    /// Decodes and interns; a (pc, encoding) seen lately is found without decoding.
    pub fn intern_encoding(&mut self, isa: Isa, pc: u64, encoding: &[u8]) -> Result<InstId> {
        if let Some(id) = self.seen.find(isa, pc, encoding) {
            return Ok(id);
        }
        let id = self.intern(&isa.decode(pc, encoding)?)?;
        self.seen.keep(isa, pc, encoding, id);
        Ok(id)
    }

    /// The instructions in order of their ids.
    pub fn insts(&self) -> &Statics {
        &self.insts
    }

    /// Distinct static instructions that the decoder did not know.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Appends the static instructions.
    pub fn save(&self, out: &mut Vec<u8>) {
        put(out, &[self.insts.len() as u64]);
        for i in self.insts.from(0) {
            put(out, &[i.pc]);
            let bytes = [i.op as u8, i.size, i.access_size, i.num_src, i.num_dst];
            put(out, &bytes);
            put(out, &[i.flags.bits()]);
            for r in i.sources().iter().chain(i.destinations()) {
                put(out, &[r.class as u8]);
                put(out, &[r.index]);
            }
        }
    }

    /// The static instructions that were saved.
    pub fn restore(bytes: &mut &[u8]) -> Result<Self> {
        let what = "a static instruction";
        let mut interner = Self::default();
        for expected in 0..count(bytes, 17, "the static instructions")? {
            let pc = field(bytes, what)?;
            let [op, size, access_size, num_src, num_dst] = fields(bytes, what)?;
            let op = OpClass::from_u8(op).ok_or_else(|| corrupt("an op class is unknown"))?;
            let mut i = StaticInst {
                access_size,
                num_src,
                num_dst,
                flags: InstFlags::from_bits_retain(field(bytes, what)?),
                ..StaticInst::new(pc, op, size)
            };
            i.validate()?;
            let (sources, destinations) = (usize::from(num_src), usize::from(num_dst));
            let registers = i.src[..sources].iter_mut();
            for reg in registers.chain(&mut i.dst[..destinations]) {
                let class = RegClass::from_u8(field(bytes, "a register")?);
                reg.class = class.ok_or_else(|| corrupt("a register class is unknown"))?;
                reg.index = field(bytes, "a register")?;
            }
            if interner.intern(&i)? as usize != expected {
                return Err(corrupt("a static instruction is in it twice"));
            }
        }
        Ok(interner)
    }
}

/// Ids of encodings seen lately: direct-mapped, so that its memory is fixed. A miss only costs a
/// decode, since whoever interns knows equal static instructions.
#[derive(Default)]
pub(crate) struct Seen(Box<[Slot]>);

#[derive(Clone, Copy, Default)]
struct Slot {
    pc: u64,
    id: InstId,
    bytes: [u8; SEEN_BYTES],
    /// 0 marks an empty slot: no encoding has no bytes.
    len: u8,
    isa: u8,
}

/// An encoding of more bytes is not kept.
const SEEN_BYTES: usize = 7;
const SEEN_SLOTS: usize = 8192;

impl Seen {
    /// The id that was kept for the encoding.
    #[inline]
    pub fn find(&self, isa: Isa, pc: u64, encoding: &[u8]) -> Option<InstId> {
        let s = self.0.get(slot(pc))?;
        let same = s.pc == pc && s.len > 0 && s.isa == isa as u8;
        (same && s.bytes[..usize::from(s.len)] == *encoding).then_some(s.id)
    }

    /// Keeps the id of an encoding.
    pub fn keep(&mut self, isa: Isa, pc: u64, encoding: &[u8], id: InstId) {
        if self.0.is_empty() {
            // Only for hosts that hand encodings over.
            self.0 = vec![Slot::default(); SEEN_SLOTS].into();
        }
        if encoding.len() <= SEEN_BYTES {
            let mut bytes = [0; SEEN_BYTES];
            bytes[..encoding.len()].copy_from_slice(encoding);
            self.0[slot(pc)] = Slot {
                pc,
                id,
                bytes,
                len: encoding.len() as u8,
                isa: isa as u8,
            };
        }
    }
}

fn slot(pc: u64) -> usize {
    (pc >> 1) as usize % SEEN_SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_found_until_another_takes_its_place() {
        let isa = Isa::Riscv64;
        let mut seen = Seen::default();
        assert_eq!(seen.find(isa, 0x100, &[1, 2]), None);
        seen.keep(isa, 0x100, &[1, 2], 7);
        assert_eq!(seen.find(isa, 0x100, &[1, 2]), Some(7));
        for (isa, pc, bytes) in [
            (isa, 0x100, &[1, 2, 3, 4][..]),
            (isa, 0x100, &[1, 3]),
            (isa, 0x100, &[]),
            (isa, 0x102, &[1, 2]),
            (isa, 0x100 + 2 * SEEN_SLOTS as u64, &[1, 2]),
            (Isa::Aarch64, 0x100, &[1, 2]),
        ] {
            assert_eq!(seen.find(isa, pc, bytes), None, "{pc:#x} {bytes:?}");
        }
        seen.keep(isa, 0x200, &[0; SEEN_BYTES + 1], 8);
        assert_eq!(seen.find(isa, 0x200, &[0; SEEN_BYTES + 1]), None);
        seen.keep(isa, 0x100 + 2 * SEEN_SLOTS as u64, &[1, 2], 9);
        assert_eq!(seen.find(isa, 0x100, &[1, 2]), None);
    }
}
