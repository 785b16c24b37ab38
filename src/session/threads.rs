//! The session's own threads: one that extracts, and the ones that run the model.
//!
//! All queues are bounded, so a slow model slows the host down instead of filling the memory.

use super::batch::{self, Batch, Shape};
use super::merge::Results;
use super::pipeline::{Pipeline, Sink};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{Retirement, StaticInst};
use crate::model::Model;
use crate::sync::lock;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

/// Work for the extracting thread, in stream order.
pub enum Work {
    /// New static instructions.
    Insts(Vec<StaticInst>),
    /// Retirements.
    Block(Vec<Retirement>),
    /// A region begins (true) or ends.
    Region(bool),
    /// Run this on the pipeline and answer through whatever the closure holds.
    Call(Box<dyn FnOnce(&mut Pipeline) + Send>),
}

/// Blocks waiting for extraction at the most.
const BLOCKS: usize = 8;

/// Runs a pipeline on a thread of its own.
pub struct Worker {
    queue: Option<SyncSender<Work>>,
    spare: Receiver<Vec<Retirement>>,
    threads: Vec<JoinHandle<()>>,
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

fn spawn(name: &str, f: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    Builder::new().name(name.into()).spawn(f).map_err(|e| {
        Error::new(
            ErrorKind::OutOfMemory,
            format!("cannot start thread {name}: {e}; use fewer threads, or 0 to run inline"),
        )
    })
}

/// Inference threads fed through the sink that is returned.
pub fn inference(
    model: &Arc<Model>,
    shape: Shape,
    threads: usize,
    results: &Arc<Results>,
) -> Result<(Sink, Vec<JoinHandle<()>>)> {
    let (queue, batches) = sync_channel::<Batch>(threads);
    let batches = Arc::new(Mutex::new(batches));
    let mut handles = Vec::new();
    for _ in 0..threads {
        let mut engine = model.engine(shape.lanes, batch::STEPS)?;
        let (batches, results) = (batches.clone(), results.clone());
        handles.push(spawn("perfvec-model", move || loop {
            let next = lock(&batches).recv();
            let Ok(b) = next else { return };
            let ran = catch_unwind(AssertUnwindSafe(|| {
                results.run(b, |b| batch::run(engine.as_mut(), &shape, b))
            }));
            match ran {
                Ok(Ok(())) => {}
                Ok(Err(e)) => return results.fail(e),
                Err(payload) => return results.fail(panic_error(&*payload)),
            }
        })?);
    }
    let sink = Sink::Threads {
        queue,
        bound: 2 * threads as u64,
    };
    Ok((sink, handles))
}

impl Worker {
    /// Starts the extracting thread; `threads` are the inference threads that it feeds.
    pub fn start(mut pipeline: Pipeline, threads: Vec<JoinHandle<()>>) -> Result<Worker> {
        let (queue, work) = sync_channel::<Work>(BLOCKS);
        let (give_back, spare) = sync_channel(BLOCKS + 1);
        let mut all = vec![spawn("perfvec-features", move || {
            let results = pipeline.results.clone();
            while let Ok(work) = work.recv() {
                let ran = catch_unwind(AssertUnwindSafe(|| match work {
                    Work::Insts(insts) => {
                        pipeline.intern(&insts);
                        Ok(())
                    }
                    Work::Block(mut block) => {
                        let done = pipeline.block(&block);
                        block.clear();
                        // A full return queue only means that the memory is not reused.
                        let _ = give_back.try_send(block);
                        done
                    }
                    Work::Region(begin) => pipeline.region(begin),
                    Work::Call(f) => {
                        f(&mut pipeline);
                        Ok(())
                    }
                }));
                match ran {
                    Ok(Ok(())) => {}
                    Ok(Err(e)) => return results.fail(e),
                    Err(payload) => return results.fail(panic_error(&*payload)),
                }
            }
        })?];
        all.extend(threads);
        Ok(Worker {
            queue: Some(queue),
            spare,
            threads: all,
        })
    }

    /// Queues work; waits while the queue is full.
    pub fn send(&self, work: Work) -> Result<()> {
        let gone = || Error::new(ErrorKind::Internal, "the extracting thread is gone");
        self.queue
            .as_ref()
            .ok_or_else(gone)?
            .send(work)
            .map_err(|_| gone())
    }

    /// Empty memory for a block, reused where possible.
    pub fn block(&self) -> Vec<Retirement> {
        self.spare
            .try_recv()
            .unwrap_or_else(|_| Vec::with_capacity(super::BLOCK))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Closing the queue ends the extracting thread, whose sink then ends the others.
        self.queue = None;
        for t in self.threads.drain(..) {
            // A panic was already recorded in the results.
            let _ = t.join();
        }
    }
}
