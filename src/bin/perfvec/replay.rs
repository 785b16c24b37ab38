//! `perfvec replay`: a recorded stream through the model.

use crate::report::Report;
use crate::source::{write_file, Loaded, Run, Source};
use perfvec::session::Session;
use perfvec::trace::{Block, Reader};
use perfvec::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Arguments of `perfvec replay`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    run: Run,
    /// The trace (.pvt).
    trace: PathBuf,
}

/// Runs it.
pub fn run(args: &Args) -> Result<()> {
    let loaded = args.source.load()?;
    let mut reader = Reader::open(&args.trace)?;
    let header = reader.header().clone();
    check_isa(&loaded, &header.isa, &args.trace)?;
    let mut session = Session::new(loaded.model.clone(), &args.run.config()?)?;
    let mut block = Block::default();
    let mut intervals = Vec::new();
    while reader.next_block(&mut block)? {
        for inst in &block.statics {
            session.intern(inst)?;
        }
        session.retire_many(&block.retirements)?;
        intervals.extend(session.take_intervals());
    }
    intervals.extend(session.finish()?);
    let report = Report {
        program: std::iter::once(&header.program)
            .chain(&header.args)
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
        table: &loaded.table,
        vector: session.program_vector()?,
        counts: session.counts(),
        intervals,
    };
    deliver(&report, &args.run)
}

/// Prints the table and writes what was asked for.
pub fn deliver(report: &Report<'_>, run: &Run) -> Result<()> {
    print!("{}", report.text()?);
    if let Some(path) = &run.json {
        let mut text = report.json()?.to_string();
        text.push('\n');
        write_file(path, text.as_bytes())?;
    }
    if let Some(path) = &run.vector {
        report.vector.save(path)?;
    }
    Ok(())
}

fn check_isa(loaded: &Loaded, isa: &str, trace: &Path) -> Result<()> {
    let wants = &loaded.model.info().isa;
    if wants != isa {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{}: a trace of {isa}, but model {} is for {wants}; choose another with --model",
                trace.display(),
                loaded.model_path.display()
            ),
        ));
    }
    Ok(())
}
