//! `perfvec explore`: a space of designs, priced on programs, and what follows from it.

mod expression;
mod lock;
mod price;
mod report;
mod results;
mod shapley;
mod space;
mod standing;

use crate::output::{apart, check, print, print_styled, tell};
use crate::page;
use crate::region::RegionArgs;
use crate::source::{rules, Format};
use expression::Expression;
use perfvec::session::{Sampling, SessionConfig, WARMING_ALL};
use perfvec::trace;
use perfvec::twin::parameters::{CoreKind, CoreParameters};
use perfvec::twin::rules::Rules;
use perfvec::{Error, ErrorKind, Result};
use price::{Measure, Program, Wanted, Work};
use report::{Explained, Exploration};
use results::{Results, Standing, Standings};
use space::{plain, Design, Space};
use standing::Speedups;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Arguments of `perfvec explore`.
#[derive(clap::Args)]
pub struct Args {
    /// The design space (TOML): like = "CORE", a table [axes] of parameters and their values, and
    /// constraints.
    #[arg(value_name = "SPACE.toml")]
    space: PathBuf,
    /// Traces of the programs.
    #[arg(long, value_name = "T.pvt", num_args = 1.., required_unless_present = "program")]
    programs: Vec<PathBuf>,
    /// File for the results, a row for each design and program; results that it already holds are
    /// reused.
    #[arg(short, long, value_name = "FILE.csv")]
    output: Option<PathBuf>,
    /// Price N designs, drawn at random, instead of all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    sample_designs: Option<u32>,
    /// Price the designs in this table, which has a column for each axis, instead of all; rows that
    /// are not designs of the space are skipped.
    #[arg(long, value_name = "FILE.csv", conflicts_with = "sample_designs")]
    designs: Option<PathBuf>,
    /// Seed of the random numbers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Weights of the programs in the geometric mean, in their order; default: all the same.
    #[arg(long, value_name = "W,W...", value_delimiter = ',')]
    weights: Vec<f64>,
    /// Rank by the geometric mean of the programs' speedups, or by the worst program's.
    #[arg(long, value_name = "OBJECTIVE", value_enum, default_value_t = Objective::Mean)]
    objective: Objective,
    /// Cost of a design, an expression over its parameters; default: the storage of the core, with
    /// its ports.
    #[arg(long, value_name = "EXPRESSION")]
    cost: Option<String>,
    /// Attribute the difference between two designs to parameters; each is like, best, or a hash
    /// from the column core.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    explain: Vec<String>,
    /// Measure one unit in every N retirements instead of all of them.
    #[arg(long, value_name = "N")]
    sample: Option<u64>,
    /// Retirements per sampling unit.
    #[arg(long, value_name = "N", default_value_t = 1024)]
    unit: usize,
    /// Bound functional warming: only N retirements before each sampling unit update caches and
    /// predictors.
    #[arg(long, value_name = "N")]
    warming: Option<u64>,
    #[command(flatten)]
    region: RegionArgs,
    /// Write a page with the front, the designs side by side and the effect of each axis.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Timing rules of the cores: gem5, gem5-stock or textbook.
    #[arg(long, default_value = "gem5", value_parser = rules)]
    rules: Rules,
    /// Worker threads (0: none); default: one per core.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Output format.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Show no progress (it is shown only where standard error is a terminal).
    #[arg(long)]
    no_progress: bool,
    /// A RISC-V 64 Linux program and its arguments; it is recorded first, beside FILE.csv.
    #[arg(last = true, requires = "output", conflicts_with = "programs")]
    program: Vec<OsString>,
}

/// How designs are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Objective {
    /// Geometric mean of the programs' speedups.
    Mean,
    /// The speedup of the program that gains least.
    Worst,
}

impl Objective {
    fn of(self, standing: &Standing) -> f64 {
        match self {
            Objective::Mean => standing.speedup,
            Objective::Worst => standing.worst,
        }
    }
}

