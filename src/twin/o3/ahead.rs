//! What an out-of-order core executes and then has to do again: its caches keep what it brought.
//!
//! Behind a mispredicted branch that jumps forward over a few instructions, the wrong path soon meets
//! the right one, and goes on with the same loads. Behind an access that traps or that was too early,
//! all that is executed until then is the right path. Both are in the stream: whatever comes next is
//! taken ahead at the times at which it was fetched and executed first, before it is timed.

use super::super::pages::{Place, PAGE};
use super::super::predictors::branch_unit::{Fetched, Found};
use super::super::prepared::{Prepared, REGS};
use super::OutOfOrder;
use crate::inst::{InstFlags, Resolved};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A time that never comes: of a value that is not known on a wrong path.
const NEVER: u64 = u64::MAX;
/// Most instructions until the paths meet.
const APART: u32 = 1000;
/// Fewer cycles until the squash bring little.
const SHORT: u64 = 40;
/// As many at a time.
const MOST: usize = 3;

/// Instructions that are executed before they are squashed.
pub(super) struct Ahead {
    /// When they are squashed.
    until: u64,
    /// Where the paths meet, if they have not: and how many instructions may still come before.
    meets: Option<u64>,
    apart: u32,
    fetch: u64,
    fetched: u32,
    block: u64,
    /// The last cycle of rename, and how many it took in it.
    renamed: (u64, u32),
    /// When what is in the issue queue issues.
    waiting: BinaryHeap<Reverse<u64>>,
    /// Room in the reorder buffer, the load queue and the store queue.
    room: u32,
    loads: u32,
    stores: u32,
    /// Pages that are mapped later.
    unmapped: Vec<u64>,
    ready: [u64; REGS],
}

/// Where the path that was taken by mistake meets the right one: behind what a branch jumps over, or
/// behind a loop that goes on.
fn meeting(i: &Prepared, r: &Resolved, b: &Fetched) -> Option<u64> {
    let direct = i
        .flags
        .contains(InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL);
    let target = if r.taken { r.target } else { b.goes_to };
    let forward = target > i.pc;
    match (direct, forward, r.taken) {
        (true, true, _) => Some(target),
        (true, false, true) => Some(b.goes_to),
        _ => None,
    }
}

impl OutOfOrder {
    /// What comes after the last retirement was fetched before, from cycle `fetch` on, and squashed at
    /// `until`; `lost` was not known by then.
    pub(super) fn start_ahead(&mut self, fetch: u64, until: u64, meets: Option<u64>, lost: u8) {
        if until < fetch + SHORT {
            return;
        }
        let mut ready = self.ready.map(|at| at.cycle());
        ready[usize::from(lost)] = NEVER;
        ready[REGS - 1] = 0;
        let ahead = Ahead {
            until,
            meets,
            apart: APART,
            fetch,
            fetched: 0,
            block: u64::MAX,
            room: self.p.rob,
            loads: self.p.lq,
            stores: self.p.sq,
            renamed: (0, 0),
            waiting: BinaryHeap::new(),
            unmapped: Vec::new(),
            ready,
        };
        if self.ahead.len() == MOST {
            let first = (0..MOST).min_by_key(|n| self.ahead[*n].until).unwrap_or(0);
            self.ahead.swap_remove(first);
        }
        self.ahead.push(ahead);
    }

    /// Behind a branch that execution finds mispredicted, fetched at `fetch` and squashed at `until`.
    pub(super) fn start_behind(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        b: &Fetched,
        fetch: u64,
        until: u64,
    ) {
        if let Some(at) = meeting(i, r, b) {
            self.start_ahead(fetch + 1, until, Some(at), i.dst);
        }
    }

    /// `i` as it was executed before it is, where it was.
    pub(super) fn go_ahead(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        place: &Place,
        branch: Option<&Fetched>,
    ) {
        let mut all = std::mem::take(&mut self.ahead);
        all.retain_mut(|a| self.step_ahead(a, i, r, place, branch).is_some());
        self.ahead = all;
    }

    fn step_ahead(
        &mut self,
        a: &mut Ahead,
        i: &Prepared,
        r: &Resolved,
        place: &Place,
        branch: Option<&Fetched>,
    ) -> Option<()> {
        if i.alone || i.serialize_before || i.serialize_after || i.syscall || i.squash_after {
            return None;
        }
        let dst = usize::from(i.dst);
        if let Some(pc) = a.meets {
            if i.pc != pc {
                a.apart = a.apart.checked_sub(1)?;
                a.ready[dst] = NEVER;
                a.ready[REGS - 1] = 0;
                return Some(());
            }
            a.meets = None;
        }
        let mask = !u64::from(self.p.fetch_bytes - 1);
        let (first, last) = (i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask);
        if a.fetched == self.p.fetch_width {
            a.fetch += 1;
            a.fetched = 0;
        }
        for block in [first, last] {
            if block != a.block {
                a.block = block;
                a.fetch = self.hierarchy.fetch(place.code(block), a.fetch).at;
                a.fetched = 0;
            }
        }
        a.fetched += 1;
        a.room = a.room.checked_sub(1)?;
        if a.fetch >= a.until {
            return None;
        }
        let p = &self.p;
        let mut renamed = a.fetch + u64::from(p.fetch_to_decode + p.decode_to_rename);
        while a.waiting.peek().is_some_and(|w| w.0 <= renamed) {
            a.waiting.pop();
        }
        if a.waiting.len() >= p.iq as usize {
            renamed = a.waiting.pop()?.0;
        }
        if renamed >= a.until {
            return None;
        }
        if renamed > a.renamed.0 {
            a.renamed = (renamed, 1);
        } else if a.renamed.1 < p.rename_width {
            a.renamed.1 += 1;
        } else {
            a.renamed = (a.renamed.0 + 1, 1);
        }
        let dispatched = a.renamed.0 + u64::from(p.rename_to_iew);
        if dispatched >= a.until {
            return None;
        }
        let page = place.data / PAGE;
        if place.first {
            a.unmapped.push(page);
        }
        let unmapped = a.unmapped.contains(&page);
        let ready = i.src.iter().map(|s| a.ready[usize::from(*s)]);
        let ready = ready.fold(dispatched, u64::max);
        if ready > dispatched {
            a.waiting.push(Reverse(ready));
        }
        if i.store {
            a.stores = a.stores.checked_sub(1)?;
        }
        a.ready[dst] = if ready == NEVER {
            NEVER
        } else if i.load {
            let executed = ready + u64::from(p.issue_to_execute);
            a.loads = a.loads.checked_sub(1)?;
            if unmapped || executed >= a.until {
                NEVER
            } else {
                self.hierarchy.data(place.data, executed, false, i.pc).at
            }
        } else {
            ready + self.execution(i.unit).1
        };
        a.ready[REGS - 1] = 0;
        if let Some(b) = branch {
            match b.found {
                Found::Right => {
                    if r.taken {
                        a.fetch += 1;
                        a.fetched = 0;
                    }
                }
                Found::Decode => {
                    a.fetch += u64::from(self.p.fetch_to_decode) + 2;
                    (a.fetched, a.block) = (0, u64::MAX);
                }
                Found::Execute | Found::Both => {
                    a.meets = Some(meeting(i, r, b)?);
                    a.block = u64::MAX;
                }
            }
        }
        Some(())
    }
}
