//! Cost against a program's length: measured whole, and sampled to +-1% at 95%.
//!
//!     cargo bench --bench length -- [x.pvt] [--most N] [--model FILE.onnx]
//!
//! The trace (examples/lua.pvt) is replayed over and over, through a session with one worker, to
//! 10^6 retirements, 10^7 and so on up to N (10^8) sampled and to a hundredth of N whole. Memory is
//! what the process has resident at the end with the trace itself taken out. The sampled interval
//! of a length that is also measured whole must hold the whole's cycles on most of the cores.

mod arguments;

use perfvec::microarch::{Estimate, MicroarchTable};
use perfvec::model::{Backend, Model};
use perfvec::session::{Sampling, Session, SessionConfig};
use perfvec::Result;
use perfvec_test_support::sequential::Stream;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    if let Err(e) = run() {
        eprintln!("{e}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let mut most = 100_000_000;
    let (path, traces) = arguments::read(&mut [("--most", &mut most)])?;
    let trace = &traces[traces.len() - 1];
    let model = Model::load(&path, Backend::Auto)?;
    let table = MicroarchTable::load(&path.with_extension("safetensors"))?;
    let stream = Stream::read(trace, usize::MAX)?;
    let before = resident();
    println!(
        "{} of {} retirements, {} microarchitectures\n\n\
         | retirements | | seconds | million/s | measured | +-, median core | KiB |\n\
         |---|---|---|---|---|---|---|",
        trace.display(),
        stream.retirements.len(),
        table.entries().len()
    );
    let mut length = 1_000_000;
    while length <= most {
        let whole = (length <= most / 100).then(|| {
            let mode = (Sampling::Full, "whole");
            measure(&model, &table, &stream, length, mode, before)
        });
        let target = Sampling::TargetError {
            half_width: 0.01,
            targets: Arc::new(table.entries().iter().map(|e| e.vector.clone()).collect()),
        };
        let mode = (target, "sampled");
        let sampled = measure(&model, &table, &stream, length, mode, before)?;
        if let Some(whole) = whole {
            let inside = sampled
                .iter()
                .zip(whole?)
                .filter(|(s, w)| (s.cycles - w.cycles).abs() <= s.half_width * s.cycles);
            let held = inside.count();
            assert!(
                2 * held > table.entries().len(),
                "{length}: intervals of {held} cores hold the whole's cycles"
            );
        }
        length *= 10;
    }
    Ok(())
}

/// Prices `length` retirements and prints the row.
fn measure(
    model: &Arc<Model>,
    table: &MicroarchTable,
    stream: &Stream,
    length: u64,
    (sampling, name): (Sampling, &str),
    before: u64,
) -> Result<Vec<Estimate>> {
    let config = SessionConfig {
        sampling,
        threads: 1,
        ..SessionConfig::default()
    };
    let start = Instant::now();
    let mut session = Session::new(model.clone(), &config)?;
    for inst in &stream.insts {
        session.intern(inst)?;
    }
    let mut left = length;
    while left > 0 {
        let n = left.min(stream.retirements.len() as u64);
        session.retire_many(&stream.retirements[..n as usize])?;
        left -= n;
    }
    session.finish()?;
    let vector = session.program_vector()?;
    let estimates = table.estimate(&vector)?;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(vector.retired, length);
    let mut widths: Vec<f64> = estimates.iter().map(|e| e.half_width).collect();
    widths.sort_by(f64::total_cmp);
    println!(
        "| {length} | {name} | {seconds:.2} | {:.2} | {:.2}% | {:.2}% | {} |",
        length as f64 / seconds / 1e6,
        100.0 * vector.measured as f64 / length as f64,
        100.0 * widths[widths.len() / 2],
        resident().saturating_sub(before)
    );
    Ok(estimates)
}

/// Resident memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().next());
    kib.and_then(|n| n.parse().ok()).unwrap_or(0)
}
