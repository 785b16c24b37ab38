//! Starting, calling, saving and restoring what runs behind a session.

use super::accumulate::Accumulator;
use super::batch::Shape;
use super::fill::Filler;
use super::merge::Results;
use super::meter::{system_clock, Clock, Meter};
use super::pace::Pace;
use super::pipeline::{Pipeline, Sink};
use super::plan::{Planner, MAX_INDEX};
use super::snapshot as snap;
use super::threads::{inference, Work, Worker};
use super::{Session, SessionConfig};
use crate::bytes::{corrupt, count, field, fields, flag, put, put_text, text};
use crate::error::{Error, ErrorKind, Result};
use crate::features::{extractor, Extractor};
use crate::inst::{Retirement, StaticInst};
use crate::model::Model;
use crate::outcome::Resolver;
use std::sync::mpsc::channel;
use std::sync::Arc;

/// Where a session's pipeline runs.
pub enum Runner {
    /// Inside the host's calls.
    Inline(Box<Pipeline>),
    /// On threads.
    Threads(Worker),
}

impl Runner {
    /// Hands on work, in order.
    pub fn send(&mut self, work: Work) -> Result<()> {
        match self {
            Runner::Threads(w) => w.send(work),
            Runner::Inline(p) => {
                let done = match work {
                    Work::Insts(insts) => {
                        p.intern(&insts);
                        Ok(())
                    }
                    Work::Block(block) => p.block(&block),
                    Work::Region(begin) => p.region(begin),
                    Work::Call(f) => {
                        f(p);
                        Ok(())
                    }
                };
                if let Err(e) = &done {
                    p.results.fail(e.clone());
                }
                done
            }
        }
    }

    /// Empty memory for a block of retirements.
    pub fn block(&self) -> Vec<Retirement> {
        match self {
            Runner::Threads(w) => w.block(),
            Runner::Inline(_) => Vec::with_capacity(super::BLOCK),
        }
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

/// What a pipeline is made of, before its threads exist.
pub struct Parts {
    shape: Shape,
    extractor: Box<dyn Extractor>,
    planner: Planner,
    pace: Option<Pace>,
    meter: Meter,
    filler: Filler,
    sums: Accumulator,
    index: u64,
    in_region: bool,
    insts: Vec<StaticInst>,
    resolver: Resolver,
}

impl Parts {
    /// Parts at the start of a stream.
    pub fn new(
        model: &Model,
        config: &SessionConfig,
        warmup: usize,
        clock: Clock,
    ) -> Result<Parts> {
        let info = model.info();
        let extractor = extractor(&info.schema)?;
        let columns = extractor.schema().len();
        if columns != info.features {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "model {} takes rows of {} features, schema {} has {columns}",
                    info.id, info.features, info.schema
                ),
            ));
        }
        let planner = Planner::new(config, warmup);
        let segment = if planner.is_full() {
            config.segment
        } else {
            config.unit
        };
        let shape = Shape {
            lanes: config.lanes,
            stride: warmup + segment,
            features: columns,
            dim: info.representation,
            interval: config.interval,
        };
        let bytes = shape.lanes.saturating_mul(shape.stride) * columns * 4;
        if bytes > 4 << 30 {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                format!(
                    "session config: {} lanes of {} rows need {} MiB a batch, over 4096; use fewer lanes or shorter segments",
                    shape.lanes, shape.stride, bytes >> 20
                ),
            ));
        }
        let dim = info.representation;
        let pace = Pace::new(config, info)?;
        let sums = match &pace {
            Some(_) => Accumulator::stratified(dim, config.unit),
            None => Accumulator::new(dim, !planner.is_full()),
        };
        Ok(Parts {
            extractor,
            filler: Filler::new(shape, warmup)?,
            sums,
            pace,
            meter: Meter::new(clock),
            planner,
            shape,
            index: 0,
            in_region: !config.start_outside_region,
            insts: Vec::new(),
            resolver: Resolver::default(),
        })
    }

    /// Starts what runs it.
    pub fn start(
        self,
        model: &Arc<Model>,
        config: &SessionConfig,
    ) -> Result<(Runner, Arc<Results>)> {
        let clock = self.meter.clock();
        let results = Arc::new(Results::new(self.sums, config.interval, 0, clock));
        let (sink, handles) = if config.threads < 2 {
            (Sink::inline(model, &self.shape)?, Vec::new())
        } else {
            inference(model, self.shape, config.threads - 1, &results)?
        };
        let pipeline = Pipeline {
            shape: self.shape,
            extractor: self.extractor,
            planner: self.planner,
            pace: self.pace,
            meter: self.meter,
            filler: self.filler,
            in_region: self.in_region,
            index: self.index,
            seq: 0,
            insts: self.insts,
            resolver: self.resolver,
            settled: Vec::new(),
            sink,
            results: results.clone(),
        };
        let runner = if config.threads == 0 {
            Runner::Inline(Box::new(pipeline))
        } else {
            Runner::Threads(Worker::start(pipeline, handles)?)
        };
        Ok((runner, results))
    }
}

