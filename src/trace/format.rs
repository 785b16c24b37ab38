//! The perfvec trace, byte by byte (format version 1).
//!
//! All fixed-width numbers are little-endian. *varint* is LEB128 (seven bits a byte, low bits
//! first, at most 10 bytes); *zigzag* maps a difference modulo 2^64 of small magnitude to a small
//! number (0, -1, 1, -2 become 0, 1, 2, 3). xxh3 is XXH3-64 with seed 0.
//!
//! # File
//! A file is a *preamble*, any number of *blocks*, and a *footer*; nothing follows the footer.
//!
//! | preamble | bytes | content |
//! |---|---|---|
//! | magic | 8 | `89 50 56 54 0D 0A 1A 0A` (`\x89PVT\r\n\x1a\n`) |
//! | version | 4 | 1 |
//! | length | 4 | bytes of the header, at most 1 MiB |
//! | header | length | [`Header`](super::Header) as UTF-8 JSON; unknown fields are ignored |
//! | checksum | 8 | xxh3 of everything before |
//!
//! | block | bytes | content |
//! |---|---|---|
//! | tag | 4 | `PVTB` |
//! | retirements | 4 | at most 65536 |
//! | statics | 4 | new static instructions, at most 65536; not both 0 |
//! | raw length | 4 | bytes of the payload after decompression |
//! | stored length | 4 | bytes of the payload as stored |
//! | timed | 4 | retirements with a cycle count |
//! | first | 8 | retirements before this block |
//! | checksum | 8 | xxh3 of the 32 bytes before, then the stored payload |
//! | payload | stored length | one Zstandard frame; skippable frames may follow it |
//!
//! What a reader keeps of a static instruction is far more than code that repeats itself takes
//! compressed. So that memory stays in proportion to the file, the static instructions up to the
//! end of any block are at most 65536, and 16 for every byte of the file up to there; a writer
//! fills up with a skippable frame where a block falls short of it. Real code never does.
//!
//! | footer | bytes | content |
//! |---|---|---|
//! | tag | 4 | `PVTE` |
//! | zero | 4 | 0 |
//! | retirements | 8 | total |
//! | statics | 8 | total, at most 2^24 |
//! | timed | 8 | retirements with a cycle count |
//! | windows | 8 | timed windows (one that crosses blocks counts once) |
//! | cycles | 8 | sum of all cycle counts, modulo 2^64 |
//! | stream hash | 8 | [`StreamHash`](super::StreamHash) of the stream |
//! | checksum | 8 | xxh3 of the 56 bytes before |
//!
//! # Payload
//! Six varints give the lengths of six columns, which follow in this order. Every column must be
//! used up exactly by the counts in the block header.
//!
//! 0. **statics**: for each new static instruction: zigzag varint of its pc minus the fall-through
//!    address (pc + size) of the static instruction before it in the file (0 for the first); op
//!    class, size, access size, one byte each; number of sources in the low four bits of a byte
//!    and of destinations in the high four; flags as varint; then for every source and every
//!    destination its class as a byte and its index as varint. Ids are dense, in file order. A file
//!    holds every static instruction once.
//! 1. **runs**, one varint per mispredicted edge: the number of edges predicted since the one
//!    before, times 2, plus 1 if this edge is explicit and 0 if it is the second guess. After the
//!    last of them every edge is as predicted.
//! 2. **edges**: the first retirement's id as varint; for every explicit edge a zigzag varint of
//!    the successor's id minus the id, then a byte: flags of the retirement in bits 0-2, mode of
//!    its next pc above; with mode 2, zigzag varint of the next pc minus the fall-through address.
//!    At the end, for the last retirement, its flags as a byte and zigzag varint of its next pc
//!    minus the fall-through address.
//! 3. **address runs**, one varint per mispredicted address: the number of addresses predicted
//!    since the one before.
//! 4. **addresses**: for each of those, zigzag varint of the address minus its base.
//! 5. **cycles**: number of windows as varint; per window the retirements between the end of the
//!    window before (or the start of the block) and its start as varint, their number (not 0), and
//!    the cycle counts as varints of at most 32 bits.
//!
//! # Prediction
//! An *edge* leaves every retirement but the block's last: the id of the next retirement, the
//! flags of this one, and the mode of its `next_pc` (0: it is 0; 1: it is the next retirement's pc;
//! 2: anything else; the lowest that fits is used). Of every static instruction the two distinct
//! edges used last are kept, most recent first, but never one of mode 2. The first is the
//! prediction and the other the second guess. While there is none, the prediction is {id + 1, no
//! flags, mode of whichever edge of any static instruction last became its first (0 at first)}.
//!
//! The address of an instruction that accesses no memory is predicted to be 0, and its base is 0.
//! For one that does, the prediction is the address of its last access plus its stride, and the
//! base the address of its last access; on its first access both are the address of the last
//! access of any such instruction (0 at first). The stride is 0 until two consecutive differences
//! between accesses of the instruction are equal; then it is that difference, until the same
//! happens again. All of this carries over from block to block.
//!
//! # Stream hash
//! The state starts at 0; all arithmetic is modulo 2^64. For every retirement, in order:
//!
//! 1. if the retirement before it is a taken conditional branch, state ^= `A0761D6478BD642F`;
//! 2. x = xxh3 of the static instruction as the statics column holds it, but with pc minus 0; for
//!    a load or store x ^= address * `D6E8FEB86659FD93`; for a fault x ^= `E7037ED1A0B428DB`;
//! 3. state = (state rotated left by 29 ^ x) * `9E3779B97F4A7C15`.
//!
//! A conditional branch is taken when its `next_pc`, if not 0, differs from the fall-through
//! address, whatever its flags say; with `next_pc` 0, by its flags; with neither, when the pc of
//! the next retirement differs from the fall-through address ([`crate::outcome`]). The hash is xxh3
//! of the state and the number of retirements, eight bytes each.

