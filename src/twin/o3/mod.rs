//! An out-of-order core, timed one retirement at a time: the scalar twin of gem5's O3.
//!
//! Each retirement passes fetch, decode, rename, dispatch, issue, execution, write-back and commit;
//! in each it waits for the stage's width, for room in its queues, and for what it depends on. The
//! latest of these is its time there, and determines the cause.

mod ahead;

use self::ahead::Ahead;
use super::cache::Answers;
use super::calendar::{Calendar, Issue};
use super::front::Front;
use super::hierarchy::Hierarchy;
use super::pages::{Place, PAGE};
use super::parameters::CoreParameters;
use super::parts::{At, Part};
use super::predictors::branch_unit::{BranchUnit, Fetched, Found};
use super::prepared::{Prepared, Unit, NO_REG, REGS};
use super::rules::Rules;
use super::stage::{Ring, Stage};
use super::store_sets::{LastStore, StoreSets};
use super::warm::Held;
use crate::inst::Resolved;
use std::collections::VecDeque;

/// A store that may still be in the store queue.
#[derive(Clone, Copy, Default)]
struct Store {
    address: u64,
    size: u64,
    pc: u64,
    /// When it executed: its address and data are known.
    executed: u64,
    /// When it went to the cache.
    sent: u64,
    /// When the cache was done.
    done: u64,
    atomic: bool,
}

const ALU: usize = 0;
const MUL: usize = 1;
const FP: usize = 2;
const FP_DIV: usize = 3;
const LOAD: usize = 4;
const STORE: usize = 5;
const SIMD: usize = 6;
const CSR: usize = 7;

/// Registers that RISC-V's own state takes of the physical ones.
const INT_STATE: u32 = 33;
const FP_STATE: u32 = 32;
/// From commit's squash to fetch's restart.
const COMMIT_TO_FETCH: u64 = 2;
/// `trapLatency`.
const TRAP: u64 = 13;
/// Granularity of dependence checks in the load/store queue, in bytes (`LSQDepCheckShift`).
const DEPENDENCE_SHIFT: u32 = 4;
const BLOCKS: usize = 4096;
/// Bytes of an instruction, as compressed ones and others lie mixed.
const INST_BYTES: u64 = 3;
/// Instructions from one taken branch to the next, where they are not known: about as many as
/// between those of the training programs.
const WRONG_RUN: u32 = 8;

/// Farther than any wrong path goes.
const WRONG_PAGES: u64 = 16;

/// Twin of an out-of-order core (gem5's O3).
pub struct OutOfOrder {
    p: CoreParameters,
    rules: Rules,
    hierarchy: Hierarchy,
    /// To loads: stores are sent behind those of their cycle.
    answers: Answers,
    branches: BranchUnit,
    /// When transfers of control commit that have not.
    training: VecDeque<u64>,

    fetch: At,
    fetched: u32,
    block: u64,
    ended: Option<Part>,
    restart: Option<At>,

    front: Front,
    commit: Stage,
    sends: Ring<At>,
    commits: Ring<u64>,
    loads: Ring<u64>,
    stores: Ring<Store>,
    int_writers: Ring<u64>,
    fp_writers: Ring<u64>,
    renamed: Calendar,
    last_renamed: u64,
    iq_freed: Calendar,
    iq_time: u64,
    iq_used: u64,

    ready: [At; REGS],
    issued: Issue,
    written: Calendar,
    store_sets: StoreSets,
    /// Block -> number of the last store to it.
    blocks: Vec<(u64, u64)>,
    sending: Stage,
    store_done: u64,
    barrier: u64,
    serialize: Option<u64>,
    commit_blocked: (u64, u64),
    squash_width: u64,
    /// What was executed and is squashed.
    ahead: Vec<Ahead>,
}

