//! `perfvec run`: a program under QEMU, priced while it runs.

use crate::bounded::Bounded;
use crate::guest::{
    self, Failure, Followed, GuestArgs, Host, Launcher, Outcome, Progress, Quiet, Share, Sink,
};
use crate::output::{apart, check, is_stdout, tell, tell_styled, write_json};
use crate::page;
use crate::profile::{self, Live, Part};
use crate::region::{self, RegionArgs};
use crate::replay::tell_next;
use crate::report::{Report, Stream};
use crate::source::{Format, Loaded, Run, Source};
use crate::whole::{Partial, Whole};
use perfvec::inst::{Retirement, StaticInst};
use perfvec::region::Region;
use perfvec::session::{Costs, Interval, Profile, Sampling, SessionConfig};
use perfvec::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Arguments of `perfvec run`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    run: Run,
    #[command(flatten)]
    region: RegionArgs,
    /// Write a profile with call stacks for another tool, by the file's extension:
    /// .speedscope.json, .pb.gz (pprof), .callgrind or .folded; may be repeated.
    #[arg(long, value_name = "FILE", conflicts_with_all = crate::region::OPTIONS)]
    profile: Vec<PathBuf>,
    /// Microarchitectures to profile on; default: the first of the table.
    #[arg(long, value_name = "NAME", requires = "profile")]
    on: Vec<String>,
    /// Split the cycles of the profile by cause, too.
    #[arg(long, requires = "profile")]
    causes: bool,
    #[command(flatten)]
    guest: GuestArgs,
}

/// Sampling period of the profile of a sampled run, in retirements.
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
    args.run.check(&loaded, Path::new(&args.guest.program[0]))?;
    if is_stdout(args.run.json.as_ref()) {
        return Err(Failure::from(Error::new(
            ErrorKind::InvalidArgument,
            "--json -: standard output belongs to the program; name a file",
        )));
    }
    for path in &args.profile {
        profile::Format::of(path)?;
        apart(
            &[("--profile", Some(path))],
            &[
                ("--json", args.run.json.as_deref()),
                ("--report", args.run.report.as_deref()),
                ("--vector", args.run.vector.as_deref()),
                ("the program", Some(Path::new(&args.guest.program[0]))),
            ],
        )?;
        check(path)?;
    }
    let region = args.region.of_program(Path::new(&args.guest.program[0]))?;
    let live = match args.profile.is_empty() {
        true => None,
        false => Some(live(args, &loaded, launcher.image_end())?),
    };
    let share = Share::create()?;
    let first = loaded.table.entries().first();
    let progress = Progress::new(!args.guest.no_progress, first.map_or("", |m| &m.name));
    let mut config = args.run.config(&loaded.table)?;
    config.image_end = launcher.image_end();
    let quiet = match region.is_all() && live.is_none() {
        true => quiet(&config, &loaded),
        // These look at every instruction.
        false => None,
    };
    let command = launcher.command(&share, live.is_some(), quiet)?;
    let host = Pricing {
        config,
        region,
        loaded: &loaded,
        progress: &progress,
        live: live.as_ref(),
    };
    let (outcome, followed) = guest::run(command, &share, &host, &progress)?;
    guest::hint(outcome, &args.guest);
    match (
        deliver(args, &loaded, region, followed, outcome, live),
        outcome,
    ) {
        // What killed the program matters more.
        (Err(e), Outcome::Killed(_)) if e.kind() == ErrorKind::State => {
            tell(&format!("perfvec: {e}\n"));
        }
        (done, _) => done?,
    }
    Ok(outcome.code())
}

fn live(args: &Args, loaded: &Loaded, image_end: u64) -> Result<Live> {
    let first = loaded.table.entries().first();
    let names = match (args.on.is_empty(), first) {
        (true, Some(first)) => vec![first.name.clone()],
        _ => args.on.clone(),
    };
    let cores = profile::cores(loaded, &names, args.causes)?;
    let period = match args.run.config(&loaded.table)?.sampling {
        Sampling::Full => None,
        _ => Some(PROFILE_PERIOD),
    };
    Live::new(&loaded.model, cores, period, image_end)
}

/// What the plugin may leave out: where the rate is fixed, all that bounded warming does.
fn quiet(config: &SessionConfig, loaded: &Loaded) -> Option<Quiet> {
    let Sampling::FixedRate { period } = config.sampling else {
        return None;
    };
    let warmup = config.warmup.unwrap_or(loaded.model.info().warmup);
    (config.warming < period).then_some(Quiet {
        period,
        unit: config.unit as u64,
        reach: config.warming + warmup as u64,
        seed: config.seed,
    })
}

/// A session for each stream.
struct Pricing<'a> {
    config: SessionConfig,
    /// Of each stream.
    region: Region,
    loaded: &'a Loaded,
    progress: &'a Progress,
    live: Option<&'a Live>,
}

struct Pricer {
    bounded: Bounded,
    intervals: Vec<Interval>,
    profile: Option<Profile>,
    /// When the progress line is updated next.
    next: Instant,
}

