//! Replaying a stream.

use super::codec::Codec;
use super::format::{self, BlockHeader, BLOCK_HEADER, BLOCK_TAG, FOOTER, FOOTER_TAG, MAX_STATICS};
use super::hash::StreamHash;
use super::{Block, Header, Summary};
use crate::bytes::{at, corrupt};
use crate::error::{Error, ErrorKind, Result};
use crate::file::check_regular;
use crate::file_kind::{wrong, FileKind, HEAD};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Reads one trace from front to back. Used by one thread at a time.
///
/// Every byte is checked: blocks by checksum before they are decoded, counts and stream hash
/// against the footer at the end. Of a damaged file everything before the damaged block is
/// delivered, then the error, then the same error again. Memory is bounded by one block and 200
/// bytes per static instruction: 2^24 at most, and in proportion to the file (see
/// [`mod@super::format`]).
pub struct Reader<R = BufReader<File>> {
    source: R,
    name: String,
    header: Header,
    codec: Codec,
    decompressor: zstd::bulk::Decompressor<'static>,
    hash: StreamHash,
    /// What was interned. Sessions give equal ones one id, so a second one would shift all after it.
    known: HashSet<(u64, u64)>,
    stored: Vec<u8>,
    raw: Vec<u8>,
    /// Totals of what was delivered; `bytes` is the position in the file.
    seen: Summary,
    /// Whether the last retirement delivered was timed.
    in_window: bool,
    footer: Option<Summary>,
    failed: Option<Error>,
}

impl Reader {
    /// Opens the trace at `path` and reads its header. It may be a pipe that somebody writes to.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = crate::file::open(path).map_err(|e| Error::io(path, &e))?;
        Self::from_source(BufReader::new(file), path.display().to_string())
    }

    /// The totals in the footer of the trace at `path`, without reading or checking the blocks.
    pub fn summary_of(path: impl AsRef<Path>) -> Result<Summary> {
        let path = path.as_ref();
        let io = |e: std::io::Error| Error::io(path, &e);
        check_regular(path).map_err(|e| e.context(path.display()))?;
        Self::open(path)?; // a foreign file or another version is the better error
        let mut file = File::open(path).map_err(io)?;
        let bytes = file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut footer = [0; FOOTER];
        file.seek(SeekFrom::Start(bytes.saturating_sub(FOOTER as u64)))
            .map_err(io)?;
        file.read_exact(&mut footer).map_err(io)?;
        match format::parse_footer(&footer) {
            Ok(summary) => Ok(Summary { bytes, ..summary }),
            Err(_) => Err(corrupt(
                "truncated or damaged: no valid footer at the end; what is intact can still be read",
            )
            .context(path.display())),
        }
    }
}

impl<R: Read> Reader<R> {
    /// Reads a trace from anything; `name` is what errors call it.
    pub fn from_source(source: R, name: impl Into<String>) -> Result<Self> {
        let mut reader = Self {
            source,
            name: name.into(),
            header: Header::default(),
            codec: Codec::default(),
            decompressor: zstd::bulk::Decompressor::new()
                .map_err(|e| Error::new(ErrorKind::OutOfMemory, format!("zstd: {e}")))?,
            hash: StreamHash::new(),
            known: HashSet::new(),
            stored: Vec::new(),
            raw: Vec::new(),
            seen: Summary::default(),
            in_window: false,
            footer: None,
            failed: None,
        };
        match reader.read_header() {
            Ok(()) => Ok(reader),
            Err(e) => Err(e.context(&reader.name)),
        }
    }

    /// What the trace says of its origin.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Totals of the blocks delivered so far; after the last block, of the verified trace.
    pub fn summary(&self) -> Summary {
        let mut seen = self.seen;
        seen.stream_hash = self.hash.finish();
        seen
    }

    /// Replaces `block` by the next one. `false` means that the trace is at its end and that the
    /// footer's counts and stream hash agree with what was delivered. Errors: `Corrupt` (truncated,
    /// damaged), `Io`; they leave `block` empty.
    pub fn next_block(&mut self, block: &mut Block) -> Result<bool> {
        block.statics.clear();
        block.retirements.clear();
        block.timed.clear();
        if let Some(e) = &self.failed {
            return Err(e.clone());
        }
        if self.footer.is_some() {
            return Ok(false);
        }
        let start = self.seen.bytes;
        self.read_block(block).map_err(|e| {
            block.statics.clear();
            block.retirements.clear();
            block.timed.clear();
            let fix = match e.kind() {
                ErrorKind::Corrupt => "; copy or record the trace again, or use what is intact",
                _ => "",
            };
            let place = format!(
                "{}: at byte {start}, after {} intact retirements",
                self.name, self.seen.retirements
            );
            let e = Error::new(e.kind(), format!("{place}: {}{fix}", e.message()));
            self.failed = Some(e.clone());
            e
        })
    }

