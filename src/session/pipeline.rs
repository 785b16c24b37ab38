//! From retirements to batches: settling outcomes, planning, extraction, filling.

use super::accumulate::Accumulator;
use super::batch::{self, Batch, Shape};
use super::config::SessionConfig;
use super::fill::Filler;
use super::merge::Results;
use super::threads::ModelThreads;
use crate::bytes::{corrupt, field, put};
use crate::error::{Error, ErrorKind, Result};
use crate::features::Extractor;
use crate::inst::{Resolved, Retirement, StaticInst};
use crate::model::{Engine, Model};
use crate::outcome::Resolver;
use crate::sampling::meter::{Clock, Meter};
use crate::sampling::plan::{Action, Planner};
use crate::sampling::{Sampling, WARMING_ALL};
use std::sync::Arc;

/// Most bytes of a batch.
const MAX_BATCH: usize = 4 << 30;

/// Where full batches go.
enum Sink {
    /// Through an engine here and now.
    Inline(Box<dyn Engine>),
    /// To the threads that run the model.
    Threads(ModelThreads),
}

/// The part of a session that sees every retirement, in order.
pub struct Pipeline {
    shape: Shape,
    resolver: Resolver,
    /// What is settled and not yet taken; empty between calls.
    settled: Vec<Resolved>,
    planner: Planner,
    /// What decides about the period of each epoch, where it is not fixed.
    sampling: Sampling,
    /// What measuring costs.
    meter: Meter,
    extractor: Box<dyn Extractor>,
    filler: Filler,
    in_region: bool,
    /// Features are warmed only near units, so that the rate decides what that costs.
    bounded: bool,
    /// Index in the region of the next retirement.
    index: u64,
    /// Number of the next batch.
    seq: u64,
    sink: Sink,
    results: Arc<Results>,
}