impl Sink for Pricer {
    fn intern(&mut self, inst: &StaticInst) -> Result<u32> {
        let id = self.bounded.intern(inst)?;
        if let Some(profile) = &mut self.profile {
            // The session knows what was there before; the profile takes each once, in order.
            if id as usize == profile.insts().len() {
                profile.intern(inst);
            }
        }
        Ok(id)
    }

    fn retire(&mut self, retirements: &[Retirement]) -> Result<()> {
        self.bounded.retire_many(retirements)?;
        self.intervals.extend(self.bounded.session.take_intervals());
        match &mut self.profile {
            Some(profile) => profile.retire(retirements),
            None => Ok(()),
        }
    }

    fn pass(&mut self, retirements: u64) -> Result<()> {
        self.bounded.retire_unseen(retirements)
    }
}

/// A stream's result, and its part of the profile.
struct Priced {
    stream: Stream,
    costs: Option<(Costs, Vec<StaticInst>)>,
}

impl Host for Pricing<'_> {
    type Sink = Pricer;
    type Done = Priced;

    fn open(&self, _number: usize, alone: bool) -> Result<Pricer> {
        let mut config = self.config.clone();
        // Threads of the program keep the cores busy by themselves.
        if !alone {
            config.threads = 0;
        }
        Ok(Pricer {
            bounded: Bounded::new(&self.loaded.model, &config, self.region)?,
            intervals: Vec::new(),
            profile: self.live.map(Live::open).transpose()?,
            next: Instant::now(),
        })
    }

    fn tick(&self, number: usize, pricer: &mut Pricer) {
        if !self.progress.is_shown() || Instant::now() < pricer.next {
            return;
        }
        pricer.next = Instant::now() + Duration::from_millis(250);
        // The error is reported at the end.
        let vector = pricer.bounded.session.program_vector();
        let first = vector.and_then(|v| Ok((v.retired, self.loaded.table.estimate_one(&v, 0)?)));
        if let Ok((retired, estimate)) = first {
            if estimate.cycles > 0.0 {
                self.progress.tell(number, retired, estimate.cycles);
            }
        }
    }

    fn close(&self, _number: usize, pricer: Pricer) -> Result<Priced> {
        let stream = pricer.bounded.finish(pricer.intervals)?;
        let costs = pricer.profile.map(Profile::finish).transpose()?;
        Ok(Priced { stream, costs })
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
    region: Region,
    mut followed: Followed<Priced>,
    outcome: Outcome,
    live: Option<Live>,
) -> Result<()> {
    let title = args.guest.title();
    let partial = Partial::of(&followed, outcome);
    let (mut streams, mut threads, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    let all: u64 = followed.threads.iter().map(|t| t.retired).sum();
    let several = followed.processes.len() > 1;
    for (n, thread) in std::mem::take(&mut followed.threads)
        .into_iter()
        .enumerate()
        .filter(|(_, t)| t.retired > 0)
    {
        let image = thread.image;
        threads.push(thread.and_then(|priced| {
            // Regions may leave nothing of a thread.
            if priced.stream.vector.retired == 0 {
                return None;
            }
            parts.extend(priced.costs.map(|(costs, insts)| Part {
                image,
                name: match several {
                    true => format!("process {image} thread {n}"),
                    false => format!("thread {n}"),
                },
                costs,
                insts,
            }));
            streams.push(priced.stream);
            Some(streams.len() - 1)
        }));
    }
    if streams.is_empty() {
        return Err(nothing(&region, all, partial.as_ref(), outcome));
    }
    let report = Report {
        whole: Some(Whole {
            threads,
            processes: followed.processes.clone(),
            ended: outcome.text(),
        }),
        program: title.clone(),
        table: &loaded.table,
        only: &args.run.only,
        region,
        partial,
        streams,
    };
    tell_styled(&report.print(args.run.format)?);
    report.tell_missed(args.run.format)?;
    if args.profile.is_empty() && args.run.format == Format::Table {
        tell_next(true, "--profile x.speedscope.json shows where the cycles go, --interval N --json FILE how they change");
    }
    let json = report.json()?;
    write_json(args.run.json.as_ref(), &json)?;
    if let Some(path) = &args.run.vector {
        report.vector()?.save(path)?;
    }
    let mut found = None;
    if let Some(live) = live {
        let profile = live.finish(&title, parts, |image| followed.maps(image))?;
        args.profile
            .iter()
            .try_for_each(|path| profile.write(path))?;
        found = Some(profile);
    }
    if let Some(path) = &args.run.report {
        let profile = found.map(|profile| profile.page());
        page::write_estimates(path, json, &report.shown(), profile)?;
    }
    Ok(())
}

fn nothing(region: &Region, retired: u64, partial: Option<&Partial>, outcome: Outcome) -> Error {
    let why = match partial.and_then(|p| p.reasons.first()) {
        Some(reason) => reason.clone(),
        None => format!("it {}", outcome.text()),
    };
    let place = match region.is_all() {
        true => "reached the model".to_string(),
        false => format!("retired in the region ({})", region::words(region)),
    };
    Error::new(
        ErrorKind::State,
        format!("no estimate: none of the program's {retired} instructions {place}; {why}"),
    )
}
