//! An in-order core, timed one retirement at a time: the scalar twin of gem5's Minor.
//!
//! Fetch brings lines, decode passes groups on, and instructions issue in order to pipelined units.
//! They commit in order from the ends of the units; a unit whose last instruction cannot commit yet
//! stalls. Memory accesses may be sent before they are the oldest instruction, once what they depend
//! on has committed.

use super::cache::Mshrs;
use super::hierarchy::Hierarchy;
use super::pages::Place;
use super::parameters::CoreParameters;
use super::parts::{At, Part};
use super::predictors::branch_unit::{BranchUnit, Fetched, Found};
use super::prepared::{Prepared, Unit, NO_REG, REGS};
use super::rules::Rules;
use super::stage::{Ring, Stage};
use super::warm::Held;
use crate::inst::Resolved;
use std::collections::VecDeque;

/// A functional unit: a pipeline that stalls as a whole.
#[derive(Clone, Copy, Default)]
struct Pipe {
    /// When its last instruction went in, and when that committed.
    pushed: u64,
    committed: u64,
    /// When it takes the next one.
    next: u64,
    latency: u64,
    interval: u64,
    /// How much later than its operands it may be issued.
    slack: u64,
}

impl Pipe {
    /// When it takes another instruction, from `at` on: while its last one is stuck at its end, it
    /// is stalled.
    fn accepts(&self, at: u64) -> u64 {
        let (at, end) = (at.max(self.next), self.pushed + self.latency);
        if at >= end {
            at.max(self.committed)
        } else {
            at
        }
    }
}

/// A store on its way from the store buffer to the cache.
#[derive(Clone, Copy, Default)]
struct Buffered {
    address: u64,
    size: u64,
    done: u64,
}

/// When a line was requested, and when it came.
#[derive(Clone, Copy, Default)]
struct Asked {
    at: u64,
    came: u64,
}

/// An access that waited for memory while nothing was before it.
#[derive(Clone, Copy)]
struct Wait {
    from: u64,
    /// When it committed.
    until: u64,
    /// Whether commit's width was taken then.
    full: bool,
    part: Part,
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

/// As many accesses as may wait at a time.
const WAITING: usize = 8;

/// Kinds of units, each a range of pipes.
const KINDS: usize = 9;
/// What a load is assumed to take when what follows is issued (`extraAssumedLat`).
const ASSUMED: u64 = 2;

/// Stores that leave the store buffer per cycle (`executeLSQMaxStoreBufferStoresPerCycle`).
const STORES_SENT: u32 = 2;

/// Twin of an in-order core (gem5's Minor).
pub struct InOrder {
    p: CoreParameters,
    hierarchy: Hierarchy,
    /// Where the retirement that is stepped lies.
    place: Place,
    branches: BranchUnit,
    /// When transfers of control commit that have not.
    training: VecDeque<u64>,

    /// The line that fetch2 works on, when it came, and when the next may be requested.
    line: u64,
    arrived: At,
    asked: Ring<Asked>,
    /// Where the last line requested lies, and when fetch2 had done with the one before it.
    line_physical: u64,
    left: u64,
    restart: Option<At>,
    /// Fetch2 predicted it.
    predicted: bool,
    fetch2: Stage,
    fetched: At,
    /// When each group of instructions had issued.
    groups: Ring<u64>,
    group: u64,

    issue: Stage,
    memory_issue: Stage,
    pipes: Vec<Pipe>,
    kinds: [(usize, usize); KINDS],
    /// When a register's value may be issued against, and when its writer committed.
    ready: [At; REGS],
    written: [u64; REGS],

