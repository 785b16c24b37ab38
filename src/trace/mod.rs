//! Recorded streams: the perfvec trace (`.pvt`).
//!
//! A trace holds what one hart retired: static instructions in the order they were interned,
//! [`Retirement`]s in stream order exactly as the host reported them, and, in chosen *timed
//! windows*, the cycles that each retirement took on the recording CPU model. [`Writer`] records,
//! [`Reader`] replays, [`StreamHash`] proves that two hosts saw the same stream, and
//! [`first_difference`] says where they did not. The bytes are described in [`mod@format`].
//!
//! ```no_run
//! # fn main() -> perfvec::Result<()> {
//! use perfvec::inst::{OpClass, Retirement, StaticInst};
//! use perfvec::trace::{Block, Header, Reader, Writer};
//!
//! let mut writer = Writer::create("a.pvt", Header { isa: "riscv64".into(), ..Header::default() })?;
//! let nop = writer.intern(&StaticInst::new(0x10000, OpClass::IntAlu, 4))?;
//! writer.retire(&Retirement { inst: nop, ..Retirement::default() })?;
//! writer.finish()?;
//!
//! let (mut reader, mut block) = (Reader::open("a.pvt")?, Block::default());
//! while reader.next_block(&mut block)? {
//!     println!("{} retirements", block.retirements.len());
//! }
//! # Ok(())
//! # }
//! ```

mod codec;
mod cut;
mod diff;
pub mod format;
mod hash;
pub mod import;
mod output;
pub mod perfvec_txt;
mod predict;
mod reader;
mod statics;
mod steps;
mod text_line;
mod varint;
mod writer;

pub use diff::{first_difference, Addresses, DiffOptions, Difference};
pub use hash::StreamHash;
pub use import::{open, Blocks};
pub use reader::Reader;
pub use steps::{Step, Steps};
pub use writer::Writer;

use crate::inst::{Retirement, StaticInst};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a trace says of its origin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Header {
    /// ISA name, as [`crate::isa::Isa::name`] gives it.
    pub isa: String,
    /// The host that recorded: `qemu`, `gem5:AtomicSimpleCPU`, ...
    #[serde(default)]
    pub host: String,
    /// The program, as the host was given it.
    #[serde(default)]
    pub program: String,
    /// Its arguments, without the program itself.
    #[serde(default)]
    pub args: Vec<String>,
    /// Whether a retirement is a micro-op (else a whole instruction).
    #[serde(default)]
    pub micro_ops: bool,
    /// Picoseconds per cycle of the clock that timed windows count in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_period_ps: Option<u64>,
    /// Anything else worth keeping.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// Key of [`Header::metadata`]: where the program's image ends, in decimal.
pub const IMAGE_END: &str = "image_end";

impl Header {
    /// Where the image of the program ends, as its host knew it; 0 where it did not.
    pub fn image_end(&self) -> u64 {
        let text = self.metadata.get(IMAGE_END);
        text.and_then(|t| t.parse().ok()).unwrap_or(0)
    }
}

/// Retirements of known duration, all in one [`Block`].
///
/// A window that crosses a block boundary appears as one piece at the end of a block and another
/// at index 0 of the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timed {
    /// Index in [`Block::retirements`] of the first.
    pub start: usize,
    /// Cycles from the previous retirement to this one, for consecutive retirements.
    pub cycles: Vec<u32>,
}

/// A piece of a trace, at most [`format::BLOCK_RETIREMENTS`] long.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Static instructions interned since the previous block; their ids continue from there.
    pub statics: Vec<StaticInst>,
    /// Retirements as recorded.
    pub retirements: Vec<Retirement>,
    /// Timed windows, in ascending order and disjoint.
    pub timed: Vec<Timed>,
}

/// The totals of a trace, kept in its footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Retirements.
    pub retirements: u64,
    /// Static instructions.
    pub statics: u64,
    /// Retirements with a cycle count.
    pub timed: u64,
    /// Timed windows.
    pub windows: u64,
    /// Sum of all cycle counts.
    pub cycles: u64,
    /// [`StreamHash`] of the stream.
    pub stream_hash: u64,
    /// Bytes of the whole file.
    pub bytes: u64,
}
