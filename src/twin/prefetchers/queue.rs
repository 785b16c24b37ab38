//! The queue between a prefetcher and its cache (gem5 `mem/cache/prefetch/queued.cc`): no line
//! twice, none that is asked for in the meantime, and where it is full the oldest is lost.

use super::LINE;
use std::collections::VecDeque;

const ENTRIES: usize = 32;
const LATENCY: u64 = 1;

/// Whether a cache with `busy` of its `mshrs` taken may fetch a line that nobody asked for yet: one
/// is kept for demands, and gem5 leaves one more. A cache of one or two never does.
pub fn may_fetch(mshrs: usize, busy: usize) -> bool {
    busy + 2 < mshrs
}

/// The queue.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// Lines, and when they may be fetched.
    lines: VecDeque<(u64, u64)>,
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

    /// An access that the prefetcher is told of: its line need not be fetched any more. Precedes
    /// what the prefetcher makes of it.
    pub fn accessed(&mut self, address: u64) {
        let line = address & !(LINE - 1);
        self.lines.retain(|l| l.0 != line);
    }

    /// A prefetcher asks for a line at cycle `now`.
    pub fn push(&mut self, line: u64, now: u64) {
        if self.lines.iter().any(|l| l.0 == line) {
            return;
        }
        if self.lines.len() == ENTRIES {
            self.lines.pop_front();
        }
        self.lines.push_back((line, now + LATENCY));
    }

    /// When the next line may be fetched.
    pub fn ready(&self) -> Option<u64> {
        self.lines.front().map(|l| l.1)
    }

    /// The next line, if it may be fetched at cycle `now`. The cache drops it where it has the line,
    /// or has asked for it; each costs a turn.
    pub fn pop(&mut self, now: u64) -> Option<u64> {
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
            queue.push(line, 5);
        }
        assert_eq!((queue.pop(5), queue.ready()), (None, Some(6)));
        queue.accessed(0x1044);
        assert_eq!(
            [queue.pop(6), queue.pop(6), queue.pop(6)],
            [Some(0x1000), Some(0x1080), None]
        );
    }

    #[test]
    fn two_mshrs_stay_free() {
        assert!(!may_fetch(1, 0) && !may_fetch(2, 0) && may_fetch(3, 0));
        assert!(may_fetch(8, 5) && !may_fetch(8, 6));
    }

    #[test]
    fn the_oldest_is_lost_where_it_is_full() {
        let mut queue = Queue::new();
        (0..33).for_each(|i| queue.push(i * LINE, 0));
        assert_eq!(queue.pop(9), Some(LINE));
    }
}
