//! The caches of a core and the memory below them, timed like gem5's classic memory system.
//!
//! A cache receives only the misses and write-backs of the level above. Accesses to a line in flight
//! wait for it. A cache without a free miss register blocks hits, too.

use super::cache::{Cache, Line, Mshrs};
use super::calendar::Calendar;
use super::memory::Memory;
use super::pages::{wrong_lines, Place};
use super::parameters::{CoreParameters, PrefetcherKind, L3_WAYS};
use super::parts::Part;
use super::prefetchers::{Access, Prefetcher, Queue, Requestor, Wanted};
use super::prepared::Prepared;
use super::rules::Rules;
use super::warm::{tags::Tags, Held};
use crate::inst::Resolved;

/// The result of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// When the data is there.
    pub at: u64,
    /// When the cache took the access.
    pub accepted: u64,
    /// Which level served it.
    pub part: Part,
}

/// A line that a miss requested, on its way into the cache.
struct Arriving {
    at: u64,
    line: u64,
    fill: Line,
}

struct Level {
    cache: Cache,
    /// Lines in flight. They are allocated when they arrive; accesses to them wait until then.
    arriving: Vec<Arriving>,
    /// When the first of them arrives.
    arrives: u64,
    mshrs: Mshrs,
    /// While a line in flight has its maximum number of targets, the cache is blocked.
    full: (u64, u64),
    latency: u64,
    response: u64,
    prefetcher: Prefetcher,
    queue: Queue,
    /// When the last prefetch went out.
    prefetched: u64,
}

impl Level {
    fn new(kib: u32, ways: u32, latency: u32, mshrs: u32, prefetcher: Prefetcher) -> Self {
        Self {
            cache: Cache::new(kib, ways),
            arriving: Vec::new(),
            arrives: u64::MAX,
            mshrs: Mshrs::new(mshrs),
            full: (0, 0),
            latency: u64::from(latency),
            response: u64::from(latency / 2).max(1),
            prefetcher,
            queue: Queue::new(),
            prefetched: 0,
        }
    }

    /// When it takes an access at `now`.
    #[inline(always)]
    fn accepted(&self, now: u64) -> u64 {
        let at = self.mshrs.accepted(now);
        if at < self.full.0 || at >= self.full.1 {
            at
        } else {
            self.mshrs.accepted(self.full.1)
        }
    }

    /// An access at `now` found a line that is ready later: one more of its targets.
    #[inline(always)]
    fn merged(&mut self, waiting: u8, now: u64, ready: u64) {
        if waiting == TARGETS - 1 {
            self.full = (now + 1, ready - self.response);
        }
    }

    /// The line, there or in flight.
    #[inline(always)]
    fn find(&mut self, line: u64) -> Option<&mut Line> {
        match self.cache.find(line) {
            None if !self.arriving.is_empty() => {
                let arriving = self.arriving.iter_mut().find(|a| a.line == line)?;
                Some(&mut arriving.fill)
            }
            found => found,
        }
    }

    /// Whether it is there or in flight.
    fn has(&self, line: u64) -> bool {
        self.cache.has(line) || self.arriving.iter().any(|a| a.line == line)
    }

    /// A line is in flight, and comes at `at`.
    fn expect(&mut self, line: u64, fill: Line, at: u64) {
        self.arriving.push(Arriving { at, line, fill });
        self.arrives = self.arrives.min(at);
    }

    /// The line at `address` is prefetched: requested at `begin`, it comes at `filled` from level `from`.
    fn prefetch(&mut self, address: u64, from: u8, begin: u64, filled: u64) {
        let fill = Line {
            ready: filled + self.response,
            level: from,
            prefetched: true,
            ..Line::default()
        };
        self.expect(address >> 6, fill, filled);
        self.mshrs.take(begin, filled);
        self.prefetcher.filled(address);
    }

    /// The next line that has come by `now`.
    fn arrived(&mut self, now: u64) -> Option<Arriving> {
        if self.arrives > now {
            return None;
        }
        let first = (0..self.arriving.len()).min_by_key(|n| self.arriving[*n].at)?;
        let arrived = self.arriving.remove(first);
        self.arrives = self.arriving.iter().map(|a| a.at).min().unwrap_or(u64::MAX);
        Some(arrived)
    }

