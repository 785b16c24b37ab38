//! Where a RISC-V instruction accesses memory, for formats that give register values and no addresses.

use super::Width;

/// The register that the address of an access is relative to, and the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    pub base: u16,
    pub offset: i64,
}

/// The access of an encoding; `None` where it accesses no memory. Of a vector access, the first
/// element's.
pub fn access(width: Width, bits: u64) -> Option<Access> {
    match bits & 3 {
        3 => word(bits as u32),
        _ => half(width, bits as u32 & 0xffff),
    }
}

fn word(w: u32) -> Option<Access> {
    let base = (w >> 15 & 31) as u16;
    let vector = matches!(w >> 12 & 7, 0 | 5..=7);
    let signed = w as i32;
    let offset = match w >> 2 & 31 {
        0x01 | 0x09 if vector => 0,
        0x00 | 0x01 => signed >> 20,
        0x08 | 0x09 => signed >> 25 << 5 | (w >> 7 & 31) as i32,
        0x0b => 0,
        _ => return None,
    };
    Some(Access {
        base,
        offset: i64::from(offset),
    })
}

fn half(width: Width, c: u32) -> Option<Access> {
    // Of the compressed forms: bits of the word offset, and of the doubleword offset.
    let (word, double) = match c & 3 {
        0 => (
            (c >> 5 & 1) << 6 | (c >> 10 & 7) << 3 | (c >> 6 & 1) << 2,
            (c >> 5 & 3) << 6 | (c >> 10 & 7) << 3,
        ),
        // Loads relative to the stack pointer, then stores.
        2 if c >> 15 == 0 => (
            (c >> 2 & 3) << 6 | (c >> 12 & 1) << 5 | (c >> 4 & 7) << 2,
            (c >> 2 & 7) << 6 | (c >> 12 & 1) << 5 | (c >> 5 & 3) << 3,
        ),
        2 => (
            (c >> 7 & 3) << 6 | (c >> 9 & 15) << 2,
            (c >> 7 & 7) << 6 | (c >> 10 & 7) << 3,
        ),
        _ => return None,
    };
    let offset = match (c >> 13 & 3, width) {
        (1, _) | (3, Width::W64) => double,
        (2, _) | (3, Width::W32) => word,
        _ => return None,
    };
    let base = match c & 3 {
        0 => 8 + (c >> 7 & 7),
        _ => 2,
    };
    Some(Access {
        base: base as u16,
        offset: i64::from(offset),
    })
}
