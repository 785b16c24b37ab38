//! What a run tells beside its estimates: its threads and processes, and what is missing.

use crate::guest::{Followed, Outcome, Process, Thread};
use crate::report::{grouped, Report};
use perfvec::microarch::ProgramVector;
use perfvec::Result;
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// Everything that ran.
pub struct Whole {
    /// Threads that retired anything.
    pub threads: Vec<ThreadInfo>,
    /// Processes, an entry for each program that they became.
    pub processes: Vec<Process>,
    /// How the first one ended.
    pub ended: String,
}

/// One thread.
pub struct ThreadInfo {
    /// Its entry of [`Whole::processes`].
    pub image: u64,
    /// Thread number.
    pub tid: u64,
    /// Its name, empty where it has none of its own.
    pub name: String,
    /// Seconds after the start of the program.
    pub start: f64,
    /// The same.
    pub end: f64,
    /// Its instructions, in the result or not.
    pub retired: u64,
    /// Its stream in the report, where there is one.
    pub stream: Option<usize>,
}

impl ThreadInfo {
    /// About `thread`.
    pub fn of<T>(thread: &Thread<T>) -> Self {
        Self {
            image: thread.image,
            tid: thread.tid,
            name: thread.name.clone(),
            start: thread.start,
            end: thread.end,
            retired: thread.retired,
            stream: None,
        }
    }
}

/// What keeps a result from being that of the whole program.
#[derive(Debug, PartialEq)]
pub struct Partial {
    /// Why.
    pub reasons: Vec<String>,
    /// Instructions that were seen to retire.
    pub retired: u64,
    /// Of these, those in the result.
    pub kept: u64,
}

/// Instructions in a block at the most.
const BLOCK: u64 = 512;

impl Partial {
    /// What is missing of what was followed; nothing, as it should be.
    pub fn of<T>(followed: &Followed<T>, outcome: Outcome) -> Option<Self> {
        const NOT_WANTED: &str = "--no-children";
        const SIGKILL: i32 = 9;
        let mut reasons = Vec::new();
        let mut add = |reason: String| {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        };
        for p in &followed.processes {
            let who = match p.program.as_str() {
                "" => format!("process {}", p.pid),
                program => format!("process {} ({program})", p.pid),
            };
            match &p.problem {
                Some(why) if !why.contains(NOT_WANTED) => add(format!("{who}: {why}")),
                _ => (),
            }
            // Other signals come to a thread between two blocks, or tell by themselves where they
            // came; they end the other threads anywhere.
            let first = followed.processes.first().is_some_and(|f| f.pid == p.pid);
            let threads = followed.threads.iter().filter(|t| t.image == p.image);
            let anywhere = !first || outcome == Outcome::Killed(SIGKILL) || threads.count() > 1;
            if p.killed && anywhere && p.problem.is_none() {
                add(format!(
                    "{who} was killed: of what each of its threads ran last, at most {BLOCK} instructions may be counted wrongly"
                ));
            }
        }
        for t in &followed.threads {
            if let Some(e) = &t.failed {
                add(format!(
                    "thread {}: {} instructions are not in the result: {e}",
                    t.tid,
                    grouped(t.retired - t.kept)
                ));
            }
        }
        if followed.crowded > 0 {
            add(format!(
                "{} processes were not measured: more than 4096 at one time",
                followed.crowded
            ));
        }
        let sum =
            |count: fn(&Thread<T>) -> u64| -> u64 { followed.threads.iter().map(count).sum() };
        (!reasons.is_empty()).then(|| Self {
            reasons,
            retired: sum(|t| t.retired),
            kept: sum(|t| t.kept),
        })
    }

    /// As a line of the table's notes.
    pub fn text(&self) -> String {
        let share = 100.0 * self.kept as f64 / self.retired.max(1) as f64;
        format!(
            "partial result: {}; of the {} instructions that were seen, {} are in it ({share:.1}%)",
            self.reasons.join("; "),
            grouped(self.retired),
            grouped(self.kept)
        )
    }

    /// As the JSON's `partial`.
    pub fn json(&self) -> Value {
        json!({
            "reasons": self.reasons,
            "retired": self.retired,
            "in_result": self.kept,
            "share": self.kept as f64 / self.retired.max(1) as f64,
        })
    }
}

