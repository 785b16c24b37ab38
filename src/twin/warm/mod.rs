//! Functional warming shared by cores: caches, prefetchers and branch predictors that follow the
//! stream without time.
//!
//! In a sampled run, the retirements between timed units warm these structures. Their content
//! depends only on the stream and on their own shape, so all cores with structures of one shape
//! share them. They see every retirement, also those of units; a core's twin starts each unit
//! with their content (`Machine::take`), and its own changes are discarded
//! after the unit. A block of retirements goes through one structure after the other.

pub mod behind;
pub mod branches;
pub mod first;
pub mod stream;
pub mod tags;

use super::pages::Place;
use super::parameters::CoreParameters;
use super::predictors::branch_unit::{BranchUnit, Parameters, Targets};
use super::predictors::Direction;
use super::prefetchers::Prefetcher;
use super::prepared::Prepared;
use super::rules::Rules;
use super::threads::{share, Task};
use crate::inst::Resolved;
use behind::Behind;
use branches::{run_direction, DirectionShape, TargetsShape};
use first::{Data, DataShape, Instruction, InstructionShape};
use stream::Stream;
use tags::Tags;

/// Retirements that wait to go through the structures at most. Warming is fast: of fewer, a thread
/// would be started too often.
const BLOCK: u32 = 1 << 16;
/// Cores whose structures are not worth a thread.
const FEW: usize = 4;

/// What makes all that cores share equal: direction predictors, caches, prefetchers and target
/// predictors. In the order of shapes, cores with equal direction predictors stand together first,
/// then those with equal data caches: these take the longest to warm.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Shape(
    DirectionShape,
    DataShape,
    behind::Shape,
    InstructionShape,
    TargetsShape,
);

impl Shape {
    /// That of a core.
    pub fn of(p: &CoreParameters, rules: &Rules) -> Self {
        let branches = p.branches(rules);
        Self(
            DirectionShape::of(&branches),
            DataShape::of(p),
            // Which first caches these are is said beside it.
            behind::Shape::of(p, 0, 0),
            InstructionShape::of(p),
            TargetsShape::of(&branches),
        )
    }
}

/// Structures by shape.
struct Shared<S, T> {
    shapes: Vec<S>,
    all: Vec<T>,
}

impl<S: PartialEq, T> Shared<S, T> {
    fn new() -> Self {
        Self {
            shapes: Vec::new(),
            all: Vec::new(),
        }
    }

    /// The number of the one of this shape; a new one is made by `new`.
    fn of(&mut self, shape: S, new: impl FnOnce(&S) -> T) -> usize {
        if let Some(n) = self.shapes.iter().position(|s| *s == shape) {
            return n;
        }
        self.all.push(new(&shape));
        self.shapes.push(shape);
        self.all.len() - 1
    }
}

/// Where a core's branch prediction is.
#[derive(Clone, Copy)]
enum Branches {
    Apart {
        direction: usize,
        targets: usize,
    },
    /// With gem5's flaw in compressed branches, targets change what directions learn.
    Whole(usize),
}

/// Where a core's structures are.
#[derive(Clone, Copy)]
struct Core {
    branches: Branches,
    behind: usize,
}

/// The structures of a list of cores.
pub struct Warm {
    stream: Stream,
    cores: Vec<Core>,
    directions: Shared<DirectionShape, Direction>,
    targets: Shared<TargetsShape, Targets>,
    whole: Shared<Parameters, BranchUnit>,
    instruction: Shared<InstructionShape, Instruction>,
    data: Shared<DataShape, Data>,
    behind: Shared<behind::Shape, Behind>,
    /// Loads and stores since machines took them last.
    accesses: u64,
}

/// What a core's machine takes over.
pub struct Held<'a> {
    pub(super) branches: HeldBranches<'a>,
    pub(super) l1i: &'a Tags,
    pub(super) l1d: (&'a Tags, &'a Prefetcher),
    pub(super) l2: (&'a Tags, &'a Prefetcher),
    pub(super) l3: Option<&'a Tags>,
    /// The time of prefetchers, in retirements.
    pub(super) now: u64,
    /// Loads and stores since machines took them last.
    pub(super) accesses: u64,
}

/// A core's branch prediction.
#[derive(Clone, Copy)]
pub(super) enum HeldBranches<'a> {
    Apart(&'a Direction, &'a Targets),
    Whole(&'a BranchUnit),
}

impl HeldBranches<'_> {
    /// It takes the place of what `unit` has learnt.
    pub(super) fn give(&self, unit: &mut BranchUnit) {
        match self {
            Self::Apart(direction, targets) => unit.take(direction, targets),
            Self::Whole(other) => unit.take_all(other),
        }
    }
}

