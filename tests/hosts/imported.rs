//! Reads the traces of other tools for the tests, and writes them by their specifications.

use perfvec::inst::{Retirement, StaticInst};
use perfvec::trace::import::{from_source, Options};
use perfvec::trace::{Block, Header};
use perfvec::{Error, Result};
use std::io::{Cursor, Read};

/// A file of tests/data/import, decompressed.
pub fn data(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/import/{name}", env!("CARGO_MANIFEST_DIR"));
    let raw = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut out = Vec::new();
    if name.ends_with(".xz") {
        liblzma::read::XzDecoder::new(&raw[..]).read_to_end(&mut out)
    } else if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(&raw[..]).read_to_end(&mut out)
    } else {
        return raw;
    }
    .unwrap();
    out
}

pub fn text(name: &str) -> String {
    String::from_utf8(data(name)).unwrap()
}

/// One retirement, with what its id stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub inst: StaticInst,
    pub address: u64,
    pub next_pc: u64,
    pub flags: u32,
    pub cycles: Option<u32>,
}

/// What was delivered, and how it ended.
pub struct Whole {
    pub header: Option<Header>,
    pub steps: Vec<Step>,
    pub error: Option<Error>,
}

impl Whole {
    /// The steps of a trace without errors.
    pub fn steps(self) -> Vec<Step> {
        assert!(self.error.is_none(), "{}", self.error.unwrap());
        self.steps
    }
}

/// Reads `bytes` to the end, or to the error.
pub fn read(bytes: &[u8], options: &Options) -> Whole {
    let mut whole = Whole {
        header: None,
        steps: Vec::new(),
        error: None,
    };
    whole.error = fill(bytes, options, &mut whole).err();
    whole
}

fn fill(bytes: &[u8], options: &Options, whole: &mut Whole) -> Result<()> {
    let source = Box::new(Cursor::new(bytes.to_vec()));
    let mut trace = from_source(source, "the.trace", options)?;
    whole.header = Some(trace.header().clone());
    let (mut block, mut statics) = (Block::default(), Vec::new());
    while trace.next_block(&mut block)? {
        statics.extend_from_slice(&block.statics);
        let mut cycles = vec![None; block.retirements.len()];
        for window in &block.timed {
            for (i, n) in window.cycles.iter().enumerate() {
                assert!(cycles[window.start + i].replace(*n).is_none());
            }
        }
        let known = block.retirements.iter().zip(cycles);
        whole.steps.extend(known.map(|(r, cycles)| Step {
            inst: statics[r.inst as usize],
            address: r.address,
            next_pc: r.next_pc,
            flags: r.flags,
            cycles,
        }));
    }
    let summary = trace.summary();
    assert_eq!(summary.retirements, whole.steps.len() as u64);
    assert_eq!(summary.statics, statics.len() as u64);
    let timed = whole.steps.iter().filter_map(|s| s.cycles);
    assert_eq!(summary.timed, timed.clone().count() as u64);
    assert_eq!(summary.cycles, timed.map(u64::from).sum::<u64>());
    Ok(())
}

/// Reads what must be readable, by its content.
pub fn steps(bytes: &[u8]) -> Vec<Step> {
    read(bytes, &Options::default()).steps()
}

/// Whether a step is a conditional branch that was taken.
pub fn taken(step: &Step) -> bool {
    step.flags & Retirement::TAKEN != 0
        || step.next_pc != 0 && step.next_pc != step.inst.fall_through()
}

/// One commit of Spike's log, by its words.
#[derive(Debug, Clone)]
pub struct Commit {
    pub pc: u64,
    pub bits: u64,
    pub size: usize,
    pub address: u64,
    pub stores: bool,
    pub user: bool,
    /// A trap came after it.
    pub trapped: bool,
}

pub fn hex(word: &str) -> u64 {
    let digits = word.trim_matches(['(', ')']);
    u64::from_str_radix(digits.strip_prefix("0x").unwrap_or(digits), 16).unwrap()
}

/// `core   0: 3 0x0000000080000010 (0x00053303) x6  0x... mem 0x0000000080001000`
pub fn commits(log: &str) -> Vec<Commit> {
    let mut out: Vec<Commit> = Vec::new();
    for line in log.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.len() > 2 && words[2] == "exception" {
            out.last_mut().unwrap().trapped = true;
        }
        if words.len() > 4 && words[2].len() == 1 {
            let mem = words.iter().position(|w| *w == "mem");
            out.push(Commit {
                pc: hex(words[3]),
                bits: hex(words[4]),
                size: (words[4].len() - 4) / 2,
                address: mem.map_or(0, |at| hex(words[at + 1])),
                stores: mem.is_some_and(|at| words.len() > at + 2 && words[at + 2] != "mem"),
                user: words[2] == "0",
                trapped: false,
            });
        }
    }
    out
}

