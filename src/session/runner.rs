//! Where a session's pipeline runs: inside the host's calls, or on a thread of its own.

use super::merge::Results;
use super::pipeline::Pipeline;
use super::threads::{guarded, spawn};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{Retirement, StaticInst};
use std::sync::mpsc::{channel, sync_channel, Receiver, SyncSender};
use std::thread::JoinHandle;

/// Retirements handed on at a time.
pub const BLOCK: usize = 4096;

/// Blocks waiting for extraction at the most.
const BLOCKS: usize = 8;

/// Work for a pipeline, in stream order.
pub enum Work {
    /// New static instructions.
    Insts(Vec<StaticInst>),
    /// Retirements.
    Block(Vec<Retirement>),
    /// So many retirements that nobody has seen.
    Unseen(u64),
    /// A region begins (true) or ends, before the retirement at this pc where that is known.
    Region(bool, Option<u64>),
    /// Run this on the pipeline and answer through whatever the closure holds.
    Call(Box<dyn FnOnce(&mut Pipeline) + Send>),
}

impl Work {
    /// Does it; gives back memory that it came in.
    fn run(self, p: &mut Pipeline) -> Result<Option<Vec<Retirement>>> {
        match self {
            Work::Insts(insts) => p.intern(&insts),
            Work::Block(mut block) => {
                p.block(&block)?;
                block.clear();
                return Ok(Some(block));
            }
            Work::Unseen(n) => p.pass_unseen(n)?,
            Work::Region(begin, next) => p.region(begin, next)?,
            Work::Call(f) => f(p),
        }
        Ok(None)
    }
}

/// Where a session's pipeline runs.
pub enum Runner {
    /// Inside the host's calls.
    Inline(Box<Pipeline>),
    /// On a thread of its own.
    Thread(Worker),
}

/// The thread that a pipeline runs on.
pub struct Worker {
    queue: Option<SyncSender<Work>>,
    spare: Receiver<Vec<Retirement>>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Runs `pipeline`, on a thread if `threaded`.
    pub fn start(pipeline: Pipeline, threaded: bool) -> Result<Self> {
        Ok(if threaded {
            Runner::Thread(Worker::start(pipeline)?)
        } else {
            Runner::Inline(Box::new(pipeline))
        })
    }

    /// Hands on work, in order; waits while too much is under way.
    pub fn send(&mut self, work: Work) -> Result<()> {
        match self {
            Runner::Thread(w) => w.send(work),
            Runner::Inline(p) => {
                let done = work.run(p);
                done.map(drop).inspect_err(|e| p.results().fail(e.clone()))
            }
        }
    }

    /// Empty memory for a block of retirements, reused where possible.
    pub fn block(&self) -> Vec<Retirement> {
        let used = match self {
            Runner::Thread(w) => w.spare.try_recv().ok(),
            Runner::Inline(_) => None,
        };
        used.unwrap_or_else(|| Vec::with_capacity(BLOCK))
    }

    /// Runs `f` on the pipeline after everything sent before, and waits for its answer. Where it
    /// fails, batches may be lost: nothing may wait for them, so everything after it fails too.
    pub fn call<T: Send + 'static>(
        &mut self,
        results: &Results,
        f: impl FnOnce(&mut Pipeline) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        results.check()?;
        let (answer, got) = channel();
        self.send(Work::Call(Box::new(move |p| {
            // The asker waits below; it can only be gone if its thread is.
            let _ = answer.send(f(p));
        })))
        .map_err(|e| results.check().err().unwrap_or(e))?;
        let result = got.recv().unwrap_or_else(|_| {
            Err(results.check().err().unwrap_or_else(|| {
                Error::new(ErrorKind::Internal, "the extracting thread is gone")
            }))
        });
        result.inspect_err(|e| results.fail(e.clone()))
    }
}

impl Worker {
    fn start(mut pipeline: Pipeline) -> Result<Self> {
        let (queue, work) = sync_channel::<Work>(BLOCKS);
        let (give_back, spare) = sync_channel(BLOCKS + 1);
        let thread = spawn("perfvec-features", move || {
            let results = pipeline.results().clone();
            while let Ok(work) = work.recv() {
                let done = guarded(&results, || {
                    if let Some(memory) = work.run(&mut pipeline)? {
                        // A full return queue only means that the memory is not reused.
                        let _ = give_back.try_send(memory);
                    }
                    Ok(())
                });
                if !done {
                    return;
                }
            }
        })?;
        Ok(Self {
            queue: Some(queue),
            spare,
            thread: Some(thread),
        })
    }

    fn send(&self, work: Work) -> Result<()> {
        let sent = self.queue.as_ref().map(|q| q.send(work).is_ok());
        if sent == Some(true) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Internal,
            "the extracting thread is gone",
        ))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Closing the queue ends the thread, whose pipeline then ends those of the model.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic was already recorded in the results.
            let _ = thread.join();
        }
    }
}
