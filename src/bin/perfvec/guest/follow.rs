//! Follows a program: its processes as they fork and exec, and its threads, each of which is read
//! by a thread of this process for as long as it lives.

use super::code::{lock, Code};
use super::expand::{End, Expander, Sink};
use super::followed::{problem, thread, Followed, Process, Thread};
use super::share::{state, ProcessRecord, Share, RING};
use perfvec::{Error, Result};
use rustix::event::{poll, PollFd, PollFlags};
use rustix::process::{pidfd_open, Pid, PidfdFlags};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// What takes a program's streams.
pub trait Host: Sync {
    /// One stream.
    type Sink: Sink;
    /// What becomes of it.
    type Done: Send;
    /// Starts stream `number`, from 0; `alone` where no other one is open.
    fn open(&self, number: usize, alone: bool) -> Result<Self::Sink>;
    /// Now and then.
    fn tick(&self, _number: usize, _sink: &mut Self::Sink) {}
    /// Ends it.
    fn close(&self, number: usize, sink: Self::Sink) -> Result<Self::Done>;
}

/// Threads that have ended, with the numbers of their streams.
type Ended<T> = Arc<Mutex<Vec<(usize, Thread<T>)>>>;

/// A process whose end was not seen yet, or whose threads are still read.
struct Image {
    record: usize,
    pid: u64,
    /// Becomes readable when the process ends; `None` where it had ended before.
    alive: Option<OwnedFd>,
    code: Arc<Code>,
    end: Arc<Mutex<Option<End>>>,
    readers: Arc<AtomicUsize>,
    ended: Option<Instant>,
}

/// A ring for which no reader could be started: the follower's own thread reads it now and then.
struct Unread<S> {
    ring: usize,
    number: usize,
    expander: Expander<S>,
}

/// How often to look for ends that nothing reports.
const PAUSE: Duration = Duration::from_millis(50);
/// The same while there are rings without a reader.
const SHORT: Duration = Duration::from_millis(1);
/// How long a few words may lie in a ring; many wake the reader, and so does an end.
const IDLE: Duration = Duration::from_millis(500);
/// How long a child may take from fork() to its first step; it may have been killed before that.
const FORK: Duration = Duration::from_secs(2);
/// How long the code of a process is kept for children that have not begun to run.
const KEPT: Duration = Duration::from_secs(10);

/// The program being followed.
pub struct Follower<'a, H: Host> {
    share: &'a Share,
    host: &'a H,
    start: Instant,
    /// The same moment on the clock of the records, in nanoseconds.
    origin: u64,
    images: BTreeMap<u64, Image>,
    processes: BTreeMap<u64, Process>,
    threads: Ended<H::Done>,
    /// By ring: whether a thread reads it.
    read: Arc<Vec<AtomicBool>>,
    streams: usize,
    open: Arc<AtomicUsize>,
    unread: Vec<Unread<H::Sink>>,
    /// All retirements so far.
    retired: Arc<AtomicU64>,
}