/// See [`Session::snapshot`].
pub fn snapshot(s: &mut Session) -> Result<Vec<u8>> {
    s.send_block()?;
    let (held, state) = s.runner.call(&s.results, |p| {
        p.sync()?;
        let mut out = Vec::new();
        put(&mut out, &[p.index]);
        put(&mut out, &p.planner.state());
        p.filler.save(&mut out);
        put(&mut out, &p.meter.state(p.results.model_time()));
        p.extractor.save(&mut out);
        Ok((p.resolver.held().copied(), out))
    })?;
    let mut out = Vec::new();
    put_text(&mut out, &s.model.info().id);
    snap::put_config(&mut out, &s.config, s.warmup);
    snap::put_insts(&mut out, s.interner.insts());
    snap::put_held(&mut out, held.as_ref());
    put(
        &mut out,
        &[s.retired, s.in_region.into(), s.observed.len() as u64],
    );
    for (index, cycles, timed) in &s.observed {
        put(&mut out, &[*index, *cycles, *timed]);
    }
    s.results.with(|sums, _| snap::put_sums(&mut out, sums));
    out.extend_from_slice(&state);
    Ok(snap::seal(&out))
}

/// See [`Session::restore`].
pub fn restore(model: Arc<Model>, threads: usize, bytes: &[u8]) -> Result<Session> {
    restore_from(model, threads, bytes).map_err(snap::damaged)
}

fn restore_from(model: Arc<Model>, threads: usize, bytes: &[u8]) -> Result<Session> {
    let mut r = snap::open(bytes)?;
    let id = text(&mut r, "the model's id")?;
    if id != model.info().id {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "snapshot was taken with model {id}, this is model {}; load that model to restore it",
                model.info().id
            ),
        ));
    }
    let config = snap::take_config(&mut r, threads)?;
    let warmup = config.warmup.unwrap_or(model.info().warmup);
    let mut parts = Parts::new(&model, &config, warmup, system_clock())?;

    let mut interner = super::Interner::default();
    let insts = snap::take_insts(&mut r)?;
    for (expected, i) in insts.iter().enumerate() {
        let id = interner.intern(i)?;
        if id as usize != expected {
            return Err(corrupt("a static instruction is in it twice"));
        }
        parts.extractor.intern(id, i);
    }
    parts.resolver.hold(snap::take_held(&mut r, insts.len())?);
    let retired = field(&mut r, "the retirements")?;
    let in_region = flag(&mut r, "whether a region is open")?;
    let observed = (0..count(&mut r, 24, "the observed cycles")?)
        .map(|_| fields(&mut r, "the observed cycles").map(|[a, b, c]| (a, b, c)))
        .collect::<Result<_>>()?;
    parts.sums = snap::take_sums(&mut r, &parts.sums)?;
    let announced = insts.len();
    parts.insts = insts;
    parts.index = field(&mut r, "the place in the region")?;
    parts.in_region = in_region;
    parts.planner.set_state(fields(&mut r, "the plan's state")?);
    parts.filler.restore(&mut r)?;
    if retired > MAX_INDEX || !parts.planner.fits(parts.index, parts.filler.open_segment()) {
        return Err(corrupt("its plan and its lanes disagree"));
    }
    parts.meter.set_state(fields(&mut r, "the time spent")?);
    parts.extractor.restore(&mut r)?;
    if !r.is_empty() {
        return Err(corrupt(format!("{} bytes follow its end", r.len())));
    }
    let (runner, results) = parts.start(&model, &config)?;
    Ok(Session {
        announced,
        interner,
        block: Vec::with_capacity(super::BLOCK),
        in_region,
        retired,
        observed,
        runner,
        results,
        warmup,
        config,
        model,
    })
}
