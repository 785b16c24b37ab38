//! The reference machines' state: each is one lane of the vectors here.
//!
//! A machine is a dataflow scoreboard with a front end, a reorder window, queues, ports, caches, a
//! branch predictor and latencies (`space.rs`); together they span the space from a
//! scalar in-order core to an ideal wide one. The time between two retirements on each is a
//! feature: what a core of that kind would have made of this instruction here. Targets are not
//! among them; the model learns the differences.
//!
//! Times are integers in [`UNITS`](super::lanes::UNITS) per cycle, so that every vector width
//! gives the same bits.

use super::lanes::{Lanes, MACHINES, PORTS, REGS};
use super::space::{parameters, Parameters};
use super::store_sets::StoreSets;
use crate::bytes::{field, put};
use crate::error::Result;

/// Retirements whose times are kept: more than the largest window.
pub const RING: usize = 256;
/// Accesses whose times are kept, loads and stores each.
pub const QUEUE: usize = 64;
/// Entries of the table of stores, by 16-byte block.
pub const STORES: usize = 128;
/// Retirements whose sets of the issue queue are kept: more than a queue has sets.
pub const ISSUE_RING: usize = 32;
/// Entries of a set of an issue queue.
pub const ISSUE_WAYS: usize = 4;

/// The last store to a block.
#[derive(Clone, Copy, Default)]
pub struct StoreTag {
    /// The block, folded; 0 is none.
    pub tag: u32,
    /// Of the store instruction.
    pub site: u16,
}

/// The state of all machines.
#[derive(Clone)]
pub struct Machines {
    pub(super) p: Box<Parameters>,
    /// When the next instruction is fetched, dispatched; the last issue in order, retirement.
    pub(super) fetch: Lanes,
    pub(super) dispatch: Lanes,
    pub(super) issue: Lanes,
    pub(super) retire: Lanes,
    pub(super) port: [Lanes; PORTS],
    pub(super) divider: Lanes,
    /// When the way to memory is free, when misses may begin, when the last store has drained.
    pub(super) channel: Lanes,
    pub(super) misses: Lanes,
    pub(super) drained: Lanes,
    /// The last row takes what has no register to go to.
    pub(super) ready: [Lanes; REGS + 1],
    pub(super) ring: Box<[Lanes; RING]>,
    pub(super) loads: Box<[Lanes; QUEUE]>,
    pub(super) drains: Box<[Lanes; QUEUE]>,
    /// The set of the issue queue that a retirement entered, as it left it; it is entered again
    /// by the retirement that comes as many later as the queue has sets.
    pub(super) waiting: Box<[[Lanes; ISSUE_WAYS]; ISSUE_RING]>,
    pub(super) stores: Box<[Lanes; STORES]>,
    pub(super) store_tags: Box<[StoreTag; STORES]>,
    pub(super) sets: StoreSets,
    pub(super) n: usize,
    pub(super) load_count: usize,
    pub(super) store_count: usize,
}

impl Machines {
    /// Machines with nothing in flight.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let zero = Lanes::ZERO;
        Self {
            p: Box::new(parameters()),
            fetch: zero,
            dispatch: zero,
            issue: zero,
            retire: zero,
            port: [zero; PORTS],
            divider: zero,
            channel: zero,
            misses: zero,
            drained: zero,
            ready: [zero; REGS + 1],
            ring: Box::new([zero; RING]),
            loads: Box::new([zero; QUEUE]),
            drains: Box::new([zero; QUEUE]),
            waiting: Box::new([[zero; ISSUE_WAYS]; ISSUE_RING]),
            stores: Box::new([zero; STORES]),
            store_tags: Box::new([StoreTag::default(); STORES]),
            sets: StoreSets::new(),
            n: 0,
            load_count: 0,
            store_count: 0,
        }
    }

    #[cold]
    pub(super) fn late(&self) -> bool {
        self.fetch
            .iter()
            .chain(self.retire.iter())
            .chain(self.drained.iter())
            .any(|t| *t > 1 << 28)
    }

    /// Moves every machine's origin of time to its last retirement.
    #[cold]
    pub(super) fn rebase(&mut self) {
        let origin = self.retire;
        for lanes in self.all_lanes() {
            for m in 0..MACHINES {
                // What is long past is past: a floor keeps it from wrapping.
                lanes[m] = (lanes[m] - origin[m]).max(-(1 << 28));
            }
        }
    }

    fn all_lanes(&mut self) -> impl Iterator<Item = &mut Lanes> {
        [
            &mut self.fetch,
            &mut self.dispatch,
            &mut self.issue,
            &mut self.retire,
            &mut self.divider,
            &mut self.channel,
            &mut self.misses,
            &mut self.drained,
        ]
        .into_iter()
        .chain(&mut self.port)
        .chain(&mut self.ready)
        .chain(self.ring.iter_mut())
        .chain(self.loads.iter_mut())
        .chain(self.drains.iter_mut())
        .chain(self.waiting.iter_mut().flatten())
        .chain(self.stores.iter_mut())
        .chain(self.sets.lanes())
    }

    /// Appends the state.
    pub fn save(&self, out: &mut Vec<u8>) {
        for lanes in self.clone().all_lanes() {
            for t in lanes.iter() {
                put(out, &[*t]);
            }
        }
        for t in self.store_tags.iter() {
            put(out, &[t.tag]);
            put(out, &[t.site]);
        }
        self.sets.save(out);
        for n in [self.n, self.load_count, self.store_count] {
            put(out, &[n as u64]);
        }
    }

    /// Takes the state back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        for lanes in self.all_lanes() {
            for t in lanes.iter_mut() {
                // No stream gets outside these bounds; damaged bytes must not make sums wrap.
                *t = field::<i32>(bytes, "a machine time")?.clamp(-(1 << 29), 1 << 29);
            }
        }
        for t in self.store_tags.iter_mut() {
            t.tag = field(bytes, "a store tag")?;
            t.site = field(bytes, "a store tag")?;
        }
        self.sets.restore(bytes)?;
        for n in [&mut self.n, &mut self.load_count, &mut self.store_count] {
            *n = field::<u64>(bytes, "a machine count")? as usize;
        }
        Ok(())
    }
}
