//! Strides by instruction (Fu, Patel and Janssens, Stride directed prefetching in scalar
//! processors, 1992; gem5 `StridePrefetcher`, `mem/cache/prefetch/stride.cc`).
//!
//! It sees only misses and hits on prefetched lines, so that a small stride looks like
//! one line or more.

use super::Requestor;
use crate::twin::predictors::Random;

const SETS: usize = 16;
const WAYS: usize = 4;
const MAX_CONFIDENCE: u8 = 7;
const FIRST_CONFIDENCE: u8 = 4;
/// Half of the greatest is 3.5.
const SURE: u8 = 4;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    pc: u64,
    last: u64,
    stride: i32,
    confidence: u8,
}

/// The table of strides by instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Stride {
    degree: u32,
    /// A table for each requestor.
    tables: [[[Option<Entry>; WAYS]; SETS]; Requestor::COUNT],
    random: Random,
}

impl Stride {
    /// One of `degree` strides.
    pub fn new(degree: u32) -> Self {
        Self {
            degree,
            tables: [[[None; WAYS]; SETS]; Requestor::COUNT],
            random: Random::new(),
        }
    }

    pub(super) fn access(
        &mut self,
        pc: u64,
        address: u64,
        requestor: Requestor,
        candidate: &mut impl FnMut(u64),
    ) {
        let word = pc >> 1;
        let set = (word ^ word >> SETS.ilog2()) as usize % SETS;
        let set = &mut self.tables[requestor as usize][set];
        let Some(entry) = set.iter_mut().flatten().find(|e| e.pc == pc) else {
            let free = set.iter().position(Option::is_none);
            let way = free.unwrap_or_else(|| self.random.next() as usize % WAYS);
            set[way] = Some(Entry {
                pc,
                last: address,
                stride: 0,
                confidence: FIRST_CONFIDENCE,
            });
            return;
        };
        let stride = address.wrapping_sub(entry.last) as i32;
        if stride == entry.stride && stride != 0 {
            entry.confidence += u8::from(entry.confidence < MAX_CONFIDENCE);
        } else {
            entry.confidence = entry.confidence.saturating_sub(1);
            if entry.confidence < SURE {
                entry.stride = stride;
            }
        }
        entry.last = address;
        if entry.confidence < SURE {
            return;
        }
        // It goes on with the stride just seen, also where it has learnt another.
        let stride = match stride {
            -63..=-1 => -64,
            0..=63 => 64,
            far => i64::from(far),
        };
        let mut ahead = address;
        for _ in 0..self.degree {
            ahead = ahead.wrapping_add_signed(stride);
            candidate(ahead);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(p: &mut Stride, pc: u64, address: u64) -> Vec<u64> {
        let mut out = Vec::new();
        p.access(pc, address, Requestor::Data, &mut |a| out.push(a));
        out
    }

    #[test]
    fn a_stride_seen_twice_is_followed() {
        let mut p = Stride::new(2);
        assert!(access(&mut p, 0x40, 0x1000).is_empty());
        assert!(
            access(&mut p, 0x40, 0x1080).is_empty(),
            "the first stride is learnt"
        );
        assert_eq!(access(&mut p, 0x40, 0x1100), [0x1180, 0x1200]);
        assert_eq!(access(&mut p, 0x40, 0x1180), [0x1200, 0x1280]);
        // Confidence is 5: one other stride is followed at once, and forgotten.
        assert_eq!(access(&mut p, 0x40, 0x1170), [0x1130, 0x10f0]);
        assert!(access(&mut p, 0x40, 0x1000).is_empty());
    }

    #[test]
    fn short_strides_are_a_line() {
        let mut p = Stride::new(1);
        for address in [0x1000, 0x1008] {
            access(&mut p, 0x40, address);
        }
        assert_eq!(access(&mut p, 0x40, 0x1010), [0x1050]);
        let mut p = Stride::new(1);
        for address in [0x1010, 0x1008] {
            access(&mut p, 0x40, address);
        }
        assert_eq!(access(&mut p, 0x40, 0x1000), [0x0fc0]);
    }

    #[test]
    fn requestors_and_instructions_are_apart() {
        let mut p = Stride::new(1);
        for address in [0x1000, 0x1040, 0x1080] {
            p.access(0x40, address, Requestor::Prefetcher, &mut |_| {});
        }
        assert!(access(&mut p, 0x40, 0x10c0).is_empty());
        assert!(access(&mut p, 0x42, 0x1100).is_empty());
        // Five instructions in one set: one of them is forgotten.
        let mut p = Stride::new(1);
        for pc in (0..5).map(|i| 0x40 + i * 0x200) {
            access(&mut p, pc, 0x1000);
        }
        let held = p.tables[0].iter().flatten().flatten().count();
        assert_eq!(held, 4, "{:?}", p.tables[0]);
    }
}
