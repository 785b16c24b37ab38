//! Ids of encodings seen lately.

use crate::inst::InstId;

/// Ids of encodings seen lately: direct-mapped, so its memory is fixed; a miss only costs a
/// decode, since the writer knows equal static instructions.
pub(super) struct Seen(Box<[Slot]>);

#[derive(Clone, Copy, Default)]
struct Slot {
    pc: u64,
    bytes: [u8; SEEN_BYTES],
    /// 0 marks an empty slot: no encoding has no bytes.
    len: u8,
    id: InstId,
}

/// An encoding of more bytes is not kept.
const SEEN_BYTES: usize = 7;
const SEEN_SLOTS: usize = 8192;

impl Seen {
    pub fn new() -> Self {
        Self(vec![Slot::default(); SEEN_SLOTS].into())
    }

    #[inline]
    pub fn find(&self, pc: u64, bytes: &[u8]) -> Option<InstId> {
        let s = &self.0[slot(pc)];
        let same = s.pc == pc && s.len > 0 && s.bytes[..usize::from(s.len)] == *bytes;
        same.then_some(s.id)
    }

    pub fn keep(&mut self, pc: u64, encoding: &[u8], id: InstId) {
        if encoding.len() <= SEEN_BYTES {
            let mut bytes = [0; SEEN_BYTES];
            bytes[..encoding.len()].copy_from_slice(encoding);
            let len = encoding.len() as u8;
            self.0[slot(pc)] = Slot { pc, bytes, len, id };
        }
    }
}

fn slot(pc: u64) -> usize {
    (pc >> 1) as usize % SEEN_SLOTS
}
