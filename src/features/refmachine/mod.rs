//! `perfvec-rm-2`: this library's own schema, built on reference machines.
//!
//! Beside what the published extractor records of an instruction it says what simple, fixed
//! instruments made of it: caches of many shapes ([`set_depth`]), published branch predictors
//! ([`branch`]), stride and forwarding tables, and sixteen small machines timed side by side
//! ([`machines`]). All of it is independent of the microarchitectures that are priced.

pub mod branch;
pub mod columns;
mod indirect;
pub mod lanes;
pub mod machines;
mod prepare;
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
use columns::{static_columns, COLUMNS, DYNAMIC, FEATURES, STATIC};
use lanes::{Event, Lanes, Unit, MACHINES, NO_REG, REGS, UNITS};
use machines::Machines;
pub use prepare::Transfer;
use prepare::{prepare, unit_of, Prepared, Stride};
use scale::{flag, log2_1p, Logs, DEPTH};
use set_depth::{SetDepth, ABSENT};

/// The schema's name.
pub const NAME: &str = "perfvec-rm-2";
/// The schema.
pub static SCHEMA: Schema = Schema {
    name: NAME,
    features: &FEATURES,
};

/// Who wrote a register last.
#[derive(Clone, Copy, Default)]
struct Producer {
    at: u64,
    load: bool,
    depth: u8,
}

const RECENT: usize = 64;
const FORWARD: usize = 1024;
/// Depths of pages (4 KiB) are told apart up to the ways of one set.
const PAGE_SHIFT: u32 = 12;
const LINE_SHIFT: u32 = 6;

/// The extractor of `perfvec-rm-2`: reference caches, predictors, tables and machines.
pub struct RefMachine {
    insts: Vec<Prepared>,
    /// The columns of each instruction: apart, since they are only read for a row.
    columns: Vec<[f32; STATIC]>,
    machines: Machines,
    predictors: Predictors,
    data: [SetDepth; 4],
    fetch: SetDepth,
    pages: SetDepth,
    last_line: u64,
    last_pc: u64,
    recent: [u64; RECENT],
    stores: Vec<(u64, u64)>,
    /// The last store to each 16-byte block, by a hash.
    blocks: Vec<(u64, u64)>,
    producers: [Producer; REGS],
    n: u64,
    last_miss: u64,
    last_far: u64,
    last_row: u64,
    logs: Logs,
}

/// Data-side sets; the last two stand for a unified second level and see fetched lines too.
const DATA_SETS: [usize; 4] = [64, 256, 1024, 4096];