impl OutOfOrder {
    /// The core at the start of a stream.
    pub fn new(p: &CoreParameters, rules: &Rules) -> Self {
        let units = [
            p.int_alus,
            p.int_muls,
            p.fp_units,
            1,
            p.load_ports,
            p.store_ports,
            1,
            1,
        ];
        let window = p.rob as usize + 1;
        Self {
            hierarchy: Hierarchy::new(p, rules),
            answers: Answers::new(rules.one_answer_a_cycle),
            branches: BranchUnit::new(&p.branches(rules)),
            training: VecDeque::new(),
            fetch: At::new(1, Part::Fetch),
            fetched: 0,
            block: u64::MAX,
            ended: None,
            restart: None,
            front: Front::new(
                p.decode_width,
                p.rename_width,
                p.fetch_to_decode,
                p.decode_to_rename,
            ),
            commit: Stage::new(p.commit_width),
            sends: Ring::new(p.fetch_queue as usize),
            commits: Ring::new(window),
            loads: Ring::new(p.lq as usize),
            stores: Ring::new(p.sq as usize + 1),
            int_writers: Ring::new(p.int_regs as usize),
            fp_writers: Ring::new(p.fp_regs as usize),
            renamed: Calendar::new(),
            last_renamed: 0,
            iq_freed: Calendar::new(),
            iq_time: 0,
            iq_used: 0,
            ready: [At::default(); REGS],
            issued: Issue::new(p.issue_width, units),
            written: Calendar::new(),
            store_sets: StoreSets::new(p.store_sets_log2),
            blocks: vec![(u64::MAX, 0); BLOCKS],
            sending: Stage::new(p.store_ports),
            store_done: 0,
            barrier: 0,
            serialize: None,
            commit_blocked: (0, 0),
            squash_width: u64::from(if p.commit_width < 6 {
                2 * p.commit_width
            } else {
                12
            }),
            p: p.clone(),
            rules: *rules,
            ahead: Vec::new(),
        }
    }

    /// One retirement: the cycle of its commit, and what it waited for. `target` is where a taken
    /// transfer goes.
    pub fn step(&mut self, i: &Prepared, r: &Resolved, place: &Place) -> At {
        let before = self.commit.last();
        let physical = place.data;
        if (i.load || i.store) && place.first && self.rules.first_touch_traps {
            self.trap_on_touch(i, place);
        }
        let fetched = self.fetch(i, place);
        while self.training.front().is_some_and(|t| *t < fetched.cycle()) {
            self.training.pop_front();
            self.branches.commit();
        }
        let branch = i.transfers.then(|| self.branches.fetch(&i.control(r)));
        let dispatched = self.dispatch(i, fetched);
        if let Some(b) = branch {
            self.predicted(&b, r.taken);
            if let Some(restart) = self.restart {
                self.wrong_path(
                    Some(place),
                    b.goes_to,
                    fetched.cycle() + 1,
                    0,
                    restart.cycle(),
                );
            }
        }
        if !self.ahead.is_empty() {
            self.go_ahead(i, r, place, branch.as_ref());
        }
        let (executed, written) = if i.alone {
            self.run_alone(i, dispatched, physical)
        } else if i.load {
            self.load(i, r, dispatched, place)
        } else {
            self.run(i, dispatched)
        };
        self.retire(i, r, branch, executed, written, place);
        debug_assert!(self.commit.last().cycle() >= before.cycle());
        self.commit.last()
    }

    /// Adopts the state that was warmed elsewhere by the stream so far.
    pub fn take(&mut self, held: &Held) {
        self.hierarchy.take(held, self.commit.last().cycle());
        held.branches.give(&mut self.branches);
        self.training.clear();
        self.ahead.clear();
        self.block = u64::MAX;
        self.store_sets.count_more(held.accesses);
    }

    /// Functional warming by one retirement: caches, prefetchers and predictors see it.
    pub fn warm(&mut self, i: &Prepared, r: &Resolved, place: &Place) {
        let now = self.commit.last().cycle();
        self.training.clear();
        self.branches.commit_all();
        if i.transfers {
            self.branches.warm(&i.control(r));
        }
        if i.load || i.store {
            self.store_sets.count();
        }
        let bytes = self.p.fetch_bytes;
        self.hierarchy
            .warm(i, r, place, &mut self.block, bytes, now);
    }

