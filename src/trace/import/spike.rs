//! Spike's log of commits, and what has the same form.
//!
//! ```text
//! core   0: 0x0000000080000010 (0x00053303) ld      t1, 0(a0)
//! core   0: 3 0x0000000080000010 (0x00053303) x6  0x0000000000000001 mem 0x0000000080001000
//! core   0: exception trap_user_ecall, epc 0x00000000800000f4
//! ```
//!
//! The second is a commit: privilege, pc, encoding, what was written, what was accessed. The digits
//! of the pc say whether the hart is a 32-bit one. Older Spikes and CVA6's RVFI tracer leave the
//! core out, and the latter writes `ENV_CALL_MMODE exception @ 0x... (0x...)` for a trap. All else
//! is disassembly, or what the program printed, and is passed over. Without Spike's option `-l`
//! there are no traps: a branch right before one is then taken for one that went to the handler.
//! An ecall is a trap and not a commit.

use super::assemble::{Commit, Commits, Event};
use super::lines::{decimal, hex, hex_after, words, Lines};
use super::source::Bytes;
use super::{riscv, Width};
use crate::error::{Error, Result};
use crate::inst::StaticInst;
use crate::trace::Header;

/// A log of commits.
pub struct Spike {
    lines: Lines,
    width: Option<Width>,
}

impl Spike {
    pub fn new(bytes: Bytes) -> Self {
        Self {
            lines: Lines::new(bytes),
            width: None,
        }
    }
}

/// Whether a line is one that this parser knows.
pub fn is_line(line: &[u8]) -> bool {
    let (core, rest) = match core(line) {
        Ok(Some((_, rest))) => (true, rest),
        Ok(None) => (false, line),
        Err(_) => return false,
    };
    match privilege(rest) {
        Some((_, rest)) => words(rest).next().and_then(hex).is_some(),
        None => core,
    }
}

/// The core and the rest of a line that begins with `core   0: `; `None` for another line.
fn core(line: &[u8]) -> std::result::Result<Option<(u64, &[u8])>, &'static str> {
    let Some(rest) = line.strip_prefix(b"core") else {
        return Ok(None);
    };
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"INTERRUPT ").unwrap_or(rest);
    let end = rest
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(rest.len());
    match (decimal(&rest[..end]), rest[end..].strip_prefix(b": ")) {
        (None, _) => Ok(None),
        (_, None) => Err("\": \" is missing after the number of the core"),
        (Some(core), Some(rest)) => Ok(Some((core, rest))),
    }
}

/// The privilege that a commit begins with, and the rest.
fn privilege(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [mode @ b'0'..=b'3', b' ', rest @ ..] => Some((mode - b'0', rest)),
        _ => None,
    }
}

/// A line's content, and the width of its pc.
fn parse(line: &[u8]) -> std::result::Result<Option<(Event, usize)>, &'static str> {
    let (hart, rest, named) = match core(line)? {
        Some((hart, rest)) => (hart, rest, true),
        None => (0, line, false),
    };
    if named && rest.starts_with(b"exception ") {
        let pc = hex_after(rest, b", epc ")
            .flatten()
            .ok_or("a trap has no epc")?;
        return Ok(Some((Event::Trap { hart, pc }, 0)));
    }
    if let Some(pc) = hex_after(rest, b" exception @ ").filter(|_| !named) {
        let pc = pc.ok_or("a trap has no address")?;
        return Ok(Some((Event::Trap { hart, pc }, 0)));
    }
    let Some((mode, rest)) = privilege(rest) else {
        return Ok(None);
    };
    let mut rest = words(rest);
    let Some((pc, width)) = rest.next().and_then(hex) else {
        // A program may print anything.
        return match named {
            true => Err("no address follows the privilege"),
            false => Ok(None),
        };
    };
    if width != 8 && width != 16 {
        return Err("the address has neither 8 digits nor 16");
    }
    let encoding = rest
        .next()
        .and_then(|w| w.strip_prefix(b"(")?.strip_suffix(b")"));
    let Some((bits, digits)) = encoding.and_then(hex).filter(|(_, n)| n % 4 == 0) else {
        return Err("no encoding in parentheses follows the address");
    };
    // The encoding says by itself how long it is; one of fewer digits was cut.
    if bits & 3 == 3 && digits < 8 {
        return Err("the encoding is of an instruction that has more digits");
    }
    // Of several accesses (an AMO's, a vector instruction's) the first one counts.
    let address = match hex_after(line, b" mem ") {
        None => 0,
        Some(address) => address.ok_or("no address follows \"mem\"")?,
    };
    let commit = Commit {
        hart,
        pc,
        bits,
        address,
        user: Some(mode == 0),
        ..Commit::default()
    };
    Ok(Some((Event::Commit(commit), width)))
}

impl Commits for Spike {
    fn next(&mut self) -> Result<Option<Event>> {
        while self.lines.advance()? {
            let found = parse(self.lines.text()).map_err(|e| self.lines.error(e))?;
            let Some((mut event, digits)) = found else {
                continue;
            };
            if let Event::Commit(commit) = &mut event {
                commit.at = self.lines.number;
                self.lines.one_width(&mut self.width, digits)?;
            } else if self.width.is_none() {
                // Nothing ran that a trap could have come after.
                continue;
            }
            return Ok(Some(event));
        }
        Ok(None)
    }

    fn header(&self) -> Header {
        Header {
            isa: self.width.unwrap_or(Width::W64).isa().name().into(),
            host: "spike".into(),
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
        self.lines.nothing("run spike with -l --log-commits")
    }
}