    commit: Stage,
    memory_commit: Stage,
    head: At,
    requests: Ring<u64>,
    transfers: Ring<u64>,
    /// Loads and stores in the memory system.
    in_memory: Mshrs,
    waits: Ring<Wait>,
    store_pending: u64,
    stores: Ring<Buffered>,
    sending: Stage,
}

fn kind(unit: Unit) -> usize {
    match unit {
        Unit::None | Unit::Alu => 0,
        Unit::Mul => 1,
        Unit::Div => 2,
        Unit::FpAdd => 3,
        Unit::FpMul | Unit::Fma => 4,
        Unit::FpDiv => 5,
        Unit::FpSqrt => 6,
        Unit::Simd => 7,
        Unit::Load | Unit::Store | Unit::Csr => 8,
    }
}

impl InOrder {
    /// The core at the start of a stream.
    pub fn new(p: &CoreParameters, rules: &Rules) -> Self {
        let alu = p.int_alu_latency;
        let square = p.fp_div_latency + p.fp_div_latency / 2;
        // Count, latency, interval between two, and slack of operands, by kind.
        let shapes: [(u32, u32, u32, u32); KINDS] = [
            (p.int_alus, alu, 1, alu - 1),
            (1, p.int_mul_latency, 1, 0),
            (1, p.int_div_latency, p.int_div_latency, 0),
            (p.fp_units, p.fp_add_latency, 1, 0),
            (p.fp_units, p.fp_mul_latency, 1, 0),
            (1, p.fp_div_latency, p.fp_div_latency, 0),
            (1, square, square, 0),
            (1, 3, 1, 0),
            (p.mem_units, 1, 1, 1),
        ];
        let mut pipes = Vec::new();
        let kinds = shapes.map(|(count, latency, interval, slack)| {
            let first = pipes.len();
            let pipe = Pipe {
                latency: u64::from(latency),
                interval: u64::from(interval),
                slack: u64::from(slack),
                ..Pipe::default()
            };
            pipes.extend((0..count).map(|_| pipe));
            (first, pipes.len())
        });
        let width = p.issue_width;
        Self {
            hierarchy: Hierarchy::new(p, rules),
            place: Place::default(),
            branches: BranchUnit::new(&p.branches(rules)),
            training: VecDeque::new(),
            line: u64::MAX,
            arrived: At::new(1, Part::Fetch),
            asked: Ring::new(p.fetch_lines_in_flight as usize),
            line_physical: 0,
            left: 0,
            restart: Some(At::new(1, Part::Fetch)),
            predicted: false,
            fetch2: Stage::new(p.decode_width),
            fetched: At::default(),
            groups: Ring::new((p.decode_buffer + p.execute_buffer + 32) as usize),
            group: 0,
            issue: Stage::new(width),
            memory_issue: Stage::new(width.min(p.mem_units)),
            pipes,
            kinds,
            ready: [At::default(); REGS],
            written: [0; REGS],
            commit: Stage::new(p.commit_width),
            memory_commit: Stage::new(p.commit_width.min(p.mem_units)),
            head: At::default(),
            requests: Ring::new(p.lsq_requests as usize),
            transfers: Ring::new(p.lsq_transfers as usize),
            in_memory: Mshrs::new(p.mem_accesses),
            waits: Ring::new(WAITING),
            store_pending: 0,
            stores: Ring::new(2 * p.store_buffer as usize),
            sending: Stage::new(STORES_SENT),
            p: p.clone(),
        }
    }

    /// One retirement: the cycle of its commit, and what it waited for.
    pub fn step(&mut self, i: &Prepared, r: &Resolved, place: &Place) -> At {
        self.place = *place;
        let fetched = self.fetch(i);
        while self.training.front().is_some_and(|t| *t <= fetched.cycle()) {
            self.training.pop_front();
            self.branches.commit();
        }
        let branch = i.transfers.then(|| self.branches.fetch(&i.control(r)));
        if branch.as_ref().is_some_and(|b| b.predicted_taken) {
            // Fetch1 turns in the next cycle.
            self.restart = Some(fetched.after(1).because(Part::Fetch));
            self.predicted = true;
        }
        let p = &self.p;
        let arrives = fetched.after(u64::from(p.fetch2_to_decode + p.decode_to_execute));
        let (pipe, issued) = self.issue(i, arrives);
        self.group = self.group.max(issued.cycle());
        let ended = self.end(pipe, issued);
        let at = if i.load || i.store {
            self.access(i, r, pipe, ended)
        } else {
            ended
        };
        self.retire(i, r, branch, pipe, issued, at)
    }

    /// Adopts the state that was warmed elsewhere by the stream so far.
    pub fn take(&mut self, held: &Held) {
        self.hierarchy.take(held, self.head.cycle());
        held.branches.give(&mut self.branches);
        self.training.clear();
        self.line = u64::MAX;
    }

    /// Functional warming by one retirement: caches, prefetchers and predictors see it.
    pub fn warm(&mut self, i: &Prepared, r: &Resolved, place: &Place) {
        let now = self.head.cycle();
        self.training.clear();
        self.branches.commit_all();
        let mask = !u64::from(self.p.fetch_bytes - 1);
        for line in [i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask] {
            if line != self.line {
                self.line = line;
                let physical = place.code(line);
                self.hierarchy.warm_fetch(physical, now);
            }
        }
        if i.transfers {
            self.branches.warm(&i.control(r));
            if r.taken {
                self.line = u64::MAX;
            }
        }
        if i.load || i.store {
            self.hierarchy.warm_data(place.data, now, i.store, i.pc);
        }
    }