    /// `i` touches a page for the first time: it executes, and when all before it has committed and
    /// every store is written, it traps and is fetched again.
    fn trap_on_touch(&mut self, i: &Prepared, place: &Place) {
        let fetched = self.fetch(i, place);
        let dispatched = self.dispatch(i, fetched);
        let ready = self.operands(i, dispatched).cycle();
        let executed = ready + u64::from(self.p.issue_to_execute);
        self.iq_freed.take(executed);
        let at = (executed + u64::from(self.p.iew_to_commit) + 1)
            .max(self.commit.last().cycle() + 1)
            .max(self.store_done + 1);
        self.fetch_again(i, at + TRAP, Part::Memory);
    }

    /// When `i` is fetched.
    fn fetch(&mut self, i: &Prepared, place: &Place) -> At {
        let mask = !u64::from(self.p.fetch_bytes - 1);
        let (first, last) = (i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask);
        let mut at = self.fetch;
        let mut fresh = false;
        if let Some(restart) = self.restart.take() {
            at = restart;
            self.block = u64::MAX;
            self.ended = None;
            self.fetched = 0;
            fresh = true;
        }
        if first != self.block {
            at = self.fetch_block(place, first, at);
        } else if let Some(part) = self.ended {
            at = at.after(1).because(part);
            self.fetched = 0;
        } else if self.fetched >= self.p.fetch_width && !fresh {
            at = at.after(1).because(Part::Base);
            self.fetched = 0;
        }
        self.ended = None;
        if last != first {
            at = self.fetch_block(place, last, at);
        }
        if let Some(sent) = self.sends.back(self.p.fetch_queue as usize) {
            if sent.cycle() + 1 > at.cycle() {
                at = sent.after(1);
                self.fetched = 0;
            }
        }
        self.fetched += 1;
        self.fetch = at;
        at
    }

    /// The fetch buffer takes in `block`, requested in cycle `at`.
    fn fetch_block(&mut self, place: &Place, block: u64, at: At) -> At {
        self.block = block;
        self.fetched = 0;
        let physical = place.code(block);
        let served = self.hierarchy.fetch(physical, at.cycle());
        let hit = u64::from(self.p.l1i_latency);
        if served.at > at.cycle() + hit || hit > 1 && at.part() == Part::Base {
            At::new(served.at, Part::Fetch)
        } else {
            at.after(hit)
        }
    }

    /// From cycle `from` on, fetch takes the wrong path at `pc`, until it starts again at `until`.
    /// The lines that it requests come, and are often those that are executed next. Gives how many
    /// instructions are in the reorder buffer when it squashes them at `squashed`.
    ///
    /// No stream says what lies there: it is taken for code with a taken branch in
    /// [`WRONG_RUN`] instructions, all of it behind one another. Without a `place` it is the right
    /// path, whose lines come as it is executed ahead.
    fn wrong_path(
        &mut self,
        place: Option<&Place>,
        mut pc: u64,
        from: u64,
        squashed: u64,
        until: u64,
    ) -> u64 {
        let bytes = u64::from(self.p.fetch_bytes);
        let end = pc + WRONG_PAGES * PAGE;
        let mut front = self.front.clone();
        let mut room = self.p.fetch_queue + self.p.rob;
        let (mut at, mut run, mut renamed) = (from, 0, 0);
        let mut renaming = true;
        while at < until && pc < end && room > 0 {
            let block = pc & !(bytes - 1);
            at = match place {
                Some(place) => self.hierarchy.fetch(place.code_elsewhere(block), at).at,
                None => at + u64::from(self.p.l1i_latency),
            };
            let mut fetched = 0;
            while pc < block + bytes && room > 0 {
                if run == WRONG_RUN || fetched == self.p.fetch_width {
                    at += 1;
                    fetched = 0;
                    run %= WRONG_RUN;
                }
                if at >= until {
                    break;
                }
                // What is behind one that is renamed too late is, too.
                renaming = renaming && front.pass(at) < squashed;
                renamed += u64::from(renaming);
                fetched += 1;
                run += 1;
                room -= 1;
                pc += INST_BYTES;
            }
        }
        renamed.min(u64::from(self.p.rob))
    }

    /// Decode and rename: when `i` is dispatched.
    fn dispatch(&mut self, i: &Prepared, fetched: At) -> At {
        let send = self.front.send(fetched);
        self.sends.push(send);
        let decoded = self.front.decode(send);
        let fixed = self.fixed_room(i);
        let wanted = self.front.rename(decoded);
        let at = self.room(wanted.max(fixed));
        self.front.renamed(at.cycle());
        self.iq_used += 1;
        self.renamed.take(at.cycle());
        self.last_renamed = at.cycle();
        at.after(u64::from(self.p.rename_to_iew))
    }

