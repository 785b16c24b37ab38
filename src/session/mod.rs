//! One hart's stream: from retirements to a program vector and its estimates.
//!
//! The host's thread interns and appends; settling branch outcomes, extraction and the model run
//! on the session's threads (or inside the calls, with `threads: 0`). What a session computes is
//! a function of the stream and the configuration alone, bit for bit: not of how the stream is
//! split into calls, of the number of threads, or of when they ran. Sampling to a target overhead is
//! the exception, and says what it chose so that it can be done again.

mod accumulate;
mod batch;
mod call_tree;
pub mod config;
pub mod counts;
mod fill;
pub(crate) mod intern;
mod merge;
mod pipeline;
mod profile;
mod runner;
mod snapshot;
mod threads;

pub use crate::sampling::{Sampling, MAX_EPOCHS, WARMING_ALL};
pub use call_tree::Stack;
pub use config::SessionConfig;
pub use counts::{Counts, Interval};
pub use profile::{Costs, Profile, Site, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstId, Retirement, StaticInst};
use crate::isa::Isa;
use crate::microarch::ProgramVector;
use crate::model::Model;
use crate::region::{Gate, Region};
use crate::sampling::meter::{system_clock, Clock};
use intern::Interner;
use merge::Results;
use pipeline::Pipeline;
use runner::{Runner, Work, BLOCK};
use std::collections::VecDeque;
use std::sync::Arc;

/// Prices the stream of one hart. Used by one thread at a time; many sessions share a model.
pub struct Session {
    model: Arc<Model>,
    config: SessionConfig,
    warmup: usize,
    interner: Interner,
    /// Static instructions already announced to the pipeline.
    announced: usize,
    block: Vec<Retirement>,
    in_region: bool,
    /// What decides it, unless the host does.
    gate: Option<Box<Gate>>,
    /// Whether anything was reported yet.
    begun: bool,
    /// Retirements in regions, as the host reported them.
    retired: u64,
    /// Observed cycles per interval that is not yet taken: (interval, cycles, timed).
    observed: VecDeque<(u64, u64, u64)>,
    runner: Runner,
    results: Arc<Results>,
}

impl Session {
    /// Creates a session at the start of a stream.
    pub fn new(model: Arc<Model>, config: &SessionConfig) -> Result<Session> {
        config.validate()?;
        let pipeline = Session::pipeline(&model, config)?;
        Session::start(model, config, pipeline)
    }

    /// The pipeline of a session.
    fn pipeline(model: &Model, config: &SessionConfig) -> Result<Pipeline> {
        Session::pipeline_with(model, config, system_clock())
    }

    /// The same with another clock.
    fn pipeline_with(model: &Model, config: &SessionConfig, clock: Clock) -> Result<Pipeline> {
        let warmup = config.warmup.unwrap_or(model.info().warmup);
        Pipeline::new(model, config, warmup, clock)
    }

