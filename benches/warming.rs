//! What bounded warming gains and what it costs: `SessionConfig::warming` against warming by every
//! retirement, at the same sampling units.
//!
//!     cargo bench --bench warming -- x.pvt ... [--seeds N] [--model FILE.onnx]
//!
//! Each trace is read once, into one session without threads per rate of sampling, warming and seed
//! (N of them, 1 unless given); rates of which it has not two periods are left out. The error of a
//! warming is that of the cycles over all units of all seeds, on each microarchitecture of the
//! model's table, against what all warming gives for the same units: signed (bias), absolute, and
//! the worst. The rate is retirements per second of processor time inside the sessions' calls.
//! Checks first that a bound longer than the stream changes no bit. `benches/warming.sh` makes
//! traces and runs it on them.

mod arguments;

use cpu_time::ThreadTime;
use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::model::{Backend, Model};
use perfvec::session::{Sampling, Session, SessionConfig, WARMING_ALL};
use perfvec::trace::{Block, Reader};
use perfvec::Result;
use perfvec_test_support::sequential::Stream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Retirements per unit.
const UNIT: u64 = 1024;
/// One unit in so many, ascending.
const RATES: [u64; 3] = [100, 1000, 10_000];
/// The first one is what the others are compared with.
const WARMINGS: [u64; 6] = [WARMING_ALL, 1_000_000, 100_000, 10_000, 1000, 0];

fn config(rate: u64, warming: u64, seed: u64) -> SessionConfig {
    SessionConfig {
        threads: 0,
        // There are many sessions; results do not depend on it.
        lanes: 16,
        sampling: Sampling::FixedRate {
            period: rate * UNIT,
        },
        unit: UNIT as usize,
        warming,
        seed,
        ..SessionConfig::default()
    }
}

/// One rate and warming over one stream, or over many.
#[derive(Default, Clone)]
struct Part {
    retired: u64,
    units: u64,
    time: Duration,
    /// Sums over cores of errors, signed and not.
    signed: f64,
    absolute: f64,
    pairs: u32,
    worst: (f64, String),
}

impl Part {
    fn add(&mut self, other: &Part) {
        self.retired += other.retired;
        self.units += other.units;
        self.time += other.time;
        self.signed += other.signed;
        self.absolute += other.absolute;
        self.pairs += other.pairs;
        if other.worst.0 > self.worst.0 {
            self.worst = other.worst.clone();
        }
    }

    fn print(&self, name: &str, rate: u64, warming: u64) {
        let n = f64::from(self.pairs);
        let warming = match warming {
            WARMING_ALL => "all".into(),
            n => n.to_string(),
        };
        println!(
            "{name:<22} 1 in {rate:<5}{warming:>8}{:>7}{:>9.1}{:>+9.2}%{:>8.2}%{:>8.2}%  {}",
            self.units,
            self.retired as f64 / self.time.as_secs_f64() / 1e6,
            100.0 * self.signed / n,
            100.0 * self.absolute / n,
            100.0 * self.worst.0,
            self.worst.1,
        );
    }
}

