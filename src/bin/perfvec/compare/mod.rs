//! `perfvec compare`: where two results differ.

mod estimates;
mod profiles;
mod text;

use crate::output::{apart, check, is_stdout, print, print_styled, write_json};
use crate::page;
use crate::source::Format;
use perfvec::{file, Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Arguments of `perfvec compare`.
#[derive(clap::Args)]
pub struct Args {
    /// The core whose causes and phases are compared; or A=CORE,B=CORE, a core of each result;
    /// default: the first that both have.
    #[arg(long, value_name = "CORE", value_parser = on)]
    on: Option<On>,
    /// Output format.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Number of functions to print, those that differ most; csv and json list all.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Write the comparison as JSON; - for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page (HTML) with tables and charts of the comparison; it needs no network.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The first result: a file that --json of run, replay or profile wrote.
    a: PathBuf,
    /// The second: a result of another program, of another version of it, or of other cores.
    b: PathBuf,
}

/// The cores that are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct On {
    /// Of the first result.
    pub a: String,
    /// Of the second.
    pub b: String,
}

fn on(text: &str) -> std::result::Result<On, String> {
    let (a, b) = match text.strip_prefix("A=") {
        None => (text, text),
        Some(rest) => rest
            .split_once(",B=")
            .ok_or("expected CORE, or A=CORE,B=CORE")?,
    };
    if a.is_empty() || b.is_empty() {
        return Err("expected CORE, or A=CORE,B=CORE".into());
    }
    Ok(On {
        a: a.into(),
        b: b.into(),
    })
}

/// Longest result that is read.
const MAX_JSON: u64 = 1 << 30;

/// What wrote a result, by the format that it names.
const ESTIMATES: &str = "perfvec-estimates-1";
const PROFILE: &str = "perfvec-profile-2";

/// Reads a result, and what kind it is of.
fn load(path: &Path) -> Result<(&'static str, Value)> {
    let here = |e: Error| e.context(path.display());
    let bad = |what: String| here(Error::new(ErrorKind::InvalidArgument, what));
    let bytes = file::read_bounded(path, MAX_JSON).map_err(here)?;
    let remedy = "give a file that --json of perfvec run, replay or profile wrote";
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|e| bad(format!("not JSON ({e}); {remedy}")))?;
    match value["format"].as_str() {
        Some(ESTIMATES) => Ok((ESTIMATES, value)),
        Some(PROFILE) => Ok((PROFILE, value)),
        Some(other) => Err(bad(format!("\"format\" is {other:?}; {remedy}"))),
        None => Err(bad(format!("no \"format\"; {remedy}"))),
    }
}

/// A result's fields; an error names the field.
fn fields<T: DeserializeOwned>(path: &Path, value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{}: {e}; write the result again with perfvec",
                path.display()
            ),
        )
    })
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    let json = args.json.as_deref().filter(|p| p.as_os_str() != "-");
    apart(
        &[("--json", json), ("--report", args.report.as_deref())],
        &[("the input", Some(&args.a)), ("the input", Some(&args.b))],
    )?;
    json.into_iter()
        .chain(args.report.as_deref())
        .try_for_each(check)?;
    let ((kind, a), (other, b)) = (load(&args.a)?, load(&args.b)?);
    if kind != other {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{} is {kind}, but {} is {other}; compare two results of one kind",
                args.a.display(),
                args.b.display()
            ),
        ));
    }
    let (a, b) = (Side::new(&args.a, a), Side::new(&args.b, b));
    let found = match kind {
        ESTIMATES => estimates::compare(a, b, args.on.as_ref())?,
        _ => profiles::compare(a, b, args.on.as_ref())?,
    };
    if !is_stdout(args.json.as_ref()) {
        match args.format {
            Format::Table => print_styled(&text::table(&found, args.top))?,
            Format::Csv => print(text::csv(&found))?,
            Format::Json => print(format!("{found}\n"))?,
        }
    }
    write_json(args.json.as_ref(), &found)?;
    match &args.report {
        Some(path) => page::write_comparison(path, found),
        None => Ok(()),
    }
}

/// A file and what it holds.
struct Side<'a> {
    path: &'a Path,
    value: Value,
}

impl<'a> Side<'a> {
    fn new(path: &'a Path, value: Value) -> Self {
        Self { path, value }
    }
}

/// What a result lacks, and what would be there.
fn missing(path: &Path, core: &str, has: &[String]) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!(
            "{}: no core {core:?}; it has {}",
            path.display(),
            match has.is_empty() {
                true => "none".into(),
                false => has.join(", "),
            }
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_or_one_of_each() {
        let both = |a: &str, b: &str| {
            Ok(On {
                a: a.into(),
                b: b.into(),
            })
        };
        assert_eq!(on("u74-like"), both("u74-like", "u74-like"));
        assert_eq!(on("A=x,B=y"), both("x", "y"));
        for bad in ["", "A=x", "A=,B=y", "A=x,B="] {
            assert!(on(bad).is_err(), "{bad}");
        }
    }
}
