//! What ran of a program: its threads and processes, and what of them is missing in a result.

use crate::guest::{Followed, Outcome, Process, Thread};
use crate::output::grouped;
use serde_json::{json, Value};

/// Everything that ran.
pub struct Whole {
    /// Threads that retired anything, each with the place of its stream in the report, if it has one.
    pub threads: Vec<Thread<usize>>,
    /// Processes, an entry for each program that they became.
    pub processes: Vec<Process>,
    /// How the first one ended.
    pub ended: String,
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
            unseen: 0,
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
