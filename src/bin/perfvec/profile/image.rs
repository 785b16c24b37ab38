//! One ELF file: functions, source lines and inlined calls, by address.

use addr2line::Loader;
use object::read::elf::{ElfFile64, FileHeader};
use object::{Object, ObjectSegment, ObjectSymbol, ObjectSymbolTable, SymbolKind};
use perfvec::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

const MAX_BYTES: u64 = 4 << 30;
/// Bytes of names for a byte of the file. Names share their ends, so that a file could hold far more
/// of them than any linker writes.
const NAMES: usize = 4;

/// A function at an address, inlined into the next one where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Frame {
    /// Its name, demangled.
    pub function: String,
    /// Source file; empty where it is not known.
    pub file: String,
    /// Line in it; 0 where it is not known.
    pub line: u32,
}

/// A file's code.
pub struct Image {
    /// (first address, the one after the last, name), in order.
    functions: Vec<(u64, u64, String)>,
    /// (place in the file, size there, address).
    segments: Vec<(u64, u64, u64)>,
    lines: Option<Loader>,
    /// Whether it may be loaded anywhere.
    pub movable: bool,
    /// See [`identity`].
    pub id: String,
}

fn bad(path: &Path, what: &str) -> Error {
    let message = format!("{}: {what}", path.display());
    Error::new(ErrorKind::InvalidArgument, message)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let meta = std::fs::metadata(path).map_err(|e| Error::io(path, &e))?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return Err(bad(path, "not a regular file of at most 4 GiB"));
    }
    std::fs::read(path).map_err(|e| Error::io(path, &e))
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<ElfFile64<'a>> {
    ElfFile64::parse(bytes).map_err(|e| {
        bad(
            path,
            &format!("not a sound 64-bit ELF file ({e}); name the program that was recorded"),
        )
    })
}

/// What tells `path` from other files: "build-id:..." where the linker gave it one, which a
/// stripped copy keeps, else "xxh3:..." of its bytes.
pub fn identity(path: &Path) -> Result<String> {
    let bytes = read(path)?;
    Ok(identity_of(&bytes))
}

fn identity_of(bytes: &[u8]) -> String {
    let elf = ElfFile64::<object::Endianness>::parse(bytes).ok();
    match elf.as_ref().and_then(|e| e.build_id().ok().flatten()) {
        Some(id) => {
            let digits: String = id.iter().map(|b| format!("{b:02x}")).collect();
            format!("build-id:{digits}")
        }
        None => format!("xxh3:{:016x}", xxh3_64(bytes)),
    }
}

/// A function or label of a file.
pub struct Symbol {
    /// Its address, as the file has it.
    pub address: u64,
    /// Where its first instruction is in the file, if it is there.
    pub offset: Option<u64>,
}

/// What a file says of a name.
pub struct Found {
    /// All symbols that are called so, as the linker or as people write it.
    pub symbols: Vec<Symbol>,
    /// As [`Image::movable`].
    pub movable: bool,
    /// See [`identity`].
    pub id: String,
}

/// Looks in `path` for functions and labels called `name`.
pub fn find(path: &Path, name: &str) -> Result<Found> {
    let bytes = read(path)?;
    let elf = parse(path, &bytes)?;
    let tables = [elf.symbol_table(), elf.dynamic_symbol_table()];
    let is_it = |s: &str| s == name || demangled(s) == name;
    let symbols = (tables.iter().flatten().flat_map(|t| t.symbols()))
        .filter(|s| matches!(s.kind(), SymbolKind::Text | SymbolKind::Unknown))
        .filter(|s| s.section_index().is_some() && s.name().is_ok_and(is_it))
        .map(|s| Symbol {
            address: s.address(),
            offset: offset(&elf, s.address()),
        })
        .collect();
    Ok(Found {
        symbols,
        movable: is_movable(&elf),
        id: identity_of(&bytes),
    })
}

