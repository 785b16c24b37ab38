//! Twins: small timing models of cores, each with the core's own parameters.
//!
//! A twin is built from a core's parameters ([`parameters`]). It advances once per retirement and
//! computes the time that the retirement adds, and its cause ([`parts`]). The mechanisms are those
//! of gem5 24.0's O3 and Minor CPUs and its classic memory system; rules that are specific to that
//! simulator have names and can be turned off ([`rules`]). Nothing is trained.

pub mod bank;
pub mod cache;
pub mod calendar;
mod controller;
pub mod cores;
mod dram;
pub mod front;
pub mod gem5;
pub mod hierarchy;
pub mod memory;
pub mod minor;
pub mod o3;
pub mod pages;
pub mod parameters;
pub mod parts;
pub mod predictors;
pub mod prefetchers;
pub mod prepared;
pub mod rules;
pub mod stage;
pub mod store_sets;
pub mod threads;
pub mod warm;

use crate::inst::{Resolved, StaticInst};
use minor::InOrder;
use o3::OutOfOrder;
use pages::{Pages, Place};
use parameters::{CoreKind, CoreParameters};
use parts::{At, Part};
use prepared::Prepared;
use rules::Rules;
use warm::Held;

/// Tells builds apart whose machines may differ: a fingerprint of the sources that estimates follow
/// from.
pub const FINGERPRINT: &str = env!("PERFVEC_SOURCES");

/// The machine of either kind.
enum Core {
    OutOfOrder(Box<OutOfOrder>),
    InOrder(Box<InOrder>),
}

/// A core's own machine, apart from what it knows of static instructions.
struct Machine {
    core: Core,
    last: u64,
}

impl Machine {
    fn new(p: &CoreParameters, rules: &Rules) -> Self {
        let core = match p.kind {
            CoreKind::OutOfOrder => Core::OutOfOrder(Box::new(OutOfOrder::new(p, rules))),
            CoreKind::InOrder => Core::InOrder(Box::new(InOrder::new(p, rules))),
        };
        Self { core, last: 0 }
    }

    /// One retirement of `inst`: the cycles since the one before, because of their part.
    fn step(&mut self, inst: &Prepared, r: &Resolved, place: &Place) -> At {
        let at = match &mut self.core {
            Core::OutOfOrder(core) => core.step(inst, r, place),
            Core::InOrder(core) => core.step(inst, r, place),
        };
        let cycles = at.cycle() - self.last;
        self.last = at.cycle();
        At::new(cycles, at.part())
    }

    /// What was warmed elsewhere by the stream until here takes the place of what it has.
    fn take(&mut self, held: &Held) {
        match &mut self.core {
            Core::OutOfOrder(core) => core.take(held),
            Core::InOrder(core) => core.take(held),
        }
    }

    /// One retirement of `inst` that takes no time: caches, prefetchers and predictors see it.
    fn warm(&mut self, inst: &Prepared, r: &Resolved, place: &Place) {
        match &mut self.core {
            Core::OutOfOrder(core) => core.warm(inst, r, place),
            Core::InOrder(core) => core.warm(inst, r, place),
        }
    }
}

/// A core's own machine on one stream.
pub struct Twin {
    insts: Vec<Prepared>,
    pages: Pages,
    machine: Machine,
    /// Cycles by part.
    pub parts: [u64; Part::COUNT],
}

impl Twin {
    /// At the start of a stream.
    pub fn new(p: &CoreParameters, rules: &Rules) -> Self {
        Self {
            insts: Vec::new(),
            pages: Pages::new(),
            machine: Machine::new(p, rules),
            parts: [0; Part::COUNT],
        }
    }

    /// The next static instruction.
    pub fn intern(&mut self, inst: &StaticInst) {
        self.insts.push(Prepared::new(inst));
    }

    /// One retirement: the cycles since the one before, and their part.
    pub fn step(&mut self, r: &Resolved) -> (u64, Part) {
        let inst = &self.insts[r.inst as usize];
        let at = self.machine.step(inst, r, &self.pages.place(inst, r));
        self.parts[at.part() as usize] += at.cycle();
        (at.cycle(), at.part())
    }

    /// One retirement that takes no time: caches, prefetchers and predictors see it.
    pub fn warm(&mut self, r: &Resolved) {
        let inst = &self.insts[r.inst as usize];
        self.machine.warm(inst, r, &self.pages.place(inst, r));
    }
}

#[cfg(test)]
mod tests;
