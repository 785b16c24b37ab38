//! Sixteen reference machines, timed side by side: one lane of a vector each.
//!
//! Each is a dataflow scoreboard with a width, a reorder window, caches, a branch predictor and
//! latencies; together they span the space from a scalar in-order core to an ideal wide one. The
//! time between two retirements on each is a feature: what a core of that kind would have made of
//! this instruction here. Targets are not among them; the model learns the differences.
//!
//! Times are integers in [`UNITS`] per cycle, so that every vector width gives the same bits.

// Lanes are walked by number throughout: several arrays advance together, and the loops vectorise.
#![allow(clippy::needless_range_loop)]

use super::set_depth::ABSENT;
use super::space::{parameters, Parameters};
use crate::error::Result;
use crate::features::bytes::{take_u32, take_u64};

/// Number of machines.
pub const MACHINES: usize = 16;
/// Time units per cycle: divisible by every width.
pub const UNITS: i32 = 24;

/// A value per machine.
pub type Lanes = [i32; MACHINES];

/// Registers tracked: 32 integer, 32 floating point, and one that nothing waits for.
pub const REGS: usize = 65;
/// The register that is always ready.
pub const NO_REG: u8 = 64;

const RING: usize = 256;
const STORES: usize = 128;
/// Reorder window of each group of four machines; the first group issues in order.
const WINDOW: [usize; 4] = [12, 48, 128, 224];

/// Execution latencies that differ between machines; an index into a latency table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Unit {
    Alu,
    Mul,
    Div,
    FpAdd,
    FpMul,
    FpDiv,
    Load,
    Store,
}
/// Number of latency classes.
pub const KINDS: usize = 8;

/// One instruction as the machines see it.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Source registers ([`NO_REG`] where there are fewer).
    pub src: [u8; 3],
    /// Destination register, or [`NO_REG`].
    pub dst: u8,
    /// Latency class.
    pub unit: Unit,
    /// Whether nothing may overlap with it.
    pub serialize: bool,
    /// Whether control left the fall-through path.
    pub taken: bool,
    /// Bit p: predictor p (bimodal, gshare, TAGE) was wrong about the direction.
    pub direction_miss: u8,
    /// The target of an indirect transfer was wrong.
    pub target_miss: bool,
    /// Depth in the branch target buffer of a taken transfer, else 0.
    pub btb_depth: u8,
    /// Depths of the data line at 64, 256, 1024 and 4096 sets; 0 where there is no access.
    pub data: [u8; 4],
    /// Whether a simple prefetcher would have had the line.
    pub predictable: bool,
    /// Depths of the fetch line at 64, 1024 and 4096 sets; 0 on the line of the one before.
    pub fetch: [u8; 3],
    /// Data address, for forwarding from stores.
    pub address: u64,
}

/// The state of all machines.
#[derive(Clone)]
pub struct Machines {
    p: Box<Parameters>,
    fetch: Lanes,
    issue: Lanes,
    retire: Lanes,
    port: Lanes,
    divider: Lanes,
    channel: Lanes,
    ready: [Lanes; REGS],
    ring: Vec<Lanes>,
    stores: Vec<Lanes>,
    store_tags: Vec<u32>,
    n: usize,
}

/// `a` where the mask is all ones, `b` where it is zero.
#[inline(always)]
fn select(mask: i32, a: i32, b: i32) -> i32 {
    (mask & a) | (!mask & b)
}

