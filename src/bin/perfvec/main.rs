//! The `perfvec` command.

mod features;
mod info;
mod merge;
mod predict;
mod replay;
mod report;
mod source;
mod windows;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Learned performance estimates: one pass over a program prices every microarchitecture.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Price a recorded trace on every microarchitecture of a table.
    Replay(replay::Args),
    /// Price saved program vectors.
    Predict(predict::Args),
    /// Add program vectors of shards into the vector of the whole.
    Merge(merge::Args),
    /// Write a trace's feature rows as a NumPy matrix.
    Features(features::FeaturesArgs),
    /// Show a feature schema.
    Info(info::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Replay(args) => replay::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Features(args) => features::run(&args),
        Command::Info(args) => info::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("perfvec: {e}");
            ExitCode::FAILURE
        }
    }
}