    /// When fetch2 takes `i` out of its line.
    fn fetch(&mut self, i: &Prepared) -> At {
        let mask = !u64::from(self.p.fetch_bytes - 1);
        let (first, last) = (i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask);
        if let Some(at) = self.restart.take() {
            let at = if std::mem::take(&mut self.predicted) {
                self.turn(at)
            } else {
                at
            };
            self.line = u64::MAX;
            self.arrived = at;
            self.bring(first, at, true);
        } else if first != self.line {
            self.bring(first, At::default(), false);
        }
        let mut at = self.arrived;
        if last != first {
            self.bring(last, At::default(), false);
            at = self.arrived;
        }
        let buffers = (self.p.decode_buffer + self.p.execute_buffer) as usize;
        let before = self.fetched.cycle();
        let mut at = at.max(self.fetched);
        if let Some(room) = self.groups.back(buffers).filter(|_| at.cycle() > before) {
            at = at.max(At::new(room, Part::Dependence));
        }
        let at = self.fetch2.pass(at);
        if at.cycle() > before {
            self.groups.push(self.group);
            self.group = 0;
        }
        self.fetched = at;
        at
    }

    /// When fetch1, told of a prediction at `at`, requests its target. It may have requested lines
    /// behind the last one: for the next as soon as there was room for it, and once more when
    /// fetch2 let go of what it had, in the cycle before `at`.
    fn turn(&mut self, at: At) -> At {
        let Some(last) = self
            .asked
            .back(1)
            .filter(|_| self.p.fetch_lines_in_flight == 1)
        else {
            return at;
        };
        let let_go = at.cycle().saturating_sub(1);
        let mut ask = self.next_ask(last);
        let mut line = self.line_physical;
        loop {
            line += u64::from(self.p.fetch_bytes);
            if ask > let_go {
                return at;
            }
            let came = self.hierarchy.fetch(line, ask).at;
            if came >= let_go {
                return at.max(At::new(came + 1, Part::Fetch));
            }
            ask = let_go;
        }
    }

    /// When the line behind the last one may be requested: as soon as fewer than the most are under
    /// way and fetch2 has let go of the one before the last.
    fn next_ask(&self, last: Asked) -> u64 {
        let in_flight = self.p.fetch_lines_in_flight as usize;
        let came = self.asked.back(in_flight).map_or(0, |a| a.came + 1);
        (last.at + 1).max(came).max(self.left)
    }

    /// Fetch1 requests `line`: in sequence as soon as it may, or at `at`.
    fn bring(&mut self, line: u64, at: At, turned: bool) {
        let hit = u64::from(self.p.l1i_latency);
        let last = self.asked.back(1).unwrap_or_default();
        let ask = if turned {
            self.left = 0;
            at.cycle()
        } else {
            let ask = self.next_ask(last);
            self.left = self.fetched.cycle();
            ask
        };
        let physical = self.place.code(line);
        self.line_physical = physical;
        let served = self.hierarchy.fetch(physical, ask);
        self.asked.push(Asked {
            at: ask,
            came: served.at,
        });
        self.line = line;
        let part = if served.at > ask + hit || !turned {
            Part::Fetch
        } else {
            at.part()
        };
        self.arrived = At::new(served.at + 1, part);
    }

    /// Issues `i` to a unit.
    fn issue(&mut self, i: &Prepared, arrives: At) -> (usize, At) {
        let memory = i.load || i.store;
        let (first, end) = self.kinds[kind(i.unit)];
        let mut at = arrives;
        let slack = self.pipes[first].slack;
        for s in i.src {
            let ready = self.ready[usize::from(s)];
            let when = ready.cycle().saturating_sub(slack);
            if when > at.cycle() {
                at = At::new(when, ready.part());
            }
        }
        let issue = |this: &mut Self, at: At| {
            let at = this.issue.pass(at);
            if !memory {
                return at;
            }
            let passed = this.memory_issue.pass(at);
            if passed.cycle() > at.cycle() {
                this.issue.pass(passed);
            }
            passed
        };
        // When it could be issued, were there a unit; then a unit.
        let (stages, earliest) = ((self.issue, self.memory_issue), issue(self, at));
        (self.issue, self.memory_issue) = stages;
        let (mut pipe, mut free) = (first, u64::MAX);
        for (n, p) in self.pipes[first..end].iter().enumerate() {
            let when = p.accepts(earliest.cycle());
            if when < free {
                (pipe, free) = (first + n, when);
            }
        }
        if free > earliest.cycle() {
            at = At::new(free, Part::Ports);
        }
        let at = issue(self, at);
        (pipe, at)
    }

    /// When `i` is at the end of its unit.
    fn end(&mut self, pipe: usize, issued: At) -> At {
        let p = &mut self.pipes[pipe];
        let at = issued.cycle();
        let behind = p.committed + (at - p.pushed.min(at)).min(p.latency);
        let ended = (at + p.latency).max(if p.committed > p.pushed + p.latency {
            behind
        } else {
            0
        });
        p.next = at + p.interval;
        p.pushed = at;
        let cause = if p.latency > 1 && issued.part() == Part::Base {
            Part::Dependence
        } else {
            issued.part()
        };
        At::new(ended, cause)
    }