impl Pipeline {
    /// A pipeline at the start of a stream; `warmup` is the one in force.
    pub fn new(model: &Model, config: &SessionConfig, warmup: usize, clock: Clock) -> Result<Self> {
        let info = model.info();
        let mut extractor = model.extractor(config.threads)?;
        extractor.set_image_end(config.image_end);
        let columns = extractor.columns();
        let layout = config.layout(warmup);
        let shape = Shape {
            lanes: config.lanes,
            stride: warmup + layout.measured(),
            features: columns,
            dim: info.representation,
            interval: config.interval,
        };
        let bytes = shape.lanes.saturating_mul(shape.stride) * columns * 4;
        if bytes > MAX_BATCH {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                format!(
                    "session config: {} lanes of {} rows need {} MiB a batch, over 4096; use fewer lanes or shorter segments",
                    shape.lanes, shape.stride, bytes >> 20
                ),
            ));
        }
        config.sampling.check_targets(&info.id, shape.dim)?;
        let planner = Planner::new(&layout);
        let sums = if config.sampling.has_epochs() {
            Accumulator::stratified(shape.dim, config.unit)
        } else {
            Accumulator::new(shape.dim, !planner.is_full())
        };
        let filler = Filler::new(shape, warmup)?;
        let results = Arc::new(Results::new(sums, config.interval, clock.clone()));
        let sink = if config.threads < 2 {
            Sink::Inline(model.engine(shape.lanes, batch::STEPS)?)
        } else {
            let threads = config.threads - 1;
            Sink::Threads(ModelThreads::start(model, shape, threads, &results)?)
        };
        Ok(Self {
            shape,
            resolver: Resolver::default(),
            settled: Vec::new(),
            planner,
            sampling: config.sampling.clone(),
            meter: Meter::new(clock),
            extractor,
            filler,
            in_region: !config.start_outside_region,
            bounded: config.warming < WARMING_ALL,
            index: 0,
            seq: 0,
            sink,
            results,
        })
    }

    /// Where results go.
    pub fn results(&self) -> &Arc<Results> {
        &self.results
    }

    /// Announces static instructions in order of their ids.
    pub fn intern(&mut self, insts: &[StaticInst]) {
        for inst in insts {
            let id = self.resolver.intern(inst);
            self.extractor.intern(id, inst);
        }
    }

    /// Takes retirements in order, of static instructions that were announced.
    pub fn block(&mut self, mut block: &[Retirement]) -> Result<()> {
        while !block.is_empty() {
            let idle = self.pass(block)?;
            let (part, rest) =
                block[idle..].split_at(self.extractor.block().min(block.len() - idle));
            block = rest;
            self.resolver.settle(part, &mut self.settled);
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
            self.index += self.resolver.pass(&block[..n]);
        }
        Ok(n)
    }

    /// Lets `n` retirements pass that nobody has seen. They must be idle.
    pub fn pass_unseen(&mut self, n: u64) -> Result<()> {
        let n = n.saturating_add(self.resolver.drop_held().into());
        self.meter.run();
        let mut rest = n;
        while rest > 0 {
            if self.planner.epoch_ends(self.index) {
                self.plan_epoch()?;
            }
            let (action, run) = match self.in_region {
                true => self.planner.run(self.index, rest),
                false => (self.planner.outside(), rest),
            };
            if action != Action::Idle {
                return Err(Error::new(
                    ErrorKind::State,
                    format!(
                        "retirement {} was passed over, and the sampling plan wants it",
                        self.index
                    ),
                ));
            }
            self.gap()?;
            self.index += run;
            rest -= run;
        }
        Ok(())
    }

    /// Settles what is held back, with the pc of what follows it where that is known.
    fn settle(&mut self, follower: Option<u64>) -> Result<()> {
        self.resolver.flush_before(follower, &mut self.settled);
        self.take_settled()
    }

    fn take_settled(&mut self) -> Result<()> {
        let mut settled = std::mem::take(&mut self.settled);
        let done = self.runs(&settled);
        settled.clear();
        self.settled = settled;
        done
    }

    /// Cuts what is settled into runs that are treated alike.
    fn runs(&mut self, mut block: &[Resolved]) -> Result<()> {
        if self.in_region {
            self.meter.run();
        }
        while !block.is_empty() {
            let (action, n) = self.plan(block.len())?;
            let (run, rest) = block.split_at(n);
            block = rest;
            self.place(action)?;
            self.look(action, run);
            if self.in_region {
                self.index += n as u64;
            }
        }
        Ok(())
    }

    /// What to do with the next retirement, and with how many of `most` alike.
    fn plan(&mut self, most: usize) -> Result<(Action, usize)> {
        if !self.in_region {
            return Ok((self.planner.outside(), most));
        }
        if self.planner.epoch_ends(self.index) {
            self.plan_epoch()?;
        }
        let (action, n) = self.planner.run(self.index, most as u64);
        Ok((action, n as usize))
    }

    /// Opens and closes segments before a run.
    fn place(&mut self, action: Action) -> Result<()> {
        match action {
            Action::Idle | Action::Skip => self.gap()?,
            Action::Warm => self.close()?,
            Action::Measure(true) => {
                self.close()?;
                self.filler.start(self.index)?;
            }
            Action::Measure(false) => {}
        }
        Ok(())
    }

    /// Shows a run to everything that looks at the stream. All settled retirements come by here, in
    /// order, except idle ones that were passed over; what else is to see them stands here, beside
    /// the extractor.
    fn look(&mut self, action: Action, run: &[Resolved]) {
        match action {
            Action::Idle => {}
            Action::Skip => {
                let start = self.bounded.then(|| self.meter.now());
                self.extractor.steps(run, None);
                if let Some(start) = start {
                    self.meter.made_rows(start);
                }
            }
            Action::Warm => {
                let start = self.meter.now();
                let rows = self.filler.warm_rows(run.len());
                self.extractor.steps(run, rows);
                self.meter.made_rows(start);
            }
            Action::Measure(_) => {
                let start = self.meter.now();
                let rows = self.filler.rows(run.len());
                self.extractor.steps(run, Some(rows));
                self.meter.made_rows(start);
            }
        }
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
        let (sampling, index) = (&self.sampling, self.index);
        let period = self.results.with(|sums, _| {
            let strata = sums.strata.as_mut()?;
            let period = sampling.period(strata, index, spent);
            strata.plan.push(period);
            Some(period)
        });
        self.planner.plan_epoch(index, period.unwrap_or(1));
        Ok(())
    }

    /// What comes is neither measured nor a warm-up.
    fn gap(&mut self) -> Result<()> {
        self.close()?;
        self.filler.gap();
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

    /// A region begins or ends, before the retirement at `next` where that is known.
    pub fn region(&mut self, begin: bool, next: Option<u64>) -> Result<()> {
        self.settle(next)?;
        self.end_segment(!begin)?;
        self.in_region = begin;
        Ok(())
    }

    /// Ends the stream: what was measured of the open segment is final, and through the model.
    pub fn finish(&mut self) -> Result<()> {
        self.settle(None)?;
        self.end_segment(true)?;
        self.sync()
    }

    /// Closes the open segment, at the end of a region for good.
    fn end_segment(&mut self, cut: bool) -> Result<()> {
        self.close()?;
        if cut {
            self.planner.cut(self.index);
            self.meter.pause();
        }
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
            Sink::Threads(threads) => threads.send(batch, &self.results)?,
        }
        self.meter.waited(start);
        Ok(())
    }

    /// Appends the state, without static instructions, the region and the sums. Everything must be
    /// through the model. Kind `State` where the extractor's state cannot be saved.
    pub fn save(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.resolver.save(out);
        put(out, &[self.index]);
        self.planner.save(out);
        self.filler.save(out);
        self.meter.save(self.results.model_time(), out);
        self.extractor.save(out)
    }

    /// Takes the state back into a pipeline at the start of a stream, whose sums are back already.
    pub fn restore(
        &mut self,
        insts: &[StaticInst],
        in_region: bool,
        bytes: &mut &[u8],
    ) -> Result<()> {
        self.intern(insts);
        self.in_region = in_region;
        self.resolver.restore(bytes)?;
        self.index = field(bytes, "the place in the region")?;
        self.planner.restore(bytes)?;
        self.filler.restore(bytes)?;
        if !self.planner.fits(self.index, self.filler.open_segment()) {
            return Err(corrupt("its plan and its lanes disagree"));
        }
        self.meter.restore(bytes)?;
        self.extractor.restore(bytes)
    }
}
