//! `perfvec-rm-2`: this library's own schema, built on reference machines.
//!
//! Beside what the published extractor records of an instruction it says what simple, fixed
//! instruments made of it: caches of many shapes ([`set_depth`]), published branch predictors
//! ([`branch`]), stride and forwarding tables, and sixteen small machines timed side by side
//! ([`machines`]). All of it is independent of the microarchitectures that are priced.

pub mod branch;
pub mod columns;
mod dependences;
mod fetch;
mod indirect;
pub mod lanes;
pub mod machines;
mod memory;
mod prepare;
mod row;
mod scale;
pub mod set_depth;
mod space;
mod state;
mod step;
mod store_sets;

use super::{Extractor, Schema};
use crate::error::Result;
use crate::inst::{InstId, Resolved, StaticInst};
use branch::{Outcome, Predictors};
use columns::{static_columns, COLUMNS, FEATURES, STATIC};
use dependences::Producers;
use fetch::{Fetch, Fetched};
use lanes::{Event, Lanes};
use machines::Machines;
use memory::{Access, Memory};
pub use prepare::Transfer;
use prepare::{prepare, unit_of, Prepared, Stride};
use row::Parts;
use scale::Logs;

/// The schema's name.
pub const NAME: &str = "perfvec-rm-2";
/// The schema.
pub static SCHEMA: Schema = Schema {
    name: NAME,
    features: &FEATURES,
};

/// The extractor of `perfvec-rm-2`: reference caches, predictors, tables and machines.
pub struct RefMachine {
    insts: Vec<Prepared>,
    /// The columns of each instruction: apart, since they are only read for a row.
    columns: Vec<[f32; STATIC]>,
    fetch: Fetch,
    predictors: Predictors,
    memory: Memory,
    producers: Producers,
    machines: Machines,
    /// Retirements so far.
    n: u64,
    /// The last mispredicted transfer, and the last far access.
    last_miss: u64,
    last_far: u64,
    logs: Logs,
}

impl RefMachine {
    /// An extractor at the start of a stream.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            insts: Vec::new(),
            columns: Vec::new(),
            fetch: Fetch::new(),
            predictors: Predictors::new(),
            memory: Memory::new(),
            producers: Producers::new(),
            machines: Machines::new(),
            n: 0,
            last_miss: 0,
            last_far: 0,
            logs: Logs::new(),
        }
    }

    /// One retirement; inlined into each of the versions of [`advance`].
    #[inline(always)]
    fn advance(&mut self, r: &Resolved, row: Option<&mut [f32]>) {
        let n = self.n;
        self.n += 1;
        let inst = &mut self.insts[r.inst as usize];
        let fetched = self.fetch.fetch(inst.pc, &mut self.memory.second);
        let outcome = predict(&mut self.predictors, inst, r);
        let access = match inst.mem {
            true => self.memory.access(inst, r.address, n),
            false => Access::default(),
        };
        let producers = self.producers.nearest(inst);
        let mut delta = Lanes::ZERO;
        let event = event(inst, r, &fetched, &outcome, &access);
        self.machines.step(&event, &mut delta);
        if let Some(row) = row {
            let parts = Parts {
                n,
                taken: r.taken,
                inst,
                fetched: &fetched,
                outcome: &outcome,
                access: &access,
                producers,
                last_miss: self.last_miss,
                last_far: self.last_far,
            };
            let fixed = &self.columns[r.inst as usize];
            row::write(row, fixed, &parts, &self.logs, &delta);
        }
        self.producers.wrote(inst, access.depths[0], n);
        if outcome.tage || outcome.target {
            self.last_miss = n;
        }
        if access.far() {
            self.last_far = n;
        }
    }
}

/// What the predictors say of a control transfer.
#[inline(always)]
fn predict(predictors: &mut Predictors, inst: &Prepared, r: &Resolved) -> Outcome {
    if !inst.ctrl {
        Outcome::default()
    } else if inst.cond {
        predictors.conditional(inst.pc, r.taken)
    } else {
        predictors.unconditional(inst.pc, r.target, inst.fall_through, inst.transfer)
    }
}

/// The retirement as the machines see it.
#[inline(always)]
fn event(
    inst: &Prepared,
    r: &Resolved,
    fetched: &Fetched,
    outcome: &Outcome,
    access: &Access,
) -> Event {
    Event {
        src: inst.src,
        dst: inst.dst,
        unit: inst.unit,
        serialize: inst.serialize,
        taken: r.taken,
        cond: inst.cond,
        direction_miss: u8::from(outcome.bimodal)
            | u8::from(outcome.gshare) << 1
            | u8::from(outcome.tage) << 2
            | u8::from(outcome.small) << 3,
        target_miss: u8::from(outcome.target)
            | u8::from(outcome.last_target) << 1
            | u8::from(outcome.few_targets) << 2,
        btb_depth: outcome.btb_depth,
        blocks: (0..4).map(|b| u8::from(fetched.new_block[b]) << b).sum(),
        data: access.depths,
        predictable: access.stride_hit || access.sequential,
        fetch: fetched.depths,
        address: r.address,
        site: inst.site,
    }
}

/// One version per vector width of the whole step: sets, predictors, machines and row together
/// stay in registers, and the choice is made once per block.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+avx512f+avx512bw+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2",
    "x86_64+sse4.1"
))]
fn advance(x: &mut RefMachine, block: &[Resolved], rows: Option<&mut [f32]>) {
    match rows {
        None => {
            for r in block {
                x.advance(r, None);
            }
        }
        Some(rows) => {
            for (r, row) in block.iter().zip(rows.chunks_exact_mut(COLUMNS)) {
                x.advance(r, Some(row));
            }
        }
    }
}

impl Extractor for RefMachine {
    fn columns(&self) -> usize {
        SCHEMA.len()
    }

    fn intern(&mut self, id: InstId, inst: &StaticInst) {
        debug_assert_eq!(id as usize, self.insts.len(), "ids are dense");
        self.insts.push(prepare(inst));
        self.columns.push(static_columns(inst, unit_of(inst)));
    }

    fn step(&mut self, r: &Resolved, row: Option<&mut [f32]>) {
        advance(self, std::slice::from_ref(r), row);
    }

    fn steps(&mut self, block: &[Resolved], rows: Option<&mut [f32]>) {
        advance(self, block, rows);
    }

    fn reset(&mut self) {
        let columns = std::mem::take(&mut self.columns);
        let mut insts = std::mem::take(&mut self.insts);
        for i in &mut insts {
            i.stride = Stride::default();
        }
        *self = Self::new();
        self.insts = insts;
        self.columns = columns;
    }

    fn save(&self, out: &mut Vec<u8>) -> Result<()> {
        state::save(self, out);
        Ok(())
    }

    fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        state::restore(self, bytes)
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