impl Machines {
    /// Machines with nothing in flight.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            p: Box::new(parameters()),
            fetch: [0; MACHINES],
            issue: [0; MACHINES],
            retire: [0; MACHINES],
            port: [0; MACHINES],
            divider: [0; MACHINES],
            channel: [0; MACHINES],
            ready: [[0; MACHINES]; REGS],
            ring: vec![[0; MACHINES]; RING],
            stores: vec![[0; MACHINES]; STORES],
            store_tags: vec![0; STORES],
            n: 0,
        }
    }

    /// Retires one instruction; `delta` receives the time since the retirement before, in units.
    #[inline(always)]
    pub fn step(&mut self, e: &Event, delta: &mut Lanes) {
        step(self, e, delta);
        if self.fetch[0] > 1 << 28 || self.n.is_multiple_of(4096) && self.late() {
            self.rebase();
        }
    }

    #[cold]
    fn late(&self) -> bool {
        self.fetch.iter().chain(&self.retire).any(|t| *t > 1 << 28)
    }

    /// Moves every machine's origin of time to its last retirement.
    #[cold]
    fn rebase(&mut self) {
        let origin = self.retire;
        let all = [
            &mut self.fetch,
            &mut self.issue,
            &mut self.port,
            &mut self.divider,
            &mut self.channel,
        ];
        for lanes in all
            .into_iter()
            .chain(&mut self.ready)
            .chain(&mut self.ring)
            .chain(&mut self.stores)
        {
            for m in 0..MACHINES {
                // What is long past is past: a floor keeps it from wrapping.
                lanes[m] = (lanes[m] - origin[m]).max(-(1 << 28));
            }
        }
        self.retire = [0; MACHINES];
    }

    /// Forgets the stream.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    fn all_lanes(&mut self) -> impl Iterator<Item = &mut Lanes> {
        [
            &mut self.fetch,
            &mut self.issue,
            &mut self.retire,
            &mut self.port,
            &mut self.divider,
            &mut self.channel,
        ]
        .into_iter()
        .chain(&mut self.ready)
        .chain(&mut self.ring)
        .chain(&mut self.stores)
    }

    /// Appends the state.
    pub fn save(&self, out: &mut Vec<u8>) {
        for lanes in self.clone().all_lanes() {
            for t in lanes {
                out.extend_from_slice(&t.to_le_bytes());
            }
        }
        for t in &self.store_tags {
            out.extend_from_slice(&t.to_le_bytes());
        }
        out.extend_from_slice(&(self.n as u64).to_le_bytes());
    }

    /// Takes the state back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        for lanes in self.all_lanes() {
            for t in lanes {
                // No stream gets outside these bounds; damaged bytes must not make sums wrap.
                *t = (take_u32(bytes, "a machine time")? as i32).clamp(-(1 << 29), 1 << 29);
            }
        }
        for t in &mut self.store_tags {
            *t = take_u32(bytes, "a store tag")?;
        }
        self.n = take_u64(bytes, "a machine count")? as usize;
        Ok(())
    }
}

