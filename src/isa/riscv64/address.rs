//! Where a memory access goes: the base register and offset of an encoding.

use super::{compressed, major, Word};
use crate::inst::{Reg, RegClass};
use crate::isa::Address;

/// The base and offset of an encoding; see [`crate::isa::Isa::address`].
pub fn address(encoding: &[u8]) -> Option<Address> {
    let (word, offset) = match *encoding {
        [b0, b1, ..] if b0 & 3 != 3 => {
            let half = u32::from(u16::from_le_bytes([b0, b1]));
            (compressed::expand(half)?, compressed::offset(half))
        }
        [b0, b1, b2, b3, ..] => {
            let word = Word(u32::from_le_bytes([b0, b1, b2, b3]));
            (word, offset(word))
        }
        _ => return None,
    };
    Some(Address {
        base: Reg {
            class: RegClass::Int,
            index: word.rs1(),
        },
        offset: offset?,
    })
}

/// Of an encoding of 32 bits; `None` where the address is not base plus offset.
fn offset(w: Word) -> Option<i32> {
    let vector = !matches!(w.funct3(), 1..=4);
    match w.major() {
        // Of vector accesses, unit-stride and strided ones begin at the base; indexed ones do not.
        major::LOAD_FP | major::STORE_FP if vector => (w.0 >> 26 & 1 == 0).then_some(0),
        major::LOAD | major::LOAD_FP => Some(w.0 as i32 >> 20),
        major::STORE | major::STORE_FP => Some((w.0 as i32 >> 25) << 5 | i32::from(w.rd())),
        major::AMO => Some(0),
        _ => None,
    }
}
