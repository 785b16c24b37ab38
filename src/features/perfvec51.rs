//! `perfvec-51`: the features of the published extractor, to the letter
//! (`DP/inst_noflush_impl.h` of PerfVec, built with tree-based reuse distances).
//!
//! What that source does and one might not expect:
//! - every record counts, those of faulting instructions too;
//! - a load is op class MemRead and nothing else: a FloatMemRead updates the store lines;
//! - every memory access is measured against both the loads' and the stores' lines, by the line
//!   of its first byte, and updates only its own;
//! - a line never seen, or further away than [`MAX_DISTANCE`], has distance [`MAX_DISTANCE`];
//! - entropies are in nats and by pc, so that micro-ops at one pc share a history.
//!
//! Only beyond 10^8 distinct lines (6.4 GB touched) does the published extractor answer
//! otherwise: it then forgets by number of accesses, here by stack distance.
//!
//! Where a host's record has no such field as the published trace: STORE stands for a place in
//! the store queue, LOAD or STORE for a valid address. [`InstFlags::NO_ADDRESS`] covers the
//! records that have the first without the second.

use super::branch_entropy::BranchEntropy;
use super::perfvec51_schema::{DESTINATIONS, LEN, SOURCES};
use super::same_address::SameAddress;
use super::stack_distance::StackDistance;
use super::Extractor;
use crate::bytes::corrupt;
use crate::error::Result;
use crate::inst::{InstFlags, InstId, OpClass, Resolved, StaticInst};
use std::collections::HashMap;

pub use super::perfvec51_schema::{MAX_DISTANCE, NAME, SCHEMA};

/// log2 of the bytes of a line.
const LINE: u32 = 6;
/// First bytes of a saved state, with the layout's version.
const MAGIC: &[u8; 8] = b"pv51st01";
/// Marks an instruction that is not a conditional branch.
const NO_BRANCH: u32 = u32::MAX;

/// Columns that a retirement fills; the static instruction's row has zeros there.
mod col {
    pub const FAULT: usize = 0;
    pub const TAKEN: usize = 15;
    pub const ENTROPY_BEFORE: usize = 16;
    pub const ENTROPY_AFTER: usize = 17;
    pub const FETCH: usize = 18;
    pub const LOAD: usize = 20;
    pub const STORE: usize = 21;
    pub const SAME_ADDRESS: usize = 22;
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Memory {
    None,
    Load,
    Other,
}

/// What the extractor keeps of a static instruction.
#[derive(Debug, Clone)]
struct Interned {
    row: [f32; LEN],
    memory: Memory,
    branch: u32,
    line: u64,
}

/// The extractor of `perfvec-51`.
///
/// Memory: about 250 bytes per static instruction and 50 per distinct line of each kind (fetched,
/// loaded, stored). One thread at a time. [`step`](Extractor::step) panics on an id that was not
/// interned and on a row of another length than the schema's.
#[derive(Debug, Clone)]
pub struct PerfVec51 {
    insts: Vec<Interned>,
    branch_of_pc: HashMap<u64, u32>,
    branches: BranchEntropy,
    fetched: StackDistance,
    loaded: StackDistance,
    stored: StackDistance,
    addresses: SameAddress,
}

impl Default for PerfVec51 {
    fn default() -> Self {
        Self::new()
    }
}

impl PerfVec51 {
    /// An extractor at the start of a stream.
    pub fn new() -> Self {
        Self {
            insts: Vec::new(),
            branch_of_pc: HashMap::new(),
            branches: BranchEntropy::new(),
            fetched: StackDistance::new(MAX_DISTANCE),
            loaded: StackDistance::new(MAX_DISTANCE),
            stored: StackDistance::new(MAX_DISTANCE),
            addresses: SameAddress::new(),
        }
    }
}

/// A stack distance as its column has it.
#[inline(always)]
fn lines(distance: u32) -> f32 {
    // Through i32: the conversion from u32 takes several instructions.
    distance.min(MAX_DISTANCE) as i32 as f32
}

impl Extractor for PerfVec51 {
    fn columns(&self) -> usize {
        SCHEMA.len()
    }

    fn intern(&mut self, id: InstId, inst: &StaticInst) {
        let branch = if inst.flags.contains(InstFlags::COND_CTRL) {
            *self
                .branch_of_pc
                .entry(inst.pc)
                .or_insert_with(|| self.branches.add())
        } else {
            NO_BRANCH
        };
        let interned = Interned {
            row: static_row(inst),
            memory: memory(inst),
            branch,
            line: inst.pc >> LINE,
        };
        let id = id as usize;
        if id >= self.insts.len() {
            self.insts.resize(id + 1, interned);
        } else {
            self.insts[id] = interned;
        }
    }

