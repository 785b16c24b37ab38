//! The queue between a prefetcher and its cache (gem5 `mem/cache/prefetch/queued.cc`): no line
//! twice, none that is requested in the meantime, and where it is full the oldest is lost.

use super::LINE;
use std::collections::VecDeque;

const ENTRIES: usize = 32;
const LATENCY: u64 = 1;

/// A line that a prefetcher requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Its address.
    pub address: u64,
    /// The instruction whose access caused it: lower levels see the prefetch as one of its
    /// (`tag_prefetch`).
    pub pc: u64,
}

/// Prefetches that wait for the cache, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// Lines, and when they may be fetched.
    lines: VecDeque<(Wanted, u64)>,
}

impl Queue {
    /// Nothing waits.
    pub fn new() -> Self {
        Self {
            lines: VecDeque::with_capacity(ENTRIES),
        }
    }

    /// Nothing waits any more.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// An access that the prefetcher sees: its line need not be fetched any more. Precedes
    /// what the prefetcher makes of it.
    pub fn accessed(&mut self, address: u64) {
        let line = address & !(LINE - 1);
        self.lines.retain(|l| l.0.address != line);
    }

    /// A prefetcher requests the line at `address` at cycle `now`, for an access of `pc`.
    pub fn push(&mut self, address: u64, pc: u64, now: u64) {
        if self.lines.iter().any(|l| l.0.address == address) {
            return;
        }
        if self.lines.len() == ENTRIES {
            self.lines.pop_front();
        }
        self.lines
            .push_back((Wanted { address, pc }, now + LATENCY));
    }

    /// When the next line may be fetched.
    pub fn ready(&self) -> Option<u64> {
        self.lines.front().map(|l| l.1)
    }

    /// The next line, if it may be fetched at cycle `now`. The cache drops it where it has the line,
    /// or has requested it; each costs a turn.
    pub fn pop(&mut self, now: u64) -> Option<Wanted> {
        self.ready().filter(|&ready| ready <= now)?;
        self.lines.pop_front().map(|l| l.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_leave_in_turn_once_each_and_not_at_once() {
        let mut queue = Queue::new();
        for line in [0x1000, 0x1040, 0x1000, 0x1080] {
            queue.push(line, 0x40, 5);
        }
        assert_eq!((queue.pop(5), queue.ready()), (None, Some(6)));
        queue.accessed(0x1044);
        let mut pop = || queue.pop(6).map(|w| (w.address, w.pc));
        assert_eq!(
            [pop(), pop(), pop()],
            [Some((0x1000, 0x40)), Some((0x1080, 0x40)), None]
        );
    }

    #[test]
    fn the_oldest_is_lost_where_it_is_full() {
        let mut queue = Queue::new();
        (0..33).for_each(|i| queue.push(i * LINE, 0, 0));
        assert_eq!(queue.pop(9).map(|w| w.address), Some(LINE));
    }
}
