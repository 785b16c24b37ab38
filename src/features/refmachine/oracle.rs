//! One reference machine at a time, written as it would be explained: the oracle of
//! [`super::machines`] and [`super::step`].

use super::lanes::{Event, Unit, GROUP, MACHINES, NO_REG, PORTS, REGS, UNITS};
use super::space::{Machine, SPACE};
use super::step::{store_place, DRAINS, ISSUE, LOADS, WINDOW};
use std::collections::HashMap;

struct One {
    m: &'static Machine,
    group: usize,
    fetch: i64,
    dispatch: i64,
    issue: i64,
    drained: i64,
    divider: i64,
    channel: i64,
    misses: i64,
    port: [i64; PORTS],
    ready: [i64; REGS],
    retired: Vec<i64>,
    loads: Vec<i64>,
    drains: Vec<i64>,
    /// The issue queue: sets of four, when each entry is free.
    waiting: Vec<[i64; 4]>,
    /// Slot of the table of stores -> (tag, site, when the data is there).
    stores: HashMap<usize, (u32, u16, i64)>,
    /// Site -> whether this machine has learned to wait there.
    learned: HashMap<u16, bool>,
    /// Set -> when its last store is done.
    set_done: HashMap<u8, i64>,
}

/// Sets are shared by the machines: site -> set.
#[derive(Default)]
struct Shared {
    set: HashMap<u16, u8>,
}

fn cycles(n: i32) -> i64 {
    i64::from(n) * i64::from(UNITS)
}

/// What a machine found out about a load, for the sets that all share.
struct Conflict {
    store: u16,
    passed: bool,
}

impl One {
    fn in_order(&self) -> bool {
        self.group == 0
    }

    fn start(&mut self, e: &Event) -> (i64, usize) {
        let m = self.m;
        let n = self.retired.len();
        let slot = i64::from(4 * UNITS / m.width);
        let mut fetched = self.fetch;
        if e.blocks >> m.fetch & 1 == 1 {
            let unit = i64::from(UNITS);
            fetched = (fetched + unit - 1).div_euclid(unit) * unit + cycles(m.l1i);
        }
        if e.fetch[0] > 1 && e.fetch[0] > m.l1i_ways {
            let l2_depth = if m.l2_wide { e.fetch[2] } else { e.fetch[1] };
            fetched += cycles(if l2_depth > m.l2_ways { m.memory } else { m.l2 });
        }
        let mut start = fetched.max(self.dispatch);
        let back =
            |list: &Vec<i64>, size: usize| list.len().checked_sub(size).map_or(0, |i| list[i]);
        start = start.max(back(&self.retired, WINDOW[self.group]));
        let set = n % ISSUE[self.group];
        if m.queues && !self.in_order() {
            let earliest = *self.waiting[set].iter().min().unwrap();
            start = start.max(earliest);
        }
        if e.data[0] != 0 {
            start = start.max(if e.unit == Unit::Load {
                back(&self.loads, LOADS[self.group])
            } else {
                back(&self.drains, DRAINS[self.group])
            });
        }
        if e.serialize {
            start = start.max(self.retired.last().copied().unwrap_or(0));
        }
        self.dispatch = start + slot;
        self.fetch = (fetched + i64::from(5 * UNITS / (2 * m.width))).max(start - cycles(m.lead));
        (start, set)
    }

    /// Latency of an access that nothing else is in the way of; whether it misses L1, L2.
    fn alone(&self, e: &Event) -> (i64, bool, bool) {
        let m = self.m;
        let l1_depth = if m.l1_wide { e.data[1] } else { e.data[0] };
        let l2_depth = if m.l2_wide { e.data[3] } else { e.data[2] };
        let early = e.predictable && m.prefetch;
        if l1_depth <= m.l1_ways {
            (cycles(m.l1), false, false)
        } else if l2_depth <= m.l2_ways {
            (cycles(if early { m.l1 } else { m.l2 }), true, false)
        } else {
            (cycles(if early { m.l2 } else { m.memory }), true, true)
        }
    }

