//! `perfvec run`: a program under QEMU, priced while it runs.

use crate::guest::{self, Failure, GuestArgs, Launcher, Outbox, Outcome, Progress};
use crate::output::{check, is_stdout, tell, tell_styled, write_json};
use crate::profile::{self, Live};
use crate::replay::tell_next;
use crate::report::{grouped, numbered, Report, Stream};
use crate::source::{Format, Loaded, Run, Source};
use perfvec::model::Backend;
use perfvec::session::Sampling;
use perfvec::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `perfvec run`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    run: Run,
    /// Write a profile with call stacks, for the tool that the name's end chooses:
    /// .speedscope.json, .pb.gz (pprof), .callgrind or .folded; may be repeated.
    #[arg(long, value_name = "FILE")]
    profile: Vec<PathBuf>,
    /// Microarchitectures whose cycles the profile holds; else the table's first.
    #[arg(long, value_name = "NAME", requires = "profile")]
    on: Vec<String>,
    #[command(flatten)]
    guest: GuestArgs,
}

/// Of a sampled run, the profile measures one segment in so many retirements.
const PROFILE_PERIOD: u64 = 32 * 1024;

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
    for path in &args.profile {
        profile::Format::of(path)?;
        check(path)?;
    }
    let outbox = Outbox::create()?;
    let live = match args.profile.is_empty() {
        true => None,
        false => Some(listen(args, &loaded, &outbox)?),
    };
    let arguments = match &live {
        Some(live) => vec![
            ("out", outbox.path().into()),
            ("record", live.trace().into()),
        ],
        None => arguments(args, &loaded, &outbox)?,
    };
    let command = launcher.command(&arguments);
    let first = loaded.table.entries().first();
    let progress = Progress::new(!args.guest.no_progress, first.map_or("", |m| &m.name));
    let outcome = guest::run(command, &outbox, &progress)?;
    for line in outbox.log() {
        tell(&format!("perfvec: {line}\n"));
    }
    let delivered = match live {
        Some(live) => deliver_profiled(args, &loaded, &outbox, outcome, live),
        None => outbox
            .streams(&args.run.config(&loaded.table)?)
            .and_then(|streams| deliver(args, &loaded, &outbox, outcome, streams)),
    };
    match (delivered, outcome) {
        // There was no time for a checkpoint; what killed the program matters more.
        (Err(e), Outcome::Killed(_)) if e.kind() == ErrorKind::State => {
            tell(&format!("perfvec: {e}\n"));
        }
        (done, _) => done?,
    }
    Ok(outcome.code())
}

fn listen(args: &Args, loaded: &Loaded, outbox: &Outbox) -> Result<Live> {
    let first = loaded.table.entries().first().into_iter();
    let cores = match args.on.is_empty() {
        true => first.collect(),
        false => profile::cores(loaded, &args.on)?,
    };
    let config = args.run.config(&loaded.table)?;
    let period = match config.sampling {
        Sampling::Full => None,
        _ => Some(PROFILE_PERIOD),
    };
    Live::start(outbox.path(), &loaded.model, config, &cores, period)
}

fn deliver_profiled(
    args: &Args,
    loaded: &Loaded,
    outbox: &Outbox,
    outcome: Outcome,
    live: Live,
) -> Result<()> {
    let (streams, profile) = live.finish(&args.guest.title())?;
    deliver(args, loaded, outbox, outcome, streams)?;
    args.profile.iter().try_for_each(|path| profile.write(path))
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

fn deliver(
    args: &Args,
    loaded: &Loaded,
    outbox: &Outbox,
    outcome: Outcome,
    mut streams: Vec<Stream>,
) -> Result<()> {
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
    tell_styled(&report.print(args.run.format)?);
    if args.profile.is_empty() && args.run.format == Format::Table {
        tell_next(true, "--profile x.speedscope.json shows where the cycles go, --interval N --json FILE how they change");
    }
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
