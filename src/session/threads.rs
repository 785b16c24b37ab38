//! The session's own threads, and the ones that run the model.
//!
//! All queues are bounded, so a slow model slows the host down instead of filling the memory.

use super::batch::{self, Batch, Shape};
use super::merge::Results;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Model;
use crate::sync::lock;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::mpsc::{sync_channel, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

/// Starts a thread.
pub fn spawn(name: &str, f: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    Builder::new().name(name.into()).spawn(f).map_err(|e| {
        Error::new(
            ErrorKind::OutOfMemory,
            format!("cannot start thread {name}: {e}; use fewer threads, or 0 to run inline"),
        )
    })
}

/// Runs `f` on one of the session's threads. A failure, or a panic, is recorded in `results`, so
/// that nothing waits for a result that will not come; `false` then.
pub fn guarded(results: &Results, f: impl FnOnce() -> Result<()>) -> bool {
    let error = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(())) => return true,
        Ok(Err(e)) => e,
        Err(payload) => panic_error(&*payload),
    };
    results.fail(error);
    false
}

fn panic_error(payload: &(dyn std::any::Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Error::new(
        ErrorKind::Internal,
        format!("a worker thread panicked: {text}"),
    )
}

/// The threads that run the model; at most twice as many batches as threads are under way.
pub struct ModelThreads {
    queue: Option<SyncSender<Batch>>,
    threads: Vec<JoinHandle<()>>,
}

impl ModelThreads {
    /// Starts `threads` threads, whose results go to `results`.
    pub fn start(
        model: &Model,
        shape: Shape,
        threads: usize,
        results: &Arc<Results>,
    ) -> Result<Self> {
        let (queue, batches) = sync_channel::<Batch>(threads);
        let batches = Arc::new(Mutex::new(batches));
        let mut started = Self {
            queue: Some(queue),
            threads: Vec::new(),
        };
        for _ in 0..threads {
            let mut engine = model.engine(shape.lanes, batch::STEPS)?;
            let (batches, results) = (batches.clone(), results.clone());
            started.threads.push(spawn("perfvec-model", move || loop {
                let next = lock(&batches).recv();
                let Ok(b) = next else { return };
                let run = || results.run(b, |b| batch::run(engine.as_mut(), &shape, b));
                if !guarded(&results, run) {
                    return;
                }
            })?);
        }
        Ok(started)
    }

    /// Queues a batch; waits while too many are under way.
    pub fn send(&self, batch: Batch, results: &Results) -> Result<()> {
        results.wait_for_room(batch.seq, 2 * self.threads.len() as u64)?;
        let sent = self.queue.as_ref().map(|q| q.send(batch).is_ok());
        if sent == Some(true) {
            return Ok(());
        }
        let gone = || Error::new(ErrorKind::Internal, "the inference threads are gone");
        Err(results.check().err().unwrap_or_else(gone))
    }
}

impl Drop for ModelThreads {
    fn drop(&mut self) {
        // Closing the queue ends the threads.
        self.queue = None;
        for t in self.threads.drain(..) {
            // A panic was already recorded in the results.
            let _ = t.join();
        }
    }
}
