//! `perfvec merge`: shards' vectors into the vector of the whole, or tables into one.

use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::Result;
use std::path::PathBuf;

/// Arguments of `perfvec merge`.
#[derive(clap::Args)]
pub struct Args {
    /// Where the result goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The first program vector, or the first microarch table.
    first: PathBuf,
    /// Others of the same kind and model. Program vectors are added up; microarchitectures are
    /// listed one after the other.
    rest: Vec<PathBuf>,
}

/// Runs it.
pub fn run(args: &Args) -> Result<()> {
    match ProgramVector::load(&args.first) {
        Ok(mut sum) => {
            for path in &args.rest {
                sum.merge(&ProgramVector::load(path)?)
                    .map_err(|e| e.context(path.display()))?;
            }
            sum.save(&args.output)
        }
        // Of a file that is neither, the error of the commoner kind.
        Err(no_vector) => {
            let mut all = MicroarchTable::load(&args.first).map_err(|_| no_vector)?;
            for path in &args.rest {
                all.merge(&MicroarchTable::load(path)?)
                    .map_err(|e| e.context(path.display()))?;
            }
            all.save(&args.output)
        }
    }
}
