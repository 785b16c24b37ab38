//! Virtual pages in the order in which they are touched: the physical pages of a simulator that
//! hands them out one after another.
//!
//! The program's image (its code, followed by its data) is mapped from the start, in one piece;
//! what lies beyond is heap, whose pages trap at the first access. Only a host that knows the
//! program's file can say where the image ends ([`Pages::set_image_end`]); else some pages after the
//! last code count as its data.

use super::prepared::Prepared;
use crate::inst::Resolved;
use std::collections::HashMap;

const PAGE_BITS: u32 = 12;
/// Bytes of a page.
pub const PAGE: u64 = 1 << PAGE_BITS;
const PAGE_MASK: u64 = PAGE - 1;
const RECENT: usize = 256;
/// Pages after the code that count as the image's data.
const IMAGE_DATA: u64 = 64;
/// Images begin at a multiple of this many pages.
const IMAGE_ALIGN: u64 = 16;
/// Where the pages after an image of unknown size begin.
const BEHIND: u64 = 1 << 14;
/// Page beyond which stacks and mappings lie.
const STACK: u64 = (1 << 32) >> PAGE_BITS;
/// No code was fetched yet.
const NONE: u64 = u64::MAX;

/// The lines that a wrong path at `address` fetches before it is found to be wrong, unless one
/// misses: its own and the next one, if that is in the same page.
pub fn wrong_lines(address: u64) -> impl Iterator<Item = u64> {
    let next = (address | 63) + 1;
    [Some(address), (!next.is_multiple_of(PAGE)).then_some(next)]
        .into_iter()
        .flatten()
}

/// A page table that is filled on first access.
pub struct Pages {
    frames: HashMap<u64, u64>,
    recent: Vec<(u64, u64)>,
    /// The image's first page, and the last one with code.
    image: (u64, u64),
    /// The first page that was touched above [`STACK`]: where the arguments lie.
    arguments: Option<u64>,
    /// The image's last page, where it is known.
    image_last: Option<u64>,
    /// Pages outside the image.
    others: u64,
    /// Where the last retirement lies.
    last: Place,
    /// Transfers that were taken, by id.
    taken: Vec<bool>,
}

/// Where an address lies.
struct Physical {
    /// Physical address.
    address: u64,
    /// Whether this is the first access to a page outside the image.
    first: bool,
}

/// Where the code and the data of a retirement lie. It depends on the stream alone, so that all
/// cores share it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// Physical address of its data, where it accesses memory.
    pub data: u64,
    /// Whether it is the first to access its data's page, outside the image.
    pub first: bool,
    /// Where it is a transfer that is taken for the first time, so that no target is known: the code
    /// behind it, which cores fetch first.
    pub behind: Option<u64>,
    /// Page of its first byte, and the physical addresses of that page and of that of its last one.
    page: u64,
    frames: [u64; 2],
}

impl Place {
    /// The physical address of `address`, between its first byte's page and its last one's.
    #[inline(always)]
    pub fn code(&self, address: u64) -> u64 {
        let next = address >> PAGE_BITS != self.page;
        self.frames[usize::from(next)] | address & PAGE_MASK
    }

    /// The physical address of other code, where that is in one piece with this.
    pub fn code_elsewhere(&self, address: u64) -> u64 {
        let pages = (address >> PAGE_BITS).wrapping_sub(self.page);
        let frame = self.frames[0].wrapping_add(pages << PAGE_BITS);
        frame | address & PAGE_MASK
    }
}