    /// From when on there is room for `i` in queues and register files whose entries are given back
    /// at times that are known.
    fn fixed_room(&mut self, i: &Prepared) -> At {
        let p = &self.p;
        let mut at = At::default();
        let mut wait = |cycle: Option<u64>, wait: u64, part: Part| {
            if let Some(c) = cycle {
                at = at.max(At::new(c + wait, part));
            }
        };
        if i.load && !i.store {
            wait(self.loads.back(p.lq as usize), 2, Part::Window);
        }
        if i.store {
            let done = self.stores.back(p.sq as usize).map(|s| s.done);
            wait(done, 1, Part::Store);
        }
        if i.dst < 32 {
            let spare = (p.int_regs - INT_STATE) as usize;
            wait(self.int_writers.back(spare), 2, Part::Window);
        } else if i.dst != NO_REG {
            let spare = (p.fp_regs - FP_STATE) as usize;
            wait(self.fp_writers.back(spare), 2, Part::Window);
        }
        wait(self.serialize.take(), 0, Part::Store);
        if i.serialize_before {
            let empty = self.commit.last().cycle().max(self.store_done) + 2;
            wait(Some(empty), 0, Part::Store);
        }
        at
    }

    /// When reorder buffer and issue queue have room, from `at` on. What was renamed and not yet
    /// dispatched counts twice in the reorder buffer from the second cycle on: on its way to
    /// dispatch, and where commit has put it already.
    fn room(&mut self, mut at: At) -> At {
        loop {
            let from = at.cycle();
            let twice: u32 = (2..u64::from(self.p.rename_to_iew) + 1)
                .map(|back| self.renamed.used(from.saturating_sub(back)))
                .sum();
            let size = self.p.rob.saturating_sub(twice).max(1);
            if let Some(c) = self.commits.back(size as usize) {
                if c + 1 > from {
                    // What counts twice may be less then.
                    let next = if twice > 0 { from + 1 } else { c + 1 };
                    at = At::new(next, Part::Window);
                    continue;
                }
            }
            at = self.queue_room(at);
            if at.cycle() == from {
                return at;
            }
        }
    }

    /// When the issue queue has room, from `at` on.
    fn queue_room(&mut self, mut at: At) -> At {
        loop {
            while self.iq_time < at.cycle() {
                self.iq_used -= u64::from(self.iq_freed.used(self.iq_time)).min(self.iq_used);
                self.iq_time += 1;
            }
            if self.iq_used < u64::from(self.p.iq) {
                return at;
            }
            at = At::new(at.cycle() + 1, Part::Window);
        }
    }

    /// What a prediction does to fetch, for what decode finds out; what execution finds out comes
    /// later.
    fn predicted(&mut self, b: &Fetched, taken: bool) {
        if matches!(b.found, Found::Decode | Found::Both) {
            self.restart = Some(At::new(self.front.decoded() + 2, Part::Fetch));
            self.front.squash_decode();
        } else if b.predicted_taken || taken {
            self.ended = Some(Part::Fetch);
        }
    }

    /// When the operands of `i` are there, from its dispatch on.
    #[inline(always)]
    fn operands(&self, i: &Prepared, dispatched: At) -> At {
        let mut at = dispatched;
        for s in i.src {
            at = at.max(self.ready[usize::from(s)]);
        }
        at
    }

    /// Issues `i` to a unit: the cycle of its issue, and what it waited for.
    #[inline(always)]
    fn issue(&mut self, unit: usize, ready: At, busy: u64) -> At {
        let cycle = self.issued.reserve(unit, ready.cycle(), busy);
        if cycle > ready.cycle() {
            At::new(cycle, Part::Ports)
        } else {
            ready
        }
    }

