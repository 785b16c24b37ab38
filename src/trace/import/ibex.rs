//! The log of Ibex's tracer (`ibex_tracer.sv`, `trace_core_00000000.log`).
//!
//! ```text
//! Time  Cycle  PC        Insn      Decoded instruction  Register and memory contents
//!   39     15  001000a2      bfdd  c.j    100098
//!   35     13  0010009c  0002a023  sw     x0,0(x5)      x5:0x00110000  x0:0x00000000 PA:0x00110000 store:0x00000000
//! ```
//!
//! `-->` before the instruction says that it trapped, `==>` that it is the first of a handler. The
//! tracers of CV32E40P and its kin (`Time Cycle PC Instr ...`) write the same columns.

use super::assemble::{Commit, Commits, Event};
use super::lines::{decimal, digits, hex_after, words, Lines};
use super::source::Bytes;
use super::{riscv, Width};
use crate::error::{Error, Result};
use crate::inst::StaticInst;
use crate::trace::Header;

/// A tracer's log.
pub struct Ibex {
    lines: Lines,
}

impl Ibex {
    pub fn new(bytes: Bytes) -> Self {
        Self {
            lines: Lines::new(bytes),
        }
    }
}

/// Whether a line is the heading.
pub fn is_heading(line: &[u8]) -> bool {
    words(line).take(3).eq([&b"Time"[..], b"Cycle", b"PC"])
}

/// The columns up to the encoding, and what follows it.
fn parse(line: &[u8]) -> std::result::Result<Event, &'static str> {
    let mut rest = words(line);
    // A time with a unit is no number; nothing depends on it.
    rest.next();
    let cycle = rest.next().and_then(decimal);
    let cycle = cycle.ok_or("column 2 is not the number of a cycle")?;
    let pc = rest.next().and_then(digits).filter(|(_, n)| *n == 8);
    let (pc, _) = pc.ok_or("column 3 is not an address of 8 hexadecimal digits")?;
    let bits = rest.next().and_then(digits).filter(|(bits, n)| match n {
        4 => bits & 3 != 3,
        n => *n == 8,
    });
    let (bits, _) = bits.ok_or("column 4 is not an encoding of 4 or 8 hexadecimal digits")?;
    let name = rest.next().unwrap_or_default();
    if name.starts_with(b"-->") {
        return Ok(Event::Trap { hart: 0, pc });
    }
    let address = match hex_after(line, b" PA:") {
        None => 0,
        Some(address) => address.ok_or("no address follows \"PA:\"")?,
    };
    Ok(Event::Commit(Commit {
        pc,
        bits,
        address,
        cycle: Some(cycle),
        entry: name.starts_with(b"==>"),
        ..Commit::default()
    }))
}

impl Commits for Ibex {
    fn next(&mut self) -> Result<Option<Event>> {
        while self.lines.advance()? {
            let line = self.lines.text();
            if line.is_empty() || is_heading(line) {
                continue;
            }
            let mut event = parse(line).map_err(|e| self.lines.error(e))?;
            if let Event::Commit(commit) = &mut event {
                commit.at = self.lines.number;
            }
            return Ok(Some(event));
        }
        Ok(None)
    }

    fn header(&self) -> Header {
        Header {
            isa: Width::W32.isa().name().into(),
            host: "ibex".into(),
            ..Header::default()
        }
    }

    fn decode(&self, pc: u64, bits: u64) -> Result<StaticInst> {
        riscv(Width::W32, pc, bits)
    }

    fn name(&self) -> &str {
        self.lines.name()
    }

    fn place(&self, at: u64) -> String {
        self.lines.place(at)
    }

    fn nothing(&self) -> Error {
        self.lines.nothing("simulate ibex_top_tracing, for longer")
    }
}
