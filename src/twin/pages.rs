//! Virtual pages in the order in which they are touched: the physical pages of a simulator that
//! hands them out one after another.

use std::collections::HashMap;

const PAGE_BITS: u32 = 12;
const RECENT: usize = 256;

/// A page table that fills itself.
pub struct Pages {
    frames: HashMap<u64, u64>,
    recent: Vec<(u64, u64)>,
}

/// Where an address lies.
pub struct Physical {
    /// Physical address.
    pub address: u64,
    /// Whether the page was touched for the first time.
    pub first: bool,
}

impl Pages {
    /// No page has been touched.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            frames: HashMap::new(),
            recent: vec![(u64::MAX, 0); RECENT],
        }
    }

    /// The physical address of `address`.
    #[inline]
    pub fn touch(&mut self, address: u64) -> Physical {
        let page = address >> PAGE_BITS;
        let recent = &mut self.recent[page as usize % RECENT];
        let mut first = false;
        if recent.0 != page {
            let next = self.frames.len() as u64;
            let frame = *self.frames.entry(page).or_insert_with(|| {
                first = true;
                next
            });
            *recent = (page, frame);
        }
        let offset = address & ((1 << PAGE_BITS) - 1);
        Physical {
            address: recent.1 << PAGE_BITS | offset,
            first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_in_the_order_of_their_first_touch() {
        let mut p = Pages::new();
        let mut touch = |a| {
            let t = p.touch(a);
            (t.address, t.first)
        };
        assert_eq!(touch(0x7000_1234), (0x234, true));
        assert_eq!(touch(0x1_0008), (0x1008, true));
        // 256 pages on: in the same slot of what was touched last.
        assert_eq!(touch(0x11_0000), (0x2000, true));
        assert_eq!(touch(0x1_0010), (0x1010, false));
        assert_eq!(touch(0x7000_1fff), (0xfff, false));
    }
}