    /// A memory access that is at the end of its unit: when its answer can commit.
    fn access(&mut self, i: &Prepared, r: &Resolved, pipe: usize, ended: At) -> At {
        let mut at = ended;
        if self.p.early_memory_issue == 1 && !i.alone {
            // Not before what it depends on has committed.
            for s in i.src {
                let w = self.written[usize::from(s)];
                if w > at.cycle() {
                    at = At::new(w, Part::Dependence);
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
        self.pipes[pipe].committed = at.cycle();
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
        if self.store_pending > at.cycle() {
            at = At::new(self.store_pending + 1, Part::Store);
        }
        let size = u64::from(i.access.max(1));
        for back in 1..=2 * self.p.store_buffer as usize {
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
        let served = self
            .hierarchy
            .data(self.place.data, at.cycle(), i.store, i.pc);
        self.in_memory.take(served.accepted, served.at);
        self.requests.push(served.accepted);
        At::new(served.at, served.part)
    }

    /// While the first instruction waits for memory, nothing is sent there: not before it has
    /// committed, in the next cycle where that takes all of commit's width.
    fn not_behind_waiting(&self, mut at: At) -> At {
        let waits = (1..=WAITING).rev().filter_map(|back| self.waits.back(back));
        for w in waits.filter(|w| w.from < w.until) {
            if at.cycle() > w.from && at.cycle() < w.until + u64::from(w.full) {
                at = At::new(w.until + u64::from(w.full), w.part);
            }
        }
        at
    }

    /// When the store buffer has room, from `at` on: its places are given back in any order.
    fn store_room(&self, mut at: u64) -> u64 {
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

    fn retire(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        branch: Option<Fetched>,
        pipe: usize,
        issued: At,
        at: At,
    ) -> At {
        let first_from = self.head.cycle();
        let mut at = at.max(self.head);
        if i.store && !i.atomic {
            // The store buffer must have room.
            let room = self.store_room(at.cycle());
            at = at.max(At::new(room, Part::Store));
        }
        if i.barrier || i.atomic {
            let drained = (1..=self.p.store_buffer as usize)
                .filter_map(|b| self.stores.back(b))
                .map(|s| s.done)
                .max()
                .unwrap_or(0);
            at = at.max(At::new(drained, Part::Store));
        }
        let mut at = self.commit.pass(at);
        if i.load || i.store {
            let passed = self.memory_commit.pass(at);
            if passed.cycle() > at.cycle() {
                at = self.commit.pass(passed);
            }
        }
        let committed = at.cycle();
        if i.load || i.store {
            let sent = self.requests.back(1).unwrap_or(0);
            self.waits.push(Wait {
                from: sent.max(first_from),
                until: committed,
                full: self.commit.full(),
                part: at.part(),
            });
        }
        if !i.load && !i.store {
            self.pipes[pipe].committed = committed;
        }
        self.head = at;
        if i.load || i.store {
            self.transfers.push(committed);
        }
        if i.dst != NO_REG {
            let p = &self.pipes[pipe];
            let assumed = if i.load { ASSUMED } else { 0 };
            // Once it has committed, nothing waits for its assumed latency any more.
            self.ready[usize::from(i.dst)] = At::new(
                (issued.cycle() + p.latency + assumed).min(committed),
                if i.load { Part::L1 } else { Part::Dependence },
            );
            self.written[usize::from(i.dst)] = committed;
        }
        if i.store && !i.load {
            self.store_pending = committed;
            let send = self.sending.pass(At::new(committed + 1, Part::Store));
            let send = self.in_memory.accepted(send.cycle());
            let served = self.hierarchy.data(self.place.data, send, true, i.pc);
            self.sending.pass(At::new(served.accepted, Part::Store));
            self.in_memory.take(served.accepted, served.at);
            self.stores.push(Buffered {
                address: r.address,
                size: u64::from(i.access.max(1)),
                done: served.at,
            });
        }
        if let Some(b) = branch {
            let delay = u64::from(self.p.branch_delay);
            if b.found != Found::Right {
                self.predicted = false;
                self.restart = Some(At::new(committed + delay, Part::Branch));
            }
            self.training.push_back(committed + delay);
        }
        if i.syscall || i.serialize_after || i.squash_after {
            let delay = u64::from(self.p.branch_delay);
            self.predicted = false;
            self.restart = Some(At::new(committed + delay, Part::Store));
        }
        at
    }
}
