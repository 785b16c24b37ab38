//! The trace reader: the bytes as a file, and the bytes as the payloads of well-sealed blocks.
use super::{input::Input, told};
use perfvec::trace::{format, Block, Reader};
use xxhash_rust::xxh3::xxh3_64;

/// One input.
pub fn run(data: &[u8]) {
    read(data);
    read(&forge(data));
}

fn read(bytes: &[u8]) {
    let Some(mut reader) = told(Reader::from_source(bytes, "input")) else {
        return;
    };
    let mut block = Block::default();
    let mut statics = 0;
    while let Some(true) = told(reader.next_block(&mut block)) {
        statics += block.statics.len();
        assert!(block.retirements.len() <= format::BLOCK_RETIREMENTS);
        assert!(block
            .retirements
            .iter()
            .all(|r| (r.inst as usize) < statics));
        let mut end = 0;
        for window in &block.timed {
            assert!(window.start >= end && !window.cycles.is_empty());
            end = window.start + window.cycles.len();
        }
        assert!(end <= block.retirements.len());
    }
}

/// A file by the description in `trace::format`, whose checksums are right.
fn forge(data: &[u8]) -> Vec<u8> {
    let mut input = Input(data);
    let mut out = format::MAGIC.to_vec();
    out.extend_from_slice(&format::VERSION.to_le_bytes());
    let header = br#"{"isa":"riscv64"}"#;
    out.extend_from_slice(&(header.len() as u32).to_le_bytes());
    out.extend_from_slice(header);
    out.extend_from_slice(&xxh3_64(&out).to_le_bytes());
    let mut first = 0u64;
    while !input.is_empty() {
        let (retirements, statics) = (input.u16() % 2048, input.u8());
        let timed = input.u8();
        let length = usize::from(input.u16());
        let raw = input.bytes(length);
        let stored = zstd::bulk::compress(raw, 1).expect("memory for a small block");
        let mut block = b"PVTB".to_vec();
        for field in [
            u32::from(retirements),
            statics.into(),
            raw.len() as u32,
            stored.len() as u32,
            timed.into(),
        ] {
            block.extend_from_slice(&field.to_le_bytes());
        }
        block.extend_from_slice(&first.to_le_bytes());
        let sealed = [&block[..], &stored[..]].concat();
        block.extend_from_slice(&xxh3_64(&sealed).to_le_bytes());
        out.extend_from_slice(&block);
        out.extend_from_slice(&stored);
        first += u64::from(retirements);
    }
    out
}
