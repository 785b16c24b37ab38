//! Recording a stream.

use super::codec::Codec;
use super::cut::Cut;
use super::format::{self, BlockHeader, BLOCK_RETIREMENTS, BLOCK_STATICS, MAX_STATICS};
use super::hash::StreamHash;
use super::output::Output;
use super::{Block, Header, Summary, Timed};
use crate::bytes::put;
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstId, Retirement, StaticInst};
use crate::region::Region;
use crate::statics::Statics;
use std::io::Write;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Fast levels cost a few nanoseconds a retirement; higher ones gain little on predicted columns.
const ZSTD_LEVEL: i32 = 1;

/// Writes one trace. Used by one thread at a time.
///
/// The file appears under its name when [`finish`](Self::finish) succeeds; until then it is a
/// temporary file beside it, which is removed when the writer is dropped. After an error of kind
/// `Io` every further call fails with `Poisoned`. Memory: about 4 MB, and 100 bytes per static
/// instruction.
pub struct Writer {
    output: Output,
    insts: Statics,
    /// Where not all is recorded.
    cut: Option<Box<Cut>>,
    hash: StreamHash,
    codec: Codec,
    compressor: zstd::bulk::Compressor<'static>,
    /// What the next block will hold.
    block: Block,
    raw: Vec<u8>,
    stored: Vec<u8>,
    /// Whether the retirement before this one was timed.
    in_window: bool,
    summary: Summary,
    poisoned: bool,
}

impl Writer {
    /// Starts a trace that will be called `path`.
    pub fn create(path: impl AsRef<Path>, header: Header) -> Result<Self> {
        Self::start(Output::create(path.as_ref())?, &header)
            .map_err(|e| e.context(path.as_ref().display()))
    }

    /// Starts a trace that goes to `sink`, for hosts that keep it elsewhere than in a file.
    pub fn to_sink(sink: Box<dyn Write + Send>, header: Header) -> Result<Self> {
        Self::start(Output::Sink(sink), &header)
    }

