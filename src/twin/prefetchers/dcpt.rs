//! Delta-correlating prediction tables (Grannaes, Jahre and Natvig, Multi-level hardware
//! prefetching using low complexity delta correlating prediction tables with partial matching,
//! 2010; gem5 `DCPTPrefetcher`, `mem/cache/prefetch/delta_correlating_prediction_tables.cc`).
//!
//! For each instruction the last twenty distances are kept. Where the last two were seen before,
//! what followed then is fetched. gem5 compares distances without their lowest eight bits.

use std::collections::VecDeque;

const ENTRIES: usize = 128;
const DELTAS: usize = 20;
const MASKED: u32 = 8;
/// A greater distance is not kept.
const REACH: i64 = 1 << 11;

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    pc: u64,
    last: u64,
    /// The oldest first.
    deltas: [i32; DELTAS],
}

/// The prefetcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Dcpt {
    /// The oldest first: one that is used again stays as old as it is.
    entries: VecDeque<Entry>,
}

impl Dcpt {
    /// One that has seen nothing.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            entries: VecDeque::with_capacity(ENTRIES),
        }
    }

    pub(super) fn access(&mut self, pc: u64, address: u64, candidate: &mut impl FnMut(u64)) {
        let Some(entry) = self.entries.iter_mut().find(|e| e.pc == pc) else {
            if self.entries.len() == ENTRIES {
                self.entries.pop_front();
            }
            self.entries.push_back(Entry {
                pc,
                last: address,
                deltas: [0; DELTAS],
            });
            return;
        };
        let delta = address.wrapping_sub(entry.last) as i64;
        if delta != 0 {
            entry.deltas.rotate_left(1);
            let near = (-REACH..REACH).contains(&delta);
            entry.deltas[DELTAS - 1] = if near { delta as i32 } else { 0 };
            entry.last = address;
        }
        let [.., second, last] = entry.deltas;
        if last == 0 || second == 0 {
            return;
        }
        let like = |a: i32, b: i32| a >> MASKED == b >> MASKED;
        let seen = entry.deltas[..DELTAS - 1]
            .windows(2)
            .position(|pair| like(pair[0], second) && like(pair[1], last));
        if let Some(seen) = seen {
            let mut ahead = address;
            for &delta in &entry.deltas[seen + 2..] {
                ahead = ahead.wrapping_add_signed(delta.into());
                candidate(ahead);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(p: &mut Dcpt, pc: u64, address: u64) -> Vec<u64> {
        let mut out = Vec::new();
        p.access(pc, address, &mut |a| out.push(a));
        out
    }

    #[test]
    fn what_followed_two_distances_is_fetched() {
        let mut p = Dcpt::new();
        let mut address = 0x10_0000;
        let mut last = access(&mut p, 0x40, address);
        for step in [512, 1024, -768, 512, 1024] {
            address = address.wrapping_add_signed(step);
            last = access(&mut p, 0x40, address);
        }
        // After 512 and 1024 came -768, then again 512 and 1024.
        let expected: Vec<u64> = [-768, -256, 768]
            .iter()
            .map(|&ahead| address.wrapping_add_signed(ahead))
            .collect();
        assert_eq!(last, expected);
    }

    #[test]
    fn short_distances_are_like_none() {
        let mut p = Dcpt::new();
        for address in [0x1000, 0x1040] {
            assert!(access(&mut p, 0x40, address).is_empty());
        }
        // The distances before the first count as zero, and 64 is like that.
        let out = access(&mut p, 0x40, 0x1080);
        assert_eq!(out.len(), 18);
        assert_eq!((out[0], out[16], out[17]), (0x1080, 0x10c0, 0x1100));
    }

    #[test]
    fn the_oldest_instruction_makes_room() {
        let mut p = Dcpt::new();
        for pc in 0..129 {
            access(&mut p, pc, 0x1000);
        }
        assert_eq!(p.entries.len(), 128);
        assert!(p.entries.iter().all(|e| e.pc != 0));
    }
}