impl Pages {
    /// No page has been touched.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            frames: HashMap::new(),
            recent: vec![(u64::MAX, 0); RECENT],
            image: (NONE, 0),
            arguments: None,
            image_last: None,
            others: 0,
            last: Place {
                page: NONE,
                ..Place::default()
            },
            taken: Vec::new(),
        }
    }

    /// The image ends at address `end`.
    pub fn set_image_end(&mut self, end: u64) {
        self.image_last = Some(end.saturating_sub(1) >> PAGE_BITS);
    }

    /// Where the next retirement, of `i`, lies.
    #[inline(always)]
    pub fn place(&mut self, i: &Prepared, r: &Resolved) -> Place {
        let end = (i.pc + u64::from(i.size) - 1) >> PAGE_BITS;
        if i.pc >> PAGE_BITS != self.last.page || end != self.last.page {
            self.code_pages(i.pc >> PAGE_BITS, end);
        }
        let mut place = self.last;
        if i.load || i.store {
            let data = self.touch(r.address);
            (place.data, place.first) = (data.address, data.first);
        }
        if i.transfers && r.taken && !self.taken.get(r.inst as usize).is_some_and(|t| *t) {
            place.behind = self.behind(i, r);
        }
        place
    }

    /// The code behind `i`, which is taken for the first time; none where its page ends.
    #[cold]
    fn behind(&mut self, i: &Prepared, r: &Resolved) -> Option<u64> {
        let id = r.inst as usize;
        if self.taken.len() <= id {
            self.taken.resize(2 * id + 1, false);
        }
        self.taken[id] = true;
        let next = i.pc + u64::from(i.size);
        (next & PAGE_MASK != 0).then(|| self.last.code(next))
    }

    /// Code comes to a page, and ends in the next one or in the same.
    #[cold]
    fn code_pages(&mut self, page: u64, end: u64) {
        self.last.page = page;
        self.last.frames = [page, end].map(|page| self.code(page << PAGE_BITS));
    }

    /// The physical address of the code at `address`.
    #[inline]
    fn code(&mut self, address: u64) -> u64 {
        let page = address >> PAGE_BITS;
        if self.image.0 == NONE {
            self.image = (page / IMAGE_ALIGN * IMAGE_ALIGN, page);
        } else if page > self.image.1 && page - self.image.1 <= IMAGE_DATA {
            self.image.1 = page;
        }
        self.touch(address).address
    }

    /// The physical address of `address`.
    #[inline(always)]
    fn touch(&mut self, address: u64) -> Physical {
        let page = address >> PAGE_BITS;
        let recent = self.recent[page as usize % RECENT];
        let (frame, first) = if recent.0 == page {
            (recent.1, false)
        } else {
            self.look_up(page)
        };
        Physical {
            address: frame << PAGE_BITS | address & PAGE_MASK,
            first,
        }
    }

    /// The place of a page that was not accessed recently, and whether it never was, and so traps.
    #[cold]
    fn look_up(&mut self, page: u64) -> (u64, bool) {
        let mut first = false;
        let (base, last) = self.image;
        let end = self.image_last.filter(|end| *end >= base);
        let behind = end.map_or(BEHIND, |end| end - base + 1);
        let next = behind + self.others;
        let in_image = page >= base && page <= end.unwrap_or(last + IMAGE_DATA);
        // The pages of the arguments are there from the start, too.
        let near = page > STACK && page.abs_diff(*self.arguments.get_or_insert(page)) <= 1;
        let frame = *self.frames.entry(page).or_insert_with(|| {
            first = !in_image && !near;
            if in_image {
                page - base
            } else {
                self.others += 1;
                next
            }
        });
        self.recent[page as usize % RECENT] = (page, frame);
        (frame, first)
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
            (t.address - (BEHIND << PAGE_BITS), t.first)
        };
        assert_eq!(touch(0x7000_1234), (0x234, true));
        assert_eq!(touch(0x1_0008), (0x1008, true));
        // 256 pages on: in the same slot of what was touched last.
        assert_eq!(touch(0x11_0000), (0x2000, true));
        assert_eq!(touch(0x1_0010), (0x1010, false));
        assert_eq!(touch(0x7000_1fff), (0xfff, false));
    }

    #[test]
    fn the_pages_of_the_arguments_are_there_from_the_start() {
        let mut p = Pages::new();
        let stack = 0x7fff_ffff_ffff_ff20;
        let first = [stack, stack - 0x1000, 1 << 62, stack - 0x2000].map(|a| p.touch(a).first);
        assert_eq!(first, [false, false, true, true]);
    }

    #[test]
    fn an_image_is_there_from_the_start_in_one_piece() {
        let mut p = Pages::new();
        assert_eq!(p.code(0x1_2345), 0x2345);
        let data = p.touch(0x2_0008);
        assert_eq!((data.address, data.first), (0x1_0008, false));
        let heap = p.touch((0x12 + IMAGE_DATA + 1) << PAGE_BITS);
        assert!(heap.first);
        // More code moves the end of the image.
        assert_eq!(p.code(0x2_1000), 0x1_1000);
        let data = p.touch((0x21 + IMAGE_DATA) << PAGE_BITS);
        assert!(!data.first);
    }

    #[test]
    fn a_known_image_ends_where_it_was_said_and_heap_lies_behind_it() {
        let mut p = Pages::new();
        p.set_image_end(0x40_0800);
        assert_eq!(p.code(0x1_2345), 0x2345);
        let zeros = p.touch(0x40_0010);
        assert_eq!((zeros.address, zeros.first), (0x3f_0010, false));
        let heap = p.touch(0x40_1010);
        assert_eq!((heap.address, heap.first), (0x3f_1010, true));
        let next = p.touch(0x50_0000);
        assert_eq!((next.address, next.first), (0x3f_2000, true));
    }
}
