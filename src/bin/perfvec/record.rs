//! `perfvec record`: a program under QEMU, recorded.

use crate::guest::{self, exit, Failure, GuestArgs, Launcher, Outbox, Outcome, Progress};
use crate::output::{check, tell};
use crate::profile::Modules;
use crate::report::{grouped, numbered};
use perfvec::trace::Reader;
use perfvec::{Error, ErrorKind};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `perfvec record`.
#[derive(clap::Args)]
pub struct Args {
    /// The trace to write (.pvt); further threads of the program get .1, .2, ... before the
    /// extension.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    guest: GuestArgs,
}

/// Runs it; the exit code is the program's.
pub fn run(args: &Args) -> ExitCode {
    record(args).map_or_else(|f| f.report(), ExitCode::from)
}

fn record(args: &Args) -> std::result::Result<u8, Failure> {
    let launcher = Launcher::find(&args.guest)?;
    let output = std::path::absolute(&args.output).map_err(|e| Error::io(&args.output, &e))?;
    let (Some(parent), Some(name)) = (output.parent(), output.file_name()) else {
        return Err(Failure::from(Error::new(
            ErrorKind::InvalidArgument,
            format!("{}: not the name of a file", args.output.display()),
        )));
    };
    check(&output)?;
    // Beside the output, so that a rename is all that is left to do; what a killed QEMU leaves
    // goes with the directory.
    let outbox = Outbox::create_in(parent)?;
    let recorded = outbox.path().join(name);
    let command = launcher.command(&[
        ("out", outbox.path().into()),
        ("record", recorded.clone().into_os_string()),
        ("program", args.guest.title().into()),
    ]);
    let progress = Progress::new(!args.guest.no_progress, "");
    let outcome = guest::run(command, &outbox, &progress)?;
    for line in outbox.log() {
        tell(&format!("perfvec: {line}\n"));
    }
    if !outbox.finished() {
        let how = match outcome.signal() {
            Some(signal) => format!("it was killed by {signal}"),
            None => "it left QEMU before its end (by exec)".to_string(),
        };
        tell(&format!(
            "perfvec: no trace: a trace is complete when the program exits, but {how}\n"
        ));
        return match outcome {
            Outcome::Killed(_) => Ok(outcome.code()),
            Outcome::Exited(_) => Ok(exit::FAILED),
        };
    }
    let maps = std::fs::read_to_string(outbox.path().join("maps")).unwrap_or_default();
    let modules = Modules::from_plugin(&maps);
    let vcpus = outbox.vcpus();
    if vcpus.is_empty() {
        return Err(Failure::from(Error::new(
            ErrorKind::State,
            "no trace: the program retired no instructions",
        )));
    }
    for vcpu in vcpus {
        let (from, path) = (numbered(&recorded, vcpu), numbered(&output, vcpu));
        let s = Reader::summary_of(&from)?;
        std::fs::rename(&from, &path).map_err(|e| Error::io(&path, &e))?;
        modules.save(&path)?;
        tell(&format!(
            "perfvec: {}: {} instructions, {} bytes, stream hash {:016x}\n",
            path.display(),
            grouped(s.retirements),
            grouped(s.bytes),
            s.stream_hash
        ));
    }
    Ok(outcome.code())
}