    fn execution(&self, unit: Unit) -> (usize, u64, u64) {
        let p = &self.p;
        let pipelined = |unit, latency: u32| (unit, u64::from(latency), 1);
        let whole = |unit, latency: u32| (unit, u64::from(latency), u64::from(latency));
        match unit {
            Unit::None | Unit::Alu => pipelined(ALU, 1),
            Unit::Mul => pipelined(MUL, p.int_mul_latency),
            Unit::Div if p.int_div_pipelined == 1 => pipelined(MUL, p.int_div_latency),
            Unit::Div => whole(MUL, p.int_div_latency),
            Unit::FpAdd => pipelined(FP, p.fp_add_latency),
            Unit::FpMul => pipelined(FP, p.fp_mul_latency),
            Unit::Fma => pipelined(FP, p.fp_mul_latency + p.fma_extra_latency),
            Unit::FpDiv => whole(FP_DIV, p.fp_div_latency),
            Unit::FpSqrt => whole(FP_DIV, p.fp_div_latency + p.fp_div_latency / 2),
            Unit::Load => pipelined(LOAD, 1),
            Unit::Store => pipelined(STORE, 1),
            Unit::Simd => pipelined(SIMD, 3),
            Unit::Csr => whole(CSR, 3),
        }
    }

    /// Arithmetic, branches and stores: when `i` executes, and when its result is written.
    fn run(&mut self, i: &Prepared, dispatched: At) -> (u64, At) {
        let (unit, latency, busy) = self.execution(i.unit);
        let mut ready = self.operands(i, dispatched);
        let waited = ready.cycle() > dispatched.cycle();
        let mut set = None;
        if i.store {
            self.store_sets.count();
            set = self.store_sets.of(i.pc);
            ready = self.wait_for_set(set, dispatched, ready);
        }
        let issued = self.issue(unit, ready, busy);
        if !i.store {
            self.iq_freed.take(issued.cycle());
        }
        let executed = issued.after(latency - 1 + u64::from(self.p.issue_to_execute));
        let at = self
            .written
            .reserve(executed.cycle(), self.p.writeback_width);
        let cause = if at > executed.cycle() {
            Part::Ports
        } else if waited && issued.part() != Part::Ports
            || latency > 1 && issued.part() == Part::Base
        {
            Part::Dependence
        } else {
            issued.part()
        };
        let written = At::new(at, cause);
        if i.store {
            self.iq_freed.take(at);
            if let Some(set) = set {
                let last = LastStore {
                    issued: issued.cycle(),
                    done: at,
                };
                self.store_sets.stored(set, last);
            }
        }
        // What a consumer of it waits for is a dependence, whatever this one waited for.
        self.ready[usize::from(i.dst)] = written.because(Part::Dependence);
        self.ready[usize::from(NO_REG)] = At::default();
        (executed.cycle(), written)
    }

    fn wait_for_set(&self, set: Option<u32>, dispatched: At, ready: At) -> At {
        let Some(set) = set else { return ready };
        let last = self.store_sets.last(set);
        if last.issued >= dispatched.cycle() {
            ready.max(At::new(last.done, Part::Store))
        } else {
            ready
        }
    }

    /// A load: when it executes, and when its result is written.
    fn load(&mut self, i: &Prepared, r: &Resolved, mut dispatched: At, place: &Place) -> (u64, At) {
        let physical = place.data;
        self.store_sets.count();
        let mut again = true;
        loop {
            let mut ready = self.operands(i, dispatched);
            let waited = ready.cycle() > dispatched.cycle();
            if self.barrier > ready.cycle() {
                ready = At::new(self.barrier, Part::Store);
            }
            ready = self.wait_for_set(self.store_sets.of(i.pc), dispatched, ready);
            let issued = self.issue(LOAD, ready, 1);
            let executed = issued.after(u64::from(self.p.issue_to_execute));
            let (found, conflict) =
                self.search(r.address, u64::from(i.access.max(1)), executed.cycle());
            if let Some(c) = conflict.filter(|_| again) {
                // The store executes later and finds the load ahead of it.
                again = false;
                self.store_sets.violation(c.pc, i.pc);
                self.iq_freed.take(c.executed);
                let until = self.squash(place, i.pc, c.executed, Part::Store);
                self.start_ahead(self.fetch.cycle(), until, None, i.dst);
                let fetched = self.fetch(i, place);
                dispatched = self.dispatch(i, fetched);
                continue;
            }
            let (data, part) = match found {
                Forward::From => (executed.cycle() + 1, Part::Store),
                Forward::After(done) => {
                    let at = done.max(executed.cycle()) + 1 + u64::from(self.p.issue_to_execute);
                    let served = self.hierarchy.data(physical, at, false, i.pc);
                    (self.answers.seen(served.at), Part::Store)
                }
                Forward::None => {
                    let served = self.hierarchy.data(physical, executed.cycle(), false, i.pc);
                    let mut at = self.answers.seen(served.at);
                    if served.accepted > executed.cycle() {
                        at += 1 + u64::from(self.p.issue_to_execute);
                    }
                    (at, served.part)
                }
            };
            let at = self.written.reserve(data, self.p.writeback_width);
            self.iq_freed.take(at);
            let cause = match part {
                Part::L1 if !waited => issued.part(),
                other => other,
            };
            let written = At::new(at, cause);
            self.ready[usize::from(i.dst)] = At::new(at, part);
            self.ready[usize::from(NO_REG)] = At::default();
            return (executed.cycle(), written);
        }
    }

