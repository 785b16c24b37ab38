//! `perfvec predict`: saved program vectors on a table.

use crate::output::{print, write_file};
use crate::report::{Report, Stream};
use crate::source::Source;
use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::Result;
use std::path::PathBuf;

/// Arguments of `perfvec predict`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Print only microarchitectures whose name contains TEXT; may be repeated. Files get all.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Write the estimates as JSON, one object per vector.
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
        if args.vectors.len() > 1 {
            print(&format!("{}:\n", path.display()))?;
        }
        let text = report.text().map_err(|e| e.context(path.display()))?;
        print(&text)?;
        all.push(report.json()?);
    }
    if let Some(path) = &args.json {
        let mut text = serde_json::Value::from(all).to_string();
        text.push('\n');
        write_file(path, text.as_bytes())?;
    }
    Ok(())
}
