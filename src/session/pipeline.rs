//! From retirements to batches: settling outcomes, extraction, planning, filling.

use super::batch::{self, Batch, Shape};
use super::fill::Filler;
use super::merge::Results;
use super::meter::Meter;
use super::pace::Pace;
use super::plan::{Planner, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::features::Extractor;
use crate::inst::{InstId, Resolved, Retirement, StaticInst};
use crate::model::{Engine, Model};
use crate::outcome::Resolver;
use std::sync::mpsc::SyncSender;
use std::sync::Arc;

/// Retirements settled at a time, so that they stay in the nearest cache.
const PART: usize = 256;

/// Where full batches go.
pub enum Sink {
    /// Through an engine here and now.
    Inline(Box<dyn Engine>),
    /// To the inference threads; at most `bound` batches are under way.
    Threads {
        /// The queue.
        queue: SyncSender<Batch>,
        /// Most batches under way.
        bound: u64,
    },
}

impl Sink {
    /// An engine of `model` for whole batches.
    pub fn inline(model: &Model, shape: &Shape) -> Result<Sink> {
        Ok(Sink::Inline(model.engine(shape.lanes, batch::STEPS)?))
    }
}

/// The part of a session that sees every retirement in order.
pub struct Pipeline {
    /// Sizes of batches.
    pub shape: Shape,
    /// The extractor.
    pub extractor: Box<dyn Extractor>,
    /// The planner.
    pub planner: Planner,
    /// What decides about the rate of sampling, where it is not fixed.
    pub pace: Option<Pace>,
    /// What measuring costs.
    pub meter: Meter,
    /// The lanes being filled.
    pub filler: Filler,
    /// Whether retirements are in a region of interest.
    pub in_region: bool,
    /// Index in the region of the next retirement.
    pub index: u64,
    /// Number of the next batch.
    pub seq: u64,
    /// Static instructions announced so far, by id.
    pub insts: Vec<StaticInst>,
    /// What settles outcomes.
    pub resolver: Resolver,
    /// What is settled and not yet taken; empty between calls.
    pub settled: Vec<Resolved>,
    /// Where batches go.
    pub sink: Sink,
    /// Where results go.
    pub results: Arc<Results>,
}

impl Pipeline {
    /// Announces static instructions in order of their ids.
    pub fn intern(&mut self, insts: &[StaticInst]) {
        for i in insts {
            self.extractor.intern(self.insts.len() as InstId, i);
            self.insts.push(*i);
        }
    }

    /// Takes retirements in order, of static instructions that were announced.
    pub fn block(&mut self, mut block: &[Retirement]) -> Result<()> {
        while !block.is_empty() {
            let idle = self.pass(block)?;
            let (part, rest) = block[idle..].split_at(PART.min(block.len() - idle));
            block = rest;
            let settled = &mut self.settled;
            for r in part {
                self.resolver.push(&self.insts, r, |s| settled.push(s));
            }
            self.take_settled()?;
        }
        Ok(())
    }

    /// Lets idle retirements at the front of `block` pass without looking at each; how many.
    /// Changes nothing but the time that they take.
    fn pass(&mut self, block: &[Retirement]) -> Result<usize> {
        let idle = match self.in_region {
            true => self.planner.idle(self.index),
            false => 0,
        };
        // One that was held back comes before them.
        let n = idle.saturating_sub(1).min(block.len() as u64) as usize;
        if n > 0 {
            self.meter.run();
            self.gap()?;
            self.index += self.resolver.pass(&self.insts, &block[..n]);
        }
        Ok(n)
    }

    /// What comes is neither measured nor a warm-up.
    fn gap(&mut self) -> Result<()> {
        self.close()?;
        self.filler.gap();
        Ok(())
    }

    /// Settles what is held back as if nothing followed.
    fn settle(&mut self) -> Result<()> {
        let settled = &mut self.settled;
        self.resolver.flush(&self.insts, |s| settled.push(s));
        self.take_settled()
    }

    fn take_settled(&mut self) -> Result<()> {
        let mut settled = std::mem::take(&mut self.settled);
        let done = self.steps(&settled);
        settled.clear();
        self.settled = settled;
        done
    }

    fn steps(&mut self, mut block: &[Resolved]) -> Result<()> {
        if self.in_region {
            self.meter.run();
        }
        while !block.is_empty() {
            let most = block.len() as u64;
            let (step, n) = if self.in_region {
                if self.planner.epoch_ends(self.index) {
                    self.plan_epoch()?;
                }
                self.planner.run(self.index, most)
            } else {
                (self.planner.outside(), most)
            };
            let (run, rest) = block.split_at(n as usize);
            block = rest;
            match step {
                Step::Idle => self.gap()?,
                Step::Skip => {
                    self.gap()?;
                    self.extractor.steps(run, None);
                }
                Step::Warm => {
                    self.close()?;
                    let start = self.meter.now();
                    for r in run {
                        let row = self.filler.warm_row();
                        self.extractor.step(r, row);
                    }
                    self.meter.made_rows(start);
                }
                Step::Measure(first) => {
                    if first {
                        self.close()?;
                        self.filler.ready();
                        self.filler.start(self.index);
                    }
                    let start = self.meter.now();
                    let rows = self.filler.rows(run.len());
                    self.extractor.steps(run, Some(rows));
                    self.meter.made_rows(start);
                }
            }
            if self.in_region {
                self.index += n;
            }
        }
        Ok(())
    }

    /// Decides about the next epoch, from the results of everything before it. How long they took
    /// changes nothing but where the target is an overhead.
    fn plan_epoch(&mut self) -> Result<()> {
        self.close()?;
        self.flush()?;
        let start = self.meter.now();
        self.results.wait(self.seq)?;
        self.meter.waited(start);
        let spent = self.meter.spent(self.results.model_time());
        let index = self.index;
        let period = self
            .results
            .with(|sums, _| match (&self.pace, &mut sums.strata) {
                (Some(pace), Some(strata)) => {
                    let period = pace.period(strata, index, spent);
                    strata.plan.push(period);
                    period
                }
                _ => 1,
            });
        self.planner.plan_epoch(index, period);
        Ok(())
    }

    /// Closes the open segment, and sends the batch where that fills it.
    fn close(&mut self) -> Result<()> {
        if self.filler.is_open() {
            self.filler.close();
            if self.filler.is_full() {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// A region begins or ends.
    pub fn region(&mut self, begin: bool) -> Result<()> {
        self.settle()?;
        self.close()?;
        if !begin {
            self.planner.cut(self.index);
            self.meter.pause();
        }
        self.in_region = begin;
        Ok(())
    }

    /// Sends the closed segments, full batch or not.
    fn flush(&mut self) -> Result<()> {
        if let Some(batch) = self.filler.take(self.seq, self.results.spare())? {
            self.send(batch)?;
        }
        Ok(())
    }

    /// Puts everything through the model, the open segment provisionally, and waits for it.
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        if let Some(batch) = self.filler.provisional(self.seq) {
            self.send(batch)?;
        }
        self.results.wait(self.seq)
    }

    fn send(&mut self, batch: Batch) -> Result<()> {
        self.seq += 1;
        let start = self.meter.now();
        match &mut self.sink {
            Sink::Inline(engine) => self.results.run(batch, |batch| {
                batch::run(engine.as_mut(), &self.shape, batch)
            })?,
            Sink::Threads { queue, bound } => {
                self.results.wait_for_room(batch.seq, *bound)?;
                queue.send(batch).map_err(|_| {
                    let gone = || Error::new(ErrorKind::Internal, "the inference threads are gone");
                    self.results.check().err().unwrap_or_else(gone)
                })?;
            }
        }
        self.meter.waited(start);
        Ok(())
    }
}
