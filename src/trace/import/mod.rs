//! Traces of other tools, read as the stream of one hart.
//!
//! [`open`] recognises a file's format by its content, decompressed where it is a gzip, xz or zstd file,
//! and gives its stream as [`Blocks`], as it does for a perfvec trace. Memory is bounded by a block,
//! the distinct static instructions and the decompressor's window (128 MiB at most).
//!
//! A format is one parser: it turns lines or records into commits, and everything
//! else (static instructions, outcomes, cycles, blocks) happens once, in `assemble`.

mod assemble;
mod champsim;
mod cva6;
mod detect;
mod effective;
mod ibex;
mod lines;
mod memtrace;
mod neorv32;
mod records;
mod rvvi;
mod source;
mod spike;
mod stf;

use super::{Block, Header, Reader, Summary};
use crate::error::{Error, ErrorKind, Result};
use crate::file_kind::{wrong, FileKind, TEXT};
use crate::inst::StaticInst;
use crate::isa::Isa;
use assemble::{Assembler, Commits};
use source::Bytes;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// A stream in blocks, whoever recorded it.
pub trait Blocks {
    /// Its format.
    fn format(&self) -> Format;
    /// What is known of its origin.
    fn header(&self) -> &Header;
    /// Replaces `block` by the next one; `false` at the end of the stream. Of a damaged file
    /// everything before the damage is delivered, then the error.
    fn next_block(&mut self, block: &mut Block) -> Result<bool>;
    /// Totals of what was delivered.
    fn summary(&self) -> Summary;
}

impl<R: Read> Blocks for Reader<R> {
    fn format(&self) -> Format {
        Format::Pvt
    }
    fn header(&self) -> &Header {
        Reader::header(self)
    }
    fn next_block(&mut self, block: &mut Block) -> Result<bool> {
        Reader::next_block(self, block)
    }
    fn summary(&self) -> Summary {
        Reader::summary(self)
    }
}

/// A format of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A perfvec trace.
    Pvt,
    /// Spike's log of commits, and the log of CVA6's RVFI tracer, which has the same form.
    Spike,
    /// The log of Ibex's tracer, which those of other cores of that family resemble.
    Ibex,
    /// The log of CVA6's instruction tracer.
    Cva6,
    /// The log of NEORV32's tracer.
    Neorv32,
    /// RVVI-TEXT.
    RvviText,
    /// STF, plain or as ZSTF.
    Stf,
    /// ChampSim's `input_instr`.
    Champsim,
    /// DynamoRIO's memtrace, as its offline post-processor writes it.
    Memtrace,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Pvt,
        Self::Spike,
        Self::Ibex,
        Self::Cva6,
        Self::Neorv32,
        Self::RvviText,
        Self::Stf,
        Self::Champsim,
        Self::Memtrace,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pvt => "pvt",
            Self::Spike => "spike",
            Self::Ibex => "ibex",
            Self::Cva6 => "cva6",
            Self::Neorv32 => "neorv32",
            Self::RvviText => "rvvi-text",
            Self::Stf => "stf",
            Self::Champsim => "champsim",
            Self::Memtrace => "drmemtrace",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// The parser of a format; the bytes again where the library's own reader takes them.
    fn parser(self, bytes: Bytes) -> Result<std::result::Result<Box<dyn Commits>, Bytes>> {
        Ok(Ok(match self {
            Self::Pvt => return Ok(Err(bytes)),
            Self::Spike => Box::new(spike::Spike::new(bytes)),
            Self::Ibex => Box::new(ibex::Ibex::new(bytes)),
            Self::Cva6 => Box::new(cva6::Cva6::new(bytes)),
            Self::Neorv32 => Box::new(neorv32::Neorv32::new(bytes)),
            Self::RvviText => Box::new(rvvi::Rvvi::new(bytes)),
            Self::Stf => Box::new(stf::Stf::new(bytes)?),
            Self::Champsim => Box::new(champsim::Champsim::new(bytes)),
            Self::Memtrace => Box::new(memtrace::Memtrace::new(bytes)),
        }))
    }
}

