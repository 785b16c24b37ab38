//! A bank of twins: several cores on one stream, as an extractor and the engine that reads its
//! rows, so that a list of cores can be used wherever a model can.
//!
//! A row has one element for each core: the retirement's time and cause, the low 32 bits of [`At`]
//! stored as an f32. The representation has [`Part::COUNT`] elements for each core: the
//! cycles by part. A core's vector has ones at its own elements and zeros elsewhere, so that its
//! estimate is the sum of its parts.

use super::cores::CoreList;
use super::pages::{Pages, Place};
use super::parts::{At, Part};
use super::prepared::Prepared;
use super::threads::{share, Task};
use super::warm::Warm;
use super::Machine;
use crate::error::{Error, ErrorKind, Result};
use crate::features::Extractor;
use crate::inst::{InstId, Resolved, StaticInst};
use crate::microarch::{Microarch, MicroarchTable};
use crate::model::{Backend, Engine, EngineFactory, Model, ModelInfo, Out, Rows};
use std::sync::Arc;

/// Name of the rows.
pub const SCHEMA: &str = "cores-1";
/// The key of the metadata that holds [`CoreList::notes`], a line each.
pub const NOTES: &str = "perfvec.notes";
/// Retirements before each sampling unit that the machines time, so that their queues fill.
const WARMUP: usize = 1024;
/// Retirements at a time: each machine works on them alone, which threads share. So many that to
/// start a thread and to wait for it is little beside them.
const BLOCK: usize = 8192;
/// Retirements that machines time one after the other before they are on their own: until then,
/// what is timed may be a sampling unit.
const UNIT: u64 = 1 << 17;
/// Most cycles of a retirement: what fits above the part in 32 bits.
const MAX_CYCLES: u64 = (1 << 28) - 1;

/// The model that a list of cores is.
pub fn model(cores: &Arc<CoreList>) -> Arc<Model> {
    let info = ModelInfo {
        id: cores.id(),
        schema: SCHEMA.into(),
        schema_hash: cores.hash(),
        isa: "riscv64".into(),
        features: cores.cores.len(),
        representation: cores.cores.len() * Part::COUNT,
        warmup: WARMUP,
        metadata: match cores.notes.is_empty() {
            true => Vec::new(),
            false => vec![(NOTES.into(), cores.notes.join("\n"))],
        },
    };
    Model::from_parts(info, Box::new(Factory(cores.clone())))
}

/// The table of its cores.
pub fn table(cores: &CoreList) -> Result<MicroarchTable> {
    let count = cores.cores.len();
    let mut table = MicroarchTable::of_cores(cores.id(), count * Part::COUNT, cores.hash());
    for (k, core) in cores.cores.iter().enumerate() {
        let mut vector = vec![0.0; count * Part::COUNT];
        vector[k * Part::COUNT..(k + 1) * Part::COUNT].fill(1.0);
        table.add(Microarch {
            name: core.name.clone(),
            clock_hz: core.parameters.clock_ghz * 1e9,
            kind: core.parameters.kind.long_word().into(),
            parameters: serde_json::Value::Object(core.parameters.to_map()).to_string(),
            trained: false,
            vector,
        })?;
    }
    Ok(table)
}

struct Factory(Arc<CoreList>);

impl EngineFactory for Factory {
    fn engine(&self, _lanes: usize, _steps: usize) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Parts(self.0.cores.len())))
    }

    fn backend(&self) -> Backend {
        Backend::NativeF32
    }

    fn extractor(&self, _info: &ModelInfo, threads: usize) -> Result<Box<dyn Extractor>> {
        Ok(Box::new(Bank::new(self.0.clone(), threads)))
    }
}

/// The engine: rows to cycles by part.
struct Parts(usize);

impl Engine for Parts {
    fn reset(&mut self) {}

