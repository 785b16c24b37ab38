//! `perfvec run`: a program under QEMU, priced while it runs.

use crate::guest::{self, Failure, GuestArgs, Launcher, Outbox, Outcome, Progress};
use crate::output::{is_stdout, tell, write_json};
use crate::report::{grouped, numbered, Report, Stream};
use crate::source::{Loaded, Run, Source};
use perfvec::model::Backend;
use perfvec::session::Sampling;
use perfvec::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::process::ExitCode;

/// Arguments of `perfvec run`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    run: Run,
    #[command(flatten)]
    guest: GuestArgs,
}

/// Runs it. The program keeps standard input and output; everything of perfvec's is on standard
/// error, the estimates after the program's end. The exit code is the program's.
pub fn run(args: &Args) -> ExitCode {
    price(args).map_or_else(|f| f.report(), ExitCode::from)
}

fn price(args: &Args) -> std::result::Result<u8, Failure> {
    let launcher = Launcher::find(&args.guest)?;
    let loaded = args.source.load()?;
    check_isa(&loaded)?;
    args.run.check(&loaded.table)?;
    if is_stdout(args.run.json.as_ref()) {
        return Err(Failure::from(Error::new(
            ErrorKind::InvalidArgument,
            "--json -: standard output is the program's; name a file",
        )));
    }
    let outbox = Outbox::create()?;
    let command = launcher.command(&arguments(args, &loaded, &outbox)?);
    let first = loaded.table.entries().first();
    let progress = Progress::new(!args.guest.no_progress, first.map_or("", |m| &m.name));
    let outcome = guest::run(command, &outbox, &progress)?;
    for line in outbox.log() {
        tell(&format!("perfvec: {line}\n"));
    }
    match (deliver(args, &loaded, &outbox, outcome), outcome) {
        // There was no time for a checkpoint; what killed the program matters more.
        (Err(e), Outcome::Killed(_)) if e.kind() == ErrorKind::State => {
            tell(&format!("perfvec: {e}\n"));
        }
        (done, _) => done?,
    }
    Ok(outcome.code())
}

fn arguments<'a>(
    args: &Args,
    loaded: &Loaded,
    outbox: &Outbox,
) -> Result<Vec<(&'a str, OsString)>> {
    // The plugin must see the same files, wherever the program goes.
    let absolute = |p: &std::path::Path| std::path::absolute(p).map_err(|e| Error::io(p, &e));
    let config = args.run.config(&loaded.table)?;
    let mut all = vec![
        ("out", absolute(outbox.path())?.into_os_string()),
        ("model", absolute(&loaded.model_path)?.into_os_string()),
        ("microarchs", absolute(&loaded.table_path)?.into_os_string()),
        (
            "backend",
            backend_number(args.source.backend).to_string().into(),
        ),
    ];
    let mut number = |key, value: u64| all.push((key, value.to_string().into()));
    number("threads", config.threads as u64);
    number("interval", config.interval);
    number("unit", config.unit as u64);
    number("seed", config.seed);
    number("warming", config.warming);
    // The shortest text of a number that gives the same number again.
    all.extend(match &config.sampling {
        Sampling::Full => None,
        Sampling::FixedRate { period } => Some(("sample", period.to_string().into())),
        Sampling::TargetError { half_width: x, .. } => Some(("sample_error", x.to_string().into())),
        Sampling::TargetOverhead { overhead: x } => Some(("sample_overhead", x.to_string().into())),
        Sampling::Plan { periods } => {
            let plan: Vec<String> = periods.iter().map(u64::to_string).collect();
            Some(("sample_plan", plan.join(":").into()))
        }
    });
    Ok(all)
}

/// The number of `PERFVEC_BACKEND_...`.
fn backend_number(backend: Backend) -> u32 {
    match backend {
        Backend::Auto => 0,
        Backend::NativeF32 => 1,
        Backend::NativeInt8 => 2,
        Backend::OnnxRuntime => 3,
    }
}

fn check_isa(loaded: &Loaded) -> Result<()> {
    let wants = &loaded.model.info().isa;
    if wants == "riscv64" {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "model {} is for {wants}, but QEMU runs riscv64 programs; choose another with --model",
            loaded.model_path.display()
        ),
    ))
}

fn deliver(args: &Args, loaded: &Loaded, outbox: &Outbox, outcome: Outcome) -> Result<()> {
    let mut streams = outbox.streams(&args.run.config(&loaded.table)?)?;
    streams.retain(|s| s.vector.retired > 0);
    if streams.is_empty() {
        return Err(nothing(outbox, outcome));
    }
    let report = Report {
        program: args.guest.title(),
        table: &loaded.table,
        only: &args.run.only,
        partial: partial(outbox, outcome, &streams),
        streams,
    };
    tell(&report.text()?);
    write_json(args.run.json.as_ref(), &report.json()?)?;
    if let Some(path) = &args.run.vector {
        for (i, stream) in report.streams.iter().enumerate() {
            stream.vector.save(&numbered(path, i))?;
        }
    }
    Ok(())
}

/// Why there is only a part of the program in the result.
fn partial(outbox: &Outbox, outcome: Outcome, streams: &[Stream]) -> Option<String> {
    let mut why = match outcome.signal() {
        Some(signal) => format!("the program was killed by {signal}"),
        None if outbox.finished() => return None,
        None => "the program left QEMU before its end (it called exec), or the results could not be written".into(),
    };
    let (all, kept) = (
        outbox.counters().retired,
        streams.iter().map(|s| s.vector.retired).sum(),
    );
    if all > kept {
        why.push_str(&format!("; it had retired {} instructions", grouped(all)));
    }
    Some(why)
}

fn nothing(outbox: &Outbox, outcome: Outcome) -> Error {
    let retired = outbox.counters().retired;
    let how = match outcome.signal() {
        Some(signal) => format!("it was killed by {signal}"),
        None => format!("its exit code is {}", outcome.code()),
    };
    Error::new(
        ErrorKind::State,
        format!("no estimate: {retired} instructions of the program reached the model, and {how}"),
    )
}
