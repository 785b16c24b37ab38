//! `perfvec-rm-1`: this library's own schema, built on reference machines.
//!
//! Beside what the published extractor records of an instruction it says what simple, fixed
//! instruments made of it: caches of many shapes ([`set_depth`]), published branch predictors
//! ([`branch`]), stride and forwarding tables, and sixteen small machines timed side by side
//! ([`machines`]). All of it is independent of the microarchitectures that are priced.

pub mod branch;
pub mod columns;
pub mod machines;
mod prepare;
pub mod set_depth;
mod space;
mod state;

use super::{Extractor, Schema};
use crate::error::Result;
use crate::inst::{InstId, Resolved, StaticInst};
use branch::{Outcome, Predictors};
use columns::{COLUMNS, DYNAMIC, FEATURES, STATIC};
use machines::{Event, Machines, Unit, MACHINES, NO_REG, REGS, UNITS};
pub use prepare::Transfer;
use prepare::{prepare, Prepared, Stride};
use set_depth::{SetDepth, ABSENT, WAYS};

/// The schema's name.
pub const NAME: &str = "perfvec-rm-1";
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

/// The extractor.
pub struct RefMachine {
    insts: Vec<Prepared>,
    machines: Machines,
    predictors: Predictors,
    data: [SetDepth; 4],
    fetch: SetDepth,
    pages: SetDepth,
    last_line: u64,
    recent: [u64; RECENT],
    stores: Vec<(u64, u64)>,
    producers: [Producer; REGS],
    n: u64,
    last_miss: u64,
    last_far: u64,
    last_row: u64,
    /// [`log_count`] of small counts.
    logs: Box<[f32; LOGS]>,
}

/// Data-side sets; the last two stand for a unified second level and see fetched lines too.
const DATA_SETS: [usize; 4] = [64, 256, 1024, 4096];

/// log2 of a cache depth over 4: 0 for a hit in the most recent way, just over 1 for absent.
static DEPTH: [f32; WAYS + 2] = [
    0.0,
    0.0,
    0.25,
    0.396_240_63,
    0.5,
    0.580_482,
    0.646_240_65,
    0.701_838_73,
    0.75,
    0.792_481_24,
    0.830_482,
    0.864_857_9,
    0.896_240_65,
    0.925_109_9,
    0.951_838_73,
    0.976_722_66,
    1.0,
    1.25,
];

/// Counts whose logarithm is kept: most are small.
const LOGS: usize = 1024;

/// `log2(1 + n) / 16`.
fn log_count(n: u64) -> f32 {
    ((n + 1) as f32).log2() / 16.0
}

impl RefMachine {
    /// An extractor at the start of a stream.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            insts: Vec::new(),
            machines: Machines::new(),
            predictors: Predictors::new(),
            data: DATA_SETS.map(SetDepth::new),
            fetch: SetDepth::new(64),
            pages: SetDepth::new(1),
            last_line: u64::MAX,
            recent: [u64::MAX; RECENT],
            stores: vec![(u64::MAX, 0); FORWARD],
            producers: [Producer::default(); REGS],
            n: 0,
            last_miss: 0,
            last_far: 0,
            last_row: u64::MAX,
            logs: Box::new(std::array::from_fn(|n| log_count(n as u64))),
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
        let line = self.insts[r.inst as usize].line;
        let fetch = self.fetch_depths(line);
        let inst = &mut self.insts[r.inst as usize];

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
        let (mut sequential, mut forward, mut same_row) = (false, 0.0, false);
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
            if !inst.load || inst.unit != Unit::Load {
                *entry = (word, n);
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
            direction_miss: u8::from(outcome.bimodal)
                | u8::from(outcome.gshare) << 1
                | u8::from(outcome.tage) << 2,
            target_miss: outcome.target,
            btb_depth: outcome.btb_depth,
            data,
            predictable: stride_hit || sequential,
            fetch,
            address: r.address,
        };
        let mut delta = [0; MACHINES];
        self.machines.step(&event, &mut delta);

        if let Some(row) = row {
            row[..STATIC].copy_from_slice(&inst.columns);
            let dependence = |p: Producer| {
                if p.at == 0 {
                    0.0
                } else {
                    1.0 / (n + 1 - p.at) as f32
                }
            };
            let logs = &self.logs;
            let log = |n: u64| match logs.get(n as usize) {
                Some(log) => *log,
                None => log_count(n),
            };
            let flag = |b: bool| f32::from(u8::from(b));
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
            ];
            row[STATIC..STATIC + DYNAMIC].copy_from_slice(&d);
            let (linear, logs) = row[STATIC + DYNAMIC..].split_at_mut(MACHINES);
            for m in 0..MACHINES {
                linear[m] = delta[m] as f32 / UNITS as f32;
                logs[m] = log2_1p(linear[m]);
            }
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
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn intern(&mut self, id: InstId, inst: &StaticInst) {
        debug_assert_eq!(id as usize, self.insts.len(), "ids are dense");
        self.insts.push(prepare(inst));
    }

    fn step(&mut self, r: &Resolved, row: Option<&mut [f32]>) {
        advance(self, std::slice::from_ref(r), row);
    }

    fn steps(&mut self, block: &[Resolved], rows: Option<&mut [f32]>) {
        advance(self, block, rows);
    }

    fn reset(&mut self) {
        let mut insts = std::mem::take(&mut self.insts);
        for i in &mut insts {
            i.stride = Stride::default();
        }
        *self = Self::new();
        self.insts = insts;
    }

    fn save(&self, out: &mut Vec<u8>) {
        state::save(self, out);
    }

    fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        state::restore(self, bytes)
    }
}

/// log2(1 + x) for x >= 0, the same on every machine (no libm), to 1e-3: features need no more.
#[inline(always)]
fn log2_1p(x: f32) -> f32 {
    let y = x + 1.0;
    let bits = y.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000) - 1.0;
    // Cubic through log2 at 1 and 2 with matched end slopes, error under 9e-4.
    exponent as f32 + m * (1.423_35 + m * (-0.587_02 + m * 0.163_67))
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