    fn run(&mut self, rows: &Rows, out: Out) -> Result<()> {
        let (cores, width) = (self.0, self.0 * Part::COUNT);
        if rows.features != cores {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("rows of {} elements for {cores} cores", rows.features),
            ));
        }
        let at = |bits: &f32| At::from_bits(u64::from(bits.to_bits()));
        match out {
            Out::Rows(out) => {
                out[..rows.lanes * rows.steps * width].fill(0.0);
                for lane in 0..rows.lanes {
                    for step in 0..rows.steps {
                        let out = &mut out[(lane * rows.steps + step) * width..][..width];
                        let of_core = out.chunks_exact_mut(Part::COUNT);
                        for (parts, at) in of_core.zip(rows.row(lane, step).iter().map(at)) {
                            parts[at.part() as usize] = at.cycle() as f32;
                        }
                    }
                }
            }
            Out::Sums { measured, sums } => {
                let lanes = measured.iter().zip(sums.chunks_exact_mut(width));
                for (lane, (measured, sums)) in lanes.enumerate() {
                    let block = rows.block(lane, measured.clone());
                    for row in block.chunks_exact(cores) {
                        let of_core = sums.chunks_exact_mut(Part::COUNT);
                        for (parts, at) in of_core.zip(row.iter().map(at)) {
                            parts[at.part() as usize] += at.cycle() as f64;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// The machines of a list of cores on one stream.
///
/// What is between units warms structures that machines share ([`Warm`]). A machine that has timed
/// more than a unit at a time warms its own from then on: what it holds then is as exact as can be,
/// and its own.
pub struct Bank {
    cores: Arc<CoreList>,
    insts: Vec<Prepared>,
    pages: Pages,
    machines: Vec<Machine>,
    /// None: machines are on their own.
    warm: Option<Warm>,
    /// Retirements that were timed one after the other.
    timed: u64,
    /// Whether anything was not.
    gap: bool,
    places: Vec<Place>,
    /// What each machine made of the last block, one after the other.
    made: Vec<f32>,
    threads: usize,
    /// Where the program's image ends, or 0.
    image_end: u64,
}

impl Bank {
    /// At the start of a stream; up to `threads` threads, the caller's among them, run it.
    pub fn new(cores: Arc<CoreList>, threads: usize) -> Self {
        Self {
            machines: machines(&cores),
            warm: Some(warm(&cores)),
            pages: Pages::new(),
            insts: Vec::new(),
            timed: 0,
            gap: false,
            places: Vec::new(),
            made: Vec::new(),
            threads,
            image_end: 0,
            cores,
        }
    }

    /// Threads for a block.
    fn threads(&self, retirements: usize) -> usize {
        if retirements < BLOCK / 8 {
            1
        } else {
            self.threads
        }
    }

    /// Where each retirement of `block` lies.
    fn place(&mut self, block: &[Resolved]) {
        self.places.clear();
        for r in block {
            let inst = &self.insts[r.inst as usize];
            self.places.push(self.pages.place(inst, r));
        }
    }

    /// `block` takes no time.
    fn warm(&mut self, block: &[Resolved]) {
        (self.timed, self.gap) = (0, true);
        if let Some(warm) = &mut self.warm {
            for r in block {
                let inst = &self.insts[r.inst as usize];
                if warm.push(inst, r, &self.pages.place(inst, r)) {
                    warm.run(self.threads);
                }
            }
            return;
        }
        self.place(block);
        let threads = self.threads(block.len());
        let (insts, places) = (&self.insts, &self.places);
        let tasks = self.machines.iter_mut().map(|machine| -> Task {
            Box::new(move || {
                for (r, place) in block.iter().zip(places) {
                    machine.warm(&insts[r.inst as usize], r, place);
                }
            })
        });
        let tasks = tasks.collect();
        share(threads, tasks);
    }

    /// Machines start a unit with what is shared.
    fn take(&mut self) {
        let Some(warm) = &mut self.warm else { return };
        warm.run(self.threads);
        let held = &*warm;
        let machines = self.machines.iter_mut().enumerate();
        let tasks =
            machines.map(|(k, machine)| -> Task { Box::new(move || machine.take(&held.held(k))) });
        share(self.threads, tasks.collect());
        warm.taken();
    }

    /// Each machine times `block`: what they make of it, one after the other.
    fn time(&mut self, block: &[Resolved]) {
        if std::mem::take(&mut self.gap) {
            self.take();
        }
        self.place(block);
        self.timed += block.len() as u64;
        if self.timed > UNIT {
            self.warm = None;
        }
        if let Some(warm) = &mut self.warm {
            for (r, place) in block.iter().zip(&self.places) {
                if warm.push(&self.insts[r.inst as usize], r, place) {
                    warm.run(self.threads);
                }
            }
        }
        self.made.resize(block.len() * self.machines.len(), 0.0);
        let threads = self.threads(block.len());
        let (insts, places) = (&self.insts, &self.places);
        let made = self.made.chunks_exact_mut(block.len());
        let tasks = self
            .machines
            .iter_mut()
            .zip(made)
            .map(|(machine, made)| -> Task {
                Box::new(move || {
                    for ((r, place), made) in block.iter().zip(places).zip(made) {
                        *made = element(machine.step(&insts[r.inst as usize], r, place));
                    }
                })
            });
        let tasks = tasks.collect();
        share(threads, tasks);
    }
}

fn machines(cores: &CoreList) -> Vec<Machine> {
    let new = |core: &super::cores::NamedCore| Machine::new(&core.parameters, &cores.rules);
    cores.cores.iter().map(new).collect()
}

fn warm(cores: &CoreList) -> Warm {
    Warm::new(cores.cores.iter().map(|c| &c.parameters), &cores.rules)
}

fn element(at: At) -> f32 {
    f32::from_bits(At::new(at.cycle().min(MAX_CYCLES), at.part()).bits() as u32)
}

impl Extractor for Bank {
    fn columns(&self) -> usize {
        self.machines.len()
    }

    fn block(&self) -> usize {
        BLOCK
    }

    fn set_image_end(&mut self, end: u64) {
        self.image_end = end;
        if end > 0 {
            self.pages.set_image_end(end);
        }
    }

    fn intern(&mut self, id: InstId, inst: &StaticInst) {
        debug_assert_eq!(id as usize, self.insts.len());
        self.insts.push(Prepared::new(inst));
    }

    fn step(&mut self, r: &Resolved, row: Option<&mut [f32]>) {
        self.steps(std::slice::from_ref(r), row);
    }

    fn steps(&mut self, block: &[Resolved], rows: Option<&mut [f32]>) {
        if block.is_empty() {
            return;
        }
        let Some(rows) = rows else {
            return self.warm(block);
        };
        self.time(block);
        for (k, made) in self.made.chunks_exact(block.len()).enumerate() {
            for (row, x) in rows.chunks_exact_mut(self.machines.len()).zip(made) {
                row[k] = *x;
            }
        }
    }

    fn reset(&mut self) {
        self.machines = machines(&self.cores);
        self.warm = Some(warm(&self.cores));
        self.pages = Pages::new();
        (self.timed, self.gap) = (0, false);
        self.set_image_end(self.image_end);
    }

    fn save(&self, _out: &mut Vec<u8>) -> Result<()> {
        Err(unsaved())
    }

    fn restore(&mut self, _bytes: &mut &[u8]) -> Result<()> {
        Err(unsaved())
    }
}

fn unsaved() -> Error {
    Error::new(
        ErrorKind::State,
        "snapshot: sessions of lists of cores cannot be saved; start the stream again, or use a foundation model",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Sampling, Session, SessionConfig};
    use crate::trace::{self, Block};
    use crate::twin::Twin;
    use std::path::Path;

    fn list(names: &[&str]) -> Arc<CoreList> {
        use crate::twin::rules::Rules;
        Arc::new(CoreList::open(names.iter().copied(), Rules::GEM5).unwrap())
    }

    /// The bundled trace's first blocks through `take`.
    fn read(mut take: impl FnMut(&Block)) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lua.pvt");
        let mut reader = trace::open(&path).unwrap();
        let mut block = Block::default();
        for _ in 0..20 {
            assert!(reader.next_block(&mut block).unwrap());
            take(&block);
        }
    }

    fn session(cores: &Arc<CoreList>, config: &SessionConfig) -> Session {
        let mut session = Session::new(model(cores), config).unwrap();
        read(|block| {
            for inst in &block.statics {
                session.intern(inst).unwrap();
            }
            session.retire_many(&block.retirements).unwrap();
        });
        session.finish().unwrap();
        session
    }

    /// What each core's own machine says of the same stream.
    fn alone(cores: &CoreList) -> Vec<f64> {
        let new = |c: &crate::twin::cores::NamedCore| Twin::new(&c.parameters, &cores.rules);
        let mut twins: Vec<Twin> = cores.cores.iter().map(new).collect();
        let mut resolver = crate::outcome::Resolver::default();
        let mut settled = Vec::new();
        read(|block| {
            for inst in &block.statics {
                resolver.intern(inst);
                twins.iter_mut().for_each(|t| t.intern(inst));
            }
            resolver.settle(&block.retirements, &mut settled);
            for r in settled.drain(..) {
                twins.iter_mut().for_each(|t| {
                    t.step(&r);
                });
            }
        });
        resolver.flush(&mut settled);
        for r in settled {
            twins.iter_mut().for_each(|t| {
                t.step(&r);
            });
        }
        let parts = twins.iter().flat_map(|t| t.parts);
        parts.map(|cycles| cycles as f64).collect()
    }

    const NAMES: [&str; 3] = ["boom-small-like", "cortex-a53-like", "skylake-like"];

    #[test]
    fn a_session_adds_up_what_each_machine_says_alone_on_any_number_of_threads() {
        let cores = list(&NAMES);
        let want = alone(&cores);
        for threads in [0, 1, 3] {
            let config = SessionConfig {
                threads,
                ..SessionConfig::default()
            };
            let mut session = session(&cores, &config);
            let vector = session.program_vector().unwrap();
            assert_eq!(vector.sum, want, "{threads} threads");
            let table = table(&cores).unwrap();
            let estimates = table.estimate(&vector).unwrap();
            let stacks = table.stacks(&vector).unwrap().unwrap();
            for (k, (e, stack)) in estimates.iter().zip(&stacks).enumerate() {
                let own = k * Part::COUNT..(k + 1) * Part::COUNT;
                let vector = &table.entries()[k].vector[own.clone()];
                for (x, (m, want)) in stack.iter().zip(vector.iter().zip(&want[own])) {
                    assert!((x - f64::from(*m) * want).abs() <= 1e-9 * want);
                }
                assert_eq!(stack.iter().sum::<f64>(), e.cycles);
            }
        }
    }

    #[test]
    fn units_after_warmed_gaps_stand_for_the_whole() {
        let cores = list(&NAMES);
        let table = table(&cores).unwrap();
        let whole = session(&cores, &SessionConfig::default())
            .program_vector()
            .unwrap();
        let config = SessionConfig {
            sampling: Sampling::FixedRate { period: 8192 },
            ..SessionConfig::default()
        };
        let sampled = session(&cores, &config).program_vector().unwrap();
        assert!(sampled.measured > 0 && sampled.measured < whole.measured / 4);
        let whole = table.estimate(&whole).unwrap();
        for (s, w) in table.estimate(&sampled).unwrap().iter().zip(&whole) {
            let off = (s.cycles / w.cycles - 1.0).abs();
            assert!(off < s.half_width, "{off} off, {} said", s.half_width);
        }
    }

    #[test]
    fn sampled_or_not_a_core_costs_alone_what_it_costs_in_a_list_on_any_number_of_threads() {
        // Some of their caches and predictors are equal in shape.
        let names = [
            &NAMES[..],
            &["boom-medium-like", "haswell-like", "u74-like"],
        ]
        .concat();
        // A unit that is longer than machines share anything comes last.
        for period in [None, Some((8192, 1024)), Some((250_000, 200_000))] {
            let config = |threads| SessionConfig {
                threads,
                sampling: period
                    .map_or(Sampling::Full, |(period, _)| Sampling::FixedRate { period }),
                unit: period.map_or(1024, |(_, unit)| unit),
                ..SessionConfig::default()
            };
            let sums = |names: &[&str], threads| {
                let vector = session(&list(names), &config(threads)).program_vector();
                vector.unwrap().sum
            };
            let each = list(&names);
            let each = each.cores.iter().flat_map(|core| sums(&[&core.name], 0));
            let alone: Vec<f64> = each.collect();
            assert!(alone.iter().sum::<f64>() > 0.0);
            for threads in [0, 1, 3] {
                assert_eq!(
                    sums(&names, threads),
                    alone,
                    "{period:?}, {threads} threads"
                );
            }
        }
    }

    #[test]
    fn a_profile_splits_what_a_session_adds_up() {
        let cores = list(&NAMES);
        let table = table(&cores).unwrap();
        let on: Vec<&Microarch> = table.entries().iter().collect();
        let mut profile = crate::session::Profile::new(&model(&cores), &on, None, 0).unwrap();
        read(|block| {
            block.statics.iter().for_each(|inst| profile.intern(inst));
            profile.retire(&block.retirements).unwrap();
        });
        let (costs, _) = profile.finish().unwrap();
        let vector = session(&cores, &SessionConfig::default())
            .program_vector()
            .unwrap();
        for (k, e) in table.estimate(&vector).unwrap().iter().enumerate() {
            let sum: f64 = costs.sites.iter().map(|s| s.values[k + 1]).sum();
            assert!((sum / e.cycles - 1.0).abs() < 1e-9, "{sum} of {}", e.cycles);
        }
    }

    #[test]
    fn a_list_of_cores_survives_its_file_and_a_snapshot_is_refused() {
        let cores = list(&["skylake-like", "boom-small-like"]);
        assert_eq!(
            CoreList::from_text(&cores.to_text(), cores.rules).unwrap(),
            *cores
        );
        let mut session = session(&cores, &SessionConfig::default());
        let e = session.snapshot().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::State);
        assert!(e.message().contains("cannot be saved"), "{e}");
    }
}
