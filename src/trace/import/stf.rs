//! STF, the Simple Trace Format of the Sparcians tools and Olympia (versions 1.2 to 1.6), plain or
//! as ZSTF.
//!
//! All numbers are little-endian. A record is a descriptor byte and fields of fixed size, but for
//! strings (length first), page table walks and events (a count first), and vector registers. A
//! header (`01 "STF"`, version, ISA, encoding, first pc, ..., 19) comes first. An instruction is the
//! records before an opcode (240, 241) and the opcode: 31 says that it was a taken branch and where
//! it went, 60 each memory access, 100 and 101 an event and where it led. The pc follows from these.
//! Of several accesses the first counts; an instruction with a fault did not retire.
//!
//! ZSTF is `"ZSTF"`, the instructions per chunk and the end of the last chunk (8 bytes each), Zstandard
//! frames that hold the plain trace, and an index.
//!
//! The format carries no time. A trace is in user mode until an event says otherwise.

use super::assemble::{Commit, Commits, Event};
use super::records::Records;
use super::source::Bytes;
use super::{riscv, Width};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::StaticInst;
use crate::trace::Header;
use std::io::{BufReader, Read};

/// Descriptors of the records that matter here.
mod record {
    pub const IDENTIFIER: u8 = 1;
    pub const VERSION: u8 = 2;
    pub const COMMENT: u8 = 3;
    pub const ISA: u8 = 4;
    pub const ENCODING: u8 = 5;
    pub const TRACE_INFO: u8 = 6;
    pub const FEATURES: u8 = 7;
    pub const PROCESS: u8 = 8;
    pub const FORCE_PC: u8 = 9;
    pub const VLEN: u8 = 10;
    pub const PROTOCOL: u8 = 11;
    pub const CLOCK: u8 = 12;
    pub const ISA_EXTENDED: u8 = 13;
    pub const END_HEADER: u8 = 19;
    pub const PC_TARGET: u8 = 31;
    pub const REGISTER: u8 = 40;
    pub const READY_REGISTER: u8 = 41;
    pub const PAGE_WALK: u8 = 50;
    pub const ACCESS: u8 = 60;
    pub const CONTENT: u8 = 61;
    pub const BUS_ACCESS: u8 = 62;
    pub const BUS_CONTENT: u8 = 63;
    pub const EVENT: u8 = 100;
    pub const EVENT_TARGET: u8 = 101;
    pub const MICRO_OP: u8 = 230;
    pub const OPCODE32: u8 = 240;
    pub const OPCODE16: u8 = 241;
    pub const TRANSACTION: u8 = 250;
    pub const DEPENDENCY: u8 = 251;
}

/// The feature that events have 64 bits.
const WIDE_EVENTS: u64 = 0x8_0000;
/// Kind of register that a vector register's record has.
const VECTOR: u8 = 3;
/// Most bits of a vector register.
const MAX_VLEN: u32 = 1 << 16;
/// log2 of the decompressor's window.
const WINDOW_LOG: u32 = 27;

/// A trace of instructions.
pub struct Stf {
    records: Records<Box<dyn Read>>,
    header: Header,
    width: Width,
    wide_events: bool,
    vlen: u32,
    hart: u64,
    user: bool,
    /// Pc of the next instruction.
    pc: u64,
    /// Whether control came there by an event, or a new start.
    entry: bool,
}

/// What the records before an opcode said.
#[derive(Default)]
struct Pending {
    target: Option<u64>,
    event_target: Option<u64>,
    address: Option<u64>,
    fault: bool,
    user: Option<bool>,
}

impl Stf {
    /// Reads the header.
    pub fn new(mut bytes: Bytes) -> Result<Self> {
        let name = bytes.name().to_string();
        let zipped = bytes.head()?.starts_with(b"ZSTF");
        let source: Box<dyn Read> = match zipped {
            true => unzip(bytes, &name)?,
            false => Box::new(bytes),
        };
        let mut stf = Self {
            records: Records::new(source, name),
            header: Header {
                host: "stf".into(),
                ..Header::default()
            },
            width: Width::W64,
            wide_events: false,
            vlen: 0,
            hart: 0,
            user: true,
            pc: 0,
            entry: false,
        };
        stf.read_header()?;
        Ok(stf)
    }

    fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.records.take()?))
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.records.take()?))
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.records.take()?))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.records.take()?))
    }

    fn read_header(&mut self) -> Result<()> {
        if self.u8()? != record::IDENTIFIER || self.records.take()? != *b"STF" {
            return Err(self.records.error("not STF: it begins with 01 and \"STF\""));
        }
        if self.u8()? != record::VERSION {
            return Err(self.records.error("no version follows the identifier"));
        }
        let (major, minor) = (self.u32()?, self.u32()?);
        if major != 1 || minor < 2 {
            return Err(Error::new(
                ErrorKind::Version,
                format!(
                    "{}: STF {major}.{minor}, this library reads 1.2 and later ones of version 1; trace with such a stf_lib",
                    self.records.name()
                ),
            ));
        }
        let (mut isa, mut encoding, mut start) = (None, None, None);
        loop {
            match self.u8()? {
                record::ISA => isa = Some(self.u16()?),
                record::ENCODING => encoding = Some(self.u16()?),
                record::FORCE_PC => start = Some(self.u64()?),
                record::END_HEADER => break,
                // What ends with an instruction is not of the header.
                kind @ (record::PC_TARGET..=record::EVENT_TARGET | record::MICRO_OP..) => {
                    return Err(self
                        .records
                        .error(&format!("record {kind} in the header, which has none such")))
                }
                kind => self.other(kind)?,
            }
        }
        match isa {
            Some(1) => {}
            Some(n) => {
                let name = match n {
                    2 => "Arm",
                    3 => "x86",
                    4 => "Power",
                    _ => "an unknown ISA",
                };
                return Err(Error::new(
                    ErrorKind::Mismatch,
                    format!(
                        "{}: an STF trace of {name}; only those of RISC-V can be read",
                        self.records.name()
                    ),
                ));
            }
            None => return Err(self.records.error("the header has no ISA")),
        }
        self.width = match encoding {
            Some(1) => Width::W32,
            Some(2) => Width::W64,
            _ => return Err(self.records.error("the header says neither RV32 nor RV64")),
        };
        self.header.isa = self.width.isa().name().into();
        let Some(start) = start else {
            return Err(self.records.error("the header has no first pc"));
        };
        self.pc = start;
        Ok(())
    }

    /// A record of which no instruction depends, or which changes what is known of the trace.
    fn other(&mut self, kind: u8) -> Result<()> {
        match kind {
            record::COMMENT | record::ISA_EXTENDED => {
                let n = self.u32()?;
                self.records.skip(n.into())
            }
            record::TRACE_INFO => {
                self.records.skip(4)?;
                let n = self.u16()?;
                self.records.skip(n.into())
            }
            record::FEATURES => {
                self.wide_events = self.u64()? & WIDE_EVENTS != 0;
                Ok(())
            }
            record::PROCESS => {
                self.hart = self.u32()?.into();
                self.records.skip(8)
            }
            record::VLEN => {
                self.vlen = self.u32()?;
                match self.vlen {
                    1..=MAX_VLEN => Ok(()),
                    n => Err(self.records.error(&format!("vector registers of {n} bits"))),
                }
            }
            record::REGISTER => {
                self.records.skip(2)?;
                let vector = self.u8()? & 15 == VECTOR;
                if vector && self.vlen == 0 {
                    return Err(self
                        .records
                        .error("a vector register before the length of vectors"));
                }
                let words = if vector { self.vlen.div_ceil(64) } else { 1 };
                self.records.skip(u64::from(words) * 8)
            }
            record::READY_REGISTER => self.records.skip(2),
            record::PAGE_WALK => {
                self.records.skip(20)?;
                let n = self.u8()?;
                self.records.skip(u64::from(n) * 16)
            }
            record::CONTENT | record::BUS_CONTENT => self.records.skip(8),
            record::BUS_ACCESS => self.records.skip(17),
            record::MICRO_OP => self.records.skip(5),
            record::PROTOCOL | record::CLOCK | record::TRANSACTION | record::DEPENDENCY => {
                Err(self
                    .records
                    .error("a trace of transactions; only those of instructions can be read"))
            }
            kind => Err(self
                .records
                .error(&format!("record {kind}, which STF 1.6 does not have here"))),
        }
    }

    fn event(&mut self, pending: &mut Pending) -> Result<()> {
        let (number, interrupt, special) = if self.wide_events {
            let event = self.u64()?;
            (event & !(3 << 62), event >> 63 != 0, event >> 62 & 1 != 0)
        } else {
            let event = self.u32()?;
            let number = u64::from(event & !(3 << 30));
            (number, event >> 31 != 0, event >> 30 & 1 != 0)
        };
        let mut content = None;
        for _ in 0..self.u8()? {
            let word = self.u64()?;
            content.get_or_insert(word);
        }
        match (interrupt, special) {
            (false, true) => pending.user = content.map(|mode| mode == 0),
            // Environment calls are done when their events come.
            (false, false) => pending.fault |= !(8..=11).contains(&number),
            _ => {}
        }
        Ok(())
    }

    fn instruction(&mut self, at: u64, bits: u32, size: u64, pending: &Pending) -> Event {
        let pc = self.pc;
        let goes = pending.target.unwrap_or(pc.wrapping_add(size));
        let commit = Commit {
            at,
            hart: self.hart,
            pc,
            bits: bits.into(),
            address: pending.address.unwrap_or(0),
            user: Some(self.user),
            goes: Some(goes),
            entry: std::mem::take(&mut self.entry),
            ..Commit::default()
        };
        self.user = pending.user.unwrap_or(self.user);
        self.entry = pending.event_target.is_some();
        self.pc = pending.event_target.unwrap_or(goes);
        match pending.fault {
            true => Event::Trap {
                hart: self.hart,
                pc,
            },
            false => Event::Commit(commit),
        }
    }
}