fn main() {
    if let Err(e) = run() {
        eprintln!("{e}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let mut seeds = 1;
    let (path, traces) = arguments::read(&mut [("--seeds", &mut seeds)])?;
    let model = Model::load(&path, Backend::Auto)?;
    let table = MicroarchTable::load(&path.with_extension("safetensors"))?;
    check(&traces[0], &model)?;
    println!(
        "{:<22} {:<10}{:>8}{:>7}{:>9}{:>10}{:>9}{:>9}",
        "trace", "units", "warming", "units", "M/s", "bias", "error", "worst"
    );
    let mut all = vec![Part::default(); RATES.len() * WARMINGS.len()];
    for trace in &traces {
        let name = trace.file_stem().unwrap_or_default().to_string_lossy();
        let parts = measure(trace, &model, &table, seeds, &name)?;
        for ((all, part), (rate, warming)) in all.iter_mut().zip(&parts).zip(modes(u64::MAX)) {
            part.print(&name, rate, warming);
            all.add(part);
        }
    }
    for (all, (rate, warming)) in all.iter().zip(modes(u64::MAX)) {
        if all.units > 0 {
            all.print("all", rate, warming);
        }
    }
    Ok(())
}

/// Rates and warmings for a stream of so many retirements; those of a shorter one come first.
fn modes(retirements: u64) -> impl Iterator<Item = (u64, u64)> {
    let rates = RATES.into_iter();
    rates
        .filter(move |rate| 2 * rate * UNIT <= retirements)
        .flat_map(|rate| WARMINGS.into_iter().map(move |warming| (rate, warming)))
}

/// A bound that no stream reaches changes nothing, to the bit.
fn check(trace: &Path, model: &Arc<Model>) -> Result<()> {
    let stream = Stream::read(trace, 3_000_000)?;
    let default = SessionConfig {
        sampling: Sampling::FixedRate { period: 20 * 1024 },
        ..SessionConfig::default()
    };
    let bounded = SessionConfig {
        warming: stream.retirements.len() as u64,
        ..default.clone()
    };
    let (exact, bounded) = (
        stream.session(model, &default)?,
        stream.session(model, &bounded)?,
    );
    assert!(exact.units > 0, "the first trace is too short");
    assert_eq!(exact, bounded, "a bound longer than the stream");
    Ok(())
}

fn measure(
    trace: &Path,
    model: &Arc<Model>,
    table: &MicroarchTable,
    seeds: u64,
    name: &str,
) -> Result<Vec<Part>> {
    let retirements = Reader::summary_of(trace)?.retirements;
    let mut sessions = Vec::new();
    for (rate, warming) in modes(retirements) {
        for seed in 0..seeds {
            let session = Session::new(model.clone(), &config(rate, warming, seed))?;
            sessions.push((session, Duration::ZERO));
        }
    }
    let mut reader = Reader::open(trace)?;
    let mut block = Block::default();
    while reader.next_block(&mut block)? {
        for (session, time) in &mut sessions {
            for inst in &block.statics {
                session.intern(inst)?;
            }
            let start = ThreadTime::now();
            session.retire_many(&block.retirements)?;
            *time += start.elapsed();
        }
    }
    let mut parts = Vec::new();
    let mut exact = ProgramVector::default();
    for (mode, sessions) in modes(retirements).zip(sessions.chunks_mut(seeds as usize)) {
        let mut part = Part::default();
        let mut sum = ProgramVector::default();
        for (session, time) in sessions {
            let start = ThreadTime::now();
            session.finish()?;
            part.time += *time + start.elapsed();
            let v = session.program_vector()?;
            part.retired += v.retired;
            part.units += v.units;
            sum.model_id = v.model_id;
            sum.retired += v.measured;
            sum.measured += v.measured;
            sum.sum.resize(v.sum.len(), 0.0);
            sum.sum.iter_mut().zip(&v.sum).for_each(|(s, x)| *s += x);
        }
        if mode.1 == WARMING_ALL {
            exact = sum.clone();
        }
        assert_eq!(sum.measured, exact.measured, "the same units");
        compare(&mut part, table, &sum, &exact, name)?;
        parts.push(part);
    }
    Ok(parts)
}

fn compare(
    part: &mut Part,
    table: &MicroarchTable,
    got: &ProgramVector,
    exact: &ProgramVector,
    name: &str,
) -> Result<()> {
    let (got, exact) = (table.estimate(got)?, table.estimate(exact)?);
    for ((g, e), core) in got.iter().zip(&exact).zip(table.entries()) {
        let error = g.cycles / e.cycles - 1.0;
        part.signed += error;
        part.absolute += error.abs();
        part.pairs += 1;
        if error.abs() > part.worst.0 {
            part.worst = (error.abs(), format!("{name} on {}", core.name));
        }
    }
    Ok(())
}
