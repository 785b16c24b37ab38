//! `perfvec simpoints`: which pieces of a program stand for the whole, and the whole from pieces.

mod blocks;
mod cluster;
mod files;
mod text;
mod totals;

use crate::guest::Progress;
use crate::output::{apart, check, grouped, is_stdout, print, print_styled, write_json};
use crate::page;
use crate::replay::tell_next;
use crate::source::{Format, Loaded, Only, Source};
use blocks::{BlockVector, Collector};
use cluster::{Point, Settings};
use perfvec::microarch::ProgramVector;
use perfvec::session::{Interval, Session, SessionConfig};
use perfvec::trace::{self, Block};
use perfvec::{Error, ErrorKind, Result};
use serde_json::Value;
use std::ffi::OsString;
use std::io::IsTerminal;
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
    /// Output format; csv has a line for each point.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write points and totals as JSON; - for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page (HTML) with tables and charts of points and totals; it needs no network.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Show no progress (it is shown only where standard error is a terminal).
    #[arg(long)]
    no_progress: bool,
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

/// What was found.
struct Found<'a> {
    loaded: &'a Loaded,
    interval: u64,
    pass: Pass,
    /// The one that was asked for, then others beside it.
    choices: Vec<Choice>,
    /// What detailed simulation of the first choice's points says: the core, the CPI of each
    /// point, and the whole from them.
    whole: Option<(usize, Vec<f64>, Whole)>,
}

/// Points, and by what they were chosen.
struct Choice {
    by: &'static str,
    points: Vec<Point>,
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
    check_outputs(args, &loaded)?;
    let mut pass = read(args, &loaded)?;
    if let Some(path) = &args.bb {
        pass.blocks = blocks::read(path)?;
        check_blocks(path, &pass.blocks, &pass.series, args.interval)?;
    }
    let choices = match &args.points {
        Some(prefix) => vec![Choice {
            by: "points",
            points: given(prefix, &pass)?,
        }],
        None => choose(args, &pass),
    };
    let points = &choices[0].points;
    let whole = match (&args.cycles, core) {
        (Some(path), Some(k)) => {
            let measured = totals::read_cycles(path, points, &pass.series.retirements)?;
            let whole = totals::whole(&pass.series, points, &measured, k);
            Some((k, measured, whole))
        }
        _ => None,
    };
    deliver(
        args,
        &Found {
            loaded: &loaded,
            interval: args.interval,
            pass,
            choices,
            whole,
        },
    )
}

/// An error for files that could not be written, or that would replace another.
fn check_outputs(args: &Args, loaded: &Loaded) -> Result<()> {
    let json = args.json.as_deref().filter(|p| p.as_os_str() != "-");
    let written: Vec<PathBuf> = args
        .output
        .iter()
        .flat_map(|prefix| ["simpts", "weights", "bb.gz", "json"].map(|end| beside(prefix, end)))
        .collect();
    let outputs: Vec<(&str, Option<&Path>)> = written
        .iter()
        .map(|path| ("-o", Some(path.as_path())))
        .chain([("--json", json), ("--report", args.report.as_deref())])
        .collect();
    let inputs = [
        ("the input", Some(args.trace.as_path())),
        ("--bb", args.bb.as_deref()),
        ("--cycles", args.cycles.as_deref()),
        ("the model", Some(loaded.model_path.as_path())),
        ("the table", Some(loaded.table_path.as_path())),
    ];
    apart(&outputs, &inputs)?;
    let paths = outputs.iter().filter_map(|(_, path)| *path);
    paths.into_iter().try_for_each(check)
}

/// The choice that --by asks for; beside a clustering the others, to compare it with. Many
/// intervals take long to cluster, which equal distances have no use for.
fn choose(args: &Args, pass: &Pass) -> Vec<Choice> {
    let sizes = &pass.series.retirements;
    let systematic = |count: usize| Choice {
        by: "systematic",
        points: cluster::systematic(sizes, count, args.seed),
    };
    let settings = Settings {
        max: args.max,
        threshold: 0.9,
        seed: args.seed,
    };
    let clustered = |by: &'static str, vectors: Vec<Vec<f64>>| Choice {
        by,
        points: cluster::choose(&vectors, sizes, &settings),
    };
    let vectors = || clustered("vectors", by_vectors(&pass.series, args.seed));
    let blocks = || clustered("blocks", blocks::project(&pass.blocks, args.seed));
    let mut all = match args.by {
        By::Vectors => vec![vectors(), blocks()],
        By::Blocks => vec![blocks(), vectors()],
        By::Systematic => return vec![systematic(args.max)],
    };
    all.push(systematic(all[0].points.len()));
    all
}

/// Prints and writes what was asked for.
fn deliver(args: &Args, found: &Found<'_>) -> Result<()> {
    let value = text::value(found);
    if !is_stdout(args.json.as_ref()) {
        match args.format {
            Format::Table => print_styled(&text::table(found, &args.only))?,
            Format::Csv => print(text::csv(found))?,
            Format::Json => print(format!("{value}\n"))?,
        }
        let next = match (&found.whole, &args.output) {
            (Some(_), _) => None,
            (None, Some(_)) => {
                Some("simulate the points, then --points PREFIX --cycles FILE --on CORE")
            }
            (None, None) => Some("-o PREFIX writes them for SimPoint's users (gem5, Spike)"),
        };
        let seen = std::io::stdout().is_terminal() && args.format == Format::Table;
        next.into_iter().for_each(|text| tell_next(seen, text));
    }
    write_json(args.json.as_ref(), &value)?;
    if let Some(prefix) = &args.output {
        files::write(
            &found.choices[0].points,
            &beside(prefix, "simpts"),
            &beside(prefix, "weights"),
        )?;
        blocks::write(&found.pass.blocks, &beside(prefix, "bb.gz"))?;
        write_json(Some(&beside(prefix, "json")), &value)?;
    }
    match &args.report {
        Some(path) => {
            let entries = found.loaded.table.entries().iter();
            let shown = entries.map(|e| e.name.as_str());
            let shown: Vec<&str> = shown.filter(|name| args.only.wants(name)).collect();
            page::write_simpoints(path, value, &shown)
        }
        None => Ok(()),
    }
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
    loaded.check_isa(&reader.header().isa, &args.trace)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let config = SessionConfig {
        threads,
        interval: args.interval,
        image_end: reader.header().image_end(),
        ..SessionConfig::default()
    };
    let mut session = Session::new(loaded.model.clone(), &config)?;
    let mut collector = Collector::new(args.interval);
    let first = loaded.table.entries().first();
    let mut progress = Progress::new(!args.no_progress, first.map_or("", |m| &m.name));
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
        if progress.is_due() {
            let cpi = series.cpi.last().and_then(|all| all.first());
            progress.show(reader.summary().retirements, cpi.copied().unwrap_or(0.0));
        }
    }
    progress.end();
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