    /// Takes over lines, and a prefetcher whose time is `age` less than the core's.
    fn take(&mut self, (tags, prefetcher): (&Tags, &Prefetcher), age: u64) {
        self.cache.take(tags);
        self.queue.clear();
        self.arriving.clear();
        self.arrives = u64::MAX;
        self.prefetcher.clone_from(prefetcher);
        self.prefetcher.later(age);
    }
}

/// Caches and memory.
pub struct Hierarchy {
    l1i: Level,
    l1d: Level,
    l2: Level,
    l3: Option<Level>,
    memory: Memory,
    period: u64,
    /// When the response layers of the crossbars to L1I, L1D and L2 are free.
    layers: [Calendar; 3],
    block_if_full: bool,
    wanted: Vec<u64>,
}

/// Later than any arrival.
const EVER: u64 = u64::MAX - 1;

/// Accesses that may wait for a line in flight (`tgts_per_mshr` of `system.py`): with that many, its
/// cache is blocked until it arrives.
const TARGETS: u8 = 16;
/// Miss registers that must be free for a prefetch: its own, and gem5 keeps two for demand.
const SPARE: usize = 3;

/// Levels as lines remember them.
const LEVELS: [Part; 4] = [Part::L1, Part::L2, Part::L3, Part::Memory];
/// gem5's `L2XBar`: front end, response, and how long a line takes its response layer.
const XBAR_REQUEST: u64 = 1;
const XBAR_RESPONSE: u64 = 1;
const XBAR_LINE: u64 = 3;

/// The side that makes a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Instruction = 0,
    Data = 1,
}

impl Side {
    fn requestor(self) -> Requestor {
        match self {
            Side::Instruction => Requestor::Fetch,
            Side::Data => Requestor::Data,
        }
    }
}

impl Hierarchy {
    /// Cold caches.
    pub fn new(p: &CoreParameters, rules: &Rules) -> Self {
        let none = || Prefetcher::None;
        let made = |kind: PrefetcherKind, degree| {
            let name = kind.word();
            Prefetcher::from_name(name, degree, 1.0 / p.clock_ghz).expect("every word has one")
        };
        Self {
            l1i: Level::new(p.l1i_kib, p.l1i_assoc, p.l1i_latency, p.l1i_mshrs, none()),
            l1d: Level::new(
                p.l1d_kib,
                p.l1d_assoc,
                p.l1d_latency,
                p.l1d_mshrs,
                made(p.l1d_prefetcher, p.l1d_prefetch_degree),
            ),
            l2: Level::new(
                p.l2_kib,
                p.l2_assoc,
                p.l2_latency,
                p.l2_mshrs,
                made(p.l2_prefetcher, p.l2_prefetch_degree),
            ),
            l3: (p.l3_kib > 0).then(|| Level::new(p.l3_kib, L3_WAYS, p.l3_latency, 64, none())),
            memory: Memory::new(p),
            period: p.period_ps(),
            layers: [Calendar::new(), Calendar::new(), Calendar::new()],
            block_if_full: rules.full_mshrs_block_hits,
            wanted: Vec::new(),
        }
    }

    /// Adopts, at cycle `now`, the state that was warmed elsewhere by the same stream.
    pub fn take(&mut self, held: &Held, now: u64) {
        let age = now.wrapping_sub(held.now);
        self.l1i.cache.take(held.l1i);
        self.l1i.arriving.clear();
        self.l1i.arrives = u64::MAX;
        self.l1d.take(held.l1d, age);
        self.l2.take(held.l2, age);
        if let (Some(l3), Some(tags)) = (&mut self.l3, held.l3) {
            l3.cache.take(tags);
        }
    }

    /// The fetch of the line of `address` at cycle `now`. It is by the instruction there: prefetchers
    /// that tell instructions apart see each fetched block as one of its own, as gem5's do.
    pub fn fetch(&mut self, address: u64, now: u64) -> Served {
        self.first(Side::Instruction, address, now, false, address)
    }

