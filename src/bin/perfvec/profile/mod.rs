//! `perfvec profile`: where the cycles of recorded streams go.

mod export;
mod image;
mod live;
mod modules;
mod names;
mod resolved;
mod symbols;
mod table;
mod tree;

pub use export::Format;
pub use live::{Live, Part};
pub use modules::Modules;
pub use symbols::Symbols;

use crate::guest::Progress;
use crate::output::{apart, check, grouped, is_stdout, print, print_styled, tell, write_json};
use crate::source::{self, Loaded, Source};
use names::Names;
use perfvec::inst::StaticInst;
use perfvec::microarch::{Microarch, PARTS};
use perfvec::session::{Costs, Profile};
use perfvec::trace::{self, Block, Header};
use perfvec::{Error, ErrorKind, Result};
use resolved::Resolved;
use serde_json::{json, Value};
use std::io::Read;
use std::path::{Path, PathBuf};
use table::By;

/// Arguments of `perfvec profile`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The microarchitecture to price it on; may be repeated; the table shows the first.
    #[arg(long, value_name = "NAME", required = true)]
    on: Vec<String>,
    /// Split the cycles by cause, too, in the table and in every file.
    #[arg(long)]
    causes: bool,
    /// What the rows of the table are.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = By::Function)]
    by: By,
    /// Rows to print as a table.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Write the profile for another tool, by the file's extension: .speedscope.json, .pb.gz
    /// (pprof), .callgrind or .folded; may be repeated.
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Output format; csv has all rows.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = source::Format::Table)]
    format: source::Format,
    /// Write the functions as JSON; - for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Show no progress (it is shown only where standard error is a terminal).
    #[arg(long)]
    no_progress: bool,
    /// Measure one sampling unit of 1024 retirements in every N instead of all of them. All
    /// instructions are counted.
    #[arg(long, value_name = "N")]
    sample: Option<u64>,
    /// The trace (.pvt, or another tool's), or those of all threads; also the program with its
    /// symbols, if a trace has no T.pvt.modules beside it or the program was stripped.
    #[arg(value_name = "TRACE|PROGRAM", required = true)]
    files: Vec<PathBuf>,
}

/// The cores called `names`, then the causes of each if they are wanted.
pub fn cores(loaded: &Loaded, names: &[String], causes: bool) -> Result<Vec<Microarch>> {
    let find = |name: &String| {
        loaded.table.get(name).cloned().ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!(
                    "--on {name}: not in {}; `perfvec info` of it lists the names",
                    loaded.table_path.display()
                ),
            )
        })
    };
    let cores: Vec<Microarch> = names.iter().map(find).collect::<Result<_>>()?;
    match causes {
        true => with_causes(loaded, cores),
        false => Ok(cores),
    }
}

/// `cores`, and after them each as if only one of its causes took time.
fn with_causes(loaded: &Loaded, cores: Vec<Microarch>) -> Result<Vec<Microarch>> {
    if !loaded.table.has_parts() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "--causes: {} does not tell causes apart; price a core by its own parameters with --core",
                loaded.model_path.display()
            ),
        ));
    }
    let of = |core: &Microarch| {
        let core = core.clone();
        PARTS.iter().enumerate().map(move |(n, part)| {
            let mut only = core.clone();
            only.name = table::cause(&core.name, part);
            let elements = only.vector.iter_mut().enumerate();
            elements
                .filter(|(e, _)| e % PARTS.len() != n)
                .for_each(|(_, x)| *x = 0.0);
            only
        })
    };
    let causes: Vec<Microarch> = cores.iter().flat_map(of).collect();
    Ok(cores.into_iter().chain(causes).collect())
}

