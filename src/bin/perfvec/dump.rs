//! `perfvec dump`: a trace as text.

use crate::output::gone;
use crate::step_text::Line;
use perfvec::trace::{self, Steps};
use perfvec::Result;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Arguments of `perfvec dump`.
#[derive(clap::Args)]
pub struct Args {
    /// The trace (.pvt, or another tool's).
    trace: PathBuf,
}

/// Prints it, as long as anybody reads.
pub fn run(args: &Args) -> Result<()> {
    let mut reader = trace::open(&args.trace)?;
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    for (index, step) in Steps::new(reader.as_mut())?.enumerate() {
        if let Err(e) = writeln!(out, "{index:>12} {}", Line(&step?)) {
            return gone(e);
        }
    }
    out.flush().or_else(gone)
}