/// Where `address` is in the file.
fn offset(elf: &ElfFile64<'_>, address: u64) -> Option<u64> {
    elf.segments().find_map(|s| {
        let at = address.checked_sub(s.address())?;
        (at < s.file_range().1).then(|| s.file_range().0 + at)
    })
}

fn is_movable(elf: &ElfFile64<'_>) -> bool {
    elf.elf_header().e_type(elf.endian()) == object::elf::ET_DYN
}

impl Image {
    /// Reads `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = read(path)?;
        let elf = parse(path, &bytes)?;
        let mut functions = functions(&elf, NAMES * bytes.len());
        // Of several names the one for users: printf, and not _IO_printf.
        functions.sort_by(|one, other| {
            let key = |(start, end, name): &(u64, u64, String)| {
                (*start, name.starts_with('_'), name.len(), *end)
            };
            key(one).cmp(&key(other)).then_with(|| one.2.cmp(&other.2))
        });
        functions.dedup_by_key(|f| f.0);
        let segments = elf
            .segments()
            .map(|s| (s.file_range().0, s.file_range().1, s.address()))
            .collect();
        Ok(Self {
            functions,
            segments,
            lines: Loader::new(PathBuf::from(path)).ok(),
            movable: is_movable(&elf),
            id: identity_of(&bytes),
        })
    }

    /// Whether it names any function.
    pub fn has_functions(&self) -> bool {
        !self.functions.is_empty()
    }

    /// The address, as the file has it, of what is `offset` bytes into the file.
    pub fn address(&self, offset: u64) -> Option<u64> {
        let inside = |s: &&(u64, u64, u64)| offset.wrapping_sub(s.0) < s.1;
        let segment = self.segments.iter().find(inside)?;
        Some(segment.2.wrapping_add(offset - segment.0))
    }

    /// First address and name of the function that holds `address`.
    pub fn function(&self, address: u64) -> Option<(u64, &str)> {
        let behind = self.functions.partition_point(|f| f.0 <= address);
        let (start, end, name) = self.functions.get(behind.checked_sub(1)?)?;
        (address < *end).then_some((*start, name))
    }

    /// What `address` lies in, innermost first: functions that were inlined, and the one that was
    /// called last. Empty where nothing is known.
    pub fn frames(&self, address: u64) -> Vec<Frame> {
        let mut frames = self.inlined(address).unwrap_or_default();
        let Some((_, name)) = self.function(address) else {
            return frames;
        };
        // The symbol names what debugging information leaves out.
        match frames.last_mut() {
            None => frames.push(Frame {
                function: demangled(name),
                ..Frame::default()
            }),
            Some(outer) if outer.function.is_empty() => outer.function = demangled(name),
            Some(_) => {}
        }
        frames
    }

    fn inlined(&self, address: u64) -> Option<Vec<Frame>> {
        let mut found = self.lines.as_ref()?.find_frames(address).ok()?;
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = found.next() {
            let name = frame.function.as_ref().and_then(|f| f.demangle().ok());
            let location = frame.location.as_ref();
            frames.push(Frame {
                function: name.unwrap_or_default().into_owned(),
                file: location.and_then(|l| l.file).unwrap_or_default().into(),
                line: location.and_then(|l| l.line).unwrap_or(0),
            });
        }
        Some(frames)
    }
}

fn demangled(name: &str) -> String {
    addr2line::demangle_auto(name.into(), None).into_owned()
}

/// Functions, whose names have `room` bytes together.
fn functions(elf: &ElfFile64<'_>, mut room: usize) -> Vec<(u64, u64, String)> {
    let tables = [elf.symbol_table(), elf.dynamic_symbol_table()];
    let symbols = tables.iter().flatten().flat_map(|t| t.symbols());
    symbols
        .filter(|s| s.kind() == SymbolKind::Text && s.size() > 0 && s.is_definition())
        .filter_map(|s| {
            let end = s.address().saturating_add(s.size());
            let name = s.name().ok()?;
            room = room.checked_sub(name.len())?;
            Some((s.address(), end, name.to_string()))
        })
        .collect()
}