impl Report<'_> {
    /// How many threads and processes the streams are of.
    pub fn parts(&self) -> String {
        let threads = self.streams.len();
        let processes = self.whole.iter().flat_map(|w| &w.processes);
        let pids: BTreeSet<u64> = processes.map(|p| p.pid).collect();
        match pids.len() {
            0 | 1 => format!("{threads} threads; cycles and times are their sums"),
            n => format!("{threads} threads in {n} processes; cycles and times are their sums"),
        }
    }

    /// A line for the thread with the most instructions, where there are several; on the first
    /// core of `order`.
    pub fn longest(&self, order: &[usize]) -> Result<Option<String>> {
        let Some((whole, first)) = self.whole.as_ref().zip(order.first()) else {
            return Ok(None);
        };
        let all: u64 = whole.threads.iter().map(|t| t.retired).sum();
        let longest = whole.threads.iter().max_by_key(|t| t.retired);
        let Some((thread, stream)) = longest.and_then(|t| Some((t, t.stream?))) else {
            return Ok(None);
        };
        // A thread's instructions are not those of a region.
        if whole.threads.len() < 2 || !self.region.is_all() {
            return Ok(None);
        }
        let estimate = self
            .table
            .estimate_one(&self.streams[stream].vector, *first)?;
        let name = match thread.name.as_str() {
            "" => String::new(),
            name => format!(" ({name})"),
        };
        Ok(Some(format!(
            "the longest, thread {}{name}: {} instructions, {:.1}% of all; {:.0} cycles on {}",
            thread.tid,
            grouped(thread.retired),
            100.0 * thread.retired as f64 / all.max(1) as f64,
            estimate.cycles,
            self.table.entries()[*first].name
        )))
    }

    /// One thread for programs.
    pub fn thread(&self, t: &ThreadInfo) -> Result<Value> {
        let mut out = json!({
            "process": t.image, "tid": t.tid, "name": t.name, "start": t.start, "end": t.end,
            "retired": t.retired,
        });
        if let Some(stream) = t.stream.map(|i| &self.streams[i]) {
            let v = &stream.vector;
            let estimates = self.table.estimate(v)?;
            let cycles: Vec<f64> = estimates.iter().map(|e| e.cycles).collect();
            out["measured"] = v.measured.into();
            out["units"] = v.units.into();
            out["ood_score"] = self.table.ood_score(v)?.into();
            out["cycles"] = cycles.into();
            out["intervals"] = self.series(stream)?;
            out["sampling"] = stream.sampling.clone();
        }
        Ok(out)
    }

    /// One process for programs: its threads' sums.
    pub fn process(&self, p: &Process) -> Result<Value> {
        let mut cycles = vec![0.0; self.table.entries().len()];
        let threads = self.whole.iter().flat_map(|w| &w.threads);
        let mut retired = 0;
        for t in threads.filter(|t| t.image == p.image) {
            retired += t.retired;
            let Some(stream) = t.stream else { continue };
            for (sum, e) in cycles
                .iter_mut()
                .zip(self.table.estimate(&self.streams[stream].vector)?)
            {
                *sum += e.cycles;
            }
        }
        Ok(json!({
            "id": p.image, "before": p.before, "pid": p.pid, "program": p.program,
            "start": p.start, "end": p.end, "retired": retired, "cycles": cycles,
            "problem": p.problem,
        }))
    }

    /// All streams in one vector.
    pub fn vector(&self) -> Result<ProgramVector> {
        let mut all = self.streams[0].vector.clone();
        for stream in &self.streams[1..] {
            all.merge(&stream.vector)?;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(kept: u64, failed: Option<perfvec::Error>) -> Thread<()> {
        Thread {
            image: 1,
            tid: 7,
            name: String::new(),
            start: 0.0,
            end: 1.0,
            retired: 10,
            kept,
            done: Some(()),
            failed,
        }
    }

    fn followed(threads: Vec<Thread<()>>) -> Followed<()> {
        let process = Process {
            image: 1,
            before: 0,
            pid: 6,
            program: String::new(),
            start: 0.0,
            end: 1.0,
            problem: None,
            killed: false,
            maps: Default::default(),
        };
        Followed {
            processes: vec![process],
            threads,
            crowded: 0,
        }
    }

    #[test]
    fn what_is_missing_is_told_with_its_share() {
        let whole = followed(vec![thread(10, None)]);
        assert_eq!(Partial::of(&whole, Outcome::Exited(3)), None);
        let mut killed = followed(vec![thread(10, None)]);
        killed.processes[0].killed = true;
        assert_eq!(Partial::of(&killed, Outcome::Killed(15)), None);
        assert!(Partial::of(&killed, Outcome::Killed(9)).is_some());
        let lost = perfvec::Error::new(perfvec::ErrorKind::Io, "no space");
        let lost = followed(vec![thread(10, None), thread(0, Some(lost))]);
        let partial = Partial::of(&lost, Outcome::Exited(0)).unwrap();
        assert_eq!((partial.retired, partial.kept), (20, 10));
        assert!(partial.text().contains("no space") && partial.text().contains("(50.0%)"));
        assert_eq!(partial.json()["share"], 0.5);
        let mut child = followed(Vec::new());
        child.processes[0].problem = Some("it is a child, and --no-children was given".into());
        assert_eq!(Partial::of(&child, Outcome::Exited(0)), None);
    }
}
