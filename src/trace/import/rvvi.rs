//! RVVI-TEXT, the text form of the RISC-V Verification Interface (versions 0.x).
//!
//! ```text
//! VERSION 0 3
//! PARAMS 6 ILEN 32 XLEN 64 FLEN 64 VLEN 0 NHART 1 RETIRE 1
//! CYCLE 3 RET 0x80000010 '_start+16' 0x00053303 'ld t1,0(a0)' X 6 't1' 0x0000000000000001
//! TRAP 0x800000f4 0x00000073 C 0x342 'mcause' 0x0000000000000008
//! ```
//!
//! A line, up to a newline without a backslash, is one clock edge: all of its instructions retired
//! at the sum of the `CYCLE` elements so far. A trace that has none carries no time.
//! The format has no data addresses. They are computed from the encoding and the register values
//! that `X` elements gave; the address is taken for 0 until the base register's value is known.

use super::assemble::{Commit, Commits, Event};
use super::effective::access;
use super::lines::{decimal, digits, Lines};
use super::source::{with_remedy, Bytes};
use super::{riscv, Width};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::StaticInst;
use crate::trace::Header;
use std::collections::{HashMap, VecDeque};

/// Most harts of a trace.
const MAX_HARTS: usize = 1 << 12;
/// Most bytes of a logical line.
const MAX_LINE: usize = 1 << 20;

/// A parser of RVVI-TEXT traces.
pub struct Rvvi {
    lines: Lines,
    versioned: bool,
    width: Option<Width>,
    vendor: String,
    hart: u64,
    harts: HashMap<u64, Hart>,
    cycle: u64,
    /// Whether the trace has cycles.
    clocked: bool,
    /// Of the line that was read last.
    events: VecDeque<Event>,
}

/// What is known of a hart.
#[derive(Default)]
struct Hart {
    registers: [Option<u64>; 32],
    /// Written by the instruction that was read last.
    written: Vec<(usize, u64)>,
    /// Whether this line has an instruction of it already.
    seen: bool,
    mode: Option<u64>,
}

type Parsed<T> = std::result::Result<T, String>;

impl Rvvi {
    pub fn new(bytes: Bytes) -> Self {
        Self {
            lines: Lines::new(bytes),
            versioned: false,
            width: None,
            vendor: String::new(),
            hart: 0,
            harts: HashMap::new(),
            cycle: 0,
            clocked: false,
            events: VecDeque::new(),
        }
    }

    /// Reads a logical line; `false` at the end.
    fn line(&mut self) -> Result<bool> {
        let mut tokens = Vec::new();
        let (mut begun, mut length) = (false, 0);
        loop {
            if !self.lines.advance()? {
                return match begun {
                    false => Ok(false),
                    true => Err(self
                        .lines
                        .error("a backslash ends the last line; the trace was cut short")),
                };
            }
            begun = true;
            length += self.lines.text().len() + 1;
            if length > MAX_LINE {
                return Err(self.lines.error("a line that goes on for more than 1 MiB"));
            }
            let continued =
                tokenize(self.lines.text(), &mut tokens).map_err(|e| self.lines.error(&e))?;
            if !continued {
                break;
            }
        }
        let at = self.lines.number;
        let parsed = self.elements(&tokens, at);
        parsed.map_err(|e| self.lines.error(&e))?;
        for hart in self.harts.values_mut() {
            hart.settle();
            hart.seen = false;
        }
        let cycle = Some(self.cycle).filter(|_| self.clocked);
        for event in &mut self.events {
            if let Event::Commit(commit) = event {
                commit.cycle = cycle;
            }
        }
        Ok(true)
    }

    fn elements(&mut self, tokens: &[Vec<u8>], at: u64) -> Parsed<()> {
        let mut rest = tokens.iter().map(Vec::as_slice);
        while let Some(key) = rest.next() {
            if !self.versioned && key != b"VERSION" {
                return Err("RVVI-TEXT begins with the element VERSION".into());
            }
            let name = String::from_utf8_lossy(key).into_owned();
            let mut word = || {
                rest.next()
                    .ok_or_else(|| format!("{name} has too few values"))
            };
            match key {
                b"VERSION" => {
                    let major = word()?;
                    word()?;
                    if major != b"0" {
                        return Err("VERSION is not 0.x, which this library reads".into());
                    }
                    self.versioned = true;
                }
                b"VENDOR" => {
                    self.vendor = String::from_utf8_lossy(word()?).into_owned();
                    word()?;
                    word()?;
                }
                b"PARAMS" => {
                    for _ in 0..number(&name, word()?)? {
                        let (key, value) = (word()?, word()?);
                        if key == b"XLEN" {
                            self.width = Some(match value {
                                b"32" => Width::W32,
                                b"64" => Width::W64,
                                _ => return Err("XLEN is neither 32 nor 64".into()),
                            });
                        }
                    }
                }
                b"HART" => {
                    self.hart = number(&name, word()?)?;
                    if !self.harts.contains_key(&self.hart) && self.harts.len() == MAX_HARTS {
                        return Err(format!("more than {MAX_HARTS} harts"));
                    }
                }
                b"META" => {
                    for _ in 0..number(&name, word()?)? {
                        word()?;
                    }
                }
                b"RET" | b"TRAP" => {
                    let pc = hexadecimal(&name, word()?)?;
                    let bits = hexadecimal(&name, word()?)?;
                    self.instruction(key == b"TRAP", pc, bits, at)?;
                }
                b"X" => {
                    let index = number(&name, word()?)?;
                    let value = hexadecimal(&name, word()?)?;
                    if index >= 32 {
                        return Err(format!("X {index}: registers are 0 to 31"));
                    }
                    self.hart().written.push((index as usize, value));
                }
                // A vector register may have more digits than a number here.
                b"F" | b"V" | b"C" | b"NET" => {
                    word()?;
                    word()?;
                }
                b"MODE" => {
                    let mode = hexadecimal(&name, word()?)?;
                    self.hart().mode = Some(mode);
                }
                b"CYCLE" => {
                    let delta = number(&name, word()?)?;
                    self.cycle = self.cycle.saturating_add(delta);
                    self.clocked = true;
                }
                b"ISSUE" | b"ORDER" | b"VIRT" | b"DM" | b"TIME" => {
                    word()?;
                }
                _ => return Err(format!("\"{name}\" is not an element of RVVI-TEXT 0.x")),
            }
        }
        Ok(())
    }

