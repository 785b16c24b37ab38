//! The log of CVA6's instruction tracer (`instr_tracer.sv`, `trace_hart_0.log`).
//!
//! ```text
//!    1215ns      118 M 0000000080000010 0 00053303 ld             t1, 0(a0)   t1  :0000000000000001 a0  :0000000080001000 VA: 0000000080001000 PA: 80001000
//! Exception @      1395, PC: 00000000800000f4, Cause: Environment Call User Mode
//! ```
//!
//! The columns are time, cycle, mode, pc, whether a branch was mispredicted, and encoding (of a
//! compressed instruction with zeros above). The virtual address of an access follows `VA:`; an
//! atomic has none.

use super::assemble::{Commit, Commits, Event};
use super::lines::{decimal, digits, hex_after, words, Lines};
use super::source::Bytes;
use super::{riscv, Width};
use crate::error::{Error, Result};
use crate::inst::StaticInst;
use crate::trace::Header;

/// A tracer's log.
pub struct Cva6 {
    lines: Lines,
    width: Option<Width>,
}

impl Cva6 {
    pub fn new(bytes: Bytes) -> Self {
        Self {
            lines: Lines::new(bytes),
            width: None,
        }
    }
}

/// Whether a line is one of an instruction or an exception.
pub fn is_line(line: &[u8]) -> bool {
    line.starts_with(b"Exception @") || parse(line).is_ok()
}

fn parse(line: &[u8]) -> std::result::Result<(Commit, usize), &'static str> {
    let mut rest = words(line);
    let time = rest.next().and_then(|w| decimal(w.strip_suffix(b"ns")?));
    time.ok_or("column 1 is not a time in ns")?;
    let cycle = rest.next().and_then(decimal);
    let cycle = cycle.ok_or("column 2 is not the number of a cycle")?;
    let user = match rest.next() {
        Some(b"U") => true,
        Some(b"S" | b"M" | b"D") => false,
        _ => return Err("column 3 is not a mode: U, S, M or D"),
    };
    let pc = rest
        .next()
        .and_then(digits)
        .filter(|(_, n)| *n == 8 || *n == 16);
    let (pc, width) = pc.ok_or("column 4 is not an address of 8 or 16 hexadecimal digits")?;
    rest.next();
    let bits = rest.next().and_then(digits).filter(|(_, n)| *n == 8);
    let (bits, _) = bits.ok_or("column 6 is not an encoding of 8 hexadecimal digits")?;
    let address = match hex_after(line, b" VA: ") {
        None => 0,
        Some(address) => address.ok_or("no address follows \"VA:\"")?,
    };
    let commit = Commit {
        pc,
        bits,
        address,
        cycle: Some(cycle),
        user: Some(user),
        ..Commit::default()
    };
    Ok((commit, width))
}

impl Commits for Cva6 {
    fn next(&mut self) -> Result<Option<Event>> {
        while self.lines.advance()? {
            let line = self.lines.text();
            // The second line of an exception.
            if line.is_empty() || line.trim_ascii_start().starts_with(b"tval:") {
                continue;
            }
            if line.starts_with(b"Exception @") {
                let pc = hex_after(line, b", PC: ").flatten();
                let pc = pc.ok_or_else(|| self.lines.error("an exception has no PC"))?;
                if self.width.is_none() {
                    continue;
                }
                return Ok(Some(Event::Trap { hart: 0, pc }));
            }
            let (mut commit, digits) = parse(line).map_err(|e| self.lines.error(e))?;
            commit.at = self.lines.number;
            self.lines.one_width(&mut self.width, digits)?;
            return Ok(Some(Event::Commit(commit)));
        }
        Ok(None)
    }

    fn header(&self) -> Header {
        Header {
            isa: self.width.unwrap_or(Width::W64).isa().name().into(),
            host: "cva6".into(),
            ..Header::default()
        }
    }

    fn decode(&self, pc: u64, bits: u64) -> Result<StaticInst> {
        riscv(self.width.unwrap_or(Width::W64), pc, bits)
    }

    fn name(&self) -> &str {
        self.lines.name()
    }

    fn place(&self, at: u64) -> String {
        self.lines.place(at)
    }

    fn nothing(&self) -> Error {
        self.lines
            .nothing("simulate with the instruction tracer, for longer")
    }
}
