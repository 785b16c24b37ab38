//! DynamoRIO's memtraces: what its offline post-processor writes (`drmemtrace.*.trace.gz`).
//!
//! An entry is a type (2 bytes), a size (2) and a value (8), little-endian. An instruction is an entry
//! of its pc, before it its encoding where that is new, and after it its accesses; of several the
//! first counts. Markers tell the architecture. Only RISC-V 64 can be decoded, for which DynamoRIO
//! has no mark: a trace that names an architecture is one of another. Raw traces (`*.raw.gz`), which
//! say nothing without the program, are not read; nor are ones without encodings, or filtered ones.

use super::assemble::{Commit, Commits, Event};
use super::records::Records;
use super::source::Bytes;
use super::{riscv, Width};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::StaticInst;
use crate::trace::format::MAX_STATICS;
use crate::trace::Header;
use std::collections::HashMap;

const ENTRY: usize = 12;

/// Types of entries.
mod entry {
    pub const READ: u16 = 0;
    pub const WRITE: u16 = 1;
    pub const INSTR: u16 = 10;
    pub const RETURN: u16 = 16;
    pub const BUNDLE: u16 = 17;
    pub const THREAD: u16 = 22;
    pub const HEADER: u16 = 25;
    pub const MARKER: u16 = 28;
    pub const NO_FETCH: u16 = 29;
    pub const SYSENTER: u16 = 31;
    pub const ENCODING: u16 = 47;
    pub const TAKEN_JUMP: u16 = 48;
    pub const UNTAKEN_JUMP: u16 = 49;
}

/// Kinds of markers, which stand in the size.
mod marker {
    pub const KERNEL_EVENT: u16 = 0;
    pub const KERNEL_XFER: u16 = 1;
    pub const FILE_TYPE: u16 = 9;
    pub const WINDOW: u16 = 14;
}

/// Bits of the file's type.
const ARCHITECTURES: [(u64, &str); 5] = [
    (0x08, "AArch64"),
    (0x10, "Arm"),
    (0x20, "x86, 32 bits"),
    (0x40, "x86-64"),
    (0x2_0000, "register dependences only"),
];
const FILTERED: u64 = 0x01 | 0x80 | 0x100;
const ENCODINGS: u64 = 0x200;

/// A parser of DynamoRIO memtraces.
pub struct Memtrace {
    records: Records,
    /// Encodings come once; later ones replace them.
    encodings: HashMap<u64, u32>,
    encoding: Vec<u8>,
    thread: u64,
    entry: bool,
    checked: bool,
    /// Waits for its accesses.
    held: Option<Commit>,
}

/// Whether a file begins with a header of a version that there is.
pub fn is_trace(head: &[u8]) -> bool {
    head.len() >= ENTRY
        && head[..2] == entry::HEADER.to_le_bytes()
        && (2..=64).contains(&head[4])
        && head[5..ENTRY] == [0; 7]
}

impl Memtrace {
    pub fn new(bytes: Bytes) -> Self {
        let name = bytes.name().to_string();
        Self {
            records: Records::new(bytes, name),
            encodings: HashMap::new(),
            encoding: Vec::new(),
            thread: 0,
            entry: false,
            checked: false,
            held: None,
        }
    }

    fn check_type(&mut self, bits: u64) -> Result<()> {
        let fail = |what: String| {
            Err(Error::new(
                ErrorKind::Mismatch,
                format!("{}: {what}", self.records.name()),
            ))
        };
        if let Some((_, name)) = ARCHITECTURES.iter().find(|(bit, _)| bits & bit != 0) {
            return fail(format!(
                "a memtrace of {name}; only instructions of RISC-V 64 can be decoded: convert it for ChampSim, or trace a RISC-V program"
            ));
        }
        if bits & FILTERED != 0 {
            return fail(
                "a filtered memtrace: instructions are missing; trace without filters".into(),
            );
        }
        if bits & ENCODINGS == 0 {
            return fail("a memtrace without encodings; post-process it with those".into());
        }
        self.checked = true;
        Ok(())
    }