impl RefMachine {
    /// An extractor at the start of a stream.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            insts: Vec::new(),
            columns: Vec::new(),
            machines: Machines::new(),
            predictors: Predictors::new(),
            data: DATA_SETS.map(SetDepth::new),
            fetch: SetDepth::new(64),
            pages: SetDepth::new(1),
            last_line: u64::MAX,
            last_pc: u64::MAX,
            recent: [u64::MAX; RECENT],
            stores: vec![(u64::MAX, 0); FORWARD],
            blocks: vec![(u64::MAX, 0); FORWARD],
            producers: [Producer::default(); REGS],
            n: 0,
            last_miss: 0,
            last_far: 0,
            last_row: u64::MAX,
            logs: Logs::new(),
        }
    }

    /// The fetch side: depths at 64, 1024 and 4096 sets, zeros on the line of the one before.
    #[inline(always)]
    fn fetch_depths(&mut self, line: u64) -> [u8; 3] {
        if line == self.last_line {
            return [0; 3];
        }
        self.last_line = line;
        let first = self.fetch.access(line);
        if first <= 1 {
            // Most recent of its set: the second level saw it not long ago either.
            return [first, 1, 1];
        }
        [first, self.data[2].access(line), self.data[3].access(line)]
    }

    /// One retirement; inlined into each of the versions of [`advance`].
    #[inline(always)]
    fn advance(&mut self, r: &Resolved, row: Option<&mut [f32]>) {
        let n = self.n;
        self.n += 1;
        let line = self.insts[r.inst as usize].pc >> LINE_SHIFT;
        let fetch = self.fetch_depths(line);
        let inst = &mut self.insts[r.inst as usize];
        let apart = inst.pc ^ self.last_pc;
        self.last_pc = inst.pc;
        let blocks = [8, 16, 32, 64].map(|size| apart >= size);

        let outcome = if !inst.ctrl {
            Outcome::default()
        } else if inst.cond {
            self.predictors.conditional(inst.pc, r.taken)
        } else {
            self.predictors
                .unconditional(inst.pc, r.target, inst.fall_through, inst.transfer)
        };

        // Data side.
        let mut data = [0u8; 4];
        let (mut page, mut stride_hit, mut stride_size) = (0u8, false, 0);
        let (mut sequential, mut forward, mut conflict, mut same_row) = (false, 0.0, 0.0, false);
        if inst.mem {
            let line = r.address >> LINE_SHIFT;
            for (d, sets) in data.iter_mut().zip(&mut self.data) {
                *d = sets.access(line);
            }
            page = self.pages.access(r.address >> PAGE_SHIFT);
            let stride = r.address.wrapping_sub(inst.stride.last) as i64;
            stride_hit = stride == inst.stride.stride;
            inst.stride.confidence = if stride_hit {
                (inst.stride.confidence + 1).min(3)
            } else {
                inst.stride.confidence / 2
            };
            stride_hit &= inst.stride.confidence >= 2;
            stride_size = stride.unsigned_abs().min(1 << 32);
            inst.stride.stride = stride;
            inst.stride.last = r.address;
            let before = line.wrapping_sub(1);
            sequential = self.recent[before as usize % RECENT] == before
                && self.recent[line as usize % RECENT] != line;
            self.recent[line as usize % RECENT] = line;
            let word = r.address >> 3;
            let entry = &mut self.stores[(word ^ word >> 10) as usize % FORWARD];
            if inst.load && entry.0 == word {
                forward = 1.0 / (n - entry.1) as f32;
            }
            let wide = word >> 1;
            let block = &mut self.blocks[(wide ^ wide >> 10) as usize % FORWARD];
            if inst.load && block.0 == wide {
                conflict = 1.0 / (n - block.1) as f32;
            }
            if !inst.load || inst.unit != Unit::Load {
                *entry = (word, n);
                *block = (wide, n);
            }
            if data[2] == ABSENT {
                let row = r.address >> 12;
                same_row = row == self.last_row;
                self.last_row = row;
            }
        }

        // Dependences: the two nearest producers.
        let (mut near, mut second) = (Producer::default(), Producer::default());
        for s in inst.src {
            let p = self.producers[usize::from(s)];
            if p.at > near.at {
                second = near;
                near = p;
            } else if p.at > second.at {
                second = p;
            }
        }

        let event = Event {
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
            blocks: (0..4).map(|b| u8::from(blocks[b]) << b).sum(),
            data,
            predictable: stride_hit || sequential,
            fetch,
            address: r.address,
            site: inst.site,
        };
        let mut delta = Lanes::ZERO;
        self.machines.step(&event, &mut delta);

        if let Some(row) = row {
            // Of known lengths, so that each part is written at once.
            let parts = row.split_first_chunk_mut::<STATIC>();
            let (columns, row) = parts.expect("a row has every column");
            *columns = self.columns[r.inst as usize];
            let dependence = |p: Producer| {
                if p.at == 0 {
                    0.0
                } else {
                    1.0 / (n + 1 - p.at) as f32
                }
            };
            let log = |n: u64| self.logs.of(n);
            let depth = |d: u8| DEPTH[usize::from(d)];
            let d: [f32; DYNAMIC] = [
                flag(r.taken),
                flag(fetch[0] != 0),
                depth(fetch[0]),
                depth(fetch[1]),
                depth(outcome.btb_depth),
                flag(outcome.bimodal),
                flag(outcome.gshare),
                flag(outcome.tage),
                flag(outcome.target),
                depth(data[0]),
                depth(data[1]),
                depth(data[2]),
                depth(data[3]),
                flag(data[0] > 2),
                flag(data[0] > 4),
                flag(data[0] > 8),
                flag(data[0] == ABSENT),
                flag(data[2] > 4),
                flag(data[2] > 8),
                flag(data[2] == ABSENT),
                flag(data[3] > 8),
                flag(data[3] == ABSENT),
                flag(stride_hit),
                log(stride_size),
                flag(sequential),
                forward,
                depth(page),
                flag(same_row),
                dependence(near),
                dependence(second),
                flag(near.load),
                depth(near.depth),
                flag(inst.mem && near.load),
                log(n - self.last_miss),
                log(n - self.last_far),
                flag(outcome.small),
                flag(outcome.last_target),
                flag(outcome.few_targets),
                flag(blocks[0]),
                flag(blocks[1]),
                flag(blocks[2]),
                conflict,
            ];
            let parts = row.split_first_chunk_mut::<DYNAMIC>();
            let (dynamic, row) = parts.expect("a row has every column");
            *dynamic = d;
            // One long loop, like those of the machines, and only then the copies to the row.
            let (mut linear, mut logs) = ([0.0; MACHINES], [0.0; MACHINES]);
            for m in 0..MACHINES {
                let cycles = delta[m] as f32 / UNITS as f32;
                linear[m] = cycles;
                logs[m] = log2_1p(cycles);
            }
            row[..MACHINES].copy_from_slice(&linear);
            row[MACHINES..2 * MACHINES].copy_from_slice(&logs);
        }

        if inst.dst != NO_REG {
            self.producers[usize::from(inst.dst)] = Producer {
                at: n + 1,
                load: inst.load,
                depth: data[0],
            };
        }
        if outcome.tage || outcome.target {
            self.last_miss = n;
        }
        if data[2] == ABSENT {
            self.last_far = n;
        }
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