/// How a trace is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Its format; else the one that its content shows.
    pub from: Option<Format>,
    /// The hart to read; else the only one that the trace has.
    pub hart: Option<u64>,
    /// Leave out what did not run in user mode. Not for perfvec traces, which do not say.
    pub user: bool,
}

/// Opens the trace at `path`, of any format.
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn Blocks>> {
    open_with(path, &Options::default())
}

/// Opens the trace at `path` as `options` say.
pub fn open_with(path: impl AsRef<Path>, options: &Options) -> Result<Box<dyn Blocks>> {
    let path = path.as_ref();
    let file = crate::file::open(path).map_err(|e| Error::io(path, &e))?;
    from_source(Box::new(file), path.display().to_string(), options)
}

/// The format that the content of the file at `path` shows; `None` for none that is known.
pub fn format_of(path: impl AsRef<Path>) -> Result<Option<Format>> {
    let path = path.as_ref();
    let file = crate::file::open(path).map_err(|e| Error::io(path, &e))?;
    let mut bytes = Bytes::open(Box::new(file), path.display().to_string())?;
    Ok(by_content(bytes.head()?))
}

fn by_content(head: &[u8]) -> Option<Format> {
    match FileKind::of(head) {
        FileKind::Trace => Some(Format::Pvt),
        // ONNX has no magic either.
        FileKind::Unknown | FileKind::Onnx | FileKind::Other(TEXT) => detect::format(head),
        FileKind::Safetensors | FileKind::Other(_) => None,
    }
}

/// Reads a trace from anything; `name` is what errors call it.
pub fn from_source(
    source: Box<dyn Read>,
    name: impl Into<String>,
    options: &Options,
) -> Result<Box<dyn Blocks>> {
    let mut bytes = Bytes::open(source, name.into())?;
    let head = bytes.head()?;
    let (kind, found) = (FileKind::of(head), by_content(head));
    let Some(format) = options.from.or(found) else {
        return Err(unknown(&bytes, kind));
    };
    match format.parser(bytes)? {
        Ok(parser) => Ok(Box::new(Assembler::new(parser, format, options)?)),
        Err(bytes) => {
            if options.hart.is_some() || options.user {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!(
                        "{}: a perfvec trace holds one hart and no privilege modes; leave out --hart and --user",
                        bytes.name()
                    ),
                ));
            }
            let name = bytes.name().to_string();
            Ok(Box::new(Reader::from_source(bytes, name)?))
        }
    }
}

fn unknown(bytes: &Bytes, kind: FileKind) -> Error {
    let error = wrong("a trace of a known format", kind);
    let mut message = format!("{}: {}", bytes.name(), error.message());
    if matches!(kind, FileKind::Other(TEXT) | FileKind::Unknown) {
        let names: Vec<_> = Format::ALL.iter().map(|f| f.name()).collect();
        message += "; if you know its format, name it with `perfvec convert --from`: ";
        message += &names.join(", ");
    }
    Error::new(error.kind(), message)
}

/// Width of a RISC-V hart's integer registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    W32,
    W64,
}

impl Width {
    /// By the digits of an address.
    fn of_digits(digits: usize) -> Self {
        match digits {
            0..=8 => Self::W32,
            _ => Self::W64,
        }
    }

    fn isa(self) -> Isa {
        match self {
            Self::W32 => Isa::Riscv32,
            Self::W64 => Isa::Riscv64,
        }
    }
}

/// The static instruction of an encoding in the low bytes of `bits`.
fn riscv(width: Width, pc: u64, bits: u64) -> Result<StaticInst> {
    width.isa().decode(pc, &bits.to_le_bytes())
}

/// What the header of a format without data addresses says.
fn lacks_addresses() -> BTreeMap<String, String> {
    [("lacks".to_string(), "data addresses".to_string())].into()
}