    fn hart(&mut self) -> &mut Hart {
        self.harts.entry(self.hart).or_default()
    }

    fn instruction(&mut self, trap: bool, pc: u64, bits: u64, at: u64) -> Parsed<()> {
        let Some(width) = self.width else {
            return Err("an instruction before PARAMS gave XLEN".into());
        };
        let id = self.hart;
        let hart = self.hart();
        // What was written on this line before its first instruction is that instruction's.
        if hart.seen {
            hart.settle();
        }
        hart.seen = true;
        if trap {
            hart.written.clear();
            self.events.push_back(Event::Trap { hart: id, pc });
            return Ok(());
        }
        let address = access(width, bits).and_then(|a| {
            let base = match a.base {
                0 => 0,
                n => hart.registers[usize::from(n)]?,
            };
            Some(base.wrapping_add_signed(a.offset))
        });
        let commit = Commit {
            at,
            hart: id,
            pc,
            bits,
            address: match width {
                Width::W32 => address.unwrap_or(0) & 0xffff_ffff,
                Width::W64 => address.unwrap_or(0),
            },
            user: hart.mode.map(|mode| mode == 0),
            ..Commit::default()
        };
        self.events.push_back(Event::Commit(commit));
        Ok(())
    }
}

impl Hart {
    /// Puts what was written into the registers.
    fn settle(&mut self) {
        for (index, value) in self.written.drain(..) {
            self.registers[index] = Some(value);
        }
    }
}

/// Appends the tokens of a line, without comments; whether the next line goes on with it.
fn tokenize(mut line: &[u8], tokens: &mut Vec<Vec<u8>>) -> Parsed<bool> {
    loop {
        line = line.trim_ascii_start();
        let end = match line {
            [] => return Ok(false),
            b"\\" => return Ok(true),
            [quote @ (b'\'' | b'"'), rest @ ..] => {
                let Some(end) = rest.iter().position(|b| b == quote) else {
                    return Err(format!(
                        "a {} is not closed on its line",
                        char::from(*quote)
                    ));
                };
                if *quote == b'"' {
                    tokens.push(rest[..end].to_vec());
                }
                end + 2
            }
            _ => {
                let end = line
                    .iter()
                    .position(|b| b.is_ascii_whitespace() || *b == b'\'')
                    .unwrap_or(line.len());
                tokens.push(line[..end].to_vec());
                end
            }
        };
        line = &line[end..];
    }
}

fn number(element: &str, word: &[u8]) -> Parsed<u64> {
    decimal(word).ok_or_else(|| {
        format!(
            "{element} {}: expected a decimal number",
            String::from_utf8_lossy(word)
        )
    })
}

/// With 0x or, as before version 0.3, without.
fn hexadecimal(element: &str, word: &[u8]) -> Parsed<u64> {
    let plain = word.strip_prefix(b"0x").unwrap_or(word);
    digits(plain).map(|(value, _)| value).ok_or_else(|| {
        format!(
            "{element} {}: expected a hexadecimal number of at most 16 digits",
            String::from_utf8_lossy(word)
        )
    })
}

impl Commits for Rvvi {
    fn next(&mut self) -> Result<Option<Event>> {
        loop {
            match self.events.pop_front() {
                Some(event) => return Ok(Some(event)),
                None if self.line()? => {}
                None => return Ok(None),
            }
        }
    }

    fn header(&self) -> Header {
        Header {
            isa: self.width.unwrap_or(Width::W64).isa().name().into(),
            host: match self.vendor.as_str() {
                "" => "rvvi".into(),
                vendor => format!("rvvi:{vendor}"),
            },
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
        match self.versioned {
            true => self.lines.nothing("it has no RET element"),
            false => Error::new(
                ErrorKind::Corrupt,
                format!(
                    "{}: {}",
                    self.name(),
                    with_remedy("RVVI-TEXT begins with the element VERSION")
                ),
            ),
        }
    }
}
