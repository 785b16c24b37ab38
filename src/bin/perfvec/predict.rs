//! `perfvec predict`: saved program vectors on a table.

use crate::output::{is_stdout, print, write_json};
use crate::report::{Report, Stream};
use crate::source::{Only, Source};
use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::Result;
use std::path::PathBuf;

/// Arguments of `perfvec predict`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    only: Only,
    /// Write the estimates as JSON, one object per vector; - for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Program vectors (.safetensors).
    #[arg(required = true)]
    vectors: Vec<PathBuf>,
}

/// Runs it.
pub fn run(args: &Args) -> Result<()> {
    let table_path = match &args.source.microarchs {
        Some(path) => path.clone(),
        None => args.source.model_path()?.with_extension("safetensors"),
    };
    let table = MicroarchTable::load(&table_path)?;
    args.only.check(&table)?;
    let mut all = Vec::new();
    for path in &args.vectors {
        let vector = ProgramVector::load(path)?;
        let report = Report {
            program: path.display().to_string(),
            table: &table,
            only: &args.only,
            streams: vec![Stream {
                vector,
                intervals: Vec::new(),
                sampling: serde_json::Value::Null,
            }],
            partial: None,
        };
        let text = report.text().map_err(|e| e.context(path.display()))?;
        if !is_stdout(args.json.as_ref()) {
            let title = format!("{}:\n", path.display());
            print(if args.vectors.len() > 1 {
                title + &text
            } else {
                text
            })?;
        }
        all.push(report.json()?);
    }
    write_json(args.json.as_ref(), &all.into())
}
