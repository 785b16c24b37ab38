//! The `perfvec` command.

mod bounded;
mod calibrate;
mod compare;
mod convert;
mod cores;
mod dump;
mod explore;
mod features;
mod guest;
mod info;
mod info_files;
mod manual;
mod merge;
mod output;
mod page;
mod predict;
mod profile;
mod record;
mod region;
mod replay;
mod report;
mod run;
mod simpoints;
mod source;
mod speedup;
mod step_text;
mod threads;
mod trace_diff;
mod trace_info;
mod whole;
mod windows;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::any::TypeId;
use std::path::PathBuf;
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
    /// Run a RISC-V 64 program under QEMU and price it on every microarchitecture of a table.
    Run(run::Args),
    /// Run a RISC-V 64 program under QEMU and record its trace.
    Record(record::Args),
    /// Price a recorded trace on every microarchitecture of a table.
    Replay(replay::Args),
    /// Profile recorded traces by function and line, with output for many tools.
    Profile(profile::Args),
    /// Choose the intervals that represent a program, and extrapolate from them to the whole.
    Simpoints(simpoints::Args),
    /// Price a design space on programs: the best designs, the Pareto front, the effect of each
    /// axis.
    Explore(explore::Args),
    /// Price saved program vectors.
    Predict(predict::Args),
    /// Compare two results: in total, by cause, by phase, by function.
    Compare(compare::Args),
    /// Add up the program vectors of shards, or combine microarch tables.
    Merge(merge::Args),
    /// Fit a microarchitecture vector to traces of a timing CPU and add it to a table.
    Calibrate(calibrate::Args),
    /// Write a trace's feature rows as a NumPy matrix.
    Features(features::FeaturesArgs),
    /// Describe a file or a feature schema.
    Info(info::Args),
    /// Convert another tool's trace to a perfvec trace.
    Convert(convert::Args),
    /// List cores by name, show or check the parameters of one.
    Cores(cores::Args),
    /// Print a trace as text, a line for each retirement.
    Dump(dump::Args),
    /// Compare the streams of two traces; the exit code is 1 where they differ.
    Diff(trace_diff::DiffArgs),
    /// Print a script that completes the command line in a shell.
    #[command(hide = true)]
    Completions(manual::CompletionsArgs),
    /// Print the manual page.
    #[command(hide = true)]
    Man,
}

/// The command line. What follows an option that takes a number is its value: a number below zero
/// is then a bad value, and not taken for another option.
fn command_line() -> Cli {
    let text = [TypeId::of::<PathBuf>(), TypeId::of::<String>()];
    let command = Cli::command().mut_subcommands(|c| {
        c.mut_args(|arg| {
            let number = arg.get_action().takes_values()
                && !arg.is_positional()
                && !text.iter().any(|t| arg.get_value_parser().type_id() == *t);
            if number {
                arg.allow_hyphen_values(true)
            } else {
                arg
            }
        })
    });
    Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|e| e.exit())
}

fn main() -> ExitCode {
    let done = match command_line().command {
        Command::Run(args) => return run::run(&args),
        Command::Record(args) => return record::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::Simpoints(args) => simpoints::run(&args),
        Command::Explore(args) => explore::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Features(args) => features::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Cores(args) => cores::run(&args),
        Command::Dump(args) => dump::run(&args),
        Command::Diff(args) => {
            let mut text = Vec::new();
            let same = trace_diff::run(&args, &mut text);
            match same.and_then(|same| output::print(text).map(|()| same)) {
                Ok(false) => return ExitCode::from(1),
                done => done.map(drop),
            }
        }
        Command::Completions(args) => manual::completions(&args, Cli::command()),
        Command::Man => manual::page(Cli::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            output::tell(&format!("perfvec: {e}\n"));
            // diff answers 1 for a difference, as diff(1) does.
            ExitCode::from(2)
        }
    }
}