    /// A load or store of the line of `address` at cycle `now`, by the instruction at `pc`.
    pub fn data(&mut self, address: u64, now: u64, write: bool, pc: u64) -> Served {
        self.first(Side::Data, address, now, write, pc)
    }

    fn first(&mut self, side: Side, address: u64, now: u64, write: bool, pc: u64) -> Served {
        let line = address >> 6;
        let block = self.block_if_full;
        if side == Side::Data {
            self.prefetch_first(now, SPARE);
        }
        let level = self.level(side);
        let now = if block { level.accepted(now) } else { now };
        self.settle_first(side, now);
        let level = self.level(side);
        let (latency, response) = (level.latency, level.response);
        if let Some(l) = level.find(line) {
            l.dirty |= write;
            let prefetched = std::mem::take(&mut l.prefetched);
            // A line in flight is none that the prefetcher sees as there.
            let miss = l.ready > now;
            l.waiting += u8::from(miss && l.waiting < TARGETS);
            let (waiting, ready) = (l.waiting, l.ready);
            let (at, part) = if l.ready <= now {
                (now + latency, Part::L1)
            } else {
                (l.ready.max(now + latency), LEVELS[usize::from(l.level)])
            };
            if block && miss {
                level.merged(waiting, now, ready);
            }
            if side == Side::Data {
                self.observe_first(&Access {
                    pc,
                    address,
                    requestor: Requestor::Data,
                    miss,
                    prefetched,
                    now,
                });
            }
            Served {
                at,
                accepted: now,
                part,
            }
        } else {
            let now = level.mshrs.accepted(now);
            if side == Side::Data {
                // What the miss makes the prefetcher request leaves before it: it need not be
                // looked up.
                let access = Access {
                    pc,
                    address,
                    requestor: Requestor::Data,
                    miss: true,
                    prefetched: false,
                    now,
                };
                self.observe_first(&access);
                self.prefetch_first(now + latency, SPARE + 1);
            }
            let (filled, from) = self.second(
                side,
                side.requestor(),
                address,
                now + latency + XBAR_REQUEST,
                pc,
            );
            let ready = filled + response;
            let fill = Line {
                ready,
                level: from,
                dirty: write,
                ..Line::default()
            };
            let level = self.level(side);
            level.expect(line, fill, filled);
            level.mshrs.take(now, filled);
            Served {
                at: ready,
                accepted: now,
                part: LEVELS[usize::from(from)],
            }
        }
    }

    /// Functional warming: fetches the line of `address`.
    pub fn warm_fetch(&mut self, address: u64, now: u64) {
        self.warm_first(Side::Instruction, address, now, false, address);
    }

    /// Functional warming by one retirement: the code that it brings, also behind a transfer, and its
    /// data. `block` of `fetch_bytes` was fetched last.
    pub fn warm(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        place: &Place,
        block: &mut u64,
        fetch_bytes: u32,
        now: u64,
    ) {
        let mask = !u64::from(fetch_bytes - 1);
        for fetched in [i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask] {
            if fetched != *block {
                *block = fetched;
                self.warm_fetch(place.code(fetched), now);
            }
        }
        if i.transfers && r.taken {
            *block = u64::MAX;
        }
        if let Some(behind) = place.behind {
            self.warm_wrong_path(behind, now, fetch_bytes);
        }
        if i.load || i.store {
            self.warm_data(place.data, now, i.store, i.pc);
        }
    }

    /// Functional warming: fetches the code at `address` on a wrong path, in blocks of `fetch_bytes`;
    /// the first missing line of a few is brought in.
    pub fn warm_wrong_path(&mut self, address: u64, now: u64, fetch_bytes: u32) {
        let missing = wrong_lines(address).find(|line| !self.l1i.has(line >> 6));
        if let Some(line) = missing {
            self.warm_fetch(line & !u64::from(fetch_bytes - 1), now);
        }
    }

    /// Functional warming: loads or stores the line of `address` by the instruction at `pc`.
    pub fn warm_data(&mut self, address: u64, now: u64, write: bool, pc: u64) {
        self.warm_first(Side::Data, address, now, write, pc);
    }