use super::Summary;
use crate::bytes::{at, corrupt, put};
use crate::error::{Error, ErrorKind, Result};
use xxhash_rust::xxh3::{xxh3_64, Xxh3};

/// First bytes of every perfvec trace.
pub const MAGIC: [u8; 8] = *b"\x89PVT\r\n\x1a\n";
/// The version that this library writes, and the newest that it reads.
pub const VERSION: u32 = 1;
/// Most retirements in a block.
pub const BLOCK_RETIREMENTS: usize = 1 << 16;
/// Most new static instructions in a block.
pub const BLOCK_STATICS: usize = 1 << 16;
/// Most static instructions in a trace.
pub const MAX_STATICS: usize = 1 << 24;
/// Static instructions that a file may hold whatever its size, and for every byte of it.
const STATICS_OF_ANY: u64 = 1 << 16;
const STATICS_PER_BYTE: u64 = 16;
/// Most bytes of the JSON header.
pub const MAX_HEADER: usize = 1 << 20;

/// Most bytes that the payload of a block with these counts takes.
fn max_bytes(retirements: usize, statics: usize) -> usize {
    // Per retirement: run 3, edge 5 + 1 + 10, address 3 + 10, window 3 + 3 and cycles 5.
    128 + retirements * 43 + statics * super::statics::MAX_BYTES
}

pub(super) const BLOCK_TAG: [u8; 4] = *b"PVTB";
pub(super) const FOOTER_TAG: [u8; 4] = *b"PVTE";
/// Bytes of a block before its payload.
pub(super) const BLOCK_HEADER: usize = 40;
/// Bytes of the footer.
pub(super) const FOOTER: usize = 64;

/// The fixed part of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockHeader {
    pub retirements: u32,
    pub statics: u32,
    pub raw: u32,
    pub stored: u32,
    pub timed: u32,
    pub first: u64,
}