impl Warm {
    /// The structures of these cores, at the start of a stream.
    pub fn new<'a>(cores: impl Iterator<Item = &'a CoreParameters>, rules: &Rules) -> Self {
        let mut warm = Self {
            stream: Stream::default(),
            cores: Vec::new(),
            directions: Shared::new(),
            targets: Shared::new(),
            whole: Shared::new(),
            instruction: Shared::new(),
            data: Shared::new(),
            behind: Shared::new(),
            accesses: 0,
        };
        for p in cores {
            let core = warm.core(p, rules);
            warm.cores.push(core);
        }
        warm
    }

    fn core(&mut self, p: &CoreParameters, rules: &Rules) -> Core {
        let branches = p.branches(rules);
        let branches = if branches.compressed_looks_taken {
            Branches::Whole(self.whole.of(branches, BranchUnit::new))
        } else {
            let shape = DirectionShape::of(&branches);
            let direction = self.directions.of(shape, DirectionShape::build);
            let shape = TargetsShape::of(&branches);
            let targets = self.targets.of(shape, |_| Targets::new(&branches));
            Branches::Apart { direction, targets }
        };
        let instruction = self
            .instruction
            .of(InstructionShape::of(p), Instruction::new);
        let data = self.data.of(DataShape::of(p), Data::new);
        let shape = behind::Shape::of(p, instruction, data);
        let behind = self.behind.of(shape, |shape| Behind::new(*shape));
        Core { branches, behind }
    }

    /// The next retirement, of `i`. Whether there are so many that [`Warm::run`] is due.
    #[inline]
    pub fn push(&mut self, i: &Prepared, r: &Resolved, place: &Place) -> bool {
        self.stream.push(i, r, place);
        self.stream.len >= BLOCK
    }

    /// All structures see what was pushed, on up to `threads` threads.
    pub fn run(&mut self, threads: usize) {
        if self.stream.len == 0 {
            return;
        }
        let few = self.stream.len < BLOCK / 8 || self.cores.len() < FEW;
        let threads = if few { 1 } else { threads };
        let stream = &self.stream;
        self.accesses += stream.accesses.len() as u64;
        let mut tasks: Vec<Task> = Vec::new();
        for d in &mut self.directions.all {
            tasks.push(Box::new(move || run_direction(d, &stream.controls)));
        }
        for t in &mut self.targets.all {
            tasks.push(Box::new(move || {
                stream.controls.iter().for_each(|c| t.warm(c));
            }));
        }
        for b in &mut self.whole.all {
            tasks.push(Box::new(move || {
                stream.controls.iter().for_each(|c| b.warm(c));
            }));
        }
        for d in &mut self.data.all {
            tasks.push(Box::new(move || d.run(stream)));
        }
        for i in &mut self.instruction.all {
            tasks.push(Box::new(move || i.run(stream)));
        }
        share(threads, tasks);
        let (instruction, data) = (&self.instruction.all, &self.data.all);
        let behind = self.behind.all.iter_mut().map(|b| -> Task {
            Box::new(move || {
                let shape = b.shape;
                b.run(
                    &instruction[shape.instruction],
                    &data[shape.data],
                    stream.start,
                );
            })
        });
        share(threads, behind.collect());
        self.stream.clear();
    }

    /// What the machine of core `k` takes over. All that was pushed must have [`Warm::run`].
    pub fn held(&self, k: usize) -> Held<'_> {
        let core = self.cores[k];
        let behind = &self.behind.all[core.behind];
        let data = &self.data.all[behind.shape.data];
        Held {
            branches: match core.branches {
                Branches::Apart { direction, targets } => {
                    HeldBranches::Apart(&self.directions.all[direction], &self.targets.all[targets])
                }
                Branches::Whole(n) => HeldBranches::Whole(&self.whole.all[n]),
            },
            l1i: &self.instruction.all[behind.shape.instruction].tags,
            l1d: (&data.tags, &data.fetcher.prefetcher),
            l2: (&behind.second, &behind.fetcher.prefetcher),
            l3: behind.third.as_ref(),
            now: self.stream.start,
            accesses: self.accesses,
        }
    }

    /// Every machine has taken over what they hold.
    pub fn taken(&mut self) {
        self.accesses = 0;
        let instruction = self.instruction.all.iter_mut().map(|i| &mut i.tags);
        let data = self.data.all.iter_mut().map(|d| &mut d.tags);
        instruction.chain(data).for_each(Tags::taken);
        for b in &mut self.behind.all {
            b.second.taken();
            b.third.iter_mut().for_each(Tags::taken);
        }
    }
}

#[cfg(test)]
mod tests;