    fn warm_first(&mut self, side: Side, address: u64, now: u64, write: bool, pc: u64) {
        let line = address >> 6;
        let (mut miss, mut prefetched) = (false, false);
        self.settle_first(side, EVER);
        self.settle_second(EVER);
        if let Some(l) = self.level(side).cache.find(line) {
            l.dirty |= write;
            prefetched = std::mem::take(&mut l.prefetched);
        } else {
            miss = true;
            self.warm_second(side.requestor(), address, now, pc);
            self.warm_fill_first(side, line, now, write, false);
        }
        if side == Side::Instruction {
            return;
        }
        let requestor = Requestor::Data;
        let access = Access {
            pc,
            address,
            requestor,
            miss,
            prefetched,
            now,
        };
        self.observe_first(&access);
        while let Some(Wanted { address, pc }) = self.l1d.queue.pop(u64::MAX) {
            if !self.l1d.cache.has(address >> 6) {
                self.warm_second(Requestor::Prefetcher, address, now, pc);
                self.warm_fill_first(Side::Data, address >> 6, now, false, true);
                self.l1d.prefetcher.filled(address);
            }
        }
    }

    fn level(&mut self, side: Side) -> &mut Level {
        match side {
            Side::Data => &mut self.l1d,
            Side::Instruction => &mut self.l1i,
        }
    }

    fn warm_fill_first(&mut self, side: Side, line: u64, now: u64, dirty: bool, prefetched: bool) {
        let fill = Line {
            ready: now,
            dirty,
            prefetched,
            ..Line::default()
        };
        let evicted = self.level(side).cache.fill(line, fill);
        if let Some(e) = evicted.filter(|e| e.dirty || side == Side::Instruction) {
            match self.l2.cache.find(e.line) {
                Some(l) => l.dirty |= e.dirty,
                None => self.warm_fill_second(e.line, now, e.dirty, false),
            }
        }
    }

    fn warm_second(&mut self, requestor: Requestor, address: u64, now: u64, pc: u64) {
        let line = address >> 6;
        let (mut miss, mut prefetched) = (false, false);
        if let Some(l) = self.l2.cache.find(line) {
            prefetched = std::mem::take(&mut l.prefetched);
        } else {
            miss = true;
            self.warm_third(line, now);
            self.warm_fill_second(line, now, false, false);
        }
        let access = Access {
            pc,
            address,
            requestor,
            miss,
            prefetched,
            now,
        };
        self.observe_second(&access);
        while let Some(Wanted { address, .. }) = self.l2.queue.pop(u64::MAX) {
            let line = address >> 6;
            if !self.l2.cache.has(line) {
                self.warm_third(line, now);
                self.warm_fill_second(line, now, false, true);
                self.l2.prefetcher.filled(address);
            }
        }
    }

    fn warm_fill_second(&mut self, line: u64, now: u64, dirty: bool, prefetched: bool) {
        let fill = Line {
            ready: now,
            level: 1,
            dirty,
            prefetched,
            ..Line::default()
        };
        let evicted = self.l2.cache.fill(line, fill);
        if let (Some(e), Some(l3)) = (evicted.filter(|e| e.dirty), &mut self.l3) {
            match l3.cache.find(e.line) {
                Some(l) => l.dirty = true,
                None => {
                    let fill = Line {
                        ready: now,
                        level: 2,
                        dirty: true,
                        ..Line::default()
                    };
                    l3.cache.fill(e.line, fill);
                }
            }
        }
    }

    fn warm_third(&mut self, line: u64, now: u64) {
        if let Some(l3) = &mut self.l3 {
            if l3.cache.find(line).is_none() {
                l3.cache.fill(
                    line,
                    Line {
                        ready: now,
                        level: 3,
                        ..Line::default()
                    },
                );
            }
        }
    }

    /// Allocates the lines that arrived at the first level by `now`.
    fn settle_first(&mut self, side: Side, now: u64) {
        while let Some(a) = self.level(side).arrived(now) {
            self.fill_first(side, a.line, a.fill, a.at);
        }
    }

