//! `perfvec replay`: a recorded stream through the model.

use crate::bounded::Bounded;
use crate::guest::Progress;
use crate::output::{is_stdout, print_styled, tell, write_json};
use crate::page;
use crate::region::RecordedRegionArgs;
use crate::report::Report;
use crate::source::{Format, Run, Source};
use perfvec::trace::{self, Block};
use perfvec::{Error, ErrorKind, Result};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Made by examples/record.sh.
const BUNDLED: &str = "lua.pvt";

/// Arguments of `perfvec replay`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    run: Run,
    #[command(flatten)]
    region: RecordedRegionArgs,
    /// Show no progress (it is shown only where standard error is a terminal).
    #[arg(long)]
    no_progress: bool,
    /// The trace (.pvt, or another tool's); default: a short one that comes with perfvec.
    trace: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    let loaded = args.source.load()?;
    let path = match &args.trace {
        Some(path) => path.clone(),
        None => bundled()?,
    };
    args.run.check(&loaded, &path)?;
    let region = args.region.region(&path)?;
    let mut reader = trace::open(&path)?;
    let header = reader.header().clone();
    loaded.check_isa(&header.isa, &path)?;
    let mut config = args.run.config(&loaded.table)?;
    config.image_end = header.image_end();
    let mut bounded = Bounded::new(&loaded.model, &config, region)?;
    let first = loaded.table.entries().first();
    let mut progress = Progress::new(!args.no_progress, first.map_or("", |m| &m.name));
    let mut block = Block::default();
    let mut intervals = Vec::new();
    // Nothing after the region matters, so it is not read.
    while !bounded.session.is_over() && reader.next_block(&mut block)? {
        for inst in &block.statics {
            bounded.intern(inst)?;
        }
        bounded.retire_many(&block.retirements)?;
        intervals.extend(bounded.session.take_intervals());
        if progress.is_due() {
            let vector = bounded.session.program_vector()?;
            let cpi = loaded.table.estimate_one(&vector, 0).map_or(0.0, |e| e.cpi);
            progress.show(reader.summary().retirements, cpi);
        }
    }
    let stream = bounded.finish(intervals)?;
    progress.end();
    let report = Report {
        program: std::iter::once(&header.program)
            .chain(&header.args)
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
        table: &loaded.table,
        only: &args.run.only,
        streams: vec![stream],
        region,
        partial: None,
        whole: None,
    };
    deliver(&report, &args.run)
}

/// The trace that came with perfvec: beside an installed program, or in the source tree.
fn bundled() -> Result<PathBuf> {
    let exe = std::env::current_exe().map_err(|e| Error::io("this program", &e))?;
    let dir = exe.parent().unwrap_or(Path::new("."));
    let places = ["../share/perfvec", "../../examples"].map(|d| dir.join(d).join(BUNDLED));
    match places.iter().find(|p| p.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(Error::new(
            ErrorKind::NotFound,
            format!("{}: no bundled trace; name a trace", places[0].display()),
        )),
    }
}

/// Prints the table and writes what was asked for.
pub fn deliver(report: &Report<'_>, run: &Run) -> Result<()> {
    let text = report.print(run.format)?;
    report.tell_missed(run.format)?;
    if !is_stdout(run.json.as_ref()) {
        print_styled(&text)?;
        tell_next(
            std::io::stdout().is_terminal() && run.format == Format::Table,
            "`perfvec profile` shows where the cycles go, --interval N how they change",
        );
    }
    let json = report.json()?;
    write_json(run.json.as_ref(), &json)?;
    if let Some(path) = &run.report {
        page::write_estimates(path, json, &report.shown(), None)?;
    }
    if let Some(path) = &run.vector {
        report.streams[0].vector.save(path)?;
    }
    Ok(())
}

/// Suggests the next command on standard error, if that is a terminal.
pub fn tell_next(seen: bool, text: &str) {
    if seen && std::io::stderr().is_terminal() {
        tell(&format!("next: {text}\n"));
    }
}
