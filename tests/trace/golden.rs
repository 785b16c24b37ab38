//! Format version 1 stays readable, and stream hashes stay what they are.
//!
//! `tests/data/trace_v1.pvt` was written by the ignored test below
//! (`cargo test --test trace golden -- --ignored`); never rewrite it for version 1.

use perfvec_test_support::stream::*;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/trace_v1.pvt");

fn stream() -> Stream {
    let mut stream = walk(42, 4, 2000);
    for i in 700..900 {
        stream.retirements[i].1 = Some(i as u32 % 11);
    }
    stream
}

#[test]
fn version_1_reads_as_it_always_did() {
    let (read, end) = replay(&std::fs::read(FILE).unwrap());
    assert!(read == stream());
    assert_eq!(end.unwrap().stream_hash, HASH);
    assert_eq!(record(&stream()).1.stream_hash, HASH);
}

const HASH: u64 = 0xc235_166b_15d3_7e5f;

#[test]
#[ignore = "writes the golden file"]
fn write_the_golden_file() {
    let (bytes, summary) = record(&stream());
    std::fs::write(FILE, bytes).unwrap();
    println!("{:#x}", summary.stream_hash);
}