/// The plain trace in a ZSTF file.
fn unzip(bytes: Bytes, name: &str) -> Result<Box<dyn Read>> {
    let mut records = Records::new(bytes, name.to_string());
    records.skip(12)?;
    let end = u64::from_le_bytes(records.take()?);
    let Some(length) = end.checked_sub(records.at).filter(|n| *n > 0) else {
        return Err(
            records.error("no chunk was completed; the recording was cut short: record again")
        );
    };
    let chunks = BufReader::new(records.into_inner().take(length));
    let decoder = zstd::stream::read::Decoder::with_buffer(chunks).and_then(|mut decoder| {
        decoder.window_log_max(WINDOW_LOG)?;
        Ok(decoder)
    });
    match decoder {
        Ok(decoder) => Ok(Box::new(BufReader::with_capacity(1 << 16, decoder))),
        Err(e) => Err(Error::new(
            ErrorKind::OutOfMemory,
            format!("{name}: zstd: {e}"),
        )),
    }
}

impl Commits for Stf {
    fn next(&mut self) -> Result<Option<Event>> {
        let mut pending = Pending::default();
        let mut begun = false;
        loop {
            let at = self.records.at;
            let mut kind = [0];
            if !self.records.fill(&mut kind)? {
                return match begun {
                    // Comments and states may stand at the end; of an instruction something is missing.
                    true => Err(self.records.error("ends before an instruction's opcode; it was cut short: make or copy it again")),
                    false => Ok(None),
                };
            }
            match kind[0] {
                record::OPCODE32 => {
                    let bits = self.u32()?;
                    return Ok(Some(self.instruction(at, bits, 4, &pending)));
                }
                record::OPCODE16 => {
                    let bits = self.u16()?.into();
                    return Ok(Some(self.instruction(at, bits, 2, &pending)));
                }
                record::PC_TARGET => {
                    pending.target = Some(self.u64()?);
                    begun = true;
                }
                record::ACCESS => {
                    let address = self.u64()?;
                    self.records.skip(5)?;
                    pending.address.get_or_insert(address);
                    begun = true;
                }
                record::EVENT => {
                    self.event(&mut pending)?;
                    begun = true;
                }
                record::EVENT_TARGET => pending.event_target = Some(self.u64()?),
                record::FORCE_PC => {
                    self.pc = self.u64()?;
                    self.entry = true;
                }
                record::ENCODING => {
                    let width = match self.u16()? {
                        1 => Width::W32,
                        _ => Width::W64,
                    };
                    if width != self.width {
                        return Err(self.records.error("RV32 and RV64 in one trace"));
                    }
                }
                kind => self.other(kind)?,
            }
        }
    }

    fn header(&self) -> Header {
        self.header.clone()
    }

    fn decode(&self, pc: u64, bits: u64) -> Result<StaticInst> {
        riscv(self.width, pc, bits)
    }

    fn name(&self) -> &str {
        self.records.name()
    }

    fn place(&self, at: u64) -> String {
        self.records.place(at)
    }

    fn nothing(&self) -> Error {
        self.records
            .error("no instruction follows the header; record again")
    }
}
