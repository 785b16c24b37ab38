//! Virtual pages in the order in which they are touched: the physical pages of a simulator that
//! hands them out one after another.

use std::collections::HashMap;

const PAGE_BITS: u32 = 12;
const RECENT: usize = 256;

/// A page table that fills itself.
pub struct Pages {
    frames: HashMap<u64, u64>,
    recent: Vec<(u64, u64)>,
    /// The first page that was touched above [`IMAGE`]: where the arguments lie.
    arguments: Option<u64>,
}

/// Programs that are not position-independent, and what they hold, lie below.
const IMAGE: u64 = 1 << 32;

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
            arguments: None,
        }
    }

    /// Whether the page of `address` is mapped when it is touched, and not when the program is
    /// loaded: the image is mapped as a whole, and so are the pages of the arguments. To be asked
    /// of each page that is touched for the first time, in order.
    pub fn is_mapped_late(&mut self, address: u64) -> bool {
        let page = address >> PAGE_BITS;
        let arguments = *self.arguments.get_or_insert(match address < IMAGE {
            true => return false,
            false => page,
        });
        address >= IMAGE && page.abs_diff(arguments) > 1
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
    fn the_image_and_the_arguments_are_mapped_before_they_are_touched() {
        let mut p = Pages::new();
        let stack = 0x7fff_ffff_ffff_ff20;
        let late = [
            0x1_0000,
            stack,
            stack - 0x1000,
            0x7_2000,
            1 << 62,
            (1 << 62) + 0x1000,
            stack - 0x2000,
        ]
        .map(|address| p.is_mapped_late(address));
        assert_eq!(late, [false, false, false, false, true, true, true]);
    }

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