/// The storage of a core in KiB of memory with one port: caches as they are, and the structures of
/// the pipeline with the area of a cell growing with the square of its ports (Rixner et al., HPCA
/// 2000: a port adds a word line and a bit line). 80 bits for an entry of the reorder buffer or the
/// issue queue, 112 for one of the load and store queues.
const O3_COST: &str = "l1i_kib + l1d_kib + l2_kib + l3_kib \
    + (int_regs + fp_regs) * 64 / 8192 * ((2 * issue_width + writeback_width + 2) / 3)^2 \
    + rob * 80 / 8192 * ((rename_width + commit_width + 2) / 3)^2 \
    + iq * 80 / 8192 * ((rename_width + issue_width + 2) / 3)^2 \
    + (lq + sq) * 112 / 8192 * ((load_ports + store_ports + 2) / 3)^2";
const MINOR_COST: &str = "l1i_kib + l1d_kib + l2_kib + l3_kib \
    + 0.5 * ((3 * issue_width + 2) / 3)^2 + store_buffer * 112 / 8192";

fn bad(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    let space = Space::read(&args.space)?;
    let base = &space.base.parameters;
    let cost_text = match (&args.cost, base.kind) {
        (Some(text), _) => text,
        (None, CoreKind::OutOfOrder) => O3_COST,
        (None, CoreKind::InOrder) => MINOR_COST,
    };
    let cost = Expression::new(cost_text, base).map_err(|e| e.context("--cost"))?;
    check_paths(args)?;
    let (designs, left_out) = designs(args, &space)?;
    let costs: Vec<f64> = designs
        .iter()
        .map(|d| cost.number(&d.parameters))
        .collect::<Result<_>>()
        .map_err(|e| e.context("--cost"))?;
    let measure = Measure {
        rules: args.rules,
        config: config(args)?,
    };
    // An unknown name is rejected before the work.
    for name in &args.explain {
        find(name, &designs, base, &designs[0])?;
    }
    let mut results = Results::open(args.output.as_deref(), &space.axes)?;
    let programs = programs(args)?;
    for program in &programs {
        results.check_program(&program.name, program.hash)?;
    }

    let wanted = |parameters: &CoreParameters| {
        let map = parameters.to_map();
        let values = space.axes.iter().map(|a| plain(&map[&a.name]));
        Wanted {
            parameters: parameters.clone(),
            values: values.collect(),
        }
    };
    let work = Work {
        programs: &programs,
        measure: &measure,
        progress: !args.no_progress,
    };
    let settings: BTreeSet<String> = programs.iter().map(|p| work.settings(p)).collect();
    if let Some(other) = results.of_other_builds(&settings) {
        tell(&format!("perfvec: {other}\n"));
    }
    let all = std::iter::once(base).chain(designs.iter().map(|d| &d.parameters));
    let all: Vec<Wanted> = all.map(wanted).collect();
    let new = work.run(&all, &mut results)?;

    let mut standing: Vec<Standing> = Vec::new();
    for (design, cost) in designs.iter().zip(costs) {
        let speedups = speedups(&work, &results, base, &design.parameters)?;
        standing.push(Standing {
            cost,
            speedup: speedups.mean(),
            worst: speedups.worst(),
            front: false,
        });
    }
    standing::mark_front(&mut standing, |s| args.objective.of(s));
    let values: Vec<f64> = standing.iter().map(|s| args.objective.of(s)).collect();
    let sensitivities = standing::sensitivities(&space.axes, &designs, &values);

    let explained = match &args.explain[..] {
        [from, to] => {
            let best = best(&values);
            let find = |name: &str| find(name, &designs, base, &designs[best]);
            let (from, to) = (find(from)?, find(to)?);
            Some(explain(
                args,
                &work,
                &mut results,
                &wanted,
                base,
                &from,
                &to,
            )?)
        }
        _ => None,
    };

    let mut standings = Standings::new();
    for (design, standing) in designs.iter().zip(&standing) {
        let core = price::hash(&design.parameters);
        standings.extend(settings.iter().map(|s| ((core, s.clone()), *standing)));
    }
    results.save(&standings)?;
    let cores: BTreeSet<u64> = all.iter().map(|w| price::hash(&w.parameters)).collect();
    let exploration = Exploration {
        space: &space,
        programs: &programs,
        work: &work,
        results: &results,
        designs: &designs,
        standing: &standing,
        values: &values,
        sensitivities: &sensitivities,
        explained: explained.as_ref(),
        new,
        left_out,
        estimates: cores.len() * programs.len(),
    };
    if let Some(path) = &args.report {
        page::write_exploration(path, exploration.page(cost_text, args.objective)?)?;
    }
    match args.format {
        Format::Table => print_styled(&exploration.text()?),
        Format::Csv => print(results.csv(&standings)?),
        Format::Json => print(format!("{}\n", exploration.json()?)),
    }
}