    fn instruction(&mut self, at: u64, kind: u16, size: u16, pc: u64) -> Result<Commit> {
        if !self.checked {
            return Err(self
                .records
                .error("an instruction before the mark of the file's type; not a whole memtrace"));
        }
        if !self.encoding.is_empty() {
            if self.encoding.len() != usize::from(size) {
                return Err(self
                    .records
                    .error("an encoding of another length than its instruction"));
            }
            let mut bytes = [0; 4];
            let n = self.encoding.len().min(4);
            bytes[..n].copy_from_slice(&self.encoding[..n]);
            self.encoding.clear();
            if self.encodings.len() == MAX_STATICS {
                return Err(self
                    .records
                    .error("too many distinct instructions; this is not a trace of one program"));
            }
            self.encodings.insert(pc, u32::from_le_bytes(bytes));
        }
        let Some(bits) = self.encodings.get(&pc).copied() else {
            return Err(self
                .records
                .error("an instruction whose encoding did not come before; not a whole memtrace"));
        };
        Ok(Commit {
            at,
            hart: self.thread,
            pc,
            bits: bits.into(),
            user: Some(true),
            taken: match kind {
                entry::TAKEN_JUMP => Some(true),
                entry::UNTAKEN_JUMP => Some(false),
                _ => None,
            },
            entry: std::mem::take(&mut self.entry),
            ..Commit::default()
        })
    }
}

impl Commits for Memtrace {
    fn next(&mut self) -> Result<Option<Event>> {
        loop {
            let at = self.records.at;
            let mut e = [0; ENTRY];
            if !self.records.fill(&mut e)? {
                return Ok(self.held.take().map(Event::Commit));
            }
            let kind = u16::from_le_bytes([e[0], e[1]]);
            let size = u16::from_le_bytes([e[2], e[3]]);
            let value = e[4..].try_into().map_or(0, u64::from_le_bytes);
            match kind {
                entry::READ | entry::WRITE => {
                    if let Some(held) = &mut self.held {
                        if held.address == 0 {
                            held.address = value;
                        }
                    }
                }
                entry::ENCODING => {
                    let bytes = e[4..].get(..usize::from(size));
                    match bytes.filter(|_| self.encoding.len() <= 24) {
                        Some(bytes) => self.encoding.extend_from_slice(bytes),
                        None => return Err(self.records.error("an encoding longer than any instruction")),
                    }
                }
                entry::INSTR..=entry::RETURN
                | entry::NO_FETCH..=entry::SYSENTER
                | entry::TAKEN_JUMP
                | entry::UNTAKEN_JUMP => {
                    let commit = self.instruction(at, kind, size, value)?;
                    if let Some(held) = self.held.replace(commit) {
                        return Ok(Some(Event::Commit(held)));
                    }
                }
                entry::BUNDLE => {
                    return Err(self.records.error(
                        "a bundle of instructions, which only online traces have; post-process an offline trace",
                    ))
                }
                entry::THREAD => self.thread = value,
                entry::MARKER => match size {
                    marker::FILE_TYPE => self.check_type(value)?,
                    marker::KERNEL_EVENT | marker::KERNEL_XFER | marker::WINDOW => {
                        self.entry = true;
                    }
                    _ => {}
                },
                kind if kind <= entry::UNTAKEN_JUMP => {}
                kind => {
                    return Err(self
                        .records
                        .error(&format!("an entry of type {kind}, which memtraces do not have")))
                }
            }
        }
    }

    fn header(&self) -> Header {
        Header {
            isa: Width::W64.isa().name().into(),
            host: "drmemtrace".into(),
            ..Header::default()
        }
    }

    fn decode(&self, pc: u64, bits: u64) -> Result<StaticInst> {
        riscv(Width::W64, pc, bits)
    }

    fn name(&self) -> &str {
        self.records.name()
    }

    fn place(&self, at: u64) -> String {
        self.records.place(at)
    }

    fn nothing(&self) -> Error {
        self.records
            .error("no instruction in this memtrace; trace again")
    }
}