    /// Allocates the lines that arrived at the second level by `now`.
    fn settle_second(&mut self, now: u64) {
        while let Some(a) = self.l2.arrived(now) {
            self.fill_second(a.line, a.fill, a.at);
        }
    }

    fn fill_first(&mut self, side: Side, line: u64, fill: Line, filled: u64) {
        let level = self.level(side);
        let latency = level.latency;
        if let Some(e) = level.cache.fill(line, fill) {
            // L1I writes clean lines back, too (`writeback_clean`).
            if e.dirty || side == Side::Instruction {
                self.write_back_second(e.line, filled + latency, e.dirty);
            }
        }
    }

    /// The prefetcher of the first level sees an access.
    #[inline(always)]
    fn observe_first(&mut self, access: &Access) {
        let level = &mut self.l1d;
        level
            .prefetcher
            .observe(access, &mut level.queue, &mut self.wanted);
    }

    /// The prefetcher of the second level sees an access.
    fn observe_second(&mut self, access: &Access) {
        let level = &mut self.l2;
        level
            .prefetcher
            .observe(access, &mut level.queue, &mut self.wanted);
    }

    /// The prefetches of the first level that went out before `now`, while it has so many `spare`
    /// miss registers. The cache was searched for their lines before they left the queue.
    fn prefetch_first(&mut self, now: u64, spare: usize) {
        while let Some((Wanted { address, pc }, begin)) = next_prefetch(&mut self.l1d, now, spare) {
            let at = begin + XBAR_REQUEST;
            let (filled, from) = self.second(Side::Data, Requestor::Prefetcher, address, at, pc);
            self.l1d.prefetch(address, from, begin, filled);
        }
    }

    /// A request that reaches the second level at `now`: when the line is at the first level's
    /// door, and the level it came from.
    fn second(
        &mut self,
        side: Side,
        requestor: Requestor,
        address: u64,
        now: u64,
        pc: u64,
    ) -> (u64, u8) {
        let line = address >> 6;
        self.prefetch_second(now, SPARE);
        let now = if self.block_if_full {
            self.l2.accepted(now)
        } else {
            now
        };
        self.settle_second(now);
        let (latency, response) = (self.l2.latency, self.l2.response);
        let mut access = Access {
            pc,
            address,
            requestor,
            miss: true,
            prefetched: false,
            now,
        };
        let (at, from) = if let Some(l) = self.l2.find(line) {
            access.prefetched = std::mem::take(&mut l.prefetched);
            access.miss = l.ready > now;
            let found = if l.ready <= now {
                (now + latency, 1)
            } else {
                (l.ready.max(now + latency), l.level)
            };
            self.observe_second(&access);
            found
        } else {
            let now = self.l2.mshrs.accepted(now);
            self.observe_second(&access);
            self.prefetch_second(now + latency, SPARE + 1);
            let (filled, from) = self.third(line, now + latency);
            let ready = filled + response;
            let fill = Line {
                ready,
                level: from,
                ..Line::default()
            };
            self.l2.expect(line, fill, filled);
            self.l2.mshrs.take(now, filled);
            (ready, from)
        };
        let start = self.layers[side as usize].reserve_run(at, XBAR_LINE);
        (start + XBAR_RESPONSE, from)
    }

    fn fill_second(&mut self, line: u64, fill: Line, filled: u64) {
        if let Some(e) = self.l2.cache.fill(line, fill) {
            if e.dirty {
                self.write_back_third(e.line, filled + self.l2.latency);
            }
        }
    }

    fn write_back_second(&mut self, line: u64, now: u64, dirty: bool) {
        if let Some(l) = self.l2.find(line) {
            l.dirty |= dirty;
        } else {
            self.fill_second(
                line,
                Line {
                    ready: now,
                    level: 1,
                    dirty,
                    ..Line::default()
                },
                now,
            );
        }
    }

    /// The prefetches of the second level that went out before `now`.
    fn prefetch_second(&mut self, now: u64, spare: usize) {
        while let Some((Wanted { address, .. }, begin)) = next_prefetch(&mut self.l2, now, spare) {
            let (filled, from) = self.third(address >> 6, begin);
            self.l2.prefetch(address, from, begin, filled);
        }
    }