    #[inline]
    fn step(&mut self, r: &Resolved, row: Option<&mut [f32]>) {
        let inst = &self.insts[r.inst as usize];
        self.addresses.advance();
        let fetch = self.fetched.access(inst.line);
        let entropy =
            (inst.branch != NO_BRANCH).then(|| self.branches.record(inst.branch, r.taken));
        let line = r.address >> LINE;
        let Some(row) = row else {
            match inst.memory {
                Memory::None => return,
                Memory::Load => self.loaded.access(line),
                Memory::Other => self.stored.access(line),
            };
            self.addresses.access(r.address);
            return;
        };
        row.copy_from_slice(&inst.row);
        row[col::FAULT] = f32::from(u8::from(r.fault));
        row[col::TAKEN] = f32::from(u8::from(r.taken));
        row[col::FETCH] = lines(fetch);
        if let Some((before, after)) = entropy {
            row[col::ENTROPY_BEFORE] = before;
            row[col::ENTROPY_AFTER] = after;
        }
        let (load, store) = match inst.memory {
            Memory::None => return,
            Memory::Load => (self.loaded.access(line), self.stored.peek(line)),
            Memory::Other => (self.loaded.peek(line), self.stored.access(line)),
        };
        row[col::LOAD] = lines(load);
        row[col::STORE] = lines(store);
        row[col::SAME_ADDRESS] = self.addresses.access(r.address) as i32 as f32;
    }

    fn reset(&mut self) {
        self.branches.reset();
        self.fetched.reset();
        self.loaded.reset();
        self.stored.reset();
        self.addresses = SameAddress::new();
    }

    fn save(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(MAGIC);
        self.branches.save(out);
        self.fetched.save(out);
        self.loaded.save(out);
        self.stored.save(out);
        self.addresses.save(out);
        Ok(())
    }

    /// After an error the extractor is as after [`reset`](Extractor::reset).
    fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let result = self.restore_parts(bytes);
        if result.is_err() {
            self.reset();
        }
        result
    }
}

impl PerfVec51 {
    fn restore_parts(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err(corrupt("it is not of a perfvec-51 extractor, version 1"));
        };
        *bytes = rest;
        self.branches.restore(bytes)?;
        self.fetched.restore(bytes)?;
        self.loaded.restore(bytes)?;
        self.stored.restore(bytes)?;
        self.addresses.restore(bytes)
    }
}

fn memory(inst: &StaticInst) -> Memory {
    if !inst.flags.is_mem() || inst.flags.contains(InstFlags::NO_ADDRESS) {
        Memory::None
    } else if inst.op == OpClass::MemRead {
        Memory::Load
    } else {
        Memory::Other
    }
}

/// The columns that every retirement of `inst` shares.
fn static_row(inst: &StaticInst) -> [f32; LEN] {
    let flag = |f: InstFlags| f32::from(u8::from(inst.flags.contains(f)));
    let sc = flag(InstFlags::STORE_CONDITIONAL);
    let atomic = flag(InstFlags::ATOMIC);
    let mut row = [0.0; LEN];
    row[1] = f32::from(inst.op as u8) + 1.0;
    row[2] = flag(InstFlags::STORE) * (1.0 - sc) * (1.0 - atomic);
    row[3] = f32::from(u8::from(inst.op == OpClass::MemRead));
    row[4] = flag(InstFlags::MICRO_OP);
    row[5] = flag(InstFlags::COND_CTRL);
    row[6] = flag(InstFlags::UNCOND_CTRL);
    row[7] = flag(InstFlags::DIRECT_CTRL);
    row[8] = flag(InstFlags::SQUASH_AFTER);
    row[9] = flag(InstFlags::SERIALIZE_AFTER);
    row[10] = flag(InstFlags::SERIALIZE_BEFORE);
    row[11] = sc + 2.0 * atomic;
    row[12] = flag(InstFlags::READ_BARRIER);
    row[13] = flag(InstFlags::WRITE_BARRIER);
    row[14] = flag(InstFlags::NON_SPECULATIVE);
    row[19] = f32::from(u8::from(memory(inst) != Memory::None));
    for (first, regs) in [
        (SOURCES, inst.sources()),
        (DESTINATIONS, inst.destinations()),
    ] {
        for (i, reg) in regs.iter().enumerate() {
            row[first + 2 * i] = f32::from(reg.class as u8) + 1.0;
            row[first + 2 * i + 1] = f32::from(reg.index) + 1.0;
        }
    }
    row
}