/// What is written replaces nothing that is read, and can be written.
fn check_paths(args: &Args) -> Result<()> {
    let outputs = [
        ("--output", args.output.as_deref()),
        ("--report", args.report.as_deref()),
    ];
    for input in args.programs.iter().chain([&args.space]) {
        apart(&outputs, &[("the input", Some(input))])?;
    }
    // The results may themselves be what lists the designs.
    apart(&outputs[1..], &[("--designs", args.designs.as_deref())])?;
    args.report.as_deref().map_or(Ok(()), check)
}

/// The designs to price, and how many a list has that are none of `space`.
fn designs(args: &Args, space: &Space) -> Result<(Vec<Design>, usize)> {
    if let Some(path) = &args.designs {
        return space.listed(path).map_err(|e| e.context(path.display()));
    }
    let draw = args.sample_designs.map(|n| n as usize);
    let designs = space.designs(draw, args.seed);
    Ok((designs.map_err(|e| e.context(args.space.display()))?, 0))
}

fn config(args: &Args) -> Result<SessionConfig> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if let Some(period) = args.sample.filter(|n| *n < args.unit as u64) {
        return Err(bad(format!(
            "--sample {period}: the sampling period is shorter than a unit of {} retirements; give a longer one, or a smaller --unit",
            args.unit
        )));
    }
    let config = SessionConfig {
        threads: args.threads.unwrap_or(cores),
        sampling: match args.sample {
            Some(period) => Sampling::FixedRate { period },
            None => Sampling::Full,
        },
        unit: args.unit,
        warming: args.warming.unwrap_or(WARMING_ALL),
        ..SessionConfig::default()
    };
    config.validate()?;
    Ok(config)
}

/// The programs: those of the traces, or the one that is run.
fn programs(args: &Args) -> Result<Vec<Program>> {
    let mut paths = args.programs.clone();
    if let (false, Some(output)) = (args.program.is_empty(), &args.output) {
        paths.push(record(&args.program, output)?);
    }
    let mut programs: Vec<Program> = Vec::new();
    for path in &paths {
        let program = Program::open(path, &args.region)?;
        if let Some(other) = programs.iter().find(|p| p.hash == program.hash) {
            return Err(bad(format!(
                "{} and {} are the same trace; name each program once",
                other.name, program.name
            )));
        }
        programs.push(program);
    }
    if args.weights.is_empty() {
        return Ok(programs);
    }
    if args.weights.len() != programs.len() {
        return Err(bad(format!(
            "--weights: {} weights for {} programs; give one for each",
            args.weights.len(),
            programs.len()
        )));
    }
    for (program, weight) in programs.iter_mut().zip(&args.weights) {
        if !weight.is_finite() || *weight <= 0.0 {
            return Err(bad(format!("--weights: {weight}; give numbers over 0")));
        }
        program.weight = *weight;
    }
    Ok(programs)
}

/// The trace of `program`: kept beside the results, so that a run that goes on prices the same.
fn record(program: &[OsString], output: &Path) -> Result<PathBuf> {
    let path = output.with_extension("pvt");
    if path == output {
        return Err(bad(format!(
            "{}: the program's trace would have this name; name the results otherwise, such as results.csv",
            path.display()
        )));
    }
    let words = program.iter().map(|w| w.to_string_lossy());
    let title = words.collect::<Vec<_>>().join(" ");
    if path.exists() {
        let header = trace::open(&path)?.header().clone();
        if header.program == title {
            // The program or what it reads may have changed since.
            tell(&format!(
                "perfvec: {}: exists and is used; remove it to record {title} again\n",
                path.display()
            ));
            return Ok(path);
        }
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{}: this is a trace of \"{}\"; give another -o for \"{title}\"",
                path.display(),
                header.program
            ),
        ));
    }
    let exe = std::env::current_exe().map_err(|e| Error::io("this program", &e))?;
    let status = std::process::Command::new(exe)
        .args(["record", "--output"])
        .arg(&path)
        .arg("--")
        .args(program)
        .status()
        .map_err(|e| Error::io("perfvec record", &e))?;
    let several = crate::report::numbered(&path, 1);
    if several.exists() {
        return Err(bad(format!(
            "{title}: it has several threads or processes, of which {} is another; pass the traces to price with --programs",
            several.display()
        )));
    }
    if !path.exists() {
        return Err(Error::new(
            ErrorKind::State,
            format!("{title}: no trace was recorded ({status})"),
        ));
    }
    if !status.success() {
        tell(&format!(
            "perfvec: {title}: recorded until it ended ({status})\n"
        ));
    }
    Ok(path)
}

