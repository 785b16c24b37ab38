//! The best offset (Michaud, Best-offset hardware prefetching, 2016; gem5 `BOPPrefetcher`,
//! `mem/cache/prefetch/bop.cc`).
//!
//! gem5 24.0 intends to reduce addresses to lines, but shifts by the size of a line instead of its
//! logarithm. Shifting 64 bits by 64 changes nothing on x86, so the tried offsets are in bytes,
//! within a page. [`Unit::Byte`] does the same; with lines it is the published prefetcher.

use std::collections::VecDeque;

const RECENT: usize = 64;
const TAG: u64 = (1 << 12) - 1;
const OFFSETS: usize = 46;
const MAX_SCORE: u8 = 31;
const MAX_ROUNDS: u32 = 100;
const BAD_SCORE: u8 = 10;
const DELAYED: usize = 15;
const DELAY: u64 = 60;

/// What offsets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes, as in gem5 24.0 on x86.
    Byte,
    /// Lines, as published.
    Line,
}

/// The offsets' scores and the table of recent requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Bop {
    unit: Unit,
    offsets: Vec<i64>,
    scores: [u8; OFFSETS],
    /// The offset that is tried next.
    at: usize,
    rounds: u32,
    best: i64,
    /// Of this phase.
    best_so_far: i64,
    best_score: u8,
    issues: bool,
    /// Accesses of a while ago, and fills.
    recent: [[u64; RECENT]; 2],
    /// Accesses, and when they become recent.
    delayed: VecDeque<(u64, u64)>,
}

impl Bop {
    /// One that has seen nothing.
    pub fn new(unit: Unit) -> Self {
        let has_no_other_factor = |mut n: i64| {
            for factor in [2, 3, 5] {
                while n % factor == 0 {
                    n /= factor;
                }
            }
            n == 1
        };
        Self {
            unit,
            offsets: (1..)
                .filter(|&n| has_no_other_factor(n))
                .flat_map(|n| [n, -n])
                .take(OFFSETS)
                .collect(),
            scores: [0; OFFSETS],
            at: 0,
            rounds: 0,
            best: 1,
            best_so_far: 0,
            best_score: 0,
            issues: false,
            recent: [[0; RECENT]; 2],
            delayed: VecDeque::with_capacity(DELAYED),
        }
    }

    fn tag(&self, address: u64) -> u64 {
        match self.unit {
            Unit::Byte => address & TAG,
            Unit::Line => address >> 6 & TAG,
        }
    }

    fn enter(&mut self, tag: u64, bank: usize) {
        let hash = tag >> bank;
        self.recent[bank][(hash ^ hash >> RECENT.ilog2()) as usize % RECENT] = tag;
    }

    pub(super) fn access(&mut self, address: u64, now: u64, candidate: &mut impl FnMut(u64)) {
        while let Some(&(tag, _)) = self.delayed.front().filter(|d| d.1 <= now) {
            self.enter(tag, 0);
            self.delayed.pop_front();
        }
        let tag = self.tag(address);
        if self.delayed.len() < DELAYED {
            self.delayed.push_back((tag, now + DELAY));
        }
        self.learn(tag);
        if self.issues {
            candidate(address.wrapping_add_signed(self.best << 6));
        }
    }

    /// Its clock goes on from a time `age` later.
    pub(super) fn later(&mut self, age: u64) {
        for (_, when) in &mut self.delayed {
            *when = when.wrapping_add(age);
        }
    }

    /// A prefetch came back.
    pub(super) fn filled(&mut self, address: u64) {
        if self.issues {
            let tag = self.tag(address).wrapping_add_signed(-self.best);
            self.enter(tag, 1);
        }
    }

    fn learn(&mut self, tag: u64) {
        let before = tag.wrapping_add_signed(-self.offsets[self.at]);
        if self.recent.iter().flatten().any(|&t| t == before) {
            self.scores[self.at] += 1;
            if self.scores[self.at] > self.best_score {
                (self.best_score, self.best_so_far) = (self.scores[self.at], self.offsets[self.at]);
            }
        }
        self.at += 1;
        if self.at < OFFSETS {
            return;
        }
        self.at = 0;
        self.rounds += 1;
        if self.best_score >= MAX_SCORE || self.rounds == MAX_ROUNDS {
            self.best = self.best_so_far;
            (self.rounds, self.best_score, self.best_so_far) = (0, 0, 0);
            self.scores = [0; OFFSETS];
            self.issues = true;
        } else if self.best_score <= BAD_SCORE {
            self.issues = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(p: &mut Bop, step: u64, count: u64) -> Vec<i64> {
        let mut offsets = Vec::new();
        for i in 0..count {
            let address = 0x10_0000u64.wrapping_add(i.wrapping_mul(step));
            p.access(address, i * 20, &mut |a| {
                offsets.push(a.wrapping_sub(address) as i64)
            });
        }
        offsets
    }

    #[test]
    fn offsets_have_factors_of_two_three_and_five() {
        let p = Bop::new(Unit::Line);
        assert_eq!(
            p.offsets[..14],
            [1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 8, -8]
        );
        assert_eq!((p.offsets.len(), p.offsets[44]), (46, 48));
    }

    #[test]
    fn a_stream_of_lines_is_prefetched_by_an_offset_that_is_in_time() {
        let mut p = Bop::new(Unit::Line);
        let offsets = stream(&mut p, 64, 6000);
        assert!(!offsets.is_empty());
        // Accesses are recent 60 cycles later, three accesses on.
        assert!(
            offsets.iter().all(|o| o % 64 == 0 && *o >= 64 * 3),
            "{:?}",
            offsets[0]
        );
        let negative = stream(&mut Bop::new(Unit::Line), 64u64.wrapping_neg(), 6000);
        assert!(!negative.is_empty() && negative.iter().all(|o| *o <= -64 * 3));
    }

    #[test]
    fn as_in_gem5_lines_are_no_offset_of_bytes() {
        let offsets = stream(&mut Bop::new(Unit::Byte), 64, 4599);
        assert!(offsets.is_empty());
        // A phase without a score ends in offset 0, which is used for one more round.
        let offsets = stream(&mut Bop::new(Unit::Byte), 64, 20_000);
        assert!(!offsets.is_empty() && offsets.iter().all(|o| *o == 0));
    }
}
