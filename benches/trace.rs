//! Rates and sizes of the perfvec trace: `cargo bench --bench trace [-- FILE.pvt ...]`.
//!
//! Checks that each stream comes back, then prints size, rates of writing and reading (best of
//! five, in memory, one thread), and the size against plain 24-byte records under zstd -1.

use perfvec::inst::{Retirement, StaticInst};
use perfvec::trace::{format, Block, Reader, Writer};
use perfvec_test_support::stream::{header, replay, walk, Memory, Stream};
use std::time::Instant;

const RETIREMENTS: usize = 8_000_000;
const ROUNDS: usize = 5;

fn main() {
    println!(
        "{:<28} {:>9} {:>9} {:>8} {:>9} {:>9} {:>8}",
        "stream", "M retired", "MB", "B/retire", "M/s write", "M/s read", "x naive"
    );
    let files: Vec<_> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    for file in &files {
        measure(file.rsplit('/').next().unwrap_or(file), &load(file));
    }
    if files.is_empty() {
        measure("walk, 20 functions", &walk(1, 20, RETIREMENTS));
        measure("walk, 1000 functions", &walk(2, 1000, RETIREMENTS));
    }
}

/// The first retirements of a trace.
fn load(file: &str) -> Stream {
    let mut reader = Reader::open(file).unwrap();
    let (mut stream, mut block) = (Stream::default(), Block::default());
    while stream.retirements.len() < RETIREMENTS && reader.next_block(&mut block).unwrap() {
        stream.statics.extend(&block.statics);
        stream
            .retirements
            .extend(block.retirements.iter().map(|r| (*r, None)));
    }
    stream
}

fn write(statics: &[StaticInst], retirements: &[Retirement]) -> Vec<u8> {
    let memory = Memory::default();
    let mut writer = Writer::to_sink(Box::new(memory.clone()), header()).unwrap();
    for inst in statics {
        writer.intern(inst).unwrap();
    }
    for r in retirements {
        writer.retire(r).unwrap();
    }
    writer.finish().unwrap();
    let bytes = std::mem::take(&mut *memory.0.lock().unwrap());
    bytes
}

fn naive(retirements: &[Retirement]) -> usize {
    let mut raw = Vec::new();
    let mut size = 0;
    for block in retirements.chunks(format::BLOCK_RETIREMENTS) {
        raw.clear();
        for r in block {
            raw.extend_from_slice(&r.inst.to_le_bytes());
            raw.extend_from_slice(&r.flags.to_le_bytes());
            raw.extend_from_slice(&r.address.to_le_bytes());
            raw.extend_from_slice(&r.next_pc.to_le_bytes());
        }
        size += zstd::bulk::compress(&raw, 1).unwrap().len();
    }
    size
}

fn measure(name: &str, stream: &Stream) {
    let retirements: Vec<Retirement> = stream.retirements.iter().map(|r| r.0).collect();
    let bytes = write(&stream.statics, &retirements);
    let (read, end) = replay(&bytes);
    end.unwrap();
    assert!(read.statics == stream.statics && read.retirements == stream.retirements);
    drop(read);

    let n = retirements.len() as f64;
    let rate = |mut work: Box<dyn FnMut() + '_>| {
        let best = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed()
            })
            .min()
            .unwrap();
        n / best.as_secs_f64() / 1e6
    };
    let writing = rate(Box::new(|| {
        assert_eq!(write(&stream.statics, &retirements).len(), bytes.len());
    }));
    let reading = rate(Box::new(|| {
        let mut reader = Reader::from_source(&bytes[..], name).unwrap();
        let mut block = Block::default();
        while reader.next_block(&mut block).unwrap() {}
        assert_eq!(reader.summary().retirements, retirements.len() as u64);
    }));
    println!(
        "{name:<28} {:>9.1} {:>9.2} {:>8.3} {writing:>9.1} {reading:>9.1} {:>8.1}",
        n / 1e6,
        bytes.len() as f64 / 1e6,
        bytes.len() as f64 / n,
        naive(&retirements) as f64 / bytes.len() as f64
    );
}
