//! Twins: each priced core's own machine, timed by the stream.
//!
//! A core's parameters ([`parameters`]) make a machine that is stepped once per retirement and
//! yields its time, split by cause ([`parts`]). The mechanisms are those of gem5 24.0's O3 and Minor
//! CPUs and its classic memory system; rules that are that simulator's own have names and can be
//! turned off ([`rules`]). Nothing is learned.

pub mod bank;
pub mod cache;
pub mod calendar;
pub mod cores;
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

use crate::inst::{Resolved, StaticInst};
use minor::InOrder;
use o3::OutOfOrder;
use parameters::{CoreKind, CoreParameters};
use parts::{At, Part};
use prepared::Prepared;
use rules::Rules;

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

    /// The image of the program ends at address `end`.
    fn set_image_end(&mut self, end: u64) {
        match &mut self.core {
            Core::OutOfOrder(core) => core.set_image_end(end),
            Core::InOrder(core) => core.set_image_end(end),
        }
    }

    /// One retirement of `inst`: the cycles since the one before, because of their part.
    fn step(&mut self, inst: &Prepared, r: &Resolved) -> At {
        let at = match &mut self.core {
            Core::OutOfOrder(core) => core.step(inst, r),
            Core::InOrder(core) => core.step(inst, r),
        };
        let cycles = at.cycle() - self.last;
        self.last = at.cycle();
        At::new(cycles, at.part())
    }

    /// One retirement of `inst` that takes no time: caches, prefetchers and predictors see it.
    fn warm(&mut self, inst: &Prepared, r: &Resolved) {
        match &mut self.core {
            Core::OutOfOrder(core) => core.warm(inst, r),
            Core::InOrder(core) => core.warm(inst, r),
        }
    }
}

/// A core's own machine on one stream.
pub struct Twin {
    insts: Vec<Prepared>,
    machine: Machine,
    /// Cycles by part.
    pub parts: [u64; Part::COUNT],
}

impl Twin {
    /// At the start of a stream.
    pub fn new(p: &CoreParameters, rules: &Rules) -> Self {
        Self {
            insts: Vec::new(),
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
        let at = self.machine.step(&self.insts[r.inst as usize], r);
        self.parts[at.part() as usize] += at.cycle();
        (at.cycle(), at.part())
    }

    /// One retirement that takes no time: caches, prefetchers and predictors see it.
    pub fn warm(&mut self, r: &Resolved) {
        self.machine.warm(&self.insts[r.inst as usize], r);
    }
}

#[cfg(test)]
mod tests;