/// An STF trace of `commits`: header, then each instruction by its records.
pub fn stf(commits: &[Commit]) -> Vec<u8> {
    let mut out = b"\x01STF\x02".to_vec();
    out.extend([1u32.to_le_bytes(), 6u32.to_le_bytes()].concat());
    out.push(3); // a comment
    out.extend(4u32.to_le_bytes());
    out.extend(b"made");
    out.extend([4, 1, 0, 5, 2, 0]); // RISC-V, RV64
    out.extend([6, 12, 1, 2, 0, 2, 0, b'h', b'i']); // the generator
    out.push(7); // features: RV64
    out.extend(0x20u64.to_le_bytes());
    out.push(10); // vectors of 128 bits
    out.extend(128u32.to_le_bytes());
    out.push(9);
    out.extend(commits[0].pc.to_le_bytes());
    out.push(19);
    for (i, c) in commits.iter().enumerate() {
        out.extend([40, 5, 0, 0x21]); // a source register, and a vector register's two words
        out.extend([7; 8]);
        out.extend([40, 1, 0, 0x23]);
        out.extend([8; 16]);
        if c.address != 0 {
            out.push(60);
            out.extend(c.address.to_le_bytes());
            out.extend([8, 0, 0, 0, 1 + u8::from(c.stores)]);
            out.push(61);
            out.extend([9; 8]);
        }
        if let Some(next) = commits.get(i + 1) {
            if next.user != c.user {
                out.push(100); // the mode changes, in the form of 32 bits
                out.extend((1u32 << 30).to_le_bytes());
                out.push(1);
                out.extend(u64::from(!next.user).to_le_bytes());
            }
            if next.pc != c.pc + c.size as u64 {
                out.push(31);
                out.extend(next.pc.to_le_bytes());
            }
        }
        match c.size {
            2 => out.push(241),
            _ => out.push(240),
        }
        out.extend(&c.bits.to_le_bytes()[..c.size]);
    }
    out
}

/// The same as ZSTF, in two chunks.
pub fn zstf(plain: &[u8]) -> Vec<u8> {
    let (first, second) = plain.split_at(plain.len() / 2);
    let chunks = [first, second].map(|c| zstd::bulk::compress(c, 3).unwrap());
    let mut out = b"ZSTF".to_vec();
    out.extend(100_000u64.to_le_bytes());
    let end = 20 + chunks[0].len() + chunks[1].len();
    out.extend((end as u64).to_le_bytes());
    out.extend(&chunks[0]);
    out.extend(&chunks[1]);
    // The index: where chunks begin, their first pcs and lengths. It is not needed to read on.
    out.extend(2u64.to_le_bytes());
    out.extend([0; 48]);
    out
}

/// A memtrace of `commits`, with `file_type`.
pub fn memtrace(commits: &[Commit], file_type: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut entry = |kind: u16, size: u16, value: u64| {
        out.extend(kind.to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(value.to_le_bytes());
    };
    entry(25, 0, 7);
    entry(28, 12, 7);
    entry(28, 9, file_type);
    entry(22, 0, 17);
    entry(24, 0, 16);
    entry(28, 2, 13_300_000_000_000_000);
    let mut seen = std::collections::HashSet::new();
    for c in commits {
        if seen.insert(c.pc) {
            entry(47, c.size as u16, c.bits);
        }
        entry(10, c.size as u16, c.pc);
        if c.address != 0 {
            entry(u16::from(c.stores), 8, c.address);
        }
    }
    entry(23, 0, 17);
    entry(26, 0, 0);
    out
}

/// The log that CVA6's instruction tracer would write of `commits`, `spacing` cycles apart.
pub fn cva6(commits: &[Commit], spacing: u64) -> String {
    let mut out = String::new();
    for (i, c) in commits.iter().enumerate() {
        let cycle = 100 + i as u64 * spacing;
        let mode = if c.user { "U" } else { "M" };
        let time = format!("{}ns", 10 * cycle);
        out += &format!(
            "{time:>10} {cycle:>8} {mode} {:016x} 0 {:08x} any    x",
            c.pc, c.bits
        );
        if c.address != 0 {
            out += &format!("  VA: {:016x} PA: {:014x}", c.address, c.address);
        }
        out.push('\n');
        if c.trapped {
            let pc = c.pc + c.size as u64;
            out += &format!(
                "Exception @{:10}, PC: {pc:016x}, Cause: Something, \n",
                10 * cycle
            );
            out += "\t\t\t\ttval: 0000000000000000\n";
        }
    }
    out
}