/// How much faster than `base` each program is on `core`.
fn speedups(
    work: &Work<'_>,
    results: &Results,
    base: &CoreParameters,
    core: &CoreParameters,
) -> Result<Speedups> {
    let seconds = |program: &Program, core: &CoreParameters| {
        let row = results.get(&work.key(program, core));
        row.map(|r| r.seconds).filter(|s| *s > 0.0).ok_or_else(|| {
            Error::new(
                ErrorKind::State,
                format!("{}: nothing retired", program.name),
            )
        })
    };
    let of = |program| Ok(seconds(program, base)? / seconds(program, core)?);
    Ok(Speedups {
        values: work.programs.iter().map(of).collect::<Result<_>>()?,
        weights: work.programs.iter().map(|p| p.weight).collect(),
    })
}

/// The index of the greatest; of equal ones the first.
fn best(values: &[f64]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}

/// The design called `name`.
fn find(
    name: &str,
    designs: &[Design],
    base: &CoreParameters,
    best: &Design,
) -> Result<CoreParameters> {
    match name {
        "like" => return Ok(base.clone()),
        "best" => return Ok(best.parameters.clone()),
        _ => (),
    }
    let hashes = designs
        .iter()
        .map(|d| format!("{:016x}", price::hash(&d.parameters)));
    let named: Vec<&Design> = designs
        .iter()
        .zip(hashes)
        .filter(|(_, hash)| !name.is_empty() && hash.starts_with(name))
        .map(|(design, _)| design)
        .collect();
    match named[..] {
        [design] => Ok(design.parameters.clone()),
        [] => Err(Error::new(
            ErrorKind::NotFound,
            format!("--explain {name}: not a design; give like, best, or the start of a hash in the column core"),
        )),
        _ => Err(bad(format!(
            "--explain {name}: the hashes of {} designs start with it; give more digits",
            named.len()
        ))),
    }
}

/// Whose merit the difference between two cores is.
fn explain(
    args: &Args,
    work: &Work<'_>,
    results: &mut Results,
    wanted: &dyn Fn(&CoreParameters) -> Wanted,
    base: &CoreParameters,
    from: &CoreParameters,
    to: &CoreParameters,
) -> Result<Explained> {
    let changes = shapley::changes(from, to);
    if changes.is_empty() || changes.len() > 100 {
        return Err(bad(format!(
            "--explain {}: the designs differ in {} parameters; name two that differ in 1 to 100",
            args.explain.join(" "),
            changes.len()
        )));
    }
    let plan = shapley::Plan::new(changes.len(), args.seed);
    let mut cores = BTreeMap::new();
    for set in plan.combinations() {
        cores.insert(set, shapley::changed(from, &changes, set)?);
    }
    let all: Vec<Wanted> = cores.values().map(wanted).collect();
    work.run(&all, results)?;
    let mut worths = BTreeMap::new();
    for (set, core) in &cores {
        worths.insert(*set, speedups(work, results, base, core)?.mean().ln());
    }
    let values = plan.values(|set| worths[&set]);
    let name = |core: &CoreParameters| match core == base {
        true => "like".to_string(),
        false => format!("{:016x}", price::hash(core)),
    };
    let (before, after) = (from.to_map(), to.to_map());
    let text =
        |name: &String| format!("{name} {} to {}", plain(&before[name]), plain(&after[name]));
    let shares = changes.iter().zip(values).map(|(change, value)| {
        let texts: BTreeSet<String> = change.names.iter().map(text).collect();
        (texts.into_iter().collect::<Vec<_>>().join(", "), value)
    });
    Ok(Explained {
        from: name(from),
        to: name(to),
        priced: cores.len(),
        orders: plan.drawn(),
        shares: shares.collect(),
    })
}