#[inline(always)]
fn step(s: &mut Machines, e: &Event, delta: &mut Lanes) {
    let p = &*s.p;
    let n = s.n;

    // Fetch: a slot, and the way to the line where it is a new one.
    let mut start = s.fetch;
    if e.fetch[0] > 1 {
        for m in 0..MACHINES {
            let l2_depth = select(p.l2_wide[m], i32::from(e.fetch[2]), i32::from(e.fetch[1]));
            let beyond = select(-i32::from(l2_depth > p.l2_ways[m]), p.memory[m], p.l2[m]);
            start[m] += -i32::from(i32::from(e.fetch[0]) > p.l1i_ways[m]) & beyond;
        }
    }
    // Dispatch: in order, behind the instruction that left the reorder window.
    for (g, window) in WINDOW.iter().enumerate() {
        let oldest = &s.ring[n.wrapping_sub(*window) % RING];
        for m in 4 * g..4 * g + 4 {
            start[m] = start[m].max(oldest[m]);
        }
    }
    if e.serialize {
        for m in 0..MACHINES {
            start[m] = start[m].max(s.retire[m]);
        }
    }
    for m in 0..MACHINES {
        s.fetch[m] = start[m] + p.slot[m];
    }

    // Issue: when the sources are there.
    let mut ready = start;
    for src in e.src {
        let t = &s.ready[usize::from(src)];
        for m in 0..MACHINES {
            ready[m] = ready[m].max(t[m]);
        }
    }
    for m in 0..MACHINES {
        ready[m] = select(p.in_order[m], ready[m].max(s.issue[m]), ready[m]);
        s.issue[m] = ready[m];
    }

    // Execute.
    let mut done = ready;
    if e.data[0] != 0 {
        for m in 0..MACHINES {
            s.port[m] = s.port[m].max(start[m]) + p.port[m];
            ready[m] = ready[m].max(s.port[m] - p.port[m]);
        }
        let word = e.address >> 3;
        let slot = (word ^ (word >> 7)) as usize % STORES;
        let tag = (word ^ (word >> 32)) as u32 | 1;
        let load = e.unit == Unit::Load;
        if load && s.store_tags[slot] == tag {
            for m in 0..MACHINES {
                ready[m] = ready[m].max(s.stores[slot][m]);
            }
        }
        let covered = -i32::from(e.predictable);
        for m in 0..MACHINES {
            let d1 = select(p.l1_wide[m], i32::from(e.data[1]), i32::from(e.data[0]));
            let d2 = select(p.l2_wide[m], i32::from(e.data[3]), i32::from(e.data[2]));
            let miss1 = -i32::from(d1 > p.l1_ways[m]);
            let miss2 = miss1 & -i32::from(d2 > p.l2_ways[m]);
            let early = covered & p.prefetch[m];
            // The channel carries every line from memory, asked for early or not.
            let free = s.channel[m].max(ready[m]);
            s.channel[m] = select(miss2, free + p.line[m], s.channel[m]);
            let far = select(early, p.l2[m], p.memory[m]) + (free - ready[m]);
            let near = select(early, p.l1[m], p.l2[m]);
            let time = select(miss2, far, select(miss1, near, p.l1[m]));
            done[m] = ready[m] + if load { time } else { UNITS };
        }
        if !load {
            s.store_tags[slot] = tag;
            s.stores[slot] = done;
        }
    } else {
        let latency = &p.latency[e.unit as usize];
        if matches!(e.unit, Unit::Div | Unit::FpDiv) {
            for m in 0..MACHINES {
                ready[m] = ready[m].max(s.divider[m]);
                s.divider[m] = ready[m] + latency[m];
            }
        }
        for m in 0..MACHINES {
            done[m] = ready[m] + latency[m];
        }
    }
    if e.dst != NO_REG {
        s.ready[usize::from(e.dst)] = done;
    }

    // Control: a wrong path costs from resolution on, a taken one ends the fetch group.
    if e.taken || e.direction_miss != 0 {
        let wrong = &p.wrong[usize::from(e.direction_miss & 7)];
        let target = -i32::from(e.target_miss);
        let btb = i32::from(e.btb_depth);
        let next_group = if e.taken { UNITS / 2 } else { 0 };
        for m in 0..MACHINES {
            let late = wrong[m] | (target & p.fallible[m]);
            let resolved = done[m] + p.redirect[m];
            let unknown = !late & -i32::from(btb > p.btb_ways[m]);
            let after = s.fetch[m] + (unknown & (p.redirect[m] / 2)) + next_group;
            s.fetch[m] = select(late, resolved.max(after), after);
        }
    }
    if e.serialize {
        for m in 0..MACHINES {
            s.fetch[m] = s.fetch[m].max(done[m]);
        }
    }

    // Retire: in order, at most the width a cycle.
    let mut retired = [0; MACHINES];
    for m in 0..MACHINES {
        retired[m] = done[m].max(s.retire[m] + p.slot[m]);
        delta[m] = retired[m] - s.retire[m];
    }
    s.retire = retired;
    s.ring[n % RING] = retired;
    s.n = n.wrapping_add(1);
}

const _: () = assert!(ABSENT == 17, "the ideal machine's ways count on it");
