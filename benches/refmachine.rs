//! Retirements per second through the `perfvec-rm-2` extractor, on one core.
//!
//! `cargo bench --bench refmachine [-- x.pvt ...]`: on a made-up program, and on recorded traces
//! where some are given. The last column is a hash of every row's bits: two versions of the
//! extractor that print the same hashes are the same to the bit.

use cpu_time::ThreadTime;
use perfvec::features::refmachine::{RefMachine, SCHEMA};
use perfvec::features::Extractor;
use perfvec::inst::Resolved;
use perfvec_test_support::program::Stream;
use perfvec_test_support::recorded::each_stream;
use std::hint::black_box;
use xxhash_rust::xxh3::Xxh3;

/// Retirements of a stream, at most.
const LEN: usize = 4_000_000;
/// Retirements whose rows are made before they are overwritten, as in a session's lanes.
const BATCH: usize = 256;
/// Runs, of which the median counts.
const RUNS: usize = 5;

fn extractor(stream: &Stream) -> RefMachine {
    let mut extractor = RefMachine::new();
    for (id, inst) in (0..).zip(&stream.insts) {
        extractor.intern(id, inst);
    }
    extractor
}

/// Makes all rows, a batch at a time.
fn rows(stream: &Stream, mut batch_done: impl FnMut(&[f32])) {
    let mut extractor = extractor(stream);
    let mut batch = vec![0f32; BATCH * SCHEMA.len()];
    for chunk in stream.retirements.chunks(BATCH) {
        extractor.steps(chunk, Some(&mut batch));
        batch_done(&batch[..chunk.len() * SCHEMA.len()]);
    }
}

fn hash(stream: &Stream) -> u64 {
    let mut hash = Xxh3::new();
    rows(stream, |batch| {
        for x in batch {
            hash.update(&x.to_le_bytes());
        }
    });
    hash.digest()
}

/// Millions per second, by the time that this thread had a core for: the median run.
fn rate(retirements: &[Resolved], mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = ThreadTime::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    retirements.len() as f64 / times[RUNS / 2] / 1e6
}

fn report(name: &str, stream: &Stream) {
    let with = rate(&stream.retirements, || {
        rows(stream, |batch| {
            black_box(batch);
        });
    });
    let without = rate(&stream.retirements, || {
        let mut extractor = extractor(stream);
        extractor.steps(&stream.retirements, None);
        black_box(&extractor);
    });
    println!(
        "{name:<24}{with:>8.1}{without:>10.1}  {:016x}",
        hash(stream)
    );
}

fn main() {
    println!("perfvec-rm-2, million retirements per second");
    println!("stream                      rows   no rows  hash of all rows");
    each_stream(LEN, report);
}
