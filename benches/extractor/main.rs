//! Retirements per second through the `perfvec-51` extractor, on one core.
//!
//! `cargo bench --bench extractor [-- x.pvt ...]`: on a made-up program, and on recorded traces
//! where some are given. Its rows are first checked against an extractor by definition, and then
//! timed against the same with lists and with splay trees in place of our stack distances.

mod splay;

use cpu_time::ThreadTime;
use perfvec::features::perfvec51::{PerfVec51, MAX_DISTANCE, SCHEMA};
use perfvec::features::Extractor;
use perfvec::inst::{InstFlags, OpClass, Resolved, StaticInst};
use perfvec_test_support::program::Stream;
use perfvec_test_support::recorded::each_stream;
use splay::SplayDistance;
use std::collections::HashMap;
use std::hint::black_box;

/// Retirements of a stream that are timed, at most.
const LEN: usize = 8_000_000;
/// Retirements that are checked, and timed with lists.
const CHECKED: usize = 200_000;
/// Retirements that are timed with splay trees.
const SPLAYED: usize = 2_000_000;

/// A stack distance that the reference extractor can use.
trait Distance: Default {
    fn peek(&self, line: u64) -> Option<u64>;
    fn access(&mut self, line: u64) -> Option<u64>;
}

impl Distance for SplayDistance {
    fn peek(&self, line: u64) -> Option<u64> {
        self.peek(line)
    }
    fn access(&mut self, line: u64) -> Option<u64> {
        self.access(line)
    }
}

/// The definition: lines in order of their last access.
#[derive(Default)]
struct List(Vec<u64>);

impl Distance for List {
    fn peek(&self, line: u64) -> Option<u64> {
        let place = self.0.iter().rev().position(|&l| l == line);
        place.map(|i| i as u64 + 1)
    }
    fn access(&mut self, line: u64) -> Option<u64> {
        let distance = self.peek(line);
        if let Some(d) = distance {
            self.0.remove(self.0.len() - d as usize);
        }
        self.0.push(line);
        distance
    }
}

/// The extractor by definition, over maps of everything ever seen.
#[derive(Default)]
struct Reference<D> {
    fetched: D,
    loaded: D,
    stored: D,
    accessed: HashMap<u64, u64>,
    outcomes: HashMap<u64, Vec<bool>>,
    count: u64,
}

fn entropy(outcomes: &[bool]) -> f32 {
    let recent = &outcomes[outcomes.len().saturating_sub(8)..];
    let taken = recent.iter().filter(|&&t| t).count() as f64;
    let p = (taken + 0.5 * (8 - recent.len()) as f64) / 8.0;
    if p == 0.0 || p == 1.0 {
        return 0.0;
    }
    (-p * p.ln() - (1.0 - p) * (1.0 - p).ln()) as f32
}

fn column(distance: Option<u64>) -> f32 {
    distance.map_or(MAX_DISTANCE as f32, |d| d as f32)
}

impl<D: Distance> Reference<D> {
    fn step(&mut self, inst: &StaticInst, r: &Resolved, row: &mut [f32]) {
        let flag = |f: InstFlags| f32::from(u8::from(inst.flags.contains(f)));
        row.fill(0.0);
        row[0] = f32::from(u8::from(r.fault));
        row[1] = f32::from(inst.op as u8) + 1.0;
        let (sc, atomic) = (flag(InstFlags::STORE_CONDITIONAL), flag(InstFlags::ATOMIC));
        row[2] = flag(InstFlags::STORE) * (1.0 - sc) * (1.0 - atomic);
        row[3] = f32::from(u8::from(inst.op == OpClass::MemRead));
        for (i, f) in [
            InstFlags::MICRO_OP,
            InstFlags::COND_CTRL,
            InstFlags::UNCOND_CTRL,
            InstFlags::DIRECT_CTRL,
            InstFlags::SQUASH_AFTER,
            InstFlags::SERIALIZE_AFTER,
            InstFlags::SERIALIZE_BEFORE,
        ]
        .into_iter()
        .enumerate()
        {
            row[4 + i] = flag(f);
        }
        row[11] = sc + 2.0 * atomic;
        row[12] = flag(InstFlags::READ_BARRIER);
        row[13] = flag(InstFlags::WRITE_BARRIER);
        row[14] = flag(InstFlags::NON_SPECULATIVE);
        row[15] = f32::from(u8::from(r.taken));
        if inst.flags.contains(InstFlags::COND_CTRL) {
            let outcomes = self.outcomes.entry(inst.pc).or_default();
            row[16] = entropy(outcomes);
            outcomes.push(r.taken);
            row[17] = entropy(outcomes);
        }
        row[18] = column(self.fetched.access(inst.pc >> 6));
        if inst.flags.is_mem() {
            let line = r.address >> 6;
            row[19] = 1.0;
            let load = inst.op == OpClass::MemRead;
            row[20] = column(if load {
                self.loaded.access(line)
            } else {
                self.loaded.peek(line)
            });
            row[21] = column(if load {
                self.stored.peek(line)
            } else {
                self.stored.access(line)
            });
            let last = self.accessed.insert(r.address, self.count);
            row[22] = last.map_or(1000, |t| (self.count - t).min(1000)) as f32;
        }
        self.count += 1;
        for (i, reg) in inst.sources().iter().enumerate() {
            row[23 + 2 * i] = f32::from(reg.class as u8) + 1.0;
            row[24 + 2 * i] = f32::from(reg.index) + 1.0;
        }
        for (i, reg) in inst.destinations().iter().enumerate() {
            row[39 + 2 * i] = f32::from(reg.class as u8) + 1.0;
            row[40 + 2 * i] = f32::from(reg.index) + 1.0;
        }
    }
}

