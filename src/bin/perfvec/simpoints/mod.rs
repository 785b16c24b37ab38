//! `perfvec simpoints`: which pieces of a program stand for the whole, and the whole from pieces.

mod blocks;
mod cluster;
mod files;
mod totals;

use crate::output::{check, is_stdout, print, write_json};
use crate::replay::check_isa;
use crate::report::grouped;
use crate::source::{Loaded, Only, Source};
use blocks::{BlockVector, Collector};
use cluster::{Point, Settings};
use perfvec::microarch::ProgramVector;
use perfvec::session::{Interval, Session, SessionConfig};
use perfvec::trace::{self, Block};
use perfvec::{Error, ErrorKind, Result};
use serde_json::{json, Value};
use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use totals::{Series, Whole};

/// Arguments of `perfvec simpoints`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Retirements per interval.
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// How to choose: what makes two intervals alike, of which one is taken, or not at all.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = By::Vectors)]
    by: By,
    /// Points at most.
    #[arg(long, value_name = "N", default_value_t = 30)]
    max: usize,
    /// Random starts of the clustering for each number of points.
    #[arg(long, value_name = "N", default_value_t = 5)]
    starts: u64,
    /// Seed of projection and clustering.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write PREFIX.simpts, PREFIX.weights and PREFIX.bb.gz, as SimPoint has them, and PREFIX.json.
    #[arg(short, long, value_name = "PREFIX")]
    output: Option<PathBuf>,
    /// Take the points of PREFIX.simpts and PREFIX.weights, of this command or of SimPoint.
    #[arg(long, value_name = "PREFIX", conflicts_with_all = ["output", "bb"])]
    points: Option<PathBuf>,
    /// Take the basic-block vectors of a file (.bb or .bb.gz) that another tool wrote.
    #[arg(long, value_name = "FILE")]
    bb: Option<PathBuf>,
    /// What a detailed simulator measured of the points, on --on: lines
    /// "interval,cycles,retirements".
    #[arg(long, value_name = "FILE", requires = "on")]
    cycles: Option<PathBuf>,
    /// The microarchitecture of --cycles.
    #[arg(long, value_name = "NAME")]
    on: Option<String>,
    #[command(flatten)]
    only: Only,
    /// Write points and totals as JSON; - for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The trace (.pvt, or another tool's).
    trace: PathBuf,
}

/// How to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// Their program vectors: about equal times on every core of the table.
    Vectors,
    /// Their basic-block vectors: about the same code, as SimPoint does.
    Blocks,
    /// None: --max of them at equal distances, the first at random. The interval of the whole
    /// program's cycles holds for these.
    Systematic,
}

/// What one pass over the trace gives.
struct Pass {
    program: String,
    stream_hash: u64,
    blocks: Vec<BlockVector>,
    series: Series,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    let loaded = args.source.load()?;
    args.only.check(&loaded.table)?;
    let core = args
        .on
        .as_ref()
        .map(|name| core(&loaded, name))
        .transpose()?;
    let to_stdout = is_stdout(args.json.as_ref());
    let json = args.json.as_ref().filter(|_| !to_stdout);
    let written = args
        .output
        .iter()
        .flat_map(|prefix| ["simpts", "weights", "bb.gz", "json"].map(|end| beside(prefix, end)));
    json.into_iter()
        .cloned()
        .chain(written)
        .try_for_each(|path| check(&path))?;
    let mut pass = read(args, &loaded)?;
    if let Some(path) = &args.bb {
        pass.blocks = blocks::read(path)?;
        check_blocks(path, &pass.blocks, &pass.series, args.interval)?;
    }
    let settings = Settings {
        max: args.max,
        starts: args.starts,
        threshold: 0.9,
        seed: args.seed,
    };
    let sizes = &pass.series.retirements;
    let choices: Vec<(&str, Vec<Point>)> = match &args.points {
        Some(prefix) => vec![("points", given(prefix, &pass)?)],
        None => {
            let vectors = by_vectors(&pass.series, args.seed);
            let vectors = cluster::choose(&vectors, sizes, &settings);
            let blocks = blocks::project(&pass.blocks, args.seed);
            let blocks = cluster::choose(&blocks, sizes, &settings);
            let like = match args.by {
                By::Vectors => vectors.len(),
                By::Blocks => blocks.len(),
                By::Systematic => args.max,
            };
            let systematic = cluster::systematic(sizes, like, args.seed);
            let mut all = vec![
                ("vectors", vectors),
                ("blocks", blocks),
                ("systematic", systematic),
            ];
            all[..=args.by as usize].rotate_right(1);
            all
        }
    };
    let points = &choices[0].1;
    let whole = match (&args.cycles, core) {
        (Some(path), Some(k)) => {
            let measured = totals::read_cycles(path, points, &pass.series.retirements)?;
            Some((k, totals::whole(&pass.series, points, &measured, k)))
        }
        _ => None,
    };
    if !to_stdout {
        print(text(args, &loaded, &pass, &choices, whole))?;
    }
    let value = value(args, &loaded, &pass, &choices, whole);
    write_json(args.json.as_ref(), &value)?;
    if let Some(prefix) = &args.output {
        files::write(
            points,
            &beside(prefix, "simpts"),
            &beside(prefix, "weights"),
        )?;
        blocks::write(&pass.blocks, &beside(prefix, "bb.gz"))?;
        write_json(Some(&beside(prefix, "json")), &value)?;
    }
    Ok(())
}