/// Whether `path` is an ELF file.
fn is_elf(path: &Path) -> Result<bool> {
    perfvec::file::check_regular(path).map_err(|e| e.context(path.display()))?;
    let file = perfvec::file::open(path).map_err(|e| Error::io(path, &e))?;
    let mut head = Vec::new();
    file.take(4)
        .read_to_end(&mut head)
        .map_err(|e| Error::io(path, &e))?;
    Ok(head == b"\x7fELF")
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    let loaded = args.source.load()?;
    let cores = cores(&loaded, &args.on, args.causes)?;
    let cores: Vec<&Microarch> = cores.iter().collect();
    let to_stdout = is_stdout(args.json.as_ref());
    let json = args.json.as_ref().filter(|_| !to_stdout);
    args.output
        .iter()
        .try_for_each(|path| Format::of(path).map(drop))?;
    check_outputs(args, json)?;
    let (mut traces, mut program) = (Vec::new(), None);
    for path in &args.files {
        if !is_elf(path)? {
            traces.push(path);
        } else if let Some(other) = program.replace(path.as_path()) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{} and {}: name one program",
                    other.display(),
                    path.display()
                ),
            ));
        }
    }
    let Some(first) = traces.first() else {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "no trace is named; `perfvec record` makes one, and `perfvec run --profile` needs none",
        ));
    };
    let header = trace::open(first)?.header().clone();
    let mut profile = Resolved::new(title(&header), loaded.model.info().id.clone());
    // Threads of one process share their names, and with them their places.
    let mut processes: Vec<(Option<Modules>, Names)> = Vec::new();
    let mut progress = Progress::new(!args.no_progress, &cores[0].name);
    for trace in &traces {
        let modules = Modules::load(trace)?;
        let known = processes.iter().position(|(m, _)| *m == modules);
        let n = match known {
            Some(n) => n,
            None => {
                let mut names = names(trace, modules.clone(), program)?;
                names.join(&mut profile.modules, &mut profile.notes);
                processes.push((modules, names));
                processes.len() - 1
            }
        };
        let (header, costs, insts) = stream(trace, &loaded, &cores, args.sample, &mut progress)?;
        profile.add(
            thread(&header, traces.len()),
            costs,
            &insts,
            &mut processes[n].1,
        );
    }
    progress.end();
    if let Some(path) = program.filter(|_| !processes.iter().any(|(_, names)| names.found())) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{}: no instruction of the trace lies in its functions; name the program that was recorded",
                path.display()
            ),
        ));
    }
    let found = functions(&profile);
    if !to_stdout {
        match args.format {
            source::Format::Table => print_styled(&text(&profile, args))?,
            source::Format::Csv => {
                print(table::csv(&profile, &table::rows(&profile, args.by)))?;
            }
            source::Format::Json => print(format!("{found}\n"))?,
        }
    }
    write_json(args.json.as_ref(), &found)?;
    for path in &args.output {
        write(&profile, path)?;
    }
    Ok(())
}

/// An error for files that could not be written, or that would replace another.
fn check_outputs(args: &Args, json: Option<&PathBuf>) -> Result<()> {
    let paths = || json.into_iter().chain(&args.output);
    let outputs: Vec<(&str, Option<&Path>)> = json
        .map(|path| ("--json", Some(path.as_path())))
        .into_iter()
        .chain(args.output.iter().map(|path| ("-o", Some(path.as_path()))))
        .collect();
    let inputs: Vec<(&str, Option<&Path>)> = args
        .files
        .iter()
        .map(|path| ("the input", Some(path.as_path())))
        .collect();
    apart(&outputs, &inputs)?;
    paths().try_for_each(|path| check(path))
}

fn names(trace: &Path, modules: Option<Modules>, program: Option<&Path>) -> Result<Names> {
    match (modules, program) {
        (Some(modules), program) => Names::of_modules(modules, program),
        (None, Some(program)) => Names::of_program(program),
        (None, None) => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{}: no {} is beside it; name the recorded program as well",
                trace.display(),
                Modules::path_of(trace).display()
            ),
        )),
    }
}

