//! ChampSim's traces (`input_instr`, 64 bytes a record, as its tracer writes them).
//!
//! | bytes | content |
//! |---|---|
//! | 8 | address of the instruction |
//! | 1, 1 | whether it is a branch, and taken |
//! | 2, 4 | registers written and read, by Pin's numbers, 0 for none |
//! | 2 x 8, 4 x 8 | addresses of stores and of loads, 0 for none |
//!
//! The format says neither the ISA nor what is computed. The ISA is given as x86-64, what the
//! tracer runs on; the kind of a branch follows from the registers as in ChampSim itself; all
//! arithmetic is an IntAlu; an access has 8 bytes; and an instruction's length shows where the next
//! one follows it.

use super::assemble::{Commit, Commits, Event};
use super::records::Records;
use super::source::Bytes;
use crate::error::{Error, Result};
use crate::inst::{InstFlags, OpClass, RegClass, StaticInst};
use crate::isa::Isa;
use crate::trace::Header;
use std::collections::HashMap;

const RECORD: usize = 64;
/// Pin's numbers of registers that have a meaning here.
const STACK_POINTER: u8 = 6;
const FLAGS: u8 = 25;
const INSTRUCTION_POINTER: u8 = 26;
/// Bits of [`Commit::bits`] above the six registers.
const LOADS: u64 = 1 << 48;
const STORES: u64 = 1 << 49;

/// A parser of ChampSim traces.
pub struct Champsim {
    records: Records,
    /// Lengths of instructions, by address, where the next one followed.
    sizes: HashMap<u64, u8>,
}

impl Champsim {
    pub fn new(bytes: Bytes) -> Self {
        let name = bytes.name().to_string();
        Self {
            records: Records::new(bytes, name),
            sizes: HashMap::new(),
        }
    }
}

/// Whether a file begins like a trace: the format has no magic.
pub fn is_trace(head: &[u8]) -> bool {
    let mut records = head.chunks_exact(RECORD).take(16);
    let plausible = |r: &[u8]| is_record(r) && (r[8] == 1 || r[9] == 0);
    records.len() > 0 && records.all(plausible)
}

fn is_record(r: &[u8]) -> bool {
    r[..8] != [0; 8] && r[8] <= 1 && r[9] <= 1
}

fn word(r: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&r[at..at + 8]);
    u64::from_le_bytes(bytes)
}

/// The first address that is not 0.
fn first(r: &[u8], from: usize, n: usize) -> u64 {
    let mut addresses = (0..n).map(|i| word(r, from + 8 * i));
    addresses.find(|a| *a != 0).unwrap_or(0)
}

/// The kind of control transfer.
fn control(written: &[u8], read: &[u8]) -> InstFlags {
    use InstFlags as F;
    if !written.contains(&INSTRUCTION_POINTER) {
        return F::empty();
    }
    let special = [0, STACK_POINTER, FLAGS, INSTRUCTION_POINTER];
    let other = read.iter().any(|r| !special.contains(r));
    let ip = read.contains(&INSTRUCTION_POINTER);
    let target = if other {
        F::INDIRECT_CTRL
    } else {
        F::DIRECT_CTRL
    };
    if read.contains(&STACK_POINTER) && written.contains(&STACK_POINTER) {
        return F::UNCOND_CTRL
            | match ip {
                true => F::CALL | target,
                false => F::RETURN | F::INDIRECT_CTRL,
            };
    }
    if ip && (other || read.contains(&FLAGS)) {
        return F::COND_CTRL | F::DIRECT_CTRL;
    }
    F::UNCOND_CTRL | target
}

impl Commits for Champsim {
    fn next(&mut self) -> Result<Option<Event>> {
        let at = self.records.at;
        let mut r = [0; RECORD];
        if !self.records.fill(&mut r)? {
            return Ok(None);
        }
        if !is_record(&r) {
            return Err(self.records.error(
                "the record before has address 0, or bytes 8 and 9 that are not 0 or 1; is this a trace of ChampSim's input_instr (not cloudsuite_instr)?",
            ));
        }
        let (stored, loaded) = (first(&r, 16, 2), first(&r, 32, 4));
        let mut bits = word(&r, 10) & (LOADS - 1);
        bits |= if loaded != 0 { LOADS } else { 0 };
        bits |= if stored != 0 { STORES } else { 0 };
        let branch = control(&r[10..12], &r[12..16]).contains(InstFlags::COND_CTRL);
        Ok(Some(Event::Commit(Commit {
            at,
            pc: word(&r, 0),
            bits,
            address: if loaded != 0 { loaded } else { stored },
            taken: branch.then_some(r[9] == 1),
            user: Some(true),
            // The target of a taken branch of whose length nothing is known.
            jumps: r[8] == 1 && r[9] == 1,
            ..Commit::default()
        })))
    }

    fn header(&self) -> Header {
        Header {
            isa: Isa::X86_64.name().into(),
            host: "champsim".into(),
            ..Header::default()
        }
    }

    fn decode(&self, pc: u64, bits: u64) -> Result<StaticInst> {
        let registers = bits.to_le_bytes();
        let (written, read) = (&registers[..2], &registers[2..6]);
        let mut flags = control(written, read);
        flags.set(InstFlags::LOAD, bits & LOADS != 0);
        flags.set(InstFlags::STORE, bits & STORES != 0);
        let op = if bits & LOADS != 0 {
            OpClass::MemRead
        } else if bits & STORES != 0 {
            OpClass::MemWrite
        } else {
            OpClass::IntAlu
        };
        let mut inst = StaticInst::new(pc, op, 4);
        inst.flags = flags;
        inst.access_size = if flags.is_mem() { 8 } else { 0 };
        let named = |reg: &&u8| **reg != 0 && **reg != INSTRUCTION_POINTER;
        let class = |reg: u8| match reg {
            FLAGS => RegClass::CC,
            _ => RegClass::Int,
        };
        for reg in read.iter().filter(named) {
            inst.push_src(class(*reg), (*reg).into());
        }
        for reg in written.iter().filter(named) {
            inst.push_dst(class(*reg), (*reg).into());
        }
        Ok(inst)
    }

    fn size(&mut self, commit: &Commit, next: Option<u64>) -> Option<u8> {
        let step = next.map_or(0, |next| next.wrapping_sub(commit.pc));
        let size = self.sizes.entry(commit.pc).or_insert(4);
        if (1..=15).contains(&step) && !commit.jumps {
            *size = step as u8;
        }
        Some(*size)
    }

    fn name(&self) -> &str {
        self.records.name()
    }

    fn place(&self, at: u64) -> String {
        self.records.place(at)
    }

    fn nothing(&self) -> Error {
        self.records.error("no records; trace again")
    }
}