    /// The store that a load at `now` finds in the store queue.
    fn search(&self, address: u64, size: u64, now: u64) -> (Forward, Option<Store>) {
        let (first, last) = (
            address >> DEPENDENCE_SHIFT,
            (address + size - 1) >> DEPENDENCE_SHIFT,
        );
        let recent = |block: u64| {
            let b = self.blocks[block as usize % BLOCKS];
            if b.0 == block {
                b.1
            } else {
                0
            }
        };
        // The youngest store to either block; older ones only matter behind it.
        let youngest = recent(first).max(recent(last)) as usize;
        let count = self.stores.count();
        let oldest = count.saturating_sub(self.p.sq as usize);
        if youngest == 0 || youngest <= oldest {
            return (Forward::None, None);
        }
        let mut conflict = None;
        for n in (oldest + 1..=youngest).rev() {
            let Some(s) = self.stores.back(count - n + 1) else {
                break;
            };
            if s.sent <= now && s.executed <= now {
                // Sent, and so is every older one.
                break;
            }
            let (s0, s1) = (
                s.address >> DEPENDENCE_SHIFT,
                (s.address + s.size - 1) >> DEPENDENCE_SHIFT,
            );
            if s0 > last || s1 < first {
                continue;
            }
            if s.executed > now {
                conflict = Some(s);
                continue;
            }
            let (end, s_end) = (address + size, s.address + s.size);
            if address >= s.address && end <= s_end && !s.atomic {
                return (Forward::From, conflict);
            }
            if address < s_end && end > s.address {
                return (Forward::After(s.sent), conflict);
            }
        }
        (Forward::None, conflict)
    }

    /// What may only execute when nothing is before it.
    fn run_alone(&mut self, i: &Prepared, dispatched: At, physical: u64) -> (u64, At) {
        // At the head of the reorder buffer in a cycle of its own, with every store written back;
        // commit then informs the issue queue.
        let operands = self.operands(i, dispatched);
        let head = (self.commit.last().cycle() + 1)
            .max(self.store_done)
            .max(dispatched.cycle() + 1);
        let ready = operands.max(At::new(head + 2, Part::Store));
        let (unit, latency, busy) = if i.load {
            self.execution(Unit::Load)
        } else {
            self.execution(i.unit)
        };
        let issued = self.issue(unit, ready, busy);
        let mut executed = issued.cycle() + latency - 1 + u64::from(self.p.issue_to_execute);
        if i.load || i.store {
            executed = self
                .hierarchy
                .data(physical, executed + 1, i.store, i.pc)
                .at;
        }
        let at = self.written.reserve(executed, self.p.writeback_width);
        self.iq_freed.take(at);
        if i.barrier {
            self.barrier = at;
        }
        let written = At::new(at, Part::Store);
        self.ready[usize::from(i.dst)] = written;
        self.ready[usize::from(NO_REG)] = At::default();
        (executed, written)
    }

