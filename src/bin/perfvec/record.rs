//! `perfvec record`: a program under QEMU, recorded.

use crate::guest::{
    self, exit, Failure, GuestArgs, Host, Launcher, Outcome, Progress, Share, Sink,
};
use crate::output::grouped;
use crate::output::{apart, check, tell};
use crate::profile::Modules;
use crate::region::RegionArgs;
use crate::report::numbered;
use crate::whole::Partial;
use perfvec::inst::{Retirement, StaticInst};
use perfvec::region::Region;
use perfvec::trace::{Header, Summary, Writer, IMAGE_END};
use perfvec::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `perfvec record`.
#[derive(clap::Args)]
pub struct Args {
    /// The trace to write (.pvt); further threads and processes get .1, .2, ... before the
    /// extension.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    region: RegionArgs,
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
    let program = Path::new(&args.guest.program[0]);
    apart(
        &[("--output", Some(&output))],
        &[("the program", Some(program))],
    )?;
    check(&output)?;
    let region = args.region.of_program(program)?;
    let share = Share::create()?;
    let command = launcher.command(&share, true, None)?;
    let progress = Progress::new(!args.guest.no_progress, "");
    let host = Recording {
        output: &output,
        title: args.guest.title(),
        image_end: launcher.image_end(),
        region,
    };
    let (outcome, followed) = guest::run(command, &share, &host, &progress)?;
    guest::hint(outcome, &args.guest);
    let partial = Partial::of(&followed, outcome);
    let mut written = 0;
    let mut modules: BTreeMap<u64, Modules> = BTreeMap::new();
    for thread in &followed.threads {
        let Some((path, s)) = &thread.done else {
            continue;
        };
        modules
            .entry(thread.image)
            .or_insert_with(|| Modules::from_plugin(&followed.maps(thread.image)))
            .save(path)?;
        written += 1;
        tell(&format!(
            "perfvec: {}: {} instructions, {} bytes, stream hash {:016x}\n",
            path.display(),
            grouped(s.retirements),
            grouped(s.bytes),
            s.stream_hash
        ));
    }
    if let Some(partial) = &partial {
        tell(&format!("perfvec: {}\n", partial.text()));
    }
    if written == 0 {
        tell("perfvec: no trace was written\n");
    }
    // The trace of a killed program is whole; one that could not be written is perfvec's failure.
    let lost = followed.threads.iter().any(|t| t.failed.is_some());
    Ok(match outcome {
        Outcome::Exited(_) if lost || written == 0 => exit::FAILED,
        _ => outcome.code(),
    })
}

/// A trace for each stream.
struct Recording<'a> {
    output: &'a Path,
    title: String,
    /// Of the program.
    image_end: u64,
    /// Of each stream.
    region: Region,
}

impl Sink for Writer {
    fn intern(&mut self, inst: &StaticInst) -> Result<u32> {
        Writer::intern(self, inst)
    }

    fn retire(&mut self, retirements: &[Retirement]) -> Result<()> {
        retirements.iter().try_for_each(|r| Writer::retire(self, r))
    }
}

impl Host for Recording<'_> {
    type Sink = Writer;
    type Done = (PathBuf, Summary);

    fn open(&self, number: usize, _alone: bool) -> Result<Writer> {
        let mut metadata = BTreeMap::from([("stream".to_string(), number.to_string())]);
        if self.image_end > 0 {
            metadata.insert(IMAGE_END.into(), self.image_end.to_string());
        }
        let header = Header {
            isa: "riscv64".into(),
            host: "qemu".into(),
            program: self.title.clone(),
            metadata,
            ..Header::default()
        };
        let mut writer = Writer::create(numbered(self.output, number), header)?;
        writer.set_region(self.region)?;
        Ok(writer)
    }

    fn close(&self, number: usize, writer: Writer) -> Result<Self::Done> {
        Ok((numbered(self.output, number), writer.finish()?))
    }
}
