//! The log of NEORV32's tracer (generic `IO_TRACER_SIMLOG_EN`, `neorv32.tracer0.log`).
//!
//! ```text
//! 52174 256656 0x0000250a 0x00000073 U ecall
//! 52175 256665 0x00003e94 0x34011073 M csrrw       x0, mscratch, x2 <TRAP_ENTRY>
//! 52176 256667 0x00003e98 0x7119     M c.addi16sp  x2, x2, -128
//! ```
//!
//! The columns are index, cycle, pc, encoding and mode. An instruction took until the cycle of the
//! next one. There are no data addresses: every access is taken for one of address 0. Some versions
//! write a compressed instruction as the one of 32 bits that it stands for; its length then shows
//! where the next instruction follows it.

use super::assemble::{Commit, Commits, Event, Stamp};
use super::lines::{decimal, hex, words, Lines};
use super::source::Bytes;
use super::{lacks_addresses, riscv, Width};
use crate::error::{Error, Result};
use crate::inst::StaticInst;
use crate::trace::Header;
use std::collections::HashSet;

/// A tracer's log.
pub struct Neorv32 {
    lines: Lines,
    /// Where an instruction written in 32 bits has 16.
    short: HashSet<u64>,
}

impl Neorv32 {
    pub fn new(bytes: Bytes) -> Self {
        Self {
            lines: Lines::new(bytes),
            short: HashSet::new(),
        }
    }
}

/// Whether a line is one of an instruction.
pub fn is_line(line: &[u8]) -> bool {
    parse(line).is_ok()
}

fn parse(line: &[u8]) -> std::result::Result<Commit, &'static str> {
    let mut rest = words(line);
    let index = rest.next().and_then(decimal);
    index.ok_or("column 1 is not the index of an instruction")?;
    let cycle = rest.next().and_then(decimal);
    let cycle = cycle.ok_or("column 2 is not the number of a cycle")?;
    let pc = rest.next().and_then(hex).filter(|(_, n)| *n == 8);
    let (pc, _) = pc.ok_or("column 3 is not an address: 0x and 8 hexadecimal digits")?;
    let bits = rest
        .next()
        .and_then(hex)
        .filter(|(_, n)| matches!(n, 4 | 8));
    let (bits, n) = bits.ok_or("column 4 is not an encoding: 0x and 4 or 8 hexadecimal digits")?;
    if n == 4 && bits & 3 == 3 {
        return Err("column 4 has 4 digits of an instruction that has 8");
    }
    let user = match rest.next() {
        Some(b"U") => true,
        Some(b"M" | b"D" | b"?") => false,
        _ => return Err("column 5 is not a mode: M, U or D"),
    };
    Ok(Commit {
        pc,
        bits,
        cycle: Some(cycle),
        user: Some(user),
        entry: line.ends_with(b"<TRAP_ENTRY>"),
        ..Commit::default()
    })
}

impl Commits for Neorv32 {
    fn next(&mut self) -> Result<Option<Event>> {
        while self.lines.advance()? {
            if self.lines.text().is_empty() {
                continue;
            }
            let mut commit = parse(self.lines.text()).map_err(|e| self.lines.error(e))?;
            commit.at = self.lines.number;
            return Ok(Some(Event::Commit(commit)));
        }
        Ok(None)
    }

    fn header(&self) -> Header {
        Header {
            isa: Width::W32.isa().name().into(),
            host: "neorv32".into(),
            metadata: lacks_addresses(),
            ..Header::default()
        }
    }

    fn decode(&self, pc: u64, bits: u64) -> Result<StaticInst> {
        riscv(Width::W32, pc, bits)
    }

    fn size(&mut self, commit: &Commit, next: Option<u64>) -> Option<u8> {
        if commit.bits & 3 != 3 {
            return None;
        }
        // No instruction of four bytes goes to its own middle.
        if next == Some(commit.pc.wrapping_add(2)) {
            self.short.insert(commit.pc);
        }
        self.short.contains(&commit.pc).then_some(2)
    }

    fn stamp(&self) -> Stamp {
        Stamp::Started
    }

    fn name(&self) -> &str {
        self.lines.name()
    }

    fn place(&self, at: u64) -> String {
        self.lines.place(at)
    }

    fn nothing(&self) -> Error {
        self.lines
            .nothing("simulate with IO_TRACER_EN and IO_TRACER_SIMLOG_EN, for longer")
    }
}
