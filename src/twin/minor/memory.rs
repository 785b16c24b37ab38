//! Loads and stores of an in-order core: its queues of requests and transfers, and its store buffer.

use super::super::pages::Place;
use super::super::parts::{At, Part};
use super::super::prepared::Prepared;
use super::InOrder;
use crate::inst::Resolved;

/// As many accesses as may wait at a time.
pub(super) const WAITING: usize = 8;

/// Stores that leave the store buffer per cycle (`executeLSQMaxStoreBufferStoresPerCycle`).
pub(super) const STORES_SENT: u32 = 2;

/// A store on its way from the store buffer to the cache.
#[derive(Clone, Copy, Default)]
pub(super) struct Buffered {
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) done: u64,
}

/// An access that waited for memory while nothing was before it.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    pub(super) from: u64,
    /// When it committed.
    pub(super) until: u64,
    /// Whether commit's width was taken then.
    pub(super) full: bool,
    pub(super) part: Part,
}

impl Default for Wait {
    fn default() -> Self {
        Self {
            from: 0,
            until: 0,
            full: false,
            part: Part::L1,
        }
    }
}

impl InOrder {
    /// A memory access that is at the end of its unit: when its answer can commit.
    pub(super) fn access(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        place: &Place,
        pipe: usize,
        ended: At,
    ) -> At {
        let mut at = ended;
        if self.p.early_memory_issue == 1 && !i.alone {
            // Not before what it depends on has committed.
            for s in i.src {
                let w = self.written[usize::from(s)];
                if w.at >= at.cycle() {
                    let from = w.at + u64::from(w.last);
                    at = at.max(At::new(from, Part::Dependence));
                }
            }
        } else {
            at = at.max(self.head.after(u64::from(self.commit.full())));
        }
        at = self.not_behind_waiting(at);
        let wait =
            |at: At, cycle: Option<u64>, part: Part| cycle.map_or(at, |c| at.max(At::new(c, part)));
        // A place in the queue of requests, which it has until it finds one in that of transfers.
        let requests = self.p.lsq_requests as usize;
        at = wait(at, self.requests.back(requests), Part::L1);
        self.pipes[pipe].leave(at.cycle());
        let behind = self.requests.back(1).unwrap_or(0);
        at = at.max(At::new(behind, Part::L1));
        let transfers = self.p.lsq_transfers as usize;
        if let Some(left) = self.transfers.back(transfers).filter(|c| *c > at.cycle()) {
            at = At::new(left + 1, Part::L1);
        }
        if i.store && !i.load {
            self.requests.push(at.cycle());
            return at;
        }
        // A store before it that has not left the queues; one that does so in this cycle does later,
        // but for one that is before the writer of an operand.
        let (stored, store) = self.store_pending;
        let waited = |s: &u8| {
            let w = self.written[usize::from(*s)];
            w.at == stored && w.number > store
        };
        if stored > at.cycle() || stored == at.cycle() && !i.src.iter().any(waited) {
            at = At::new(stored + 1, Part::Store);
        }
        let size = u64::from(i.access.max(1));
        let buffered = if self.stored <= at.cycle() {
            0
        } else {
            2 * self.p.store_buffer as usize
        };
        for back in 1..=buffered {
            let Some(s) = self.stores.back(back) else {
                break;
            };
            if s.done <= at.cycle() || i.atomic {
                continue;
            }
            let (end, s_end) = (r.address + size, s.address + s.size);
            if r.address >= s.address && end <= s_end {
                self.requests.push(at.cycle());
                return at.because(Part::Store);
            }
            if r.address < s_end && end > s.address {
                at = At::new(s.done, Part::Store);
                break;
            }
        }
        let sent = self.in_memory.accepted(at.cycle());
        if sent > at.cycle() {
            at = At::new(sent, Part::L1);
        }
        let pushed = self.pipes[pipe].left;
        self.clock.moves(pushed, at.cycle().max(pushed + 1));
        let (accepted, answer, part) = self.send(place, at.cycle(), i.store, i.pc);
        self.requests.push(accepted);
        self.answer = Some(answer);
        At::new(answer, part)
    }

    /// Sends an access to memory at `at`: when it is accepted and answered, and from where.
    pub(super) fn send(
        &mut self,
        place: &Place,
        at: u64,
        write: bool,
        pc: u64,
    ) -> (u64, u64, Part) {
        let late = self.clock.late();
        let served = self.hierarchy.data(place.data, at + late, write, pc);
        let (accepted, answer) = (served.accepted - late, self.answers.seen(served.at) - late);
        self.in_memory.take(accepted, answer);
        (accepted, answer, served.part)
    }

    /// While the first instruction waits for memory, nothing is sent there: not before it has
    /// committed, in the next cycle where that takes all of commit's width.
    pub(super) fn not_behind_waiting(&self, mut at: At) -> At {
        // They commit one after the other: what was over by then delays nothing.
        let wait = |back: &usize| self.waits.back(*back);
        let over = |w: Wait| w.until < at.cycle();
        let last = (1..=WAITING).take_while(|back| wait(back).is_some_and(|w| !over(w)));
        for w in (1..=last.count()).rev().filter_map(|back| wait(&back)) {
            let behind = w.until + u64::from(w.full);
            // In the cycle in which it commits, too, where it alone may.
            let alone = self.p.commit_width == 1 && at.cycle() == w.until;
            if at.cycle() > w.from && at.cycle() < behind || alone {
                at = At::new(behind, w.part);
            }
        }
        at
    }

    /// When the store buffer has room, from `at` on: its places are given back in any order.
    pub(super) fn store_room(&self, mut at: u64) -> u64 {
        if self.stored <= at {
            return at;
        }
        let places = self.p.store_buffer as usize;
        let last = || (1..=2 * places).filter_map(|back| self.stores.back(back));
        while last().filter(|s| s.done > at).count() >= places {
            at = last()
                .map(|s| s.done)
                .filter(|d| *d > at)
                .min()
                .unwrap_or(at);
        }
        at
    }
}
