//! `perfvec dump`: a trace as text.

use crate::output::gone;
use crate::region::RecordedRegionArgs;
use crate::step_text::Line;
use perfvec::region::Gate;
use perfvec::trace::{self, Steps};
use perfvec::Result;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Arguments of `perfvec dump`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    region: RecordedRegionArgs,
    /// The trace (.pvt, or another tool's).
    trace: PathBuf,
}

/// Prints it, as long as anybody reads.
pub fn run(args: &Args) -> Result<()> {
    let mut gate = Gate::new(args.region.region(&args.trace)?)?;
    let mut reader = trace::open(&args.trace)?;
    let mut steps = Steps::new(reader.as_mut())?;
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    for index in 0u64.. {
        if gate.is_over() {
            break;
        }
        let Some(step) = steps.next().transpose()? else {
            break;
        };
        gate.announce(steps.statics());
        if gate.admits(&step.retirement) {
            if let Err(e) = writeln!(out, "{index:>12} {}", Line(&step)) {
                return gone(e);
            }
        }
    }
    out.flush().or_else(gone)
}
