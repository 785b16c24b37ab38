//! The functions of an ELF program, by address.

use perfvec::{Error, ErrorKind, Result};
use std::path::Path;

const MAX_BYTES: u64 = 4 << 30;
const SYMTAB: u32 = 2;
const FUNC: u8 = 2;
const SECTION: usize = 64;
const SYMBOL: usize = 24;

/// Functions in order of their addresses.
pub struct Symbols {
    /// First address, the one after the last, name.
    functions: Vec<(u64, u64, String)>,
}

impl Symbols {
    /// Reads the symbol table of a 64-bit little-endian ELF file.
    pub fn read(path: &Path) -> Result<Self> {
        let bad = |what: &str| {
            let message = format!("{}: {what}", path.display());
            Error::new(ErrorKind::InvalidArgument, message)
        };
        let meta = std::fs::metadata(path).map_err(|e| Error::io(path, &e))?;
        if !meta.is_file() || meta.len() > MAX_BYTES {
            return Err(bad("not a regular file of at most 4 GiB"));
        }
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
        if !bytes.starts_with(b"\x7fELF\x02\x01") {
            return Err(bad(
                "not a 64-bit little-endian ELF file; name the program that was recorded",
            ));
        }
        let mut functions = functions(&bytes)
            .ok_or_else(|| bad("no functions in its symbol table; link it without -s"))?;
        functions.sort();
        Ok(Self { functions })
    }

    /// The function that holds `pc`.
    pub fn find(&self, pc: u64) -> Option<&str> {
        let behind = self.functions.partition_point(|f| f.0 <= pc);
        let (_, end, name) = self.functions.get(behind.checked_sub(1)?)?;
        (pc < *end).then_some(name)
    }
}

/// `None` for damage, and where there are none.
fn functions(bytes: &[u8]) -> Option<Vec<(u64, u64, String)>> {
    let sections = usize::try_from(number(bytes, 40, 8)?).ok()?;
    let count = number(bytes, 60, 2)? as usize;
    let header = |i: usize| bytes.get(sections..)?.get(i * SECTION..)?.get(..SECTION);
    let content = |header: &[u8]| {
        let at = usize::try_from(number(header, 24, 8)?).ok()?;
        let size = usize::try_from(number(header, 32, 8)?).ok()?;
        bytes.get(at..)?.get(..size)
    };
    let symtab = (0..count)
        .filter_map(header)
        .find(|h| number(h, 4, 4) == Some(SYMTAB.into()))?;
    let names = content(header(number(symtab, 40, 4)? as usize)?)?;
    let mut found = Vec::new();
    for symbol in content(symtab)?.chunks_exact(SYMBOL) {
        let (start, size) = (number(symbol, 8, 8)?, number(symbol, 16, 8)?);
        if symbol[4] & 15 == FUNC && size > 0 {
            let name = names.get(number(symbol, 0, 4)? as usize..)?;
            let name = name.split(|b| *b == 0).next()?;
            let name = String::from_utf8_lossy(name).into_owned();
            found.push((start, start.saturating_add(size), name));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// The `size` bytes at `at` as a number, little-endian.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let field = bytes.get(at..)?.get(..size)?;
    Some(field.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}