/// "prefix.end".
fn beside(prefix: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(prefix.as_os_str());
    name.push(".");
    name.push(end);
    name.into()
}

fn core(loaded: &Loaded, name: &str) -> Result<usize> {
    let entries = loaded.table.entries();
    entries.iter().position(|e| e.name == name).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!(
                "--on {name}: not in {}; `perfvec info` of it lists the names",
                loaded.table_path.display()
            ),
        )
    })
}

/// One pass over the trace: estimates and basic-block vectors of every interval.
fn read(args: &Args, loaded: &Loaded) -> Result<Pass> {
    let mut reader = trace::open(&args.trace)?;
    check_isa(loaded, &reader.header().isa, &args.trace)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let config = SessionConfig {
        threads,
        interval: args.interval,
        image_end: reader.header().image_end(),
        ..SessionConfig::default()
    };
    let mut session = Session::new(loaded.model.clone(), &config)?;
    let mut collector = Collector::new(args.interval);
    let (mut block, mut insts, mut series) = (Block::default(), Vec::new(), Series::default());
    while reader.next_block(&mut block)? {
        for inst in &block.statics {
            session.intern(inst)?;
        }
        insts.extend_from_slice(&block.statics);
        for r in &block.retirements {
            collector.step(&insts, r.inst);
        }
        session.retire_many(&block.retirements)?;
        add(&mut series, loaded, session.take_intervals())?;
    }
    add(&mut series, loaded, session.finish()?)?;
    if series.retirements.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{}: nothing retired in this trace", args.trace.display()),
        ));
    }
    let header = reader.header();
    let words = std::iter::once(&header.program).chain(&header.args);
    Ok(Pass {
        program: words.cloned().collect::<Vec<_>>().join(" "),
        stream_hash: reader.summary().stream_hash,
        blocks: collector.finish(),
        series,
    })
}

fn add(series: &mut Series, loaded: &Loaded, intervals: Vec<Interval>) -> Result<()> {
    for i in intervals {
        let vector = ProgramVector {
            model_id: loaded.model.info().id.clone(),
            retired: i.retirements,
            measured: i.measured,
            sum: i.vector,
            ..ProgramVector::default()
        };
        let estimates = loaded.table.estimate(&vector)?;
        series.retirements.push(i.retirements);
        series.cpi.push(estimates.iter().map(|e| e.cpi).collect());
    }
    Ok(())
}

/// Intervals as points: how much longer or shorter than the mean each takes on every core, in
/// random projection.
fn by_vectors(series: &Series, seed: u64) -> Vec<Vec<f64>> {
    let cores = series.cpi.first().map_or(0, Vec::len);
    let mean: Vec<f64> = (0..cores)
        .map(|k| series.cycles(k) / series.total() as f64)
        .collect();
    let project = |cpi: &Vec<f64>| {
        let mut point = vec![0.0; blocks::DIMENSIONS];
        for (k, (x, m)) in cpi.iter().zip(&mean).enumerate() {
            for (d, p) in point.iter_mut().enumerate() {
                *p += (x / m - 1.0) * blocks::direction(seed, k as u64, d);
            }
        }
        point
    };
    series.cpi.iter().map(project).collect()
}

/// An error where a file's intervals are not those of the trace.
fn check_blocks(path: &Path, blocks: &[BlockVector], series: &Series, interval: u64) -> Result<()> {
    let of = |v: &BlockVector| v.iter().map(|(_, n)| n).sum::<u64>();
    let bad = |what: String| {
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{}: {what}; the file is of another program, or of another --interval",
                path.display()
            ),
        ))
    };
    // Other tools end an interval with a block, and may leave the short last one out.
    let (have, want) = (blocks.len(), series.retirements.len());
    let mut seen = 0;
    for (n, vector) in blocks.iter().take(want.saturating_sub(1)).enumerate() {
        seen += of(vector);
        let exact = interval * (n as u64 + 1);
        if seen.abs_diff(exact) > interval / 10 {
            return bad(format!(
                "interval {n} ends after {} instructions, not after {}",
                grouped(seen),
                grouped(exact)
            ));
        }
    }
    if have != want {
        return bad(format!(
            "{have} intervals, but the trace has {want} of {} retirements",
            grouped(interval)
        ));
    }
    Ok(())
}

