//! Where the cycles of a stream go: the price of every retirement, added up by static instruction
//! and call stack.
//!
//! The cycles of a stream are a sum over its retirements, `M . P = sum(M . R_i)`, so a part of it
//! has its own: those between the retirement before an instruction and its own, as the model
//! estimates them. Single instructions are rough, and may cost less than 0: what a core commits at
//! once, the model may spread over neighbours. Take sums over functions or loops.

use super::batch::STEPS;
use super::call_tree::{CallTree, Stack};
use super::config::SessionConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::features::Extractor;
use crate::inst::{InstId, Resolved, Retirement, StaticInst};
use crate::microarch::linalg::dot;
use crate::microarch::Microarch;
use crate::model::{Engine, Model, Out, Rows};
use crate::outcome::Resolver;
use std::collections::HashMap;

/// What one of the numbers of a [`Site`] counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name: "instructions", or "cycles" with the core's name.
    pub name: String,
    /// Its unit: "count" or "cycles".
    pub unit: &'static str,
}

/// What retired at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Index of its stack in [`Costs::stacks`].
    pub stack: u32,
    /// The static instruction.
    pub inst: InstId,
    /// One number for each of [`Costs::values`].
    pub values: Vec<f64>,
}

/// Where a stream's retirements and cycles went.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Costs {
    /// What is counted: retirements first, then the cycles of every core.
    pub values: Vec<Value>,
    /// The tree of call stacks; the first is its root.
    pub stacks: Vec<Stack>,
    /// Each pair of stack and static instruction that retired.
    pub sites: Vec<Site>,
    /// Calls that found no room in the tree: their callees are counted with their callers.
    pub cut: u64,
    /// Retirements, and those of them that were measured. The cycles stand for all.
    pub retired: u64,
    /// See `retired`.
    pub measured: u64,
}

/// Prices one stream, cut into lanes as a session of default settings cuts it: what it adds up is
/// what such a session estimates. Used by one thread at a time; memory follows places, never
/// retirements.
pub struct Profile {
    engine: Box<dyn Engine>,
    extractor: Box<dyn Extractor>,
    insts: Vec<StaticInst>,
    resolver: Resolver,
    settled: Vec<Resolved>,
    cores: Vec<Microarch>,
    places: Places,
    lanes: usize,
    segment: usize,
    warmup: usize,
    /// Sampling period in retirements; `None` measures all.
    period: Option<u64>,
    retired: u64,
    measured: u64,
    /// Feature rows. Full: `front` that are priced already, then those of `sites`. Sampling: units
    /// one after the other, each after its warm-up.
    rows: Vec<f32>,
    front: usize,
    sites: Vec<u32>,
    out: Vec<f32>,
}

/// Stacks and what was counted there.
struct Places {
    tree: CallTree,
    ids: HashMap<(u32, InstId), u32>,
    /// The place of a static instruction's last retirement.
    last: Vec<(u32, u32)>,
    places: Vec<(u32, InstId)>,
    retired: Vec<u64>,
    /// `width` numbers for each place.
    cycles: Vec<f64>,
    width: usize,
}

impl Places {
    fn new(width: usize) -> Self {
        Self {
            tree: CallTree::default(),
            ids: HashMap::new(),
            last: Vec::new(),
            places: Vec::new(),
            retired: Vec::new(),
            cycles: Vec::new(),
            width,
        }
    }

    /// Counts the next retirement; its place.
    fn step(&mut self, insts: &[StaticInst], inst: InstId) -> u32 {
        let stack = self.tree.step(insts, inst);
        let last = self.last[inst as usize];
        let place = if last.0 == stack {
            last.1
        } else {
            let next = self.places.len() as u32;
            let place = *self.ids.entry((stack, inst)).or_insert(next);
            if place == next {
                self.places.push((stack, inst));
                self.retired.push(0);
                self.cycles.resize(self.cycles.len() + self.width, 0.0);
            }
            self.last[inst as usize] = (stack, place);
            place
        };
        self.retired[place as usize] += 1;
        place
    }
}

