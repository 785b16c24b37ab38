//! The fuzz targets on their committed corpora and on mutations of these, without a fuzzer.
//!
//! A panic is a failure, and so is whatever the targets assert. `PERFVEC_MUTATIONS` sets how many
//! mutations each target gets (300 unless set).

use perfvec_test_support::fuzz;
use std::path::Path;

/// xorshift64*.
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

/// One to eight changes: bytes set, flipped, inserted, removed, doubled, or taken from `other`.
fn mutate(rng: &mut Rng, seed: &[u8], other: &[u8]) -> Vec<u8> {
    const ODD: [u8; 6] = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
    let mut out = seed.to_vec();
    for _ in 0..=rng.below(8) {
        let at = rng.below(out.len() + 1);
        let end = (at + rng.below(9)).min(out.len());
        match rng.below(6) {
            0 if at < out.len() => out[at] = ODD[rng.below(ODD.len())],
            1 if at < out.len() => out[at] ^= 1 << rng.below(8),
            2 => out.insert(at, rng.below(256) as u8),
            3 => drop(out.drain(at..end)),
            4 => {
                let copy = out[at..end].to_vec();
                out.splice(at..at, copy);
            }
            _ if !other.is_empty() => {
                let from = rng.below(other.len());
                let to = (from + rng.below(64)).min(other.len());
                let end = (at + to - from).min(out.len());
                out.splice(at..end, other[from..to].iter().copied());
            }
            _ => {}
        }
    }
    out
}

fn run(target: &str, f: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let seeds: Vec<Vec<u8>> = files.iter().map(|p| std::fs::read(p).unwrap()).collect();
    seeds.iter().for_each(|seed| f(seed));
    let mutations = std::env::var("PERFVEC_MUTATIONS").map_or(300, |n| n.parse().unwrap());
    let mut rng = Rng(0x5eed);
    for n in 0..mutations {
        let (seed, other) = (rng.below(seeds.len()), rng.below(seeds.len()));
        let input = mutate(&mut rng, &seeds[seed], &seeds[other]);
        // Kept while it runs, so that a crash leaves its input behind.
        let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
        std::fs::write(&last, &input).unwrap();
        let done = std::panic::catch_unwind(|| f(&input));
        assert!(
            done.is_ok(),
            "mutation {n}: the input is in {}",
            last.display()
        );
    }
}

#[test]
fn model() {
    run("model", fuzz::model::run);
}

#[test]
fn table() {
    run("table", fuzz::table::run);
}

#[test]
fn trace() {
    run("trace", fuzz::trace::run);
}

#[test]
fn snapshot() {
    run("snapshot", fuzz::snapshot::run);
}

#[test]
fn text_trace() {
    run("text_trace", fuzz::text_trace::run);
}

#[test]
fn import() {
    run("import", fuzz::import::run);
}

#[test]
fn riscv() {
    run("riscv", fuzz::riscv::run);
}

#[test]
fn capi() {
    run("capi", fuzz::capi::run);
}