    /// A request that leaves the second level at `now`: when the line is at its door again.
    fn third(&mut self, line: u64, now: u64) -> (u64, u8) {
        let Some(l3) = &mut self.l3 else {
            let done = self.memory.read(line << 6, now * self.period);
            return (done.div_ceil(self.period), 3);
        };
        let now = l3.mshrs.accepted(now + XBAR_REQUEST);
        let (latency, response) = (l3.latency, l3.response);
        let (at, from) = if let Some(l) = l3.cache.find(line) {
            if l.ready <= now {
                (now + latency, 2)
            } else {
                (l.ready.max(now + latency), l.level)
            }
        } else {
            let now = l3.mshrs.accepted(now);
            let done = self.memory.read(line << 6, (now + latency) * self.period);
            let filled = done.div_ceil(self.period);
            let ready = filled + response;
            let evicted = l3.cache.fill(
                line,
                Line {
                    ready,
                    level: 3,
                    ..Line::default()
                },
            );
            l3.mshrs.take(now, filled);
            if let Some(e) = evicted.filter(|e| e.dirty) {
                self.memory
                    .write(e.line << 6, (filled + latency) * self.period);
            }
            (ready, 3)
        };
        let start = self.layers[2].reserve_run(at, XBAR_LINE);
        (start + XBAR_RESPONSE, from)
    }

    fn write_back_third(&mut self, line: u64, now: u64) {
        let Some(l3) = &mut self.l3 else {
            self.memory.write(line << 6, now * self.period);
            return;
        };
        if let Some(l) = l3.cache.find(line) {
            l.dirty = true;
            return;
        }
        let fill = Line {
            ready: now,
            level: 2,
            dirty: true,
            ..Line::default()
        };
        let latency = l3.latency;
        if let Some(e) = l3.cache.fill(line, fill).filter(|e| e.dirty) {
            self.memory
                .write(e.line << 6, (now + latency) * self.period);
        }
    }
}

/// The next line that a level prefetches before `now`, and when: one a cycle, while there are
/// miss registers to spare.
fn next_prefetch(level: &mut Level, now: u64, spare: usize) -> Option<(Wanted, u64)> {
    loop {
        let ready = level.queue.ready()?.max(level.prefetched + 1);
        if ready >= now {
            return None;
        }
        let begin = level.mshrs.free(ready, spare);
        if begin >= now {
            return None;
        }
        let wanted = level.queue.pop(begin)?;
        level.prefetched = begin;
        if !level.has(wanted.address >> 6) {
            return Some((wanted, begin));
        }
    }
}

