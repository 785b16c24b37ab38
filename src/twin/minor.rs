//! An in-order core, timed one retirement at a time: the scalar twin of gem5's Minor.
//!
//! Fetch brings lines, decode passes groups on, and instructions issue in order to pipelined units.
//! They commit in order from the ends of these; a unit whose last instruction cannot commit yet
//! takes no more. Memory accesses may go out before they are at the head, once what they depend on
//! has committed.

use super::hierarchy::Hierarchy;
use super::pages::Pages;
use super::parameters::CoreParameters;
use super::parts::{At, Part};
use super::predictors::branch_unit::{BranchUnit, Fetched, Found};
use super::prepared::{Prepared, Unit, NO_REG, REGS};
use super::rules::Rules;
use super::stage::{Ring, Stage};
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

/// A store on its way from the store buffer to the cache.
#[derive(Clone, Copy, Default)]
struct Buffered {
    address: u64,
    size: u64,
    done: u64,
}

/// Kinds of units, each a range of pipes.
const KINDS: usize = 9;
/// What a load is assumed to take when what follows is issued (`extraAssumedLat`).
const ASSUMED: u64 = 2;

/// The machine.
pub struct InOrder {
    p: CoreParameters,
    hierarchy: Hierarchy,
    pages: Pages,
    branches: BranchUnit,
    training: VecDeque<(u64, Fetched)>,