    /// Fetch starts again after what executed at `executed` found out: until then it took the wrong
    /// path at `pc`, behind what was fetched last. Gives when commit squashes that path.
    fn squash(&mut self, place: &Place, pc: u64, executed: u64, part: Part) -> u64 {
        let at = executed + u64::from(self.p.iew_to_commit);
        let from = self.fetch.cycle() + 1;
        let wrong = self.wrong_path(Some(place), pc, from, at, at + COMMIT_TO_FETCH);
        self.flush(wrong, at, part);
        at
    }

    /// What was fetched behind `i` is squashed at `at`, to be fetched again: it is the right path.
    fn fetch_again(&mut self, i: &Prepared, at: u64, part: Part) {
        let fetched = self.fetch.cycle();
        let next = i.pc + u64::from(i.size);
        let wrong = self.wrong_path(None, next, fetched + 1, at, at + COMMIT_TO_FETCH);
        self.flush(wrong, at, part);
        self.start_ahead(fetched, at, None, i.dst);
    }

    /// Commit squashes all of the pipeline at `at`, `wrong` of it from the reorder buffer, and fetch starts again.
    fn flush(&mut self, wrong: u64, at: u64, part: Part) {
        self.restart = Some(At::new(at + COMMIT_TO_FETCH, part));
        self.front.squash();
        if self.rules.squash_stalls_commit {
            let cycles = wrong.div_ceil(self.squash_width).max(1);
            self.commit_blocked = (at, at + cycles);
            if cycles > 1 {
                self.front.stop(at + 4, at + cycles + 3);
            }
        }
    }

    fn retire(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        branch: Option<Fetched>,
        executed: u64,
        written: At,
        place: &Place,
    ) {
        let mut at = written.after(u64::from(self.p.iew_to_commit) + 1);
        if let Some(b) = branch.filter(|b| matches!(b.found, Found::Execute | Found::Both)) {
            let until = self.squash(place, b.goes_to, executed, Part::Branch);
            self.start_behind(i, r, &b, self.fetch.cycle(), until);
        }
        if at.cycle() >= self.commit_blocked.0 && at.cycle() < self.commit_blocked.1 {
            at = At::new(self.commit_blocked.1, Part::Branch);
        }
        let committed = self.commit.pass(at).cycle();
        self.commits.push(committed);
        if i.load && !i.store {
            self.loads.push(committed);
        }
        if i.dst < 32 {
            self.int_writers.push(committed);
        } else if i.dst != NO_REG {
            self.fp_writers.push(committed);
        }
        if branch.is_some() {
            self.training.push_back(committed);
        }
        if i.store {
            self.send_store(i, r, executed, committed, place.data);
        }
        if i.serialize_after {
            self.serialize = Some(committed.max(self.store_done) + 2);
        }
        if i.syscall {
            self.fetch_again(i, committed + TRAP, Part::Store);
        } else if i.squash_after {
            self.fetch_again(i, committed + 1, Part::Store);
        }
    }

    /// A committed store goes to the cache.
    fn send_store(
        &mut self,
        i: &Prepared,
        r: &Resolved,
        executed: u64,
        committed: u64,
        physical: u64,
    ) {
        let (sent, done) = if i.atomic {
            (executed, executed)
        } else {
            let sent = self
                .sending
                .pass(At::new(committed + 2, Part::Store))
                .cycle();
            let served = self.hierarchy.data(physical, sent, true, i.pc);
            if served.accepted > sent {
                self.sending.pass(At::new(served.accepted, Part::Store));
            }
            (served.accepted, served.at)
        };
        self.store_done = self.store_done.max(done);
        self.stores.push(Store {
            address: r.address,
            size: u64::from(i.access.max(1)),
            pc: i.pc,
            executed,
            sent,
            // The queue gives entries back in order.
            done: self.store_done,
            atomic: i.atomic,
        });
        let number = self.stores.count() as u64;
        let last = r.address + u64::from(i.access.max(1)) - 1;
        for block in [r.address >> DEPENDENCE_SHIFT, last >> DEPENDENCE_SHIFT] {
            self.blocks[block as usize % BLOCKS] = (block, number);
        }
    }
}

/// How the store queue serves a load.
enum Forward {
    /// It has no store to the address.
    None,
    /// It has the data.
    From,
    /// It has some of it: the load waits until the store is sent.
    After(u64),
}

#[cfg(test)]
mod tests;