impl BlockHeader {
    pub fn to_bytes(self, payload: &[u8]) -> Vec<u8> {
        let mut out = BLOCK_TAG.to_vec();
        let fields = [
            self.retirements,
            self.statics,
            self.raw,
            self.stored,
            self.timed,
        ];
        put(&mut out, &fields);
        put(&mut out, &[self.first]);
        let sum = checksum(&out, payload);
        put(&mut out, &[sum]);
        out
    }

    /// The fields, with every length checked against what the counts allow.
    pub fn parse(bytes: &[u8; BLOCK_HEADER]) -> Result<Self> {
        let header = Self {
            retirements: at(bytes, 4),
            statics: at(bytes, 8),
            raw: at(bytes, 12),
            stored: at(bytes, 16),
            timed: at(bytes, 20),
            first: at(bytes, 24),
        };
        let (retirements, statics) = (header.retirements as usize, header.statics as usize);
        let raw = header.raw as usize;
        if retirements > BLOCK_RETIREMENTS
            || statics > BLOCK_STATICS
            || retirements + statics == 0
            || header.timed > header.retirements
            || raw > max_bytes(retirements, statics)
            || header.stored as usize > zstd::zstd_safe::compress_bound(raw)
        {
            return Err(corrupt("a block header is out of range"));
        }
        Ok(header)
    }
}

/// The size that a file must have before it may hold this many static instructions.
pub(super) fn least_bytes(statics: u64) -> u64 {
    statics
        .saturating_sub(STATICS_OF_ANY)
        .div_ceil(STATICS_PER_BYTE)
}

/// Appends a skippable frame of at least `bytes`, which decompresses to nothing.
pub(super) fn put_skippable(out: &mut Vec<u8>, bytes: u64) {
    let content = bytes.saturating_sub(8);
    out.extend_from_slice(&0x184D_2A50u32.to_le_bytes());
    out.extend_from_slice(&(content as u32).to_le_bytes());
    out.resize(out.len() + content as usize, 0);
}

/// The checksum of a block: its header without the checksum, then its payload.
pub(super) fn checksum(header: &[u8], payload: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(header);
    hasher.update(payload);
    hasher.digest()
}

pub(super) fn footer_bytes(s: &Summary) -> Vec<u8> {
    let mut out = FOOTER_TAG.to_vec();
    put(&mut out, &[0u32]);
    let fields = [
        s.retirements,
        s.statics,
        s.timed,
        s.windows,
        s.cycles,
        s.stream_hash,
    ];
    put(&mut out, &fields);
    let sum = xxh3_64(&out);
    put(&mut out, &[sum]);
    out
}

/// The totals in a footer, without the size of the file.
pub(super) fn parse_footer(bytes: &[u8; FOOTER]) -> Result<Summary> {
    if bytes[..8] != *b"PVTE\0\0\0\0" || at::<u64>(bytes, 56) != xxh3_64(&bytes[..56]) {
        return Err(corrupt("the footer fails its checksum"));
    }
    Ok(Summary {
        retirements: at(bytes, 8),
        statics: at(bytes, 16),
        timed: at(bytes, 24),
        windows: at(bytes, 32),
        cycles: at(bytes, 40),
        stream_hash: at(bytes, 48),
        bytes: 0,
    })
}

/// The version and header length at the front of a file whose magic is right.
pub(super) fn parse_preamble(bytes: &[u8; 16]) -> Result<usize> {
    let version: u32 = at(bytes, 8);
    if version != VERSION {
        return Err(Error::new(
            ErrorKind::Version,
            format!(
                "trace format version {version}, this library reads version {VERSION}; use a {} library",
                if version > VERSION { "newer" } else { "matching" }
            ),
        ));
    }
    let length = at::<u32>(bytes, 12) as usize;
    if length > MAX_HEADER {
        return Err(corrupt("the header is longer than 1 MiB"));
    }
    Ok(length)
}
