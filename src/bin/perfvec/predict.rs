//! `perfvec predict`: saved program vectors on a table.

use crate::output::{is_stdout, print, print_styled, tell_styled, write_json};
use crate::report::{Report, Stream, CSV_HEADING};
use crate::source::{Format, Only, Source};
use crate::speedup;
use perfvec::microarch::stack::CORES;
use perfvec::microarch::ProgramVector;
use perfvec::region::Region;
use perfvec::{Error, Result};
use std::path::PathBuf;

/// Arguments of `perfvec predict`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    only: Only,
    /// Print how much faster the programs are on each microarchitecture than on this one: geometric
    /// mean, lowest and highest, instead of a table for each.
    #[arg(long, value_name = "NAME")]
    speedup_over: Option<String>,
    /// Output format.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table,
          conflicts_with = "speedup_over")]
    format: Format,
    /// Write the estimates as JSON, one object per vector; - for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Program vectors (.safetensors).
    #[arg(required = true)]
    vectors: Vec<PathBuf>,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    let first = ProgramVector::load(&args.vectors[0])?;
    let (table, _) = match first.model_id.starts_with(CORES) {
        true => args.source.table()?,
        // Made by a foundation model: most likely the one that came with perfvec.
        false => args.source.or_learned().table()?,
    };
    args.only.check(&table)?;
    let over = args.speedup_over.as_ref();
    let baseline = over.map(|name| speedup::baseline(&table, name));
    let baseline = baseline.transpose()?;
    let quiet = is_stdout(args.json.as_ref());
    let mut programs = Vec::new();
    let mut all = Vec::new();
    for path in &args.vectors {
        let vector = ProgramVector::load(path)?;
        let report = Report {
            program: path.display().to_string(),
            table: &table,
            only: &args.only,
            streams: vec![Stream {
                shorter: None,
                vector,
                intervals: Vec::new(),
                sampling: serde_json::Value::Null,
            }],
            region: Region::default(),
            partial: None,
            whole: None,
        };
        let here = |e: Error| e.context(path.display());
        let title = match args.vectors.len() {
            1 => String::new(),
            _ => format!("{}:\n", path.display()),
        };
        if baseline.is_some() {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            programs.push((name.into_owned(), report.estimates().map_err(here)?));
            let warning = report.warning()?.map(|text| title + &text);
            tell_styled(&warning.unwrap_or_default());
        } else {
            let text = match args.format {
                Format::Table => title + &report.text().map_err(here)?,
                // One heading and one JSON array for all.
                Format::Csv if all.is_empty() => {
                    CSV_HEADING.to_string() + &report.csv().map_err(here)?
                }
                Format::Csv => report.csv().map_err(here)?,
                Format::Json => String::new(),
            };
            print_styled(if quiet { "" } else { &text })?;
        }
        all.push(report.json()?);
    }
    if let Some(baseline) = baseline.filter(|_| !quiet) {
        print(speedup::text(&table, &args.only, baseline, &programs))?;
    }
    let all = all.into();
    if args.format == Format::Json && !quiet && baseline.is_none() {
        print(format!("{all}\n"))?;
    }
    write_json(args.json.as_ref(), &all)
}
