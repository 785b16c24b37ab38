//! An in-order core, timed one retirement at a time: the scalar twin of gem5's Minor.
//!
//! Fetch brings lines, decode passes groups on, and instructions issue in order to pipelined units.
//! They commit in order from the ends of the units; a unit whose last instruction cannot commit yet
//! stalls. Memory accesses may be sent before they are the oldest instruction, once what they depend
//! on has committed.

mod clock;
mod fetch;
mod issue;
mod memory;
mod pipe;

use self::clock::Clock;
use self::fetch::Asked;
use self::issue::{Discarded, Writer, ASSUMED, KINDS};
use self::memory::{Buffered, Wait, STORES_SENT, WAITING};
use self::pipe::Pipe;
use super::cache::{Answers, Mshrs};
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

/// Twin of an in-order core (gem5's Minor).
pub struct InOrder {
    p: CoreParameters,
    hierarchy: Hierarchy,
    answers: Answers,
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
    /// When a register's value is assumed to be there, and when its writer committed.
    ready: [At; REGS],
    written: [Writer; REGS],

    commit: Stage,
    memory_commit: Stage,
    head: At,
    requests: Ring<u64>,
    transfers: Ring<u64>,
    /// Loads and stores in the memory system.
    in_memory: Mshrs,
    waits: Ring<Wait>,
    clock: Clock,
    /// When decode passed on each group, and when execute has the last one.
    decoded: Ring<u64>,
    arrives: At,
    /// When the load that is stepped is answered.
    answer: Option<u64>,
    discarded: Option<Box<Discarded>>,
    /// When the last store left the queues, and which retirement it was.
    store_pending: (u64, u64),
    /// How many retirements there were.
    count: u64,
    stores: Ring<Buffered>,
    /// When all of them are written.
    stored: u64,
    sending: Stage,
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
            // What needs no unit takes no place in one.
            (1, 1, 0, 0),
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
            answers: Answers::new(rules.one_answer_a_cycle),
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
            written: [Writer::default(); REGS],
            commit: Stage::new(p.commit_width),
            memory_commit: Stage::new(p.commit_width.min(p.mem_units)),
            head: At::default(),
            requests: Ring::new(p.lsq_requests as usize),
            transfers: Ring::new(p.lsq_transfers as usize),
            in_memory: Mshrs::new(p.mem_accesses),
            waits: Ring::new(WAITING),
            clock: Clock::new(u64::from(
                p.fetch2_to_decode
                    .max(p.decode_to_execute)
                    .max(p.branch_delay),
            )),
            decoded: Ring::new(p.decode_buffer as usize),
            arrives: At::default(),
            answer: None,
            discarded: None,
            store_pending: (0, 0),
            count: 0,
            stores: Ring::new(2 * p.store_buffer as usize),
            stored: 0,
            sending: Stage::new(STORES_SENT),
            p: p.clone(),
        }
    }

    /// One retirement: the cycle of its commit, and what it waited for.
    pub fn step(&mut self, i: &Prepared, r: &Resolved, place: &Place) -> At {
        self.count += 1;
        let fetched = self.fetch(i, place);
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
        if let Some(d) = self.discarded.take() {
            self.discard(i, d);
        }
        let (pipe, issued) = self.issue(i, self.arrives);
        self.group = self.group.max(issued.cycle());
        let latency = self.pipes[pipe].latency;
        self.clock.issues(issued.cycle(), latency);
        let ended = self.end(pipe, issued);
        let at = if i.load || i.store {
            self.access(i, r, place, pipe, ended)
        } else {
            ended
        };
        let at = self.retire(i, r, place, branch, (pipe, issued), at);
        at.after(self.clock.late())
    }

    /// Adopts the state that was warmed elsewhere by the stream so far.
    pub fn take(&mut self, held: &Held) {
        self.hierarchy.take(held, self.now());
        held.branches.give(&mut self.branches);
        self.training.clear();
        self.line = u64::MAX;
    }

    /// Functional warming by one retirement: caches, prefetchers and predictors see it.
    pub fn warm(&mut self, i: &Prepared, r: &Resolved, place: &Place) {
        let now = self.now();
        self.training.clear();
        self.branches.commit_all();
        if i.transfers {
            self.branches.warm(&i.control(r));
        }
        let bytes = self.p.fetch_bytes;
        self.hierarchy.warm(i, r, place, &mut self.line, bytes, now);
    }

    /// When the last retirement committed.
    fn now(&self) -> u64 {
        self.head.cycle() + self.clock.late()
    }

    fn retire(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        place: &Place,
        branch: Option<Fetched>,
        (pipe, issued): (usize, At),
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
        let mut at = if i.unit == Unit::None {
            self.commit.pass_beside(at)
        } else {
            self.commit.pass(at)
        };
        if i.load || i.store {
            let passed = self.memory_commit.pass(at);
            if passed.cycle() > at.cycle() {
                at = self.commit.pass(passed);
            }
        }
        let committed = at.cycle();
        if self.answer.take() == Some(committed) && committed > first_from {
            self.clock.waits(committed);
        }
        if i.load || i.store {
            let pushed = self.pipes[pipe].left;
            self.waits.push(Wait {
                from: pushed.max(first_from),
                until: committed,
                full: self.commit.full(),
                part: at.part(),
            });
        }
        if !i.load && !i.store {
            self.pipes[pipe].leave(committed);
        }
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
            self.written[usize::from(i.dst)] = Writer {
                at: committed,
                last: self.commit.full(),
                number: self.count,
            };
        }
        if i.store && !i.load {
            self.store_pending = (committed, self.count);
            let send = self.sending.pass(At::new(committed + 1, Part::Store));
            let send = self.in_memory.accepted(send.cycle());
            let (accepted, done, _) = self.send(place, send, true, i.pc);
            self.sending.pass(At::new(accepted, Part::Store));
            self.clock.moves(committed, accepted);
            self.clock.moves(done, done + 1);
            self.stored = self.stored.max(done);
            self.stores.push(Buffered {
                address: r.address,
                size: u64::from(i.access.max(1)),
                done,
            });
        }
        if let Some(b) = branch {
            self.clock.passes(committed);
            let delay = u64::from(self.p.branch_delay);
            if b.found != Found::Right {
                self.wrong_path(i, place, &b, committed + delay);
                self.predicted = false;
                self.restart = Some(At::new(committed + delay, Part::Branch));
            }
            self.training.push_back(committed + delay);
        }
        if i.syscall || i.serialize_after || i.squash_after {
            let delay = u64::from(self.p.branch_delay);
            self.predicted = false;
            self.restart = Some(At::new(committed + delay, Part::Store));
            let mut issue = self.issue;
            issue.fill();
            self.discarded = Some(Box::new(Discarded {
                issue,
                until: committed,
                ready: std::array::from_fn(|r| self.ready[r].cycle().min(self.written[r].at)),
            }));
        }
        at
    }
}
