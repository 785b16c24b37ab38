//! A profile of a program while it runs: QEMU's plugin records into pipes, and what comes out of
//! them is priced here.

use super::names::Names;
use super::resolved::Resolved;
use super::{write, Modules};
use crate::report::{numbered, sampling, Stream};
use perfvec::inst::StaticInst;
use perfvec::microarch::Microarch;
use perfvec::model::Model;
use perfvec::session::{Costs, Profile, Session, SessionConfig};
use perfvec::trace::{Block, Reader};
use perfvec::{Error, ErrorKind, Result};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::fs::{mkfifoat, open, Mode, OFlags, CWD};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Threads of the guest that have pipes. Those of more are files, read at the end.
const PIPES: usize = 64;
/// How long to wait before looking whether the program has ended.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// What every stream is priced with.
struct Pricing {
    model: Arc<Model>,
    config: SessionConfig,
    cores: Vec<Microarch>,
    period: Option<u64>,
}

/// One thread of the guest.
struct Done {
    stream: Stream,
    costs: Costs,
    insts: Vec<StaticInst>,
}

/// Takes in what a program does, until its end.
pub struct Live {
    trace: PathBuf,
    pricing: Arc<Pricing>,
    ended: Arc<AtomicBool>,
    listener: JoinHandle<Result<Vec<(usize, Done)>>>,
}

impl Live {
    /// Makes pipes in `dir` and listens to them. The table's estimates come from sessions set as
    /// `config`, the profile is of `cores`, one segment measured in `period` where there is one.
    pub fn start(
        dir: &Path,
        model: &Arc<Model>,
        config: SessionConfig,
        cores: &[&Microarch],
        period: Option<u64>,
    ) -> Result<Self> {
        // What is wrong with them is better told before the program runs.
        drop(Profile::new(model, cores, period)?);
        let pricing = Arc::new(Pricing {
            model: model.clone(),
            config,
            cores: cores.iter().map(|core| (*core).clone()).collect(),
            period,
        });
        let trace = dir.join("stream.pvt");
        let pipes: Vec<File> = (0..PIPES)
            .map(|n| pipe(&numbered(&trace, n)))
            .collect::<Result<_>>()?;
        let ended = Arc::new(AtomicBool::new(false));
        let listener = thread::spawn({
            let (pricing, ended) = (pricing.clone(), ended.clone());
            move || listen(pipes, &pricing, &ended)
        });
        Ok(Self {
            trace,
            pricing,
            ended,
            listener,
        })
    }

    /// What the plugin must record to.
    pub fn trace(&self) -> &Path {
        &self.trace
    }

    /// The streams of a program that has ended, and its profile, called `program`.
    pub fn finish(self, program: &str) -> Result<(Vec<Stream>, LiveProfile)> {
        self.ended.store(true, Ordering::Release);
        let done = self.listener.join();
        let mut done = done.map_err(|_| Error::new(ErrorKind::Internal, "the listener died"))??;
        let dir = self.trace.parent().unwrap_or(Path::new("."));
        let beyond = (PIPES..).map(|n| (n, numbered(&self.trace, n)));
        for (n, path) in beyond.take_while(|(_, path)| path.exists()) {
            let file = File::open(&path).map_err(|e| Error::io(&path, &e))?;
            done.extend(price(file, n, &self.pricing)?.map(|d| (n, d)));
        }
        let maps = std::fs::read_to_string(dir.join("maps")).unwrap_or_default();
        let mut names = Names::of_modules(Modules::from_plugin(&maps), None)?;
        let mut profile = Resolved::new(program.into(), self.pricing.model.info().id.clone());
        names.join(&mut profile);
        done.sort_by_key(|(n, _)| *n);
        let mut streams = Vec::new();
        for (n, d) in done {
            streams.push(d.stream);
            profile.add(format!("thread {n}"), d.costs, &d.insts, &mut names);
        }
        Ok((streams, LiveProfile(profile)))
    }
}

/// The profile of a program that ran.
pub struct LiveProfile(Resolved);

impl LiveProfile {
    /// Writes it for another tool, and says which.
    pub fn write(&self, path: &Path) -> Result<()> {
        write(&self.0, path)
    }
}

