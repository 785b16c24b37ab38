//! What is known of a program that was followed.

use super::code::Maps;
use super::share::{ProcessRecord, ThreadRecord};
use perfvec::Error;
use std::time::Instant;

/// An image that a process ran: fork and exec make new ones.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its number here, from 1.
    pub image: u64,
    /// The image before exec or fork; 0 for the first.
    pub before: u64,
    /// Process number.
    pub pid: u64,
    /// Its path, where exec made it.
    pub program: String,
    /// Seconds after the start of the program.
    pub start: f64,
    /// The same.
    pub end: f64,
    /// Why it is not measured to its end.
    pub problem: Option<String>,
    /// Nobody saw it end itself.
    pub killed: bool,
    /// Which files its code came from, where that was asked for.
    pub maps: Maps,
}

/// One thread's stream.
pub struct Thread<T> {
    /// The image of its process.
    pub image: u64,
    /// Thread number.
    pub tid: u64,
    /// Its name, empty where it has none of its own.
    pub name: String,
    /// Seconds after the start of the program.
    pub start: f64,
    /// The same.
    pub end: f64,
    /// All of its retirements.
    pub retired: u64,
    /// Of these, those that are in the result.
    pub kept: u64,
    /// Of these, those that the plugin only counted.
    pub unseen: u64,
    /// The result, where there is one.
    pub done: Option<T>,
    /// Why it is not of everything, or why there is none.
    pub failed: Option<Error>,
}

impl<T> Thread<T> {
    /// The same thread, with what `f` makes of its result.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Option<U>) -> Thread<U> {
        Thread {
            image: self.image,
            tid: self.tid,
            name: self.name,
            start: self.start,
            end: self.end,
            retired: self.retired,
            kept: self.kept,
            unseen: self.unseen,
            done: self.done.and_then(f),
            failed: self.failed,
        }
    }
}

/// What is known of a program while it runs and after it.
pub struct Followed<T> {
    /// In order of their numbers.
    pub processes: Vec<Process>,
    /// In order of their starts.
    pub threads: Vec<Thread<T>>,
    /// Processes that there was no record for.
    pub crowded: u64,
}

impl<T> Followed<T> {
    /// Lines as `qemu-glue/maps.c` says, for the image.
    pub fn maps(&self, image: u64) -> String {
        let process = self.processes.iter().find(|p| p.image == image);
        process.map_or_else(String::new, |p| p.maps.text())
    }
}

/// What a report says of a thread. `clock` is a moment, by two clocks.
pub fn thread<T>(
    record: ThreadRecord,
    clock: (Instant, u64),
    [retired, kept, unseen]: [u64; 3],
    done: Option<T>,
    failed: Option<Error>,
) -> Thread<T> {
    let (start, origin) = clock;
    let seconds = |nanos: u64| nanos.saturating_sub(origin) as f64 / 1e9;
    Thread {
        image: record.image,
        tid: record.tid,
        name: record.name,
        start: seconds(record.start),
        end: match record.end {
            0 => start.elapsed().as_secs_f64(),
            nanos => seconds(nanos),
        },
        retired,
        kept,
        unseen,
        done,
        failed,
    }
}

/// What kept a process from being measured to its end.
pub fn problem(r: &ProcessRecord) -> Option<String> {
    let becomes = &r.becomes;
    Some(match r.problem {
        0 => return None,
        1 => "there was no memory for a thread's stream; measuring stopped there".into(),
        2 => "QEMU translated code in an unknown way; measuring stopped there".into(),
        3 => format!("it became {becomes}, which does not run under QEMU"),
        4 => format!("it became {becomes}, which could not be started with the plugin"),
        5 => "it is a child, and --no-children was given".into(),
        n => format!("problem {n}"),
    })
}
