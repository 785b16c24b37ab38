//! `perfvec info`: what a file holds, or what a feature schema is.

use crate::info_files as files;
use crate::output::print;
use crate::source::Only;
use crate::trace_info;
use perfvec::features::{self, Schema};
use perfvec::file_kind::{FileKind, HEAD};
use perfvec::trace::import::format_of;
use perfvec::{file, Error, ErrorKind, Result};
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Arguments of `perfvec info`.
#[derive(clap::Args)]
pub struct Args {
    /// A trace (.pvt, or another tool's), a model (.onnx), a microarch table or a program vector (.safetensors).
    #[arg(required_unless_present = "schema")]
    file: Option<PathBuf>,
    /// Show the feature schema of this name instead.
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    schema: Option<String>,
    /// Read the whole trace and check it; without this only its header and footer are read.
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    only: Only,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    if let Some(name) = &args.schema {
        let schema = features::schema(name).ok_or_else(|| unknown(name))?;
        return show_schema(schema, args.json);
    }
    // clap asks for one of the two.
    let path = args.file.as_deref().unwrap_or(Path::new(""));
    let found = match kind(path)? {
        FileKind::Onnx => files::model(path)?,
        FileKind::Safetensors => files::safetensors(path, &args.only)?,
        FileKind::Trace => trace_info::describe(path, args.verify)?,
        _ if format_of(path)?.is_some() => trace_info::describe(path, args.verify)?,
        other => {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                "{}: neither a trace nor a model, microarch table or program vector, but {other}",
                path.display()
            ),
            ))
        }
    };
    if args.json {
        print(format!("{:#}\n", found.json))
    } else {
        print(found.text())
    }
}

/// What a file's first bytes say it is; its name does not matter.
fn kind(path: &Path) -> Result<FileKind> {
    let mut head = Vec::new();
    file::check_regular(path).map_err(|e| e.context(path.display()))?;
    file::open(path)
        .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
        .map_err(|e| Error::io(path, &e))?;
    Ok(FileKind::of(&head))
}

fn show_schema(schema: &Schema, as_object: bool) -> Result<()> {
    if as_object {
        return print(format!("{:#}\n", as_json(schema)));
    }
    let mut text = format!(
        "{}: {} columns, hash {:016x}\n",
        schema.name,
        schema.len(),
        schema.hash()
    );
    for (i, f) in schema.features.iter().enumerate() {
        text.push_str(&format!(
            "{i:4}  {:20} {:24} {:8} to {:8}  {}\n",
            f.name, f.unit, f.min, f.max, f.source
        ));
    }
    print(text)
}

fn as_json(schema: &Schema) -> serde_json::Value {
    let columns: Vec<_> = schema
        .features
        .iter()
        .map(|f| {
            json!({"name": f.name, "unit": f.unit, "min": f.min, "max": f.max, "source": f.source})
        })
        .collect();
    json!({
        "name": schema.name, "hash": format!("{:016x}", schema.hash()), "columns": columns,
    })
}

fn unknown(name: &str) -> Error {
    let known: Vec<_> = features::SCHEMAS.iter().map(|s| s.name).collect();
    Error::new(
        ErrorKind::NotFound,
        format!(
            "no feature schema named \"{name}\"; this library has {}",
            known.join(", ")
        ),
    )
}