    fn step(&mut self, e: &Event, shared: &Shared) -> (i64, Option<Conflict>) {
        let m = self.m;
        let last = self.retired.last().copied().unwrap_or(0);
        let (mem, load) = (e.data[0] != 0, e.unit == Unit::Load);
        let (start, set) = self.start(e);

        let mut ready = e
            .src
            .iter()
            .map(|r| self.ready[usize::from(*r)])
            .fold(start, i64::max);
        if self.in_order() {
            ready = ready.max(self.issue);
        }
        self.issue = ready;
        let class = e.unit.port();
        let count = [m.alus, 1, m.fpus, m.ports][class];
        let free = self.port[class].max(start);
        self.port[class] = free + i64::from(UNITS / count);
        ready = ready.max(free);

        let (mut done, mut time, mut conflict) = (0, 0, None);
        if mem {
            let site = e.site;
            let my_set = shared.set.get(&site).copied();
            if self.learned.get(&site).copied().unwrap_or(false) {
                let done = self.set_done.get(&my_set.unwrap()).copied().unwrap_or(0);
                ready = ready.max(done);
            }
            let (place, tag) = store_place(e.address);
            if let (true, Some((t, store, at))) = (load, self.stores.get(&place)) {
                if *t == tag {
                    let passed = !self.in_order() && *at > ready;
                    ready = ready.max(*at);
                    if passed {
                        ready += cycles(m.redirect);
                        self.fetch = self.fetch.max(ready);
                    }
                    conflict = Some(Conflict {
                        store: *store,
                        passed,
                    });
                }
            }
            let (alone, miss1, miss2) = self.alone(e);
            time = alone;
            if miss1 {
                let at = if load { ready } else { ready.max(last) };
                let share = alone >> m.mshrs.ilog2();
                let level = self.misses.max(at);
                let wait = (level - at - (alone - share)).max(0);
                self.misses = level + share;
                if miss2 {
                    let begin = at + wait;
                    let free = self.channel.max(begin);
                    self.channel = free + cycles(m.line) * if load { 1 } else { 2 };
                    time += free - begin;
                }
                if load {
                    ready += wait;
                } else {
                    time += wait;
                }
            }
            done = ready + if load { time } else { cycles(1) };
            if !load {
                self.stores.insert(place, (tag, site, done));
            }
        } else {
            let latency = cycles(match e.unit {
                Unit::Alu => m.alu,
                Unit::Store => 1,
                Unit::Load => 0,
                Unit::Mul => m.mul,
                Unit::Div => m.div,
                Unit::FpAdd => m.fp_add,
                Unit::FpMul => m.fp_mul,
                Unit::FpDiv => m.fp_div,
                Unit::FpSqrt => m.fp_div + m.fp_div / 2,
            });
            if matches!(e.unit, Unit::Div | Unit::FpDiv | Unit::FpSqrt) {
                ready = ready.max(self.divider);
                self.divider = ready + latency;
            }
            done += ready + latency;
        }
        if e.dst != NO_REG {
            self.ready[usize::from(e.dst)] = done;
        }
        let entry = self.waiting[set].iter_mut().min_by_key(|t| **t).unwrap();
        *entry = if mem { done } else { ready };

        self.control(e, done);
        let retired = done.max(last + i64::from(4 * UNITS / m.width));
        self.retired.push(retired);
        if mem && load {
            self.loads.push(retired);
        } else if mem {
            self.drained = self.drained.max(retired + time) + i64::from(UNITS / m.ports);
            self.drains.push(self.drained);
        }
        (retired - last, conflict)
    }

    fn control(&mut self, e: &Event, done: i64) {
        let m = self.m;
        if e.taken || e.direction_miss != 0 {
            let unknown = e.btb_depth > m.btb_ways;
            let late = e.direction_miss >> m.predictor & 1 == 1
                || e.target_miss >> m.targets & 1 == 1
                || unknown && (e.cond || self.in_order());
            let mut next = self.fetch;
            if e.taken {
                let unit = i64::from(UNITS);
                next = (next + unit - 1).div_euclid(unit) * unit;
            }
            if late {
                next = next.max(done + cycles(m.redirect));
            } else if unknown {
                next += cycles(m.redirect) / 2;
            }
            self.fetch = next;
        }
        if e.serialize {
            self.fetch = self.fetch.max(done);
        }
    }
}

/// What each machine's retirements take, in units: `[event][machine]`.
pub fn deltas(events: &[Event]) -> Vec<[i64; MACHINES]> {
    let mut shared = Shared::default();
    let mut all: Vec<One> = SPACE
        .iter()
        .enumerate()
        .map(|(i, m)| One {
            m,
            group: i / GROUP,
            fetch: 0,
            dispatch: 0,
            issue: 0,
            drained: 0,
            divider: 0,
            channel: 0,
            misses: 0,
            port: [0; PORTS],
            ready: [0; REGS],
            retired: Vec::new(),
            loads: Vec::new(),
            drains: Vec::new(),
            waiting: vec![[0; 4]; ISSUE[i / GROUP]],
            stores: HashMap::new(),
            learned: HashMap::new(),
            set_done: HashMap::new(),
        })
        .collect();
    let one = |all: &mut Vec<One>, shared: &mut Shared, e: &Event| {
        let mut out = [0; MACHINES];
        let mut learn = None;
        for (m, one) in all.iter_mut().enumerate() {
            let (delta, conflict) = one.step(e, shared);
            out[m] = delta;
            if let Some(c) = conflict.filter(|c| c.passed) {
                learn.get_or_insert((c.store, Vec::new())).1.push(m);
            }
        }
        // All machines learn at once, the sites of one set by the smaller of their numbers.
        if let Some((store, passed)) = learn {
            let set = match (shared.set.get(&e.site), shared.set.get(&store)) {
                (None, None) => ((e.site ^ e.site >> 7) % 128) as u8,
                (Some(s), None) | (None, Some(s)) => *s,
                (Some(a), Some(b)) => *a.min(b),
            };
            for site in [e.site, store] {
                shared.set.insert(site, set);
                for &m in passed.iter().filter(|m| SPACE[**m].store_sets) {
                    all[m].learned.insert(site, true);
                }
            }
        }
        out
    };
    events
        .iter()
        .map(|e| {
            // A set's last store counts on every machine once any of them has learned of the site.
            let out = one(&mut all, &mut shared, e);
            let known = all.iter().any(|o| o.learned.contains_key(&e.site));
            if e.data[0] != 0 && e.unit != Unit::Load && known {
                let set = shared.set[&e.site];
                for o in &mut all {
                    let done = o.stores[&store_place(e.address).0].2;
                    o.set_done.insert(set, done);
                }
            }
            out
        })
        .collect()
}