    fn start(output: Output, header: &Header) -> Result<Self> {
        let json = serde_json::to_vec(header)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("trace header: {e}")))?;
        if json.len() > format::MAX_HEADER {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "trace header: more than 1 MiB; shorten args or metadata",
            ));
        }
        let compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)
            .map_err(|e| Error::new(ErrorKind::OutOfMemory, format!("zstd: {e}")))?;
        let mut writer = Self {
            output,
            insts: Statics::default(),
            cut: None,
            hash: StreamHash::new(),
            codec: Codec::default(),
            compressor,
            block: Block::default(),
            raw: Vec::new(),
            stored: Vec::new(),
            in_window: false,
            summary: Summary::default(),
            poisoned: false,
        };
        writer.block.retirements.reserve_exact(BLOCK_RETIREMENTS);
        let mut preamble = Vec::with_capacity(json.len() + 24);
        preamble.extend_from_slice(&format::MAGIC);
        put(&mut preamble, &[format::VERSION, json.len() as u32]);
        preamble.extend_from_slice(&json);
        let sum = xxh3_64(&preamble);
        put(&mut preamble, &[sum]);
        writer.write(&preamble)?;
        Ok(writer)
    }

    /// Records only what lies in `region`. What comes before it is not there to warm the features
    /// on replay: record all, and replay the region, where that matters. Only before the first
    /// instruction is interned (else: kind `State`).
    pub fn set_region(&mut self, region: Region) -> Result<()> {
        if self.insts.len() > 0 {
            return Err(Error::new(
                ErrorKind::State,
                "the region must be set before the first static instruction is interned",
            ));
        }
        let cut = Cut::new(region)?;
        self.cut = (!region.is_all()).then(|| Box::new(cut));
        Ok(())
    }

    /// The id of `inst`: a new one, or that of an equal static instruction interned before.
    /// Register slots past `num_src` and `num_dst` are not recorded and do not count.
    pub fn intern(&mut self, inst: &StaticInst) -> Result<InstId> {
        self.check()?;
        inst.validate()?;
        let inst = inst.canonical();
        if let Some(id) = self.insts.id(&inst) {
            return Ok(id);
        }
        if self.insts.len() == MAX_STATICS {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                format!(
                    "a trace holds at most {MAX_STATICS} static instructions; split the recording"
                ),
            ));
        }
        if self.block.statics.len() == BLOCK_STATICS {
            self.flush()?;
        }
        let id = self.hash.intern(&inst)?;
        if let Some(cut) = &mut self.cut {
            cut.intern(&inst);
        }
        self.insts.add(&inst);
        self.block.statics.push(inst);
        Ok(id)
    }

    /// Records one retirement. Its id must be interned, its flags known and not contradictory.
    #[inline]
    pub fn retire(&mut self, r: &Retirement) -> Result<()> {
        self.push(r)?;
        self.in_window = false;
        Ok(())
    }

    /// Records retirements in order; none of them where one is refused.
    pub fn retire_many(&mut self, retirements: &[Retirement]) -> Result<()> {
        self.check()?;
        Retirement::check_all(retirements, self.insts.len())?;
        retirements.iter().try_for_each(|r| self.retire(r))
    }

    /// Records one retirement and the cycles since the retirement before it. Consecutive calls
    /// make one timed window.
    pub fn retire_timed(&mut self, r: &Retirement, cycles: u32) -> Result<()> {
        if !self.push(r)? {
            self.in_window = false;
            return Ok(());
        }
        let at = self.block.retirements.len() - 1;
        if !self.in_window {
            self.summary.windows += 1;
        }
        match self.block.timed.last_mut() {
            Some(window) if self.in_window => window.cycles.push(cycles),
            _ => self.block.timed.push(Timed {
                start: at,
                cycles: vec![cycles],
            }),
        }
        self.in_window = true;
        self.summary.timed += 1;
        self.summary.cycles = self.summary.cycles.wrapping_add(u64::from(cycles));
        Ok(())
    }

    /// Whether `r` is recorded.
    #[inline]
    fn push(&mut self, r: &Retirement) -> Result<bool> {
        if self.poisoned || !r.is_valid(self.insts.len()) {
            self.check()?;
            return Err(r.refusal(self.insts.len()));
        }
        if let Some(cut) = &mut self.cut {
            if !cut.picks(r, self.block.retirements.last_mut()) {
                return Ok(false);
            }
        }
        // A full block is written when the next retirement arrives, so that the windows are whole.
        if self.block.retirements.len() == BLOCK_RETIREMENTS {
            self.flush()?;
        }
        self.block.retirements.push(*r);
        Ok(true)
    }

    /// Writes what is pending and the footer, makes the file durable and gives it its name.
    pub fn finish(mut self) -> Result<Summary> {
        self.check()?;
        self.flush()?;
        self.summary.statics = self.insts.len() as u64;
        self.summary.stream_hash = self.hash.finish();
        let footer = format::footer_bytes(&self.summary);
        self.write(&footer)?;
        self.output.commit()?;
        Ok(self.summary)
    }

    fn flush(&mut self) -> Result<()> {
        let block = &mut self.block;
        if block.retirements.is_empty() && block.statics.is_empty() {
            return Ok(());
        }
        for r in &block.retirements {
            self.hash.update(r)?;
        }
        self.codec.encode(block, &mut self.raw);
        self.stored.clear();
        self.stored
            .reserve(zstd::zstd_safe::compress_bound(self.raw.len()));
        self.compressor
            .compress_to_buffer(&self.raw, &mut self.stored)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("zstd: {e}")))?;
        let bytes = self.summary.bytes + (format::BLOCK_HEADER + self.stored.len()) as u64;
        let least = format::least_bytes(self.insts.len() as u64);
        if bytes < least {
            format::put_skippable(&mut self.stored, least - bytes);
        }
        let header = BlockHeader {
            retirements: block.retirements.len() as u32,
            statics: block.statics.len() as u32,
            raw: self.raw.len() as u32,
            stored: self.stored.len() as u32,
            timed: block.timed.iter().map(|t| t.cycles.len() as u32).sum(),
            first: self.summary.retirements,
        };
        self.summary.retirements += u64::from(header.retirements);
        block.statics.clear();
        block.retirements.clear();
        block.timed.clear();
        let stored = std::mem::take(&mut self.stored);
        self.write(&header.to_bytes(&stored))?;
        self.write(&stored)?;
        self.stored = stored;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.output.write_all(bytes).inspect_err(|_| {
            self.poisoned = true;
        })?;
        self.summary.bytes += bytes.len() as u64;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.poisoned {
            return Err(Error::new(
                ErrorKind::Poisoned,
                "the trace could not be written earlier; start a new one",
            ));
        }
        Ok(())
    }
}