#[cfg(test)]
impl Hierarchy {
    /// Whether caches and prefetchers hold what those of `other` do, times apart.
    pub(super) fn holds_what(&self, other: &Self) -> bool {
        let own = [&self.l1i, &self.l1d, &self.l2];
        let others = [&other.l1i, &other.l1d, &other.l2];
        let alike = |(a, b): (&Level, &Level)| {
            a.cache.lines() == b.cache.lines() && a.prefetcher == b.prefetcher
        };
        let third = |h: &Self| h.l3.as_ref().map(|l3| l3.cache.lines());
        own.into_iter().zip(others).all(alike) && third(self) == third(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::cores::find;

    #[test]
    fn lines_under_way_take_no_place_in_the_cache() {
        // Nine lines of one set of eight ways, stored to in turn. The first round requests all;
        // the second comes before they do, and requests none again.
        let p = CoreParameters {
            l1d_kib: 32,
            l1d_assoc: 8,
            l1d_mshrs: 16,
            ..find("middle-o3").unwrap().parameters.clone()
        };
        let mut h = Hierarchy::new(&p, &Rules::GEM5);
        let line = |n: u64| 0x100_0000 + n * 4096;
        let first: Vec<u64> = (0..9)
            .map(|n| h.data(line(n), 100 + n, true, 0).at)
            .collect();
        let second: Vec<u64> = (0..9)
            .map(|n| h.data(line(n), 110 + n, true, 0).at)
            .collect();
        assert_eq!(first, second);
        assert_eq!(h.l1d.arriving.len(), 9);
        let last = first.iter().max().unwrap() + 1;
        let hit = h.data(line(8), last, false, 0);
        assert_eq!(
            (hit.at, hit.part),
            (last + u64::from(p.l1d_latency), Part::L1)
        );
        assert!(h.l1d.arriving.is_empty());
        assert!(!h.l1d.has(line(0) >> 6), "the first to come had to go");
    }

    #[test]
    fn fetched_code_is_no_stream_of_one_instruction() {
        for kind in [PrefetcherKind::Stride, PrefetcherKind::Dcpt] {
            let p = CoreParameters {
                l1d_prefetcher: PrefetcherKind::None,
                l2_prefetcher: kind,
                l2_prefetch_degree: 4,
                ..find("middle-o3").unwrap().parameters.clone()
            };
            let lines = |h: &Hierarchy| (0..200).filter(|n| h.l2.has(0x4_0000 + n)).count();
            let mut fetched = Hierarchy::new(&p, &Rules::GEM5);
            let mut loaded = Hierarchy::new(&p, &Rules::GEM5);
            let mut warmed = Hierarchy::new(&p, &Rules::GEM5);
            for n in 0..100 {
                fetched.fetch(0x100_0000 + n * 64, 1000 * n);
                warmed.warm_fetch(0x100_0000 + n * 64, 1000 * n);
                loaded.data(0x100_0000 + n * 64, 1000 * n, false, 0x1_0000);
            }
            // What is asked for last is under way.
            fetched.settle_second(EVER);
            loaded.settle_second(EVER);
            assert_eq!((lines(&fetched), lines(&warmed)), (100, 100), "{kind:?}");
            assert!(lines(&loaded) > 100, "{kind:?}");
        }
    }

    #[test]
    fn what_a_miss_makes_a_prefetcher_request_goes_before_it() {
        use crate::twin::parameters::MemoryKind;
        // Of two lines that come to memory, the second waits for the bus.
        let came = |l1: PrefetcherKind, l2: PrefetcherKind, latency: u32| {
            let p = CoreParameters {
                memory: MemoryKind::Simple,
                memory_gib_s: 1.0,
                l1d_latency: latency,
                l2_latency: latency,
                l1d_prefetcher: l1,
                l2_prefetcher: l2,
                l3_kib: 0,
                ..find("middle-o3").unwrap().parameters.clone()
            };
            let mut h = Hierarchy::new(&p, &Rules::GEM5);
            h.data(0x100_0000, 1000, false, 0).at
        };
        use PrefetcherKind::{None, Tagged};
        let alone = came(None, None, 8);
        for (l1, l2) in [(None, Tagged), (Tagged, None)] {
            let behind = came(l1, l2, 8);
            assert!(behind > alone + 20, "{l1:?} {l2:?}: {alone} {behind}");
        }
        // A cache that answers at once sends the miss before anything is chosen.
        assert_eq!(came(None, Tagged, 1), came(None, None, 1));
    }

    #[test]
    fn a_line_under_way_with_all_its_targets_blocks_the_cache() {
        let p = find("middle-o3").unwrap().parameters.clone();
        let mut h = Hierarchy::new(&p, &Rules::GEM5);
        h.data(0x200_0000, 10, false, 0);
        let at = h.data(0x100_0000, 1000, true, 0).at;
        // Fifteen more stores to it, and then a load of a line that was there before.
        let served: Vec<u64> = (1..u64::from(TARGETS))
            .map(|n| h.data(0x100_0000 + 4 * n, 1000 + n, true, 0).accepted)
            .collect();
        assert!(at > 1050, "{at}");
        assert_eq!(served, (1001..1016).collect::<Vec<u64>>());
        let next = h.data(0x200_0000, 1020, false, 0);
        assert_eq!(next.accepted, at - h.l1d.response);
        let textbook = Rules {
            full_mshrs_block_hits: false,
            ..Rules::GEM5
        };
        let mut h = Hierarchy::new(&p, &textbook);
        for n in 0..40 {
            h.data(0x100_0000, 100 + n, true, 0);
        }
        assert_eq!(h.data(0x300_0000, 150, false, 0).accepted, 150);
    }
}