impl<'a, H: Host> Follower<'a, H> {
    /// Starts to follow what is about to start. `retired` is kept up to date.
    pub fn new(share: &'a Share, host: &'a H, retired: Arc<AtomicU64>) -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Self {
            share,
            host,
            start: Instant::now(),
            origin: now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64,
            images: BTreeMap::new(),
            processes: BTreeMap::new(),
            threads: Arc::default(),
            read: Arc::new((0..8192).map(|_| AtomicBool::new(false)).collect()),
            streams: 0,
            open: Arc::default(),
            unread: Vec::new(),
            retired,
        }
    }

    /// Follows until `main` says that the program ended, and by which signal if by one, and all of
    /// its processes are gone.
    pub fn run<'s>(
        &mut self,
        scope: &'s Scope<'s, '_>,
        mut main: impl FnMut() -> Option<Option<i32>>,
    ) where
        'a: 's,
    {
        let mut ended = None;
        let mut quiet = None;
        loop {
            let bell = self.share.bell();
            if ended.is_none() {
                ended = main();
            }
            // Before looking: a child that is not under way any more has its record.
            let forking = self.share.forking();
            self.look(scope, ended);
            let over = self.unread.is_empty() && self.images.values().all(|i| i.ended.is_some());
            if ended.is_some() && over {
                let since = quiet.get_or_insert_with(Instant::now);
                if forking == 0 || since.elapsed() > FORK {
                    break;
                }
            } else {
                quiet = None;
            }
            let pause = if self.unread.is_empty() { PAUSE } else { SHORT };
            self.share.wait_for_bell(bell, pause);
        }
        self.share.close();
    }

    /// Everything, after [`Follower::run`] and the threads that it started.
    pub fn finish(self) -> Followed<H::Done> {
        let mut threads = std::mem::take(&mut *lock(&self.threads));
        threads.sort_by_key(|t| t.0);
        Followed {
            processes: self.processes.into_values().collect(),
            threads: threads.into_iter().map(|t| t.1).collect(),
            crowded: self.share.crowded(),
        }
    }

    fn look<'s>(&mut self, scope: &'s Scope<'s, '_>, main: Option<Option<i32>>)
    where
        'a: 's,
    {
        let mut found: Vec<(usize, ProcessRecord)> = (0..self.share.processes())
            .map(|i| (i, self.share.process(i)))
            .filter(|(_, r)| r.state >= state::RUNS)
            .collect();
        found.sort_by_key(|(_, r)| r.image);
        for (i, record) in &found {
            if !self.images.contains_key(&record.image)
                && !self.processes.contains_key(&record.image)
            {
                self.start_image(*i, record);
            }
        }
        // Before the rings: a process that has ended opens no more rings.
        let ends: Vec<(u64, Option<End>)> = found
            .iter()
            .filter(|(_, r)| self.images.get(&r.image).is_some_and(|i| i.ended.is_none()))
            .map(|(_, r)| (r.image, self.end_of(r, main)))
            .collect();
        for i in 0..self.share.threads() {
            if !self.read[i].load(Ordering::Acquire) && self.share.thread_state(i) >= state::RUNS {
                self.start_reader(scope, i);
            }
        }
        self.skim();
        for (image, end) in ends {
            if let Some(end) = end {
                self.end_image(image, end);
            }
        }
        let share = self.share;
        self.images.retain(|_, i| {
            let done = i.ended.is_some() && i.readers.load(Ordering::Acquire) == 0;
            if done && i.record != usize::MAX {
                share.free_process(std::mem::replace(&mut i.record, usize::MAX));
            }
            !done || i.ended.is_some_and(|t| t.elapsed() < KEPT)
        });
    }

    fn seconds(&self, nanos: u64) -> f64 {
        nanos.saturating_sub(self.origin) as f64 / 1e9
    }

    fn start_image(&mut self, record: usize, r: &ProcessRecord) {
        let parent = self.images.get(&r.before).map(|i| i.code.clone());
        // An image after exec has no blocks of the one before.
        let parent = parent.filter(|_| r.first_block > 0);
        let code = Arc::new(Code::new(r.first_block, parent));
        let alive = i32::try_from(r.pid)
            .ok()
            .and_then(Pid::from_raw)
            .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let maps = code.maps().clone();
        let image = Image {
            record,
            pid: r.pid,
            alive,
            code,
            end: Arc::default(),
            readers: Arc::default(),
            ended: None,
        };
        self.images.insert(r.image, image);
        let process = Process {
            image: r.image,
            before: r.before,
            pid: r.pid,
            program: r.program.clone(),
            start: self.seconds(r.start),
            end: 0.0,
            problem: None,
            killed: false,
            maps,
        };
        self.processes.insert(r.image, process);
    }

    /// How the process ended, if it did.
    fn end_of(&self, r: &ProcessRecord, main: Option<Option<i32>>) -> Option<End> {
        let image = self.images.get(&r.image)?;
        let gone = match &image.alive {
            None => true,
            Some(fd) => {
                let mut fds = [PollFd::new(fd, PollFlags::IN)];
                poll(&mut fds, Some(&rustix::event::Timespec::default())).is_ok_and(|n| n > 0)
            }
        };
        let first = self.processes.values().next().map(|p| p.pid);
        match (r.state, main) {
            (state::ENDED | state::EXECED, _) => Some(End::Exit),
            (_, Some(signal)) if first == Some(image.pid) => Some(End::Killed(signal)),
            _ => gone.then_some(End::Killed(None)),
        }
    }

    fn end_image(&mut self, number: u64, end: End) {
        let Some(image) = self.images.get_mut(&number) else {
            return;
        };
        let r = self.share.process(image.record);
        image.ended = Some(Instant::now());
        *lock(&image.end) = Some(end);
        for i in 0..self.share.threads() {
            if self.share.thread(i).image == number {
                self.share.wake_reader(i);
            }
        }
        if image.readers.load(Ordering::Acquire) == 0 {
            image.code.end();
        }
        let seconds = match r.end {
            0 => self.start.elapsed().as_secs_f64(),
            nanos => self.seconds(nanos),
        };
        if let Some(process) = self.processes.get_mut(&number) {
            process.end = seconds;
            process.killed = end != End::Exit;
            process.problem = problem(&r);
        }
    }

    fn start_reader<'s>(&mut self, scope: &'s Scope<'s, '_>, i: usize)
    where
        'a: 's,
    {
        let record = self.share.thread(i);
        let Some(image) = self.images.get(&record.image) else {
            // Of a process that died before it was whole.
            return;
        };
        self.read[i].store(true, Ordering::Release);
        image.readers.fetch_add(1, Ordering::AcqRel);
        let alone = self.open.fetch_add(1, Ordering::AcqRel) == 0;
        let number = self.streams;
        self.streams += 1;
        let (share, host, read, readers) = (
            self.share,
            self.host,
            self.read.clone(),
            image.readers.clone(),
        );
        let (open, threads, code) = (self.open.clone(), self.threads.clone(), image.code.clone());
        let (end, retired) = (image.end.clone(), self.retired.clone());
        let clock = (self.start, self.origin);
        let reader = move || {
            let expander = Expander::new(code.clone(), host.open(number, alone));
            let expander = read_ring(share, host, i, number, expander, &end, &retired);
            let record = share.thread(i);
            let how = match record.state {
                state::ENDED => End::Exit,
                _ => lock(&end).unwrap_or(End::Exit),
            };
            // The ring is free before the model runs to its end. In this order: else it would be
            // read twice.
            share.free_ring(i);
            read[i].store(false, Ordering::Release);
            share.ring_bell();
            if readers.fetch_sub(1, Ordering::AcqRel) == 1 && lock(&end).is_some() {
                code.end();
            }
            let ended = expander.end(how);
            let (done, failed) = match ended.sink.map(|sink| host.close(number, sink)) {
                Some(Ok(done)) => (Some(done), ended.failed),
                // The first failure is the cause of those that come after it.
                Some(Err(e)) => (None, Some(ended.failed.unwrap_or(e))),
                None => (None, ended.failed),
            };
            let kept = done.as_ref().map_or(0, |_| ended.kept);
            let counts = [ended.retired, kept, ended.unseen];
            let thread = thread(record, clock, counts, done, failed);
            open.fetch_sub(1, Ordering::AcqRel);
            lock(&threads).push((number, thread));
            share.ring_bell();
        };
        if let Err(e) = std::thread::Builder::new().spawn_scoped(scope, reader) {
            self.open.fetch_sub(1, Ordering::AcqRel);
            let failed = Error::io("a thread that reads it", &e);
            self.unread.push(Unread {
                ring: i,
                number,
                expander: Expander::new(image.code.clone(), Err(failed)),
            });
        }
    }

    /// Reads the rings without a reader.
    fn skim(&mut self) {
        let mut words = Vec::new();
        for mut unread in std::mem::take(&mut self.unread) {
            let i = unread.ring;
            let record = self.share.thread(i);
            let image = self.images.get(&record.image);
            let end = image.and_then(|image| *lock(&image.end));
            words.clear();
            if self.share.read(i, &mut words) > 0 || record.state != state::ENDED && end.is_none() {
                unread.expander.skim(&words);
                self.unread.push(unread);
                continue;
            }
            self.share.read_rest(i, &mut words);
            unread.expander.skim(&words);
            if let Some(image) = image {
                if image.readers.fetch_sub(1, Ordering::AcqRel) == 1 && end.is_some() {
                    image.code.end();
                }
            }
            self.share.free_ring(i);
            self.read[i].store(false, Ordering::Release);
            let ended = unread.expander.end(end.unwrap_or(End::Exit));
            self.retired.fetch_add(ended.retired, Ordering::Relaxed);
            let clock = (self.start, self.origin);
            let counts = [ended.retired, 0, ended.unseen];
            let thread = thread(record, clock, counts, None, ended.failed);
            lock(&self.threads).push((unread.number, thread));
        }
    }
}

/// Reads a ring to its end.
fn read_ring<H: Host>(
    share: &Share,
    host: &H,
    ring: usize,
    number: usize,
    mut expander: Expander<H::Sink>,
    end: &Mutex<Option<End>>,
    retired: &AtomicU64,
) -> Expander<H::Sink> {
    let mut words = Vec::with_capacity(RING);
    let mut told = 0;
    loop {
        // Before the words: what was written before the end is there when the end is seen.
        let over = share.thread_state(ring) == state::ENDED || lock(end).is_some();
        words.clear();
        if share.read(ring, &mut words) == 0 {
            if over {
                share.read_rest(ring, &mut words);
                expander.take(&words);
                return expander;
            }
            share.wait_for_words(ring, IDLE);
            continue;
        }
        expander.take(&words);
        let all = expander.retired();
        retired.fetch_add(all - told, Ordering::Relaxed);
        told = all;
        if let Some(sink) = expander.sink() {
            host.tick(number, sink);
        }
    }
}
