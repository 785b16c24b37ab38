//! Exact LRU stack distances in memory proportional to the distinct lines.
//!
//! The stack distance of an access is how many distinct lines were touched since the last access
//! to the same line, that line included: 1 is a repeat of the last line. A hash table leads from
//! a line to the time slot of its last access, and a `Timeline` counts the live slots after it.
//! Dead slots are squeezed out when the slots run out, so that memory follows the lines and not
//! the accesses; the cost of that is spread over three accesses a line.

use super::timeline::Timeline;
use crate::bytes::{corrupt, list, put_list};
use crate::error::Result;

/// The distance of a line that was never accessed, or too long ago for the limit.
pub const NEVER: u32 = u32::MAX;

/// Largest limit of a [`StackDistance`], in lines: four slots a line must fit 32 bits.
pub const MAX_LIMIT: u32 = 1 << 29;

/// Slots of the smallest timeline: 8 KiB of bitmap.
const MIN_SLOTS: u32 = 1 << 16;
/// Slots per live line after squeezing.
const SLOTS_PER_LINE: u32 = 4;
/// Lines held beyond the limit and a quarter, so that a small limit does not squeeze all the time.
const SLACK: u32 = 256;
/// Marks a free entry of the table.
const FREE: u32 = u32::MAX;
/// Entries of the smallest table.
const MIN_TABLE: usize = 256;

#[derive(Debug, Clone, Copy)]
struct Entry {
    line: u64,
    slot: u32,
}

const FREE_ENTRY: Entry = Entry {
    line: 0,
    slot: FREE,
};

/// Exact LRU stack distances over `u64` keys (cache lines, usually).
///
/// Memory: 32 to 64 bytes per distinct line, at any number of accesses, and for no more lines
/// than the limit and a quarter. One thread at a time.
#[derive(Debug, Clone)]
pub struct StackDistance {
    table: Vec<Entry>,
    /// 64 - log2 of the table's length.
    shift: u32,
    timeline: Timeline,
    /// The line accessed last; only valid while the timeline has live slots.
    last: u64,
    limit: u32,
}

impl Default for StackDistance {
    fn default() -> Self {
        Self::new(MAX_LIMIT)
    }
}

impl StackDistance {
    /// An empty stack that reports distances up to `limit` lines (clamped to 1..=[`MAX_LIMIT`]);
    /// what lies deeper is [`NEVER`] and in time forgotten, which changes no distance within the
    /// limit.
    pub fn new(limit: u32) -> Self {
        Self {
            table: vec![FREE_ENTRY; MIN_TABLE],
            shift: 64 - MIN_TABLE.ilog2(),
            timeline: Timeline::new(0, MIN_SLOTS),
            last: 0,
            limit: limit.clamp(1, MAX_LIMIT),
        }
    }

    /// The distance in lines of an access to `line`, which becomes the most recent.
    #[inline(always)]
    pub fn access(&mut self, line: u64) -> u32 {
        if line == self.last && self.timeline.live() > 0 {
            return 1;
        }
        self.access_other(line)
    }

    /// The distance that an access to `line` would have; nothing changes.
    #[inline(always)]
    pub fn peek(&self, line: u64) -> u32 {
        let entry = self.table[self.find(line)];
        if entry.slot == FREE {
            return NEVER;
        }
        self.limited(self.timeline.live_after(entry.slot) + 1)
    }

    /// Distinct lines held.
    pub fn distinct(&self) -> u32 {
        self.timeline.live()
    }

    /// Forgets every line.
    pub fn reset(&mut self) {
        *self = Self::new(self.limit);
    }

    #[inline(always)]
    fn access_other(&mut self, line: u64) -> u32 {
        if self.timeline.is_full() {
            self.squeeze();
        }
        self.last = line;
        let at = self.find(line);
        let entry = &mut self.table[at];
        if entry.slot != FREE {
            let distance = self.timeline.live_after(entry.slot) + 1;
            entry.slot = self.timeline.replace(entry.slot);
            return self.limited(distance);
        }
        self.table[at] = Entry {
            line,
            slot: self.timeline.push(),
        };
        if self.timeline.live() > self.limit + self.limit / 4 + SLACK {
            self.squeeze();
        } else if self.timeline.live() as usize * 2 > self.table.len() {
            self.rebuild(self.table.len() * 2, 0, 0);
        }
        NEVER
    }