    /// A session in front of `pipeline`.
    fn start(model: Arc<Model>, config: &SessionConfig, pipeline: Pipeline) -> Result<Session> {
        Ok(Session {
            interner: Interner::default(),
            announced: 0,
            block: Vec::with_capacity(BLOCK),
            in_region: !config.start_outside_region,
            gate: None,
            begun: false,
            retired: 0,
            observed: VecDeque::new(),
            results: pipeline.results().clone(),
            runner: Runner::start(pipeline, config.threads > 0)?,
            warmup: config.warmup.unwrap_or(model.info().warmup),
            config: config.clone(),
            model,
        })
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The configuration.
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Resets the session to the start of a stream; interned static instructions and a region that
    /// was set are kept.
    pub fn reset(&mut self) -> Result<()> {
        let mut fresh = Session::new(self.model.clone(), &self.config)?;
        if let Some(gate) = &self.gate {
            fresh.set_region(gate.region())?;
        }
        fresh.interner = std::mem::take(&mut self.interner);
        *self = fresh;
        Ok(())
    }

    /// Interns a static instruction. The same instruction gets the same id.
    pub fn intern(&mut self, inst: &StaticInst) -> Result<InstId> {
        self.interner.intern(inst)
    }

    /// Decodes and interns; a repeated (pc, encoding) is found without decoding.
    pub fn intern_encoding(&mut self, isa: Isa, pc: u64, encoding: &[u8]) -> Result<InstId> {
        self.interner.intern_encoding(isa, pc, encoding)
    }

    /// The interned instruction `id`.
    pub fn inst(&self, id: InstId) -> Option<StaticInst> {
        self.interner.insts().get(id)
    }

    /// Distinct static instructions that the decoder did not know (classed by major opcode).
    pub fn unknown_instructions(&self) -> u64 {
        self.interner.unknown()
    }

    /// Reports one retirement.
    pub fn retire(&mut self, r: &Retirement) -> Result<()> {
        self.retire_many(std::slice::from_ref(r))
    }

    /// Reports retirements in order. On an error (an unknown id, or flags that contradict each
    /// other) none of the slice is accepted.
    pub fn retire_many(&mut self, retirements: &[Retirement]) -> Result<()> {
        Retirement::check_all(retirements, self.interner.insts().len())?;
        self.begun = true;
        let Some(mut gate) = self.gate.take() else {
            return self.accept(retirements);
        };
        let done = self.retire_through(&mut gate, retirements);
        self.gate = Some(gate);
        done
    }

    /// Opens and closes regions as `gate` says. What follows the end of all of them could only warm
    /// the features for nothing.
    fn retire_through(&mut self, gate: &mut Gate, mut rest: &[Retirement]) -> Result<()> {
        let insts = self.interner.insts();
        for inst in insts.from(gate.announced()) {
            gate.announce_next(&inst);
        }
        while let Some(first) = rest.first() {
            let (inside, n) = gate.split(rest);
            if inside != self.in_region {
                // Known here, unlike in region_end(): where the branch before it went.
                let next = self.interner.insts().pc(first.inst);
                self.region(inside, next)?;
            }
            if gate.is_over() && !inside {
                break;
            }
            let (piece, more) = rest.split_at(n);
            self.accept(piece)?;
            rest = more;
        }
        Ok(())
    }

    fn accept(&mut self, retirements: &[Retirement]) -> Result<()> {
        if self.in_region {
            self.retired += retirements.len() as u64;
        }
        let mut rest = retirements;
        while !rest.is_empty() {
            let (fits, more) = rest.split_at(rest.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(fits);
            rest = more;
            if self.block.len() == BLOCK {
                self.send_block()?;
            }
        }
        Ok(())
    }

    /// Reports only how many retirements come next, of which the sampling plan wants none: all must be
    /// further away from the next unit than its warm-up and [`SessionConfig::warming`] reach (else:
    /// kind `State`, now or in a later call). At a fixed rate a host can know where that is, and save
    /// itself the work of saying what retired.
    pub fn retire_unseen(&mut self, retirements: u64) -> Result<()> {
        if self.gate.is_some() || !self.in_region {
            return Err(Error::new(
                ErrorKind::State,
                "outside regions, and where the session finds their ends, every retirement is wanted",
            ));
        }
        self.begun = true;
        self.send_block()?;
        self.retired = self.retired.saturating_add(retirements);
        self.send(Work::Unseen(retirements))
    }

    /// Reports one retirement of a timing CPU, `cycles` after the one before. The cycles are added
    /// to [`Interval::cycles`], which calibration reads; needs `interval` in the configuration.
    pub fn retire_timed(&mut self, r: &Retirement, cycles: u32) -> Result<()> {
        if self.config.interval == 0 {
            return Err(Error::new(
                ErrorKind::State,
                "timed retirements need intervals: set `interval` in the session's configuration",
            ));
        }
        let before = self.retired;
        self.retire(r)?;
        if self.retired > before {
            let index = (self.retired - 1) / self.config.interval;
            if self.observed.back().is_none_or(|o| o.0 != index) {
                self.observed.push_back((index, 0, 0));
            }
            if let Some(o) = self.observed.back_mut() {
                o.1 += u64::from(cycles);
                o.2 += 1;
            }
        }
        Ok(())
    }

    fn send_block(&mut self) -> Result<()> {
        let insts = self.interner.insts();
        if self.announced < insts.len() {
            let new = insts.from(self.announced).collect();
            self.announced = insts.len();
            self.send(Work::Insts(new))?;
        }
        if !self.block.is_empty() {
            let next = self.runner.block();
            let block = std::mem::replace(&mut self.block, next);
            self.send(Work::Block(block))?;
        }
        Ok(())
    }

    fn send(&mut self, work: Work) -> Result<()> {
        self.results.check()?;
        self.runner.send(work).map_err(|e| {
            // The thread that failed knows better what happened than the one that found it gone.
            self.results.check().err().unwrap_or(e)
        })
    }

    /// Sets the region that is measured, instead of calls of [`region_begin`](Self::region_begin)
    /// and [`region_end`](Self::region_end). Retirements before a region warm the features; those
    /// after the last one are ignored. [`Region::default`] returns control to the host. Only before
    /// the first retirement (else: kind `State`).
    pub fn set_region(&mut self, region: Region) -> Result<()> {
        if self.begun {
            return Err(Error::new(
                ErrorKind::State,
                "the region must be set before the first retirement; reset the session first",
            ));
        }
        let gate = Gate::new(region)?;
        let by_host = region.is_all();
        let inside = match by_host {
            true => !self.config.start_outside_region,
            false => region.starts_inside(),
        };
        if self.in_region != inside {
            self.region(inside, None)?;
        }
        self.gate = (!by_host).then(|| Box::new(gate));
        Ok(())
    }

    /// Whether the region that was set has ended for good: no further retirement can be in it.
    pub fn is_over(&self) -> bool {
        !self.in_region && self.gate.as_ref().is_some_and(|gate| gate.is_over())
    }

    /// Begins a region of interest: the retirements that follow are measured.
    pub fn region_begin(&mut self) -> Result<()> {
        self.region_by_host(true)
    }

    /// Ends a region of interest: the retirements that follow warm the features but are not
    /// measured.
    pub fn region_end(&mut self) -> Result<()> {
        self.region_by_host(false)
    }

    fn region_by_host(&mut self, begin: bool) -> Result<()> {
        let refused = |text: String| Err(Error::new(ErrorKind::State, text));
        if self.gate.is_some() {
            return refused(
                "the session follows the region that was set; leave out region_begin and region_end"
                    .into(),
            );
        }
        if self.in_region == begin {
            let what = if begin { "inside" } else { "outside" };
            return refused(format!(
                "the session is already {what} a region; pair region_begin and region_end"
            ));
        }
        self.begun = true;
        self.region(begin, None)
    }

    fn region(&mut self, begin: bool, next: Option<u64>) -> Result<()> {
        self.send_block()?;
        self.in_region = begin;
        self.send(Work::Region(begin, next))
    }

    /// Evaluates the model on all pending retirements. Afterwards nothing is pending except a
    /// control transfer whose outcome depends on the next retirement. Does not change the results
    /// of later calls in any bit.
    pub fn sync(&mut self) -> Result<()> {
        self.send_block()?;
        self.runner.call(&self.results, |p| p.sync())
    }

    /// Progress counters, without waiting for pending work.
    pub fn counts(&mut self) -> Counts {
        let retired = self.retired;
        let full = self.config.sampling == Sampling::Full;
        self.results.with(|sums, tail| {
            let tail: u64 = tail.iter().flat_map(|t| &t.parts).map(|p| p.1).sum();
            let measured = sums.measured + tail;
            Counts {
                retired,
                measured,
                pending: if full {
                    retired.saturating_sub(measured)
                } else {
                    0
                },
                units: sums.units,
            }
        })
    }

    /// The program vector so far, without waiting for pending work (call `sync` first to include
    /// it).
    pub fn program_vector(&mut self) -> Result<ProgramVector> {
        self.results.check()?;
        let model_id = self.model.info().id.clone();
        let retired = self.retired;
        let mut v = ProgramVector {
            model_id,
            retired,
            ..ProgramVector::default()
        };
        self.results.with(|sums, tail| sums.fill(&mut v, tail));
        Ok(v)
    }

    /// The plan so far, of a session that adapts its sampling period: the period, in units, of each
    /// epoch after the first. Empty in other modes. See [`Sampling::Plan`].
    pub fn plan(&self) -> Vec<u64> {
        self.results
            .with(|sums, _| sums.strata.as_ref().map(|s| s.plan.clone()))
            .unwrap_or_default()
    }

    /// Takes the intervals finished since the last call, in order. The last, unfinished one is
    /// among them after [`Session::finish`] only.
    pub fn take_intervals(&mut self) -> Vec<Interval> {
        let done: Vec<Interval> = self.results.with(|sums, _| {
            // The newest may still grow.
            let n = sums.intervals.len().saturating_sub(1);
            sums.intervals.drain(..n).collect()
        });
        done.into_iter().map(|i| self.observe(i)).collect()
    }

    fn observe(&mut self, mut interval: Interval) -> Interval {
        while let Some(&(index, cycles, timed)) = self.observed.front() {
            if index > interval.index {
                break;
            }
            if index == interval.index {
                (interval.cycles, interval.timed) = (cycles, timed);
            }
            self.observed.pop_front();
        }
        interval
    }

    /// Ends the stream: evaluates the model on everything that is pending and completes the
    /// remaining intervals, the last of which may be short.
    pub fn finish(&mut self) -> Result<Vec<Interval>> {
        self.send_block()?;
        self.runner.call(&self.results, Pipeline::finish)?;
        let mut all = self.take_intervals();
        let last = self.results.with(|sums, _| sums.intervals.pop_front());
        if let Some(i) = last {
            let mut i = self.observe(i);
            i.retirements = i.retirements.min(self.retired.saturating_sub(i.first));
            all.push(i);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
