//! `perfvec calibrate`: a microarchitecture vector from traces of a timing CPU.

use crate::output::{check, print};
use crate::source::{Loaded, Source};
use perfvec::microarch::calibrate::Calibrator;
use perfvec::microarch::PARTS;
use perfvec::session::{Interval, Session, SessionConfig};
use perfvec::trace::{self, Block};
use perfvec::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Arguments of `perfvec calibrate`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Name of the new microarchitecture.
    #[arg(long)]
    name: String,
    /// Its clock; else the one that the traces were timed with.
    #[arg(long, value_name = "GHZ", value_parser = clock)]
    clock: Option<f64>,
    /// Retirements per observation.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// Worker threads (0: none); default: one per core.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// The table to write: the given one and the new microarchitecture.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Traces with cycles, all of one core: .pvt, or the logs of RTL cores.
    #[arg(required = true)]
    traces: Vec<PathBuf>,
}

/// A clock in GHz, such as 2.4.
fn clock(text: &str) -> std::result::Result<f64, String> {
    let ghz = text.parse::<f64>().ok();
    ghz.filter(|ghz| (1e-3..=1e3).contains(ghz))
        .ok_or_else(|| "expected GHz, 0.001 to 1000, such as 2.4".into())
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    let mut loaded = args.source.or_learned().load()?;
    // Told before the traces are read.
    check(&args.output)?;
    if let Some(core) = loaded.table.get(&args.name) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "the table already has a \"{}\"; give another --name",
                core.name
            ),
        ));
    }
    let given = loaded.table.entries().len();
    if loaded.table.has_parts() && given != 1 {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{given} cores; give --core once, for the core that the traces were timed on"),
        ));
    }
    let info = loaded.model.info();
    let mut calibrator = Calibrator::new(&info.id, info.representation, Some(&loaded.table))?;
    let mut period = None;
    for path in &args.traces {
        let traced = observe(args, &loaded, path, &mut calibrator)?;
        if period.is_some_and(|p| p != traced) {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "{}: timed with another clock than {}; pass traces of one core",
                    path.display(),
                    args.traces[0].display()
                ),
            ));
        }
        period = Some(traced);
    }
    if calibrator.intervals() == 0 {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "the traces have no {} timed retirements in a row; record them from a timing CPU (perfvec_recorder_retire_timed), give a core's log that holds cycles, or give a smaller --interval",
                args.interval
            ),
        ));
    }
    let clock_hz = match (args.clock, period.flatten()) {
        (Some(ghz), _) => ghz * 1e9,
        (None, Some(ps)) => 1e12 / ps as f64,
        (None, None) => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the traces do not state a clock; give it with --clock",
            ))
        }
    };
    let (core, fit) = calibrator.solve(&args.name, clock_hz)?;
    let moved = loaded.table.has_parts().then(|| moved(&core.vector));
    loaded.table.add(core)?;
    loaded.table.save(&args.output)?;
    print(format!(
        "{}: {:.2} GHz, from {} intervals ({} retirements)\nerror of an interval's cycles: {:.2}% fitted, {:.2}% held out\n",
        args.name,
        clock_hz / 1e9,
        fit.intervals,
        fit.retirements,
        fit.fit_error * 100.0,
        fit.held_out_error * 100.0
    ) + &moved.unwrap_or_default())
}

/// What the cycles of each cause are multiplied with, where before it was 1 in all.
fn moved(vector: &[f32]) -> String {
    let mut text = String::from("times what the core's own parameters give:");
    for (part, x) in PARTS.iter().zip(vector) {
        text.push_str(&format!(" {part} {x:.2}"));
    }
    text.push('\n');
    text
}

/// Puts the timed windows of a trace through the model; the clock period of the trace.
fn observe(
    args: &Args,
    loaded: &Loaded,
    path: &Path,
    calibrator: &mut Calibrator,
) -> Result<Option<u64>> {
    let mut reader = trace::open(path)?;
    let header = reader.header().clone();
    loaded.check_isa(&header.isa, path)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let config = SessionConfig {
        threads: args.threads.unwrap_or(cores),
        interval: args.interval,
        // What is not timed need only warm the features.
        start_outside_region: true,
        image_end: reader.header().image_end(),
        ..SessionConfig::default()
    };
    let mut session = Session::new(loaded.model.clone(), &config)?;
    let mut block = Block::default();
    let mut in_window = false;
    while reader.next_block(&mut block)? {
        for inst in &block.statics {
            session.intern(inst)?;
        }
        feed(&mut session, &block, &mut in_window)?;
        add_whole(calibrator, session.take_intervals())?;
    }
    add_whole(calibrator, session.finish()?)?;
    Ok(header.clock_period_ps)
}

/// Hands a block on. A window that goes on in the next block stays open.
fn feed(session: &mut Session, block: &Block, in_window: &mut bool) -> Result<()> {
    let mut at = 0;
    for window in &block.timed {
        if *in_window && window.start > at {
            session.region_end()?;
            *in_window = false;
        }
        session.retire_many(&block.retirements[at..window.start])?;
        if !*in_window {
            session.region_begin()?;
            *in_window = true;
        }
        at = window.start + window.cycles.len();
        for (r, cycles) in block.retirements[window.start..at]
            .iter()
            .zip(&window.cycles)
        {
            session.retire_timed(r, *cycles)?;
        }
    }
    if *in_window && at < block.retirements.len() {
        session.region_end()?;
        *in_window = false;
    }
    session.retire_many(&block.retirements[at..])
}

fn add_whole(calibrator: &mut Calibrator, intervals: Vec<Interval>) -> Result<()> {
    for i in intervals {
        if i.timed == i.retirements && i.measured == i.retirements && i.retirements > 0 {
            calibrator.add(&i.vector, i.retirements, i.cycles)?;
        }
    }
    Ok(())
}