fn title(header: &Header) -> String {
    let words = std::iter::once(&header.program).chain(&header.args);
    words.cloned().collect::<Vec<_>>().join(" ")
}

/// What to call the thread of a trace, one of `all`.
fn thread(header: &Header, all: usize) -> String {
    match header.metadata.get("vcpu") {
        Some(n) if all > 1 => format!("{} thread {n}", header.program),
        _ => header.program.clone(),
    }
}

/// Prices one trace.
fn stream(
    trace: &Path,
    loaded: &Loaded,
    cores: &[&Microarch],
    period: Option<u64>,
    progress: &mut Progress,
) -> Result<(Header, Costs, Vec<StaticInst>)> {
    let mut reader = trace::open(trace)?;
    loaded.check_isa(&reader.header().isa, trace)?;
    let mut profile = Profile::new(&loaded.model, cores, period, reader.header().image_end())?;
    let mut block = Block::default();
    while reader.next_block(&mut block)? {
        block.statics.iter().for_each(|inst| profile.intern(inst));
        profile.retire(&block.retirements)?;
        if progress.is_due() {
            progress.show(reader.summary().retirements, 0.0);
        }
    }
    let (costs, insts) = profile.finish()?;
    if costs.measured == 0 && costs.retired > 0 {
        return Err(Error::new(
            ErrorKind::State,
            format!(
                "{}: no segment lies in its {} instructions; sample more often, or measure all of it",
                trace.display(),
                grouped(costs.retired)
            ),
        ));
    }
    Ok((reader.header().clone(), costs, insts))
}

fn text(profile: &Resolved, args: &Args) -> String {
    let rows = table::rows(profile, args.by);
    let mut out = table::text(profile, &rows, args.top);
    out.push_str(&table::causes(profile, &rows, args.top));
    out.push_str(&summary(profile));
    out
}

/// What stands below a table.
fn summary(profile: &Resolved) -> String {
    let sums = profile.total();
    let mut out = format!("{} instructions", grouped(profile.retired));
    if profile.measured < profile.retired {
        out.push_str(&format!(", {} measured", grouped(profile.measured)));
    }
    out.push('\n');
    for (value, sum) in profile.values.iter().zip(sums).skip(1) {
        out.push_str(&format!(
            "{} {}\n",
            grouped(sum.max(0.0) as u64),
            value.name
        ));
    }
    for note in &profile.notes {
        out.push_str(&format!("note: {note}\n"));
    }
    let cut: u64 = profile.threads.iter().map(|t| t.cut).sum();
    if cut > 0 {
        out.push_str(&format!(
            "note: too many different call stacks; the cost of {} calls is attributed to their callers\n",
            grouped(cut)
        ));
    }
    out
}

/// Writes `profile` for another tool, and says which.
fn write(profile: &Resolved, path: &Path) -> Result<()> {
    let format = export::write(profile, path)?;
    let name = path.display().to_string();
    let hint = format.hint().replace("FILE", &name);
    tell(&format!("perfvec: {name}: {hint}\n"));
    Ok(())
}

/// The functions, and the call tree as far as a page shows it.
fn page(profile: &Resolved) -> Value {
    let mut out = functions(profile);
    out["notes"] = json!(profile.notes);
    out["tree"] = tree::page(profile);
    out
}

fn functions(profile: &Resolved) -> Value {
    let rows = table::rows(profile, By::Function);
    let functions: Vec<Value> = rows
        .iter()
        .map(|row| json!({"name": row.name, "file": row.file, "self": row.own, "total": row.total}))
        .collect();
    let values: Vec<Value> = profile
        .values
        .iter()
        .map(|v| json!({"name": v.name, "unit": v.unit}))
        .collect();
    json!({
        "format": "perfvec-profile-2", "program": profile.program, "model": profile.model,
        "retired": profile.retired, "measured": profile.measured,
        "values": values, "functions": functions,
    })
}