impl Profile {
    /// A profile on `cores`, whose vectors must be of `model` (kind `Mismatch`). With a period, one
    /// segment of 1024 retirements per sampling period is measured (kind `InvalidArgument` below that), and
    /// the cycles are scaled to all. `image_end` is that of [`SessionConfig`].
    pub fn new(
        model: &Model,
        cores: &[&Microarch],
        period: Option<u64>,
        image_end: u64,
    ) -> Result<Self> {
        let (info, config) = (model.info(), SessionConfig::default());
        for core in cores {
            if core.vector.len() != info.representation {
                return Err(Error::new(
                    ErrorKind::Mismatch,
                    format!(
                        "microarchitecture \"{}\" has a vector of {} elements, representations of model \"{}\" have {}; take a table that came with the model",
                        core.name, core.vector.len(), info.id, info.representation
                    ),
                ));
            }
        }
        if let Some(n) = period.filter(|n| *n < config.segment as u64) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "the sampling period of {n} retirements is shorter than a segment of {}; give a longer one",
                    config.segment
                ),
            ));
        }
        let mut extractor = model.extractor(config.threads)?;
        extractor.set_image_end(image_end);
        Ok(Self {
            engine: model.engine(config.lanes, STEPS)?,
            extractor,
            insts: Vec::new(),
            resolver: Resolver::default(),
            cores: cores.iter().map(|core| (*core).clone()).collect(),
            settled: Vec::new(),
            places: Places::new(cores.len()),
            lanes: config.lanes,
            segment: config.segment,
            warmup: info.warmup,
            // Units that overlap with the next one's warm-up gain nothing over measuring all.
            period: period.filter(|n| *n >= (config.segment + info.warmup) as u64),
            retired: 0,
            measured: 0,
            rows: Vec::new(),
            front: 0,
            sites: Vec::new(),
            out: Vec::new(),
        })
    }

    /// Announces the next static instruction; ids are dense from 0.
    pub fn intern(&mut self, inst: &StaticInst) {
        let id = self.resolver.intern(inst);
        self.insts.push(*inst);
        self.extractor.intern(id, inst);
        self.places.last.push((u32::MAX, 0));
    }

    /// The instructions announced so far, by id.
    pub fn insts(&self) -> &[StaticInst] {
        &self.insts
    }

    /// Retirements in order. Kind `InvalidArgument` where one's instruction is not announced;
    /// nothing of the slice is taken then.
    pub fn retire(&mut self, block: &[Retirement]) -> Result<()> {
        Retirement::check_all(block, self.insts.len())?;
        self.resolver.settle(block, &mut self.settled);
        self.take_settled()
    }

    /// What was counted and priced, and where.
    pub fn finish(mut self) -> Result<(Costs, Vec<StaticInst>)> {
        self.resolver.flush(&mut self.settled);
        self.take_settled()?;
        match self.period {
            None => self.price()?,
            Some(_) => self.price_units()?,
        }
        let scale = match self.measured {
            0 => 0.0,
            n => self.retired as f64 / n as f64,
        };
        let mut values = vec![Value {
            name: "instructions".into(),
            unit: "count",
        }];
        // The parts of a twin's time belong here too: a value for each, added up like cycles.
        values.extend(self.cores.iter().map(|core| Value {
            name: format!("cycles on {}", core.name),
            unit: "cycles",
        }));
        let p = self.places;
        let priced = p.places.iter().enumerate().map(|(n, &(stack, inst))| {
            let cycles = &p.cycles[n * p.width..][..p.width];
            let mut values = vec![p.retired[n] as f64];
            values.extend(cycles.iter().map(|c| c * scale));
            Site {
                stack,
                inst,
                values,
            }
        });
        let sites = priced.collect();
        let (stacks, cut) = p.tree.finish();
        let costs = Costs {
            values,
            stacks,
            sites,
            cut,
            retired: self.retired,
            measured: self.measured,
        };
        Ok((costs, self.insts))
    }

    fn take_settled(&mut self) -> Result<()> {
        let mut settled = std::mem::take(&mut self.settled);
        let done = match self.period {
            Some(period) => self.take_sampled(&settled, period),
            None => self.take_all(&settled),
        };
        settled.clear();
        self.settled = settled;
        done
    }

    fn take_all(&mut self, settled: &[Resolved]) -> Result<()> {
        for r in settled {
            self.row(r);
            let place = self.places.step(&self.insts, r.inst);
            self.sites.push(place);
            self.retired += 1;
            if self.sites.len() == self.lanes * self.segment {
                self.price()?;
            }
        }
        Ok(())
    }

    fn row(&mut self, r: &Resolved) {
        let (columns, at) = (self.extractor.columns(), self.rows.len());
        self.rows.resize(at + columns, 0.0);
        self.extractor.step(r, Some(&mut self.rows[at..]));
    }

    /// Units lie at the end of each period, whole ones only.
    fn take_sampled(&mut self, settled: &[Resolved], period: u64) -> Result<()> {
        let unit = period - self.segment as u64;
        let warm = unit - self.warmup as u64;
        for r in settled {
            let place = self.places.step(&self.insts, r.inst);
            let at = self.retired % period;
            self.retired += 1;
            if at < warm {
                self.extractor.step(r, None);
                continue;
            }
            self.row(r);
            if at >= unit {
                self.sites.push(place);
            }
            if at + 1 == period && self.sites.len() == self.lanes * self.segment {
                self.price_units()?;
            }
        }
        Ok(())
    }

    /// Puts whole units through the model, side by side.
    fn price_units(&mut self) -> Result<()> {
        let units = self.sites.len() / self.segment;
        self.sites.truncate(units * self.segment);
        if units > 0 {
            let stride = self.warmup + self.segment;
            self.run(self.warmup, self.warmup, self.segment, units, stride)?;
        }
        self.rows.clear();
        self.sites.clear();
        Ok(())
    }

    /// Puts the rows of `sites` through the model, segments side by side.
    fn price(&mut self) -> Result<()> {
        let end = self.front + self.sites.len();
        let mut at = self.front;
        while at < end {
            let (warm, len) = (at.min(self.warmup), (end - at).min(self.segment));
            // The first segments of a stream have a shorter warm-up and its last may be cut short:
            // lanes of a call are alike.
            let whole = warm == self.warmup && len == self.segment;
            let lanes = if whole { (end - at) / len } else { 1 };
            self.run(at, warm, len, lanes, len)?;
            at += lanes * len;
        }
        let keep = end.min(self.warmup);
        let columns = self.extractor.columns();
        self.rows.drain(..(end - keep) * columns);
        self.front = keep;
        self.sites.clear();
        Ok(())
    }

    /// Lanes from row `at`, one every `stride` rows, each with the `warm` rows before it.
    fn run(
        &mut self,
        at: usize,
        warm: usize,
        len: usize,
        lanes: usize,
        stride: usize,
    ) -> Result<()> {
        let columns = self.extractor.columns();
        let dim = self.cores.first().map_or(0, |core| core.vector.len());
        if dim == 0 {
            return Ok(());
        }
        let first = if self.period.is_some() {
            0
        } else {
            at - self.front
        };
        self.engine.reset();
        for t in (0..warm + len).step_by(STEPS) {
            let steps = STEPS.min(warm + len - t);
            self.out.resize(lanes * steps * dim, 0.0);
            let rows = Rows {
                x: &self.rows[(at - warm + t) * columns..],
                features: columns,
                stride,
                lanes,
                steps,
            };
            self.engine.run(&rows, Out::Rows(&mut self.out))?;
            for (i, representation) in self.out.chunks_exact(dim).enumerate() {
                let (lane, step) = (i / steps, t + i % steps);
                if step >= warm {
                    let place = self.sites[first + lane * len + step - warm] as usize;
                    let cycles = &mut self.places.cycles[place * self.cores.len()..];
                    for (core, sum) in self.cores.iter().zip(cycles) {
                        *sum += dot(&core.vector, representation);
                    }
                }
            }
        }
        self.measured += (lanes * len) as u64;
        Ok(())
    }
}
