//! The branch target buffer: targets of direct branches, direct-mapped (gem5 `SimpleBTB`,
//! `cpu/pred/simple_btb.cc`).

/// Bits of a tag.
const TAG_BITS: u32 = 16;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Entry {
    /// 0 is none.
    target: u64,
    tag: u16,
}

/// A direct-mapped branch target buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct Btb {
    entries: Vec<Entry>,
}

impl Btb {
    /// An empty one of `1 << log2` entries.
    pub fn new(log2: u32) -> Self {
        Self {
            entries: vec![Entry::default(); 1 << log2],
        }
    }

    fn slot_and_tag(&self, pc: u64) -> (usize, u16) {
        let word = pc >> 1;
        let slot = word as usize & (self.entries.len() - 1);
        let tag = word >> self.entries.len().ilog2() & ((1 << TAG_BITS) - 1);
        (slot, tag as u16)
    }

    /// The target of the branch at `pc`, or of one with its index and tag.
    #[inline]
    pub fn lookup(&self, pc: u64) -> Option<u64> {
        let (slot, tag) = self.slot_and_tag(pc);
        let entry = self.entries[slot];
        (entry.tag == tag && entry.target != 0).then_some(entry.target)
    }

    /// The branch at `pc` goes to `target`.
    #[inline]
    pub fn update(&mut self, pc: u64, target: u64) {
        let (slot, tag) = self.slot_and_tag(pc);
        self.entries[slot] = Entry { target, tag };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_a_slot_and_sixteen_bits_of_tag() {
        let mut btb = Btb::new(6);
        assert_eq!(
            btb.lookup(0),
            None,
            "an empty entry is no target of address 0"
        );
        btb.update(0x1_0000, 0x2000);
        assert_eq!(btb.lookup(0x1_0000), Some(0x2000));
        assert_eq!(btb.lookup(0x1_0002), None);
        assert_eq!(btb.lookup(0x1_0000 + 128), None, "same slot, other tag");
        let alias = 0x1_0000 + (1 << (1 + 6 + 16));
        assert_eq!(
            btb.lookup(alias),
            Some(0x2000),
            "the tag leaves out what is above"
        );
        btb.update(0x1_0000 + 128, 0x3000);
        assert_eq!(btb.lookup(0x1_0000), None);
    }
}