    #[inline(always)]
    fn limited(&self, distance: u32) -> u32 {
        if distance <= self.limit {
            distance
        } else {
            NEVER
        }
    }

    /// Index of `line`'s entry, or of the free entry where it belongs.
    #[inline(always)]
    fn find(&self, line: u64) -> usize {
        // Folding both halves of a full product keeps strided lines apart.
        let product = u128::from(line ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        let hash = (product as u64) ^ ((product >> 64) as u64);
        let mask = self.table.len() - 1;
        let mut at = (hash >> self.shift) as usize & mask;
        loop {
            let entry = self.table[at & mask];
            if entry.slot == FREE || entry.line == line {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    /// Renumbers the live slots from 0 and forgets what lies below the limit.
    #[cold]
    #[inline(never)]
    fn squeeze(&mut self) {
        for entry in self.table.iter_mut().filter(|e| e.slot != FREE) {
            entry.slot = self.timeline.rank(entry.slot);
        }
        let live = self.timeline.live().min(self.limit);
        let forgotten = self.timeline.live() - live;
        if forgotten > 0 {
            let len = (live as usize * 2).next_power_of_two().max(MIN_TABLE);
            self.rebuild(len, forgotten, forgotten);
        }
        self.timeline = Self::timeline_for(live);
    }

    fn timeline_for(live: u32) -> Timeline {
        Timeline::new(live, live.saturating_mul(SLOTS_PER_LINE).max(MIN_SLOTS))
    }

    /// Moves the entries with slots from `first` on to a table of `len`, their slots less `less`.
    #[cold]
    #[inline(never)]
    fn rebuild(&mut self, len: usize, first: u32, less: u32) {
        let old = std::mem::replace(&mut self.table, vec![FREE_ENTRY; len]);
        self.shift = 64 - len.ilog2();
        for entry in old {
            if entry.slot != FREE && entry.slot >= first {
                let at = self.find(entry.line);
                self.table[at] = Entry {
                    line: entry.line,
                    slot: entry.slot - less,
                };
            }
        }
    }

    /// Appends the lines, least recent first: 8 bytes each after their count.
    pub fn save(&self, out: &mut Vec<u8>) {
        let live = self.timeline.live();
        let skip = live - live.min(self.limit);
        let mut lines = vec![0u64; (live - skip) as usize];
        for entry in self.table.iter().filter(|e| e.slot != FREE) {
            if let Some(i) = self.timeline.rank(entry.slot).checked_sub(skip) {
                lines[i as usize] = entry.line;
            }
        }
        put_list(out, &lines);
    }

    /// Takes a saved state from the front of `bytes`; distances then go on as if never saved.
    /// On an error (kind `Corrupt`) the stack is as before.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let mut rest = *bytes;
        let lines: Vec<u64> = list(&mut rest, "the lines of a stack distance")?;
        let live = match u32::try_from(lines.len()) {
            Ok(n) if n <= self.limit => n,
            _ => return Err(corrupt("more lines than the stack distance's limit")),
        };
        let len = (live as usize * 2).next_power_of_two().max(MIN_TABLE);
        let mut fresh = Self {
            table: vec![FREE_ENTRY; len],
            shift: 64 - len.ilog2(),
            timeline: Self::timeline_for(live),
            last: 0,
            limit: self.limit,
        };
        for (slot, line) in (0..).zip(lines) {
            let at = fresh.find(line);
            if fresh.table[at].slot != FREE {
                return Err(corrupt("a line is twice in a stack distance"));
            }
            fresh.table[at] = Entry { line, slot };
            fresh.last = line;
        }
        *self = fresh;
        *bytes = rest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_the_lines_and_not_the_accesses() {
        let mut s = StackDistance::default();
        for i in 0..5_000_000u64 {
            s.access(i * 7 % 1000);
        }
        assert_eq!(s.distinct(), 1000);
        assert_eq!(s.table.len(), 2048);
        assert_eq!(s.timeline.capacity(), MIN_SLOTS);
    }
}