fn extractor(stream: &Stream) -> PerfVec51 {
    let mut extractor = PerfVec51::new();
    for (id, inst) in (0..).zip(&stream.insts) {
        extractor.intern(id, inst);
    }
    extractor
}

fn check(stream: &Stream) {
    let (mut fast, mut lists) = (extractor(stream), Reference::<List>::default());
    let mut splays = Reference::<SplayDistance>::default();
    let mut rows = [[0f32; 51]; 3];
    for (i, r) in stream.retirements.iter().take(CHECKED).enumerate() {
        let inst = &stream.insts[r.inst as usize];
        fast.step(r, Some(&mut rows[0]));
        lists.step(inst, r, &mut rows[1]);
        splays.step(inst, r, &mut rows[2]);
        assert!(
            rows[0] == rows[1] && rows[1] == rows[2],
            "retirement {i} differs"
        );
    }
}

/// Millions per second of the best of `times` runs over `retirements`, by the time that this
/// thread had a core for: what else the machine does then matters less.
fn rate(times: usize, retirements: &[Resolved], mut run: impl FnMut(&[Resolved])) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..times {
        let start = ThreadTime::now();
        run(retirements);
        best = best.min(start.elapsed().as_secs_f64());
    }
    retirements.len() as f64 / best / 1e6
}

fn reference_rate<D: Distance>(stream: &Stream, len: usize) -> f64 {
    let retirements = &stream.retirements[..len.min(stream.retirements.len())];
    let mut row = [0f32; 51];
    rate(1, retirements, |retirements| {
        let mut reference = Reference::<D>::default();
        for r in retirements {
            reference.step(&stream.insts[r.inst as usize], r, &mut row);
            black_box(&row);
        }
    })
}

/// Rows go to a batch that is overwritten, as a session's lanes do it.
fn fast_rate(stream: &Stream, len: usize, with_rows: bool) -> f64 {
    let retirements = &stream.retirements[..len.min(stream.retirements.len())];
    let mut batch = vec![0f32; 256 * SCHEMA.len()];
    rate(5, retirements, |retirements| {
        let mut extractor = extractor(stream);
        if !with_rows {
            for r in retirements {
                extractor.step(r, None);
            }
            black_box(&extractor);
            return;
        }
        for chunk in retirements.chunks(256) {
            for (r, row) in chunk.iter().zip(batch.chunks_exact_mut(SCHEMA.len())) {
                extractor.step(r, Some(row));
            }
            black_box(&batch);
        }
    })
}

fn report(name: &str, stream: &Stream) {
    check(stream);
    let fast = fast_rate(stream, LEN, true);
    let state = fast_rate(stream, LEN, false);
    let splay = reference_rate::<SplayDistance>(stream, SPLAYED);
    let list = reference_rate::<List>(stream, CHECKED);
    let same = [SPLAYED, CHECKED].map(|len| fast_rate(stream, len, true));
    println!(
        "{name:<20}{fast:>9.1}{state:>10.1}{splay:>9.2}{:>7.1}x{list:>9.2}{:>7.1}x",
        same[0] / splay,
        same[1] / list
    );
}

fn main() {
    println!("perfvec-51, million retirements per second; ratios over the same retirements");
    println!("stream                   rows  no rows    splay   ratio    list   ratio");
    each_stream(LEN, report);
}
