//! What a report says of threads and processes.

use crate::guest::{Process, Thread};
use crate::output::grouped;
use crate::report::Report;
use perfvec::microarch::ProgramVector;
use perfvec::Result;
use serde_json::{json, Value};
use std::collections::BTreeSet;

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
        let Some((thread, stream)) = longest.and_then(|t| Some((t, t.done?))) else {
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
    pub fn thread(&self, t: &Thread<usize>) -> Result<Value> {
        let mut out = json!({
            "process": t.image, "tid": t.tid, "name": t.name, "start": t.start, "end": t.end,
            "retired": t.retired, "unseen": t.unseen,
        });
        if let Some(stream) = t.done.map(|i| &self.streams[i]) {
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
            let Some(stream) = t.done else { continue };
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