    fn read_header(&mut self) -> Result<()> {
        let mut head = Vec::new();
        (&mut self.source)
            .take(HEAD as u64)
            .read_to_end(&mut head)
            .map_err(|e| Error::new(ErrorKind::Io, e.to_string()))?;
        match FileKind::of(&head) {
            FileKind::Trace => {}
            other => return Err(wrong("a perfvec trace", other)),
        }
        let Ok(fixed) = <[u8; HEAD]>::try_from(&head[..]) else {
            return Err(truncated());
        };
        let length = format::parse_preamble(&fixed)?;
        self.seen.bytes = 16;
        let mut json = vec![0; length + 8];
        self.fill(&mut json)?;
        let (json, sum) = json.split_at(length);
        if at::<u64>(sum, 0) != format::checksum(&fixed, json) {
            return Err(corrupt(
                "the header fails its checksum; copy or record the trace again",
            ));
        }
        self.header = serde_json::from_slice(json).map_err(|e| {
            corrupt("the header is not valid JSON; record the trace again").context(e)
        })?;
        Ok(())
    }

    fn read_block(&mut self, block: &mut Block) -> Result<bool> {
        let mut tag = [0; 4];
        self.fill(&mut tag)?;
        if tag == FOOTER_TAG {
            return self.read_footer().map(|()| false);
        }
        if tag != BLOCK_TAG {
            return Err(corrupt("neither a block nor the footer starts here"));
        }
        let mut fixed = [0; BLOCK_HEADER];
        fixed[..4].copy_from_slice(&tag);
        self.fill(&mut fixed[4..])?;
        let header = BlockHeader::parse(&fixed)?;
        let mut stored = std::mem::take(&mut self.stored);
        stored.resize(header.stored as usize, 0);
        let filled = self.fill(&mut stored);
        self.stored = stored;
        filled?;
        if at::<u64>(&fixed, 32) != format::checksum(&fixed[..32], &self.stored) {
            return Err(corrupt("a block fails its checksum"));
        }
        let (retirements, statics) = (header.retirements as usize, header.statics as usize);
        if header.first != self.seen.retirements {
            return Err(corrupt("a block is missing or repeated"));
        }
        if self.seen.statics as usize + statics > MAX_STATICS {
            return Err(corrupt("more static instructions than a trace may hold"));
        }
        if self.seen.bytes < format::least_bytes(self.seen.statics + u64::from(header.statics)) {
            return Err(corrupt(
                "more static instructions than a file of this size may hold",
            ));
        }
        self.raw.clear();
        self.raw.reserve(header.raw as usize);
        let raw = self
            .decompressor
            .decompress_to_buffer(&self.stored, &mut self.raw)
            .map_err(|e| corrupt("a block does not decompress").context(e))?;
        if raw != header.raw as usize {
            return Err(corrupt("a block decompresses to another length"));
        }
        self.codec.decode(&self.raw, retirements, statics, block)?;
        let timed: usize = block.timed.iter().map(|t| t.cycles.len()).sum();
        if timed != header.timed as usize {
            return Err(corrupt("a block has another number of cycle counts"));
        }
        self.count(block)?;
        Ok(true)
    }

    fn count(&mut self, block: &Block) -> Result<()> {
        for inst in &block.statics {
            let id = self.hash.intern(inst)?;
            if !self.known.insert(self.hash.key(id)) {
                return Err(corrupt(format!(
                    "static instruction {id}, at {:#x}, is there twice",
                    inst.pc
                )));
            }
        }
        for r in &block.retirements {
            self.hash.update(r)?;
        }
        self.seen.statics += block.statics.len() as u64;
        self.seen.retirements += block.retirements.len() as u64;
        for window in &block.timed {
            let continues = window.start == 0 && self.in_window;
            self.seen.windows += u64::from(!continues);
            self.seen.timed += window.cycles.len() as u64;
            for &cycles in &window.cycles {
                self.seen.cycles = self.seen.cycles.wrapping_add(u64::from(cycles));
            }
        }
        if !block.retirements.is_empty() {
            let end = block.timed.last().map(|w| w.start + w.cycles.len());
            self.in_window = end == Some(block.retirements.len());
        }
        Ok(())
    }

    fn read_footer(&mut self) -> Result<()> {
        let mut fixed = [0; FOOTER];
        fixed[..4].copy_from_slice(&FOOTER_TAG);
        self.fill(&mut fixed[4..])?;
        let mut footer = format::parse_footer(&fixed)?;
        footer.bytes = self.seen.bytes;
        if footer != self.summary() {
            return Err(corrupt(
                "the footer's counts or stream hash differ from the stream",
            ));
        }
        let mut beyond = [0; 1];
        if self.read_some(&mut beyond)? != 0 {
            return Err(corrupt("bytes follow the footer"));
        }
        self.footer = Some(footer);
        Ok(())
    }

    fn read_some(&mut self, out: &mut [u8]) -> Result<usize> {
        loop {
            match self.source.read(out) {
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::new(ErrorKind::Io, e.to_string())),
            }
        }
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<()> {
        let mut got = 0;
        while got < out.len() {
            match self.read_some(&mut out[got..])? {
                0 => return Err(truncated()),
                n => got += n,
            }
        }
        self.seen.bytes += out.len() as u64;
        Ok(())
    }
}

fn truncated() -> Error {
    corrupt("truncated; the recording was cut short")
}