/// The points of files; they must be of this trace where PREFIX.json says of which they are.
fn given(prefix: &Path, pass: &Pass) -> Result<Vec<Point>> {
    let about = beside(prefix, "json");
    if let Ok(text) = std::fs::read(&about) {
        let value: Value = serde_json::from_slice(&text).unwrap_or_default();
        let hash = format!("{:016x}", pass.stream_hash);
        if let Some(other) = value["stream_hash"].as_str().filter(|h| *h != hash) {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "{}: points of another program: {} with stream hash {other}, the trace's is {hash}; choose points from this trace",
                    about.display(),
                    value["program"]
                ),
            ));
        }
    }
    let (simpts, weights) = (beside(prefix, "simpts"), beside(prefix, "weights"));
    files::read(&simpts, &weights, pass.series.retirements.len())
}

/// Errors of the weighted totals over all cores: mean and worst, absolute.
fn errors(series: &Series, points: &[Point]) -> (f64, f64) {
    let cores = series.cpi.first().map_or(0, Vec::len);
    let all: Vec<f64> = (0..cores)
        .map(|k| (series.weighted(points, k) / series.cycles(k) - 1.0).abs())
        .collect();
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    (mean, all.iter().copied().fold(0.0, f64::max))
}

fn text(
    args: &Args,
    loaded: &Loaded,
    pass: &Pass,
    choices: &[(&str, Vec<Point>)],
    whole: Option<(usize, Whole)>,
) -> String {
    let series = &pass.series;
    let mut out = String::from("interval   weight  first instruction\n");
    for p in &choices[0].1 {
        let first = p.interval as u64 * args.interval;
        let _ = writeln!(
            out,
            "{:8} {:7.2}%  {:>17}",
            p.interval,
            100.0 * p.weight,
            grouped(first)
        );
    }
    let _ = writeln!(
        out,
        "\n{:28} {:>16} {:>16} {:>8}",
        "microarch", "cycles, all", "from points", "differs"
    );
    let entries = loaded.table.entries();
    for (k, entry) in entries.iter().enumerate() {
        if args.only.wants(&entry.name) {
            let (all, some) = (series.cycles(k), series.weighted(&choices[0].1, k));
            let _ = writeln!(
                out,
                "{:28} {all:>16.0} {some:>16.0} {:>+7.2}%",
                entry.name,
                100.0 * (some / all - 1.0)
            );
        }
    }
    let _ = writeln!(
        out,
        "\n{} intervals of {} instructions",
        series.retirements.len(),
        grouped(args.interval)
    );
    for (by, points) in choices {
        let (mean, worst) = errors(series, points);
        let n: u64 = points.iter().map(|p| series.retirements[p.interval]).sum();
        let _ = writeln!(
            out,
            "by {by}: {} points, {:.2}% of the instructions, off by {:.2}% (worst {:.2}%)",
            points.len(),
            100.0 * n as f64 / series.total() as f64,
            100.0 * mean,
            100.0 * worst
        );
    }
    match whole {
        Some((k, whole)) => {
            let width = 100.0 * whole.half_width / whole.corrected;
            let _ = writeln!(
                out,
                "on {}: {:.0} cycles by the weights of the simulated points\n  {:.0} cycles +- {width:.2}% with every interval's estimate corrected by it",
                entries[k].name, whole.plain, whole.corrected
            );
        }
        None if args.output.is_some() => out
            .push_str("next: simulate the points, then --points PREFIX --cycles FILE --on CORE\n"),
        None => out.push_str("next: -o PREFIX writes them for SimPoint's users (gem5, Spike)\n"),
    }
    out
}

fn value(
    args: &Args,
    loaded: &Loaded,
    pass: &Pass,
    choices: &[(&str, Vec<Point>)],
    whole: Option<(usize, Whole)>,
) -> Value {
    let series = &pass.series;
    let entries = loaded.table.entries();
    let choice = |(by, points): &(&str, Vec<Point>)| {
        let (mean, worst) = errors(series, points);
        let points: Vec<Value> = points
            .iter()
            .map(|p| json!({"interval": p.interval, "weight": p.weight}))
            .collect();
        json!({"by": by, "points": points, "mean_error": mean, "worst_error": worst})
    };
    let cores: Vec<Value> = entries
        .iter()
        .enumerate()
        .map(|(k, e)| {
            json!({
                "name": e.name, "cycles": series.cycles(k),
                "weighted_cycles": series.weighted(&choices[0].1, k),
            })
        })
        .collect();
    let whole = whole.map(|(k, w)| {
        json!({
            "microarch": entries[k].name, "plain_cycles": w.plain, "cycles": w.corrected,
            // JSON has no infinity.
            "half_width": Some(w.half_width / w.corrected).filter(|x| x.is_finite()),
        })
    });
    json!({
        "format": "perfvec-simpoints-1", "program": pass.program,
        "stream_hash": format!("{:016x}", pass.stream_hash), "model": loaded.model.info().id,
        "interval": args.interval, "retirements": series.retirements, "cpi": series.cpi,
        "choices": choices.iter().map(choice).collect::<Vec<_>>(),
        "microarchs": cores, "whole": whole,
    })
}
