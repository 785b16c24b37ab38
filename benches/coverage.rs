//! How often the 95% intervals of sampling hold the value that measuring everything gives.
//!
//!     cargo bench --bench coverage -- x.pvt ... [--seeds N] [--model FILE.onnx]
//!
//! Each trace is measured whole once, and then sampled with N (10) seeds at a fixed rate and to a
//! target error; an interval of each microarchitecture of the model's table either holds the full
//! value or does not. Intervals of one run have much in common, so the cores of a run are no
//! independent trials: `runs` are. Fails where a mode covers less than 90% of all.

mod arguments;

use perfvec::microarch::{Estimate, MicroarchTable};
use perfvec::model::{Backend, Model};
use perfvec::session::{Sampling, SessionConfig};
use perfvec::Result;
use perfvec_test_support::sequential::Stream;
use std::sync::Arc;

/// Modes by name; a target error is for all cores of the table, which go in where it is run.
const MODES: [(&str, Mode); 3] = [
    ("1 in 20", Mode::Period(20 * 1024)),
    ("1 in 100", Mode::Period(100 * 1024)),
    ("to +-2%", Mode::HalfWidth(0.02)),
];

/// How to sample.
#[derive(Clone, Copy)]
enum Mode {
    Period(u64),
    HalfWidth(f64),
}

/// Where all was measured the interval has no width: int8 rounds features by their place in a
/// lane, and lanes differ from those of full mode.
const EXACT: f64 = 1e-4;

/// Of the runs of a mode.
#[derive(Default, Clone, Copy)]
struct Tally {
    runs: u32,
    intervals: u32,
    covered: u32,
    /// Intervals no wider than the mode's target.
    met: u32,
    half_width: f64,
    error: f64,
    measured: f64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.runs += other.runs;
        self.intervals += other.intervals;
        self.covered += other.covered;
        self.met += other.met;
        self.half_width += other.half_width;
        self.error += other.error;
        self.measured += other.measured;
    }

    fn coverage(&self) -> f64 {
        f64::from(self.covered) / f64::from(self.intervals)
    }

    fn print(&self, name: &str, mode: &str) {
        let n = f64::from(self.intervals);
        println!(
            "{name:<22} {mode:<9}{:>6}{:>9.1}%{:>9.2}%{:>9.2}%{:>9.1}%{:>9.1}%",
            self.runs,
            100.0 * self.coverage(),
            100.0 * self.half_width / n,
            100.0 * self.error / n,
            100.0 * f64::from(self.met) / n,
            100.0 * self.measured / f64::from(self.runs),
        );
    }
}

fn main() {
    match run() {
        Ok(true) => {}
        Ok(false) => {
            eprintln!("intervals that are called 95% hold less than 90% of the time");
            std::process::exit(1);
        }
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(1);
        }
    }
}

fn run() -> Result<bool> {
    let mut seeds = 10;
    let (path, traces) = arguments::read(&mut [("--seeds", &mut seeds)])?;
    let model = Model::load(&path, Backend::Auto)?;
    let table = MicroarchTable::load(&path.with_extension("safetensors"))?;
    println!(
        "{:<22} {:<9}{:>6}{:>10}{:>10}{:>10}{:>10}{:>10}",
        "trace", "mode", "runs", "covered", "+-95%", "error", "met", "measured"
    );
    let mut all = [Tally::default(); MODES.len()];
    for trace in &traces {
        let name = trace.file_stem().unwrap_or_default().to_string_lossy();
        let stream = Stream::read(trace, usize::MAX)?;
        let full = table.estimate(&stream.session(&model, &SessionConfig::default())?)?;
        for ((mode, sampling), all) in MODES.iter().zip(&mut all) {
            let tally = sample(&stream, &full, &model, &table, *sampling, seeds)?;
            tally.print(&name, mode);
            all.add(&tally);
        }
    }
    for ((mode, _), all) in MODES.iter().zip(&all) {
        all.print("all", mode);
    }
    Ok(all.iter().all(|a| a.coverage() >= 0.9))
}

fn sample(
    stream: &Stream,
    full: &[Estimate],
    model: &Arc<Model>,
    table: &MicroarchTable,
    mode: Mode,
    seeds: u64,
) -> Result<Tally> {
    let targets = Arc::new(table.entries().iter().map(|e| e.vector.clone()).collect());
    let (target, sampling) = match mode {
        Mode::Period(period) => (f64::INFINITY, Sampling::FixedRate { period }),
        Mode::HalfWidth(half_width) => {
            let sampling = Sampling::TargetError {
                half_width,
                targets,
            };
            (half_width, sampling)
        }
    };
    let mut tally = Tally::default();
    for seed in 0..seeds {
        let config = SessionConfig {
            sampling: sampling.clone(),
            seed,
            ..SessionConfig::default()
        };
        let v = stream.session(model, &config)?;
        tally.runs += 1;
        tally.measured += v.measured as f64 / v.retired as f64;
        for (e, full) in table.estimate(&v)?.iter().zip(full) {
            let error = (e.cycles - full.cycles).abs();
            tally.intervals += 1;
            tally.covered += u32::from(error <= e.half_width * e.cycles + EXACT * full.cycles);
            tally.met += u32::from(e.half_width <= target);
            tally.half_width += e.half_width;
            tally.error += error / full.cycles;
        }
    }
    Ok(tally)
}