    /// The line that fetch2 works on, when it came, and when the next may be asked for.
    line: u64,
    arrived: At,
    asked: Ring<u64>,
    restart: Option<At>,
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
    in_memory: Ring<u64>,
    last_access: (u64, u64),
    store_pending: u64,
    stores: Ring<Buffered>,
    sending: u64,
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
            pages: Pages::new(),
            branches: BranchUnit::new(&p.branches(false)),
            training: VecDeque::new(),
            line: u64::MAX,
            arrived: At::new(1, Part::Fetch),
            asked: Ring::new(p.fetch_lines_in_flight as usize),
            restart: Some(At::new(1, Part::Fetch)),
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
            in_memory: Ring::new(p.mem_accesses as usize),
            last_access: (0, 0),
            store_pending: 0,
            stores: Ring::new(p.store_buffer as usize),
            sending: 0,
            p: p.clone(),
        }
    }

    /// One retirement: the cycle of its commit, and what it waited for.
    pub fn step(&mut self, i: &Prepared, r: &Resolved) -> At {
        let fetched = self.fetch(i);
        while self
            .training
            .front()
            .is_some_and(|t| t.0 <= fetched.cycle())
        {
            if let Some((_, fetched)) = self.training.pop_front() {
                self.branches.commit(&fetched);
            }
        }
        let branch = i.transfers.then(|| self.branches.fetch(&i.control(r)));
        if branch.as_ref().is_some_and(|b| b.predicted_taken) {
            // Fetch1 turns in the next cycle.
            self.restart = Some(fetched.after(1).because(Part::Fetch));
        }
        let p = &self.p;
        let arrives = fetched.after(u64::from(p.fetch2_to_decode + p.decode_to_execute));
        let (pipe, issued) = self.issue(i, arrives);
        self.group = self.group.max(issued.cycle());
        let ended = self.end(pipe, issued);
        let at = if i.load || i.store {
            self.access(i, r, ended)
        } else {
            ended
        };
        self.retire(i, r, branch, pipe, issued, at)
    }

    /// One retirement that takes no time: caches, prefetchers and predictors see it.
    pub fn warm(&mut self, i: &Prepared, r: &Resolved) {
        let now = self.head.cycle();
        while let Some((_, fetched)) = self.training.pop_front() {
            self.branches.commit(&fetched);
        }
        let mask = !u64::from(self.p.fetch_bytes - 1);
        for line in [i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask] {
            if line != self.line {
                self.line = line;
                let physical = self.pages.touch(line).address;
                self.hierarchy.warm_fetch(physical, now);
            }
        }
        if i.transfers {
            let fetched = self.branches.fetch(&i.control(r));
            self.branches.commit(&fetched);
            if r.taken {
                self.line = u64::MAX;
            }
        }
        if i.load || i.store {
            let physical = self.pages.touch(r.address).address;
            self.hierarchy.warm_data(physical, now, i.store, i.pc);
        }
    }

    /// When fetch2 takes `i` out of its line.
    fn fetch(&mut self, i: &Prepared) -> At {
        let mask = !u64::from(self.p.fetch_bytes - 1);
        let (first, last) = (i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask);
        if let Some(at) = self.restart.take() {
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

    /// Fetch1 asks for `line`: in sequence as soon as it may, or from `at` on.
    fn bring(&mut self, line: u64, at: At, turned: bool) {
        let hit = u64::from(self.p.l1i_latency);
        let in_flight = self.p.fetch_lines_in_flight as usize;
        let last = self.asked.back(1).unwrap_or(0);
        let mut ask = if turned { at.cycle() } else { last + 1 };
        if let Some(came) = self.asked.back(in_flight) {
            if !turned {
                ask = ask.max(came + 1);
            }
        }
        if !turned {
            // Two lines wait before fetch2 at most.
            ask = ask.max(self.fetched.cycle().saturating_sub(hit + 2));
        }
        let physical = self.pages.touch(line).address;
        let served = self.hierarchy.fetch(physical, ask);
        self.asked.push(served.at);
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
        let (mut pipe, mut free) = (first, u64::MAX);
        for (n, p) in self.pipes[first..end].iter().enumerate() {
            // A unit whose last instruction is stuck at its end is stalled until that commits.
            let stuck = p.committed > p.pushed + p.latency && p.pushed + p.latency <= at.cycle();
            let when = p.next.max(if stuck { p.committed } else { 0 });
            if when < free {
                (pipe, free) = (first + n, when);
            }
        }
        if free > at.cycle() {
            at = At::new(free, Part::Ports);
        }
        let mut at = self.issue.pass(at);
        if memory {
            at = self.memory_issue.pass(at);
            if at.cycle() > self.issue.last().cycle() {
                self.issue.pass(at);
            }
        }
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
    fn access(&mut self, i: &Prepared, r: &Resolved, ended: At) -> At {
        let mut at = ended;
        if self.p.early_memory_issue == 1 {
            // Not before what it depends on has committed.
            for s in i.src {
                let w = self.written[usize::from(s)];
                if w > at.cycle() {
                    at = At::new(w, Part::Dependence);
                }
            }
        } else {
            at = at.max(self.head);
        }
        // Nothing goes out while an access waits at the head.
        let (sent, done) = self.last_access;
        if done > at.cycle() && at.cycle() > sent.max(self.head.cycle()) + 1 {
            at = At::new(done, Part::L1);
        }
        if let Some(free) = self.requests.back(self.p.lsq_requests as usize) {
            at = at.max(At::new(free, Part::L1));
        }
        if let Some(free) = self.transfers.back(self.p.lsq_transfers as usize) {
            at = at.max(At::new(free, Part::L1));
        }
        if i.store && !i.load {
            self.requests.push(at.cycle());
            return at;
        }
        if let Some(free) = self.in_memory.back(self.p.mem_accesses as usize) {
            at = at.max(At::new(free, Part::L1));
        }
        if self.store_pending > at.cycle() {
            at = At::new(self.store_pending + 1, Part::Store);
        }
        self.requests.push(at.cycle());
        let size = u64::from(i.access.max(1));
        let depth = self.p.store_buffer as usize;
        for back in 1..=depth {
            let Some(s) = self.stores.back(back) else {
                break;
            };
            if s.done <= at.cycle() || i.atomic {
                continue;
            }
            let (end, s_end) = (r.address + size, s.address + s.size);
            if r.address >= s.address && end <= s_end {
                return at.because(Part::Store);
            }
            if r.address < s_end && end > s.address {
                at = At::new(s.done, Part::Store);
                break;
            }
        }
        let physical = self.pages.touch(r.address).address;
        let served = self.hierarchy.data(physical, at.cycle(), i.store, i.pc);
        self.in_memory.push(served.at);
        self.last_access = (at.cycle(), served.at);
        At::new(served.at, served.part)
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
        let mut at = at.max(self.head);
        if i.store && !i.atomic {
            // The store buffer must have room.
            let oldest = self.stores.back(self.p.store_buffer as usize);
            if let Some(s) = oldest {
                at = at.max(At::new(s.done, Part::Store));
            }
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
        self.pipes[pipe].committed = committed;
        self.head = at;
        if i.load || i.store {
            self.transfers.push(committed);
        }
        if i.dst != NO_REG {
            let p = &self.pipes[pipe];
            let assumed = if i.load { ASSUMED } else { 0 };
            self.ready[usize::from(i.dst)] = At::new(
                issued.cycle() + p.latency + assumed,
                if i.load { Part::L1 } else { Part::Dependence },
            );
            self.written[usize::from(i.dst)] = committed;
        }
        if i.store && !i.load {
            self.store_pending = committed;
            let physical = self.pages.touch(r.address).address;
            let send = (committed + 1).max(self.sending + 1);
            let served = self.hierarchy.data(physical, send, true, i.pc);
            self.sending = served.accepted;
            // Slots are given back from the front.
            let before = self.stores.back(1).map_or(0, |s| s.done);
            self.stores.push(Buffered {
                address: r.address,
                size: u64::from(i.access.max(1)),
                done: served.at.max(before),
            });
        }
        if let Some(b) = branch {
            let delay = u64::from(self.p.branch_delay);
            if b.found != Found::Right {
                self.restart = Some(At::new(committed + delay, Part::Branch));
            }
            self.training.push_back((committed + delay, b));
        }
        if i.syscall || i.serialize_after || i.squash_after {
            let delay = u64::from(self.p.branch_delay);
            self.restart = Some(At::new(committed + delay, Part::Store));
        }
        at
    }
}
