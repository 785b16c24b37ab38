//! One reference machine at a time, written as it would be explained: the oracle of
//! [`super::machines`].

use super::machines::{Event, Unit, MACHINES, NO_REG, REGS, UNITS};
use super::space::{Machine, SPACE};
use std::collections::HashMap;

const WINDOW: [usize; 4] = [12, 48, 128, 224];

struct One {
    m: &'static Machine,
    in_order: bool,
    window: usize,
    fetch: i64,
    issue: i64,
    port: i64,
    divider: i64,
    channel: i64,
    ready: [i64; REGS],
    retired: Vec<i64>,
    /// Slot of the forwarding table -> (tag, when the data is there).
    stores: HashMap<usize, (u32, i64)>,
}

fn cycles(n: i32) -> i64 {
    i64::from(n) * i64::from(UNITS)
}

impl One {
    fn step(&mut self, e: &Event) -> i64 {
        let m = self.m;
        let slot = i64::from(UNITS / m.width);
        let last = self.retired.last().copied().unwrap_or(0);

        let mut start = self.fetch;
        if e.fetch[0] > 1 && e.fetch[0] > m.l1i_ways {
            let l2_depth = if m.l2_wide { e.fetch[2] } else { e.fetch[1] };
            start += cycles(if l2_depth > m.l2_ways { m.memory } else { m.l2 });
        }
        if self.retired.len() >= self.window {
            start = start.max(self.retired[self.retired.len() - self.window]);
        }
        start = start.max(0);
        if e.serialize {
            start = start.max(last);
        }
        self.fetch = start + slot;

        let mut ready = e
            .src
            .iter()
            .map(|r| self.ready[usize::from(*r)])
            .fold(start, i64::max);
        if self.in_order {
            ready = ready.max(self.issue);
        }
        self.issue = ready;

        let done;
        if e.data[0] != 0 {
            ready = ready.max(self.port.max(start));
            self.port = self.port.max(start) + i64::from(UNITS / m.ports);
            let word = e.address >> 3;
            let place = (word ^ (word >> 7)) as usize % 128;
            let tag = (word ^ (word >> 32)) as u32 | 1;
            let load = e.unit == Unit::Load;
            if let (true, Some((t, at))) = (load, self.stores.get(&place)) {
                if *t == tag {
                    ready = ready.max(*at);
                }
            }
            let l1_depth = if m.l1_wide { e.data[1] } else { e.data[0] };
            let l2_depth = if m.l2_wide { e.data[3] } else { e.data[2] };
            let early = e.predictable && m.prefetch;
            let time = if l1_depth <= m.l1_ways {
                cycles(m.l1)
            } else if l2_depth <= m.l2_ways {
                cycles(if early { m.l1 } else { m.l2 })
            } else {
                let turn = self.channel.max(ready);
                self.channel = turn + cycles(m.line);
                turn - ready + cycles(if early { m.l2 } else { m.memory })
            };
            done = ready + if load { time } else { cycles(1) };
            if !load {
                self.stores.insert(place, (tag, done));
            }
        } else {
            let latency = cycles(match e.unit {
                Unit::Alu | Unit::Store => 1,
                Unit::Load => 0,
                Unit::Mul => m.mul,
                Unit::Div => m.div,
                Unit::FpAdd => m.fp_add,
                Unit::FpMul => m.fp_mul,
                Unit::FpDiv => m.fp_div,
            });
            if e.unit == Unit::Div || e.unit == Unit::FpDiv {
                ready = ready.max(self.divider);
                self.divider = ready + latency;
            }
            done = ready + latency;
        }
        if e.dst != NO_REG {
            self.ready[usize::from(e.dst)] = done;
        }

        if e.taken || e.direction_miss != 0 {
            let fallible = m.predictor < 3;
            let late = fallible && (e.direction_miss >> m.predictor & 1 == 1 || e.target_miss);
            let mut next = self.fetch;
            if e.taken {
                next += i64::from(UNITS / 2);
            }
            if late {
                next = next.max(done + cycles(m.redirect));
            } else if e.btb_depth > m.btb_ways {
                next += cycles(m.redirect) / 2;
            }
            self.fetch = next;
        }
        if e.serialize {
            self.fetch = self.fetch.max(done);
        }

        let retired = done.max(last + slot);
        self.retired.push(retired);
        retired - last
    }
}

/// What each machine's retirements take, in units: `[event][machine]`.
pub fn deltas(events: &[Event]) -> Vec<[i64; MACHINES]> {
    let mut all: Vec<One> = SPACE
        .iter()
        .enumerate()
        .map(|(i, m)| One {
            m,
            in_order: i < 4,
            window: WINDOW[i / 4],
            fetch: 0,
            issue: 0,
            port: 0,
            divider: 0,
            channel: 0,
            ready: [0; REGS],
            retired: Vec::new(),
            stores: HashMap::new(),
        })
        .collect();
    events
        .iter()
        .map(|e| std::array::from_fn(|m| all[m].step(e)))
        .collect()
}
