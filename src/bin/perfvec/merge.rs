//! `perfvec merge`: the vectors of shards into the vector of the whole.

use perfvec::microarch::ProgramVector;
use perfvec::{Error, ErrorKind, Result};
use std::path::PathBuf;

/// Arguments of `perfvec merge`.
#[derive(clap::Args)]
pub struct Args {
    /// Where the sum goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Program vectors of one model.
    #[arg(required = true)]
    vectors: Vec<PathBuf>,
}

/// Runs it.
pub fn run(args: &Args) -> Result<()> {
    let (first, rest) = args
        .vectors
        .split_first()
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "no program vector to merge"))?;
    let mut sum = ProgramVector::load(first)?;
    for path in rest {
        sum.merge(&ProgramVector::load(path)?)
            .map_err(|e| e.context(path.display()))?;
    }
    sum.save(&args.output)
}
