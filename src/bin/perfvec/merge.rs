//! `perfvec merge`: shards' vectors into the vector of the whole, or tables into one.

use perfvec::microarch::{MicroarchTable, ProgramVector, Saved};
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

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    match Saved::load(&args.first)? {
        Saved::Vector(mut sum) => {
            for path in &args.rest {
                sum.merge(&ProgramVector::load(path)?)
                    .map_err(|e| e.context(path.display()))?;
            }
            sum.save(&args.output)
        }
        Saved::Table(mut all) => {
            for path in &args.rest {
                all.merge(&MicroarchTable::load(path)?)
                    .map_err(|e| e.context(path.display()))?;
            }
            all.save(&args.output)
        }
    }
}
