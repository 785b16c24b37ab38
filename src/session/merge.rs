//! Results of batches, merged in stream order whatever the order in which they finish.

use super::accumulate::{Accumulator, LaneSum};
use super::batch::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::sampling::meter::Clock;
use crate::sync::{lock, wait};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// What workers and the host share.
pub struct Results {
    state: Mutex<State>,
    changed: Condvar,
    clock: Clock,
}

struct State {
    /// Number of the next batch to merge.
    next: u64,
    waiting: BTreeMap<u64, (Vec<LaneSum>, bool)>,
    sums: Accumulator,
    /// Part of a segment that was synced before it was complete.
    tail: Option<LaneSum>,
    error: Option<Error>,
    /// What the merged batches took in the model, on all threads.
    model_time: Duration,
    interval: u64,
    spare: Vec<Vec<f32>>,
}

impl Results {
    /// Results that start from `sums`, the next batch being number 0.
    pub fn new(sums: Accumulator, interval: u64, clock: Clock) -> Self {
        Self {
            state: Mutex::new(State {
                next: 0,
                waiting: BTreeMap::new(),
                sums,
                tail: None,
                error: None,
                model_time: Duration::ZERO,
                interval,
                spare: Vec::new(),
            }),
            changed: Condvar::new(),
            clock,
        }
    }

    /// Runs a batch and keeps its result and its memory. A run that fails changes nothing.
    pub fn run(
        &self,
        batch: Batch,
        run: impl FnOnce(&Batch) -> Result<Vec<LaneSum>>,
    ) -> Result<()> {
        let start = (self.clock)();
        let lanes = run(&batch)?;
        let took = (self.clock)().saturating_sub(start);
        let Batch {
            seq,
            provisional,
            x: memory,
            ..
        } = batch;
        let mut guard = lock(&self.state);
        let s = &mut *guard;
        s.model_time += took;
        s.waiting.insert(seq, (lanes, provisional));
        while let Some((lanes, provisional)) = s.waiting.remove(&s.next) {
            s.next += 1;
            if provisional {
                s.tail = lanes.into_iter().next();
            } else {
                s.tail = None;
                for lane in &lanes {
                    s.sums.add(lane, s.interval);
                }
            }
        }
        // Two in reserve: one being filled, one on its way.
        if !provisional && s.spare.len() < 2 {
            s.spare.push(memory);
        }
        drop(guard);
        self.changed.notify_all();
        Ok(())
    }

    /// What runs of the model have taken so far, on all threads.
    pub fn model_time(&self) -> Duration {
        lock(&self.state).model_time
    }

    /// Records a failure; everything after it fails too.
    pub fn fail(&self, error: Error) {
        lock(&self.state).error.get_or_insert(error);
        self.changed.notify_all();
    }

    /// The failure, if there was one.
    pub fn check(&self) -> Result<()> {
        match &lock(&self.state).error {
            Some(e) => Err(Error::new(ErrorKind::Poisoned, e.to_string())),
            None => Ok(()),
        }
    }

    /// Waits until every batch before `seq` is merged.
    pub fn wait(&self, seq: u64) -> Result<()> {
        let mut s = lock(&self.state);
        while s.next < seq {
            if let Some(e) = &s.error {
                return Err(Error::new(ErrorKind::Poisoned, e.to_string()));
            }
            s = wait(&self.changed, s);
        }
        Ok(())
    }

    /// Waits until fewer than `bound` batches of those before `seq` are unmerged.
    pub fn wait_for_room(&self, seq: u64, bound: u64) -> Result<()> {
        self.wait((seq + 1).saturating_sub(bound))
    }

    /// Memory of a merged batch, or none.
    pub fn spare(&self) -> Vec<f32> {
        lock(&self.state).spare.pop().unwrap_or_default()
    }

    /// A look at the sums and at the tail.
    pub fn with<T>(&self, f: impl FnOnce(&mut Accumulator, Option<&LaneSum>) -> T) -> T {
        let mut guard = lock(&self.state);
        let s = &mut *guard;
        f(&mut s.sums, s.tail.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn results() -> Results {
        Results::new(Accumulator::new(1, false), 0, Arc::new(|| Duration::ZERO))
    }

    fn batch(seq: u64, provisional: bool) -> Batch {
        Batch {
            seq,
            provisional,
            lanes: Vec::new(),
            x: vec![0.0; 8],
        }
    }

    /// One retirement whose representation is `value`.
    fn sum(first: u64, value: f64) -> Result<Vec<LaneSum>> {
        let parts = vec![(0, 1, vec![value])];
        Ok(vec![LaneSum { first, parts }])
    }

    #[test]
    fn batches_count_in_the_order_of_the_stream() {
        let results = results();
        let measured = || results.with(|sums, tail| (sums.measured, sums.sum[0], tail.is_some()));
        results.run(batch(1, false), |_| sum(1, 0.5)).unwrap();
        assert_eq!(measured(), (0, 0.0, false));
        results.run(batch(0, false), |_| sum(0, 2.0)).unwrap();
        assert_eq!(measured(), (2, 2.5, false));
        // An open segment stands beside the sums, until the next batch.
        results.run(batch(2, true), |_| sum(2, 9.0)).unwrap();
        assert_eq!(measured(), (2, 2.5, true));
        results.run(batch(3, false), |_| sum(2, 1.0)).unwrap();
        assert_eq!(measured(), (3, 3.5, false));
        results.wait(4).unwrap();
    }

    #[test]
    fn memory_of_two_batches_is_kept_and_never_that_of_an_open_segment() {
        let results = results();
        results.run(batch(0, true), |_| sum(0, 1.0)).unwrap();
        assert!(results.spare().is_empty());
        for seq in 1..5 {
            results.run(batch(seq, false), |_| sum(seq, 1.0)).unwrap();
        }
        let spares: [usize; 3] = std::array::from_fn(|_| results.spare().len());
        assert_eq!(spares, [8, 8, 0]);
    }
}