/// A new pipe, open for reading whether or not anybody writes.
fn pipe(path: &Path) -> Result<File> {
    let failed = |e: rustix::io::Errno| Error::io(path, &e.into());
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).map_err(failed)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    open(path, flags, Mode::empty())
        .map(File::from)
        .map_err(failed)
}

/// Starts a thread for every pipe that somebody writes to.
fn listen(
    pipes: Vec<File>,
    pricing: &Arc<Pricing>,
    ended: &Arc<AtomicBool>,
) -> Result<Vec<(usize, Done)>> {
    let mut silent: Vec<(usize, File)> = pipes.into_iter().enumerate().collect();
    let mut threads = Vec::new();
    loop {
        // Before the look at the pipes: what was written until then is seen.
        let last = ended.load(Ordering::Acquire);
        let mut fds: Vec<PollFd<'_>> = silent
            .iter()
            .map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN))
            .collect();
        match poll(&mut fds, Some(&PAUSE)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(Error::io("pipes of the program", &e.into())),
        }
        let speaks: Vec<bool> = fds
            .iter()
            .map(|fd| fd.revents().contains(PollFlags::IN))
            .collect();
        drop(fds);
        let mut speaks = speaks.into_iter();
        let (new, rest) = silent
            .into_iter()
            .partition(|_| speaks.next().unwrap_or(false));
        silent = rest;
        let new: Vec<(usize, File)> = new;
        for (n, pipe) in new {
            let (pricing, ended) = (pricing.clone(), ended.clone());
            threads.push((
                n,
                thread::spawn(move || price(Pipe { pipe, ended }, n, &pricing)),
            ));
        }
        if last {
            break;
        }
    }
    let mut all = Vec::new();
    for (n, thread) in threads {
        let died = |_| Error::new(ErrorKind::Internal, "a thread of the profile died");
        all.extend(thread.join().map_err(died)??.map(|done| (n, done)));
    }
    Ok(all)
}

/// The reading end of a pipe. It is at its end when its writer is gone, or when the program has
/// ended and nothing comes: a child of its that lives on has the writing end as well.
struct Pipe {
    pipe: File,
    ended: Arc<AtomicBool>,
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let last = self.ended.load(Ordering::Acquire);
            match self.pipe.read(out) {
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            if last {
                return Ok(0);
            }
            let mut fds = [PollFd::new(&self.pipe, PollFlags::IN)];
            match poll(&mut fds, Some(&PAUSE)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

/// Prices one stream to its end. A stream that is cut short counts as far as it goes; `None` where
/// that is not even its beginning.
fn price(source: impl Read, vcpu: usize, pricing: &Pricing) -> Result<Option<Done>> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    let done = take(&mut source, vcpu, pricing);
    if done.is_err() {
        // The program must not wait, or be killed, for what is wrong here.
        let _ = std::io::copy(&mut source, &mut std::io::sink());
    }
    done
}

fn take(source: &mut impl Read, vcpu: usize, pricing: &Pricing) -> Result<Option<Done>> {
    let name = format!("the stream of vCPU {vcpu}");
    let mut reader = match Reader::from_source(source, name) {
        Ok(reader) => reader,
        Err(e) if e.kind() == ErrorKind::Corrupt => return Ok(None),
        Err(e) => return Err(e),
    };
    let cores: Vec<&Microarch> = pricing.cores.iter().collect();
    let mut profile = Profile::new(&pricing.model, &cores, pricing.period)?;
    let mut session = Session::new(pricing.model.clone(), &pricing.config)?;
    let (mut block, mut intervals) = (Block::default(), Vec::new());
    loop {
        match reader.next_block(&mut block) {
            Ok(true) => {}
            Ok(false) => break,
            // The program was killed; the report says that this is a part of it.
            Err(e) if e.kind() == ErrorKind::Corrupt => break,
            Err(e) => return Err(e),
        }
        for inst in &block.statics {
            session.intern(inst)?;
            profile.intern(inst);
        }
        session.retire_many(&block.retirements)?;
        profile.retire(&block.retirements)?;
        intervals.extend(session.take_intervals());
    }
    intervals.extend(session.finish()?);
    let stream = Stream {
        vector: session.program_vector()?,
        intervals,
        sampling: sampling(&pricing.config, &session.plan()),
    };
    let (costs, insts) = profile.finish()?;
    Ok(Some(Done {
        stream,
        costs,
        insts,
    }))
}
