//! `perfvec info`: what the library knows of a feature schema.

use perfvec::features::{schema, Schema};
use perfvec::{Error, ErrorKind, Result};
use serde_json::json;

/// Show a feature schema.
#[derive(clap::Args)]
pub struct Args {
    /// The schema's name.
    #[arg(long)]
    schema: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Prints it.
pub fn run(args: &Args) -> Result<()> {
    let schema = schema::by_name(&args.schema).ok_or_else(|| unknown(&args.schema))?;
    if args.json {
        println!("{}", as_json(schema));
        return Ok(());
    }
    println!(
        "{}: {} columns, hash {:016x}",
        schema.name,
        schema.len(),
        schema.hash()
    );
    for (i, f) in schema.features.iter().enumerate() {
        println!(
            "{i:4}  {:20} {:24} {:8} to {:8}  {}",
            f.name, f.unit, f.min, f.max, f.source
        );
    }
    Ok(())
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
    let known: Vec<_> = schema::ALL.iter().map(|s| s.name).collect();
    Error::new(
        ErrorKind::NotFound,
        format!(
            "no feature schema named \"{name}\"; this library has {}",
            known.join(", ")
        ),
    )
}
