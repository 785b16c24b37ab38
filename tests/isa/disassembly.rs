//! Running the cross tools and reading what objdump prints.

use perfvec::inst::{Reg, RegClass};
use perfvec::isa::Address;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// One disassembled instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The encoding in memory order.
    pub bytes: Vec<u8>,
    pub mnemonic: String,
    /// Operands separated by commas, without comments and symbols.
    pub operands: String,
}

impl Line {
    /// Where it accesses memory by objdump's text, "8(x2)" or "(x10)", which jumps have as well.
    pub fn address(&self) -> Option<Address> {
        let indexed = self.mnemonic.starts_with('v') && self.mnemonic.contains("xei");
        if indexed || self.mnemonic.ends_with("jalr") {
            return None;
        }
        let (before, base) = self.operands.split_once("(x")?;
        let offset = before.rsplit(',').next().filter(|o| !o.is_empty());
        Some(Address {
            base: Reg {
                class: RegClass::Int,
                index: base.split(')').next()?.parse().ok()?,
            },
            offset: offset.map_or(Some(0), |o| o.parse().ok())?,
        })
    }
}

/// Whether the user asked to go without the cross tools.
pub fn skipped() -> bool {
    let skip = std::env::var_os("PERFVEC_SKIP_CROSS").is_some_and(|v| v == "1");
    if skip {
        eprintln!("skipped: PERFVEC_SKIP_CROSS=1, so nothing was compared with objdump");
    }
    skip
}

/// Runs a tool and returns what it printed.
pub fn run<S: AsRef<OsStr>>(tool: &str, args: impl IntoIterator<Item = S>) -> String {
    let output = Command::new(tool)
        .args(args)
        .output()
        .unwrap_or_else(|err| {
            panic!(
                "{tool}: {err}; install the RISC-V cross compiler and binutils (Debian: \
             g++-riscv64-linux-gnu), or set PERFVEC_SKIP_CROSS=1 to go without this test"
            )
        });
    assert!(
        output.status.success(),
        "{tool} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every instruction that objdump finds in the code of `file`.
pub fn disassemble(file: &Path) -> Vec<Line> {
    let flags = ["-d", "-M", "no-aliases,numeric"].map(OsStr::new);
    let text = run(
        "riscv64-linux-gnu-objdump",
        flags.into_iter().chain([file.as_os_str()]),
    );
    text.lines().filter_map(parse).collect()
}

/// Parses "   10438:\t7131      \tc.addi16sp\tx2,-192 # comment"; headings and labels give nothing.
fn parse(line: &str) -> Option<Line> {
    let mut columns = line.split('\t');
    let address = columns.next()?.trim().strip_suffix(':')?;
    u64::from_str_radix(address, 16).ok()?;
    let hex = columns.next()?.trim();
    // objdump prints the encoding as one number, most significant byte first.
    let mut bytes = (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    bytes.reverse();
    let mut mnemonic = columns.next()?.trim();
    let rest = columns.next().unwrap_or("");
    let mut operands = rest.split(['#', '<']).next().unwrap_or("");
    // The one alias that no-aliases leaves.
    if mnemonic == "unimp" {
        (mnemonic, operands) = ("csrrw", "x0,cycle,x0");
    }
    Some(Line {
        bytes,
        mnemonic: mnemonic.to_owned(),
        operands: operands.replace(' ', ""),
    })
}
