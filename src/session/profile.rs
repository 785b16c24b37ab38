//! Where the cycles of a stream go: the price of every retirement on one core, added up by static
//! instruction.
//!
//! The cycles of a stream are a sum over its retirements, `M . P = sum(M . R_i)`, so a part of it
//! has its own: those between the retirement before an instruction and its own, as the model
//! estimates them. Single instructions are rough, and may cost less than 0: what a core commits at
//! once, the model may spread over neighbours. Take sums over functions or loops.

use super::batch::STEPS;
use super::config::SessionConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::features::{extractor, Extractor};
use crate::inst::{InstId, Resolved, Retirement, StaticInst};
use crate::microarch::Microarch;
use crate::model::{Engine, Model, Out, Rows};
use crate::outcome::Resolver;

/// What the retirements of one static instruction took.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Retirements.
    pub retirements: u64,
    /// Estimated cycles.
    pub cycles: f64,
}

/// Prices one stream, cut into lanes as a session of default settings cuts it: what it adds up is
/// what such a session estimates. Used by one thread at a time; memory follows static
/// instructions, never retirements.
pub struct Profile {
    engine: Box<dyn Engine>,
    extractor: Box<dyn Extractor>,
    resolver: Resolver,
    settled: Vec<Resolved>,
    vector: Vec<f32>,
    costs: Vec<Cost>,
    lanes: usize,
    segment: usize,
    warmup: usize,
    /// Feature rows: `front` that are priced already, then those of `ids`.
    rows: Vec<f32>,
    front: usize,
    ids: Vec<InstId>,
    out: Vec<f32>,
}

impl Profile {
    /// A profile on `core`, whose vector must be of `model` (kind `Mismatch`).
    pub fn new(model: &Model, core: &Microarch) -> Result<Self> {
        let (info, config) = (model.info(), SessionConfig::default());
        if core.vector.len() != info.representation {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "microarchitecture \"{}\" has a vector of {} elements, representations of model \"{}\" have {}; take a table that came with the model",
                    core.name, core.vector.len(), info.id, info.representation
                ),
            ));
        }
        Ok(Self {
            engine: model.engine(config.lanes, STEPS)?,
            extractor: extractor(&info.schema)?,
            resolver: Resolver::default(),
            vector: core.vector.clone(),
            settled: Vec::new(),
            costs: Vec::new(),
            lanes: config.lanes,
            segment: config.segment,
            warmup: info.warmup,
            rows: Vec::new(),
            front: 0,
            ids: Vec::new(),
            out: Vec::new(),
        })
    }

    /// Announces the next static instruction; ids are dense from 0.
    pub fn intern(&mut self, inst: &StaticInst) {
        let id = self.resolver.intern(inst);
        self.extractor.intern(id, inst);
        self.costs.push(Cost::default());
    }

    /// Retirements in order. Kind `InvalidArgument` where one's instruction is not announced;
    /// nothing of the slice is taken then.
    pub fn retire(&mut self, block: &[Retirement]) -> Result<()> {
        Retirement::check_all(block, self.costs.len())?;
        self.resolver.settle(block, &mut self.settled);
        self.take_settled()
    }

    /// The cost of every static instruction, by id.
    pub fn finish(mut self) -> Result<Vec<Cost>> {
        self.resolver.flush(&mut self.settled);
        self.take_settled()?;
        self.price()?;
        Ok(self.costs)
    }

    fn take_settled(&mut self) -> Result<()> {
        let columns = self.extractor.schema().len();
        let mut settled = std::mem::take(&mut self.settled);
        let mut rest = &settled[..];
        while !rest.is_empty() {
            // Up to the retirement that fills the lanes.
            let room = self.lanes * self.segment - self.ids.len();
            let (part, more) = rest.split_at(room.min(rest.len()));
            rest = more;
            let at = self.rows.len();
            self.rows.resize(at + part.len() * columns, 0.0);
            self.extractor.steps(part, Some(&mut self.rows[at..]));
            self.ids.extend(part.iter().map(|r| r.inst));
            if self.ids.len() == self.lanes * self.segment {
                self.price()?;
            }
        }
        settled.clear();
        self.settled = settled;
        Ok(())
    }

    /// Puts the rows of `ids` through the model, segments side by side.
    fn price(&mut self) -> Result<()> {
        let end = self.front + self.ids.len();
        let mut at = self.front;
        while at < end {
            let (warm, len) = (at.min(self.warmup), (end - at).min(self.segment));
            // The first segments of a stream have a shorter warm-up and its last may be cut short:
            // lanes of a call are alike.
            let whole = warm == self.warmup && len == self.segment;
            let lanes = if whole { (end - at) / len } else { 1 };
            self.run(at, warm, len, lanes)?;
            at += lanes * len;
        }
        let keep = end.min(self.warmup);
        let columns = self.extractor.schema().len();
        self.rows.drain(..(end - keep) * columns);
        self.front = keep;
        self.ids.clear();
        Ok(())
    }

    /// Lanes one after the other from row `at`, each with the `warm` rows before it.
    fn run(&mut self, at: usize, warm: usize, len: usize, lanes: usize) -> Result<()> {
        let (columns, dim) = (self.extractor.schema().len(), self.vector.len());
        self.engine.reset();
        for t in (0..warm + len).step_by(STEPS) {
            let steps = STEPS.min(warm + len - t);
            self.out.resize(lanes * steps * dim, 0.0);
            let rows = Rows {
                x: &self.rows[(at - warm + t) * columns..],
                features: columns,
                stride: len,
                lanes,
                steps,
            };
            self.engine.run(&rows, Out::Rows(&mut self.out))?;
            let first = at - self.front;
            for (i, representation) in self.out.chunks_exact(dim).enumerate() {
                let (lane, step) = (i / steps, t + i % steps);
                if step >= warm {
                    let id = self.ids[first + lane * len + step - warm];
                    let cost = &mut self.costs[id as usize];
                    cost.retirements += 1;
                    cost.cycles += price(&self.vector, representation);
                }
            }
        }
        Ok(())
    }
}

fn price(vector: &[f32], representation: &[f32]) -> f64 {
    let pairs = vector.iter().zip(representation);
    pairs.map(|(m, r)| f64::from(*m) * f64::from(*r)).sum()
}
