//! Pricing many cores on many programs, in groups that share a pass over a program.

use super::results::{Key, Results, Row, Standings};
use crate::region::{self, RegionArgs};
use indicatif::{ProgressBar, ProgressStyle};
use perfvec::isa::Isa;
use perfvec::microarch::{ProgramVector, PARTS};
use perfvec::region::Region;
use perfvec::session::{Sampling, Session, SessionConfig, WARMING_ALL};
use perfvec::trace::{self, Block};
use perfvec::twin::cores::{CoreList, NamedCore};
use perfvec::twin::parameters::CoreParameters;
use perfvec::twin::rules::Rules;
use perfvec::twin::warm::Shape;
use perfvec::twin::{bank, FINGERPRINT};
use perfvec::{Error, ErrorKind, Result};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cores that share a pass at most. More gain little, since reading the stream is then a small part
/// of the work, and with the square of their number grows what sampled passes keep.
const GROUP: usize = 128;
/// Memory that the machines of a group may take, about.
const GROUP_BYTES: u64 = 1 << 30;

/// A program.
pub struct Program {
    /// Its trace.
    pub path: PathBuf,
    /// As the user named it.
    pub name: String,
    /// Hash of the trace's bytes.
    pub hash: u64,
    /// The part of it that is priced.
    pub region: Region,
    /// What it counts in the geometric mean.
    pub weight: f64,
}

impl Program {
    /// The one in the trace at `path`, of which `region` is priced.
    pub fn open(path: &Path, region: &RegionArgs) -> Result<Self> {
        let header = trace::open(path)?.header().clone();
        if header.isa != "riscv64" && !Isa::suits("riscv64", &header.isa) {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "{}: a trace of {}; cores price riscv64",
                    path.display(),
                    header.isa
                ),
            ));
        }
        let io = |e: std::io::Error| Error::io(path, &e);
        let mut file = file(path)?;
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer).map_err(io)? {
                0 => break,
                n => hasher.update(&buffer[..n]),
            }
        }
        Ok(Self {
            path: path.to_owned(),
            name: path.display().to_string(),
            hash: hasher.digest(),
            region: region
                .of_trace(path)
                .map_err(|e| e.context(path.display()))?,
            weight: 1.0,
        })
    }
}

/// A trace is read once for each group, so it must be a file.
fn file(path: &Path) -> Result<std::fs::File> {
    perfvec::file::check_regular(path).map_err(|e| e.context(path.display()))?;
    std::fs::File::open(path).map_err(|e| Error::io(path, &e))
}

/// Tells cores apart by their parameters.
pub fn hash(core: &CoreParameters) -> u64 {
    let text = serde_json::Value::Object(core.to_map()).to_string();
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// How programs are measured.
pub struct Measure {
    /// The rules of the simulator that cores follow.
    pub rules: Rules,
    /// The session's settings.
    pub config: SessionConfig,
}

impl Measure {
    /// In words, so that results of different settings are kept apart.
    pub fn text(&self) -> String {
        let mut text = format!(
            "perfvec {} {FINGERPRINT} {}",
            env!("CARGO_PKG_VERSION"),
            self.rules.word()
        );
        match &self.config.sampling {
            Sampling::FixedRate { period } => {
                text += &format!(" 1 in {period}, units of {}", self.config.unit);
                if self.config.warming != WARMING_ALL {
                    text += &format!(", {} before each", self.config.warming);
                }
            }
            _ => text += " full",
        }
        text
    }
}

/// A core to price, and the values of the axes that its rows show.
#[derive(Clone)]
pub struct Wanted {
    /// The core.
    pub parameters: CoreParameters,
    /// The values.
    pub values: Vec<String>,
}

/// Prices cores that results lack.
pub struct Work<'a> {
    /// The programs.
    pub programs: &'a [Program],
    /// How they are measured.
    pub measure: &'a Measure,
    /// Whether progress is shown.
    pub progress: bool,
}

impl Work<'_> {
    /// What a row of `program` on `core` is of.
    pub fn key(&self, program: &Program, core: &CoreParameters) -> Key {
        Key {
            trace: program.hash,
            core: hash(core),
            settings: self.settings(program),
        }
    }

    /// How `program` is measured, in words.
    pub fn settings(&self, program: &Program) -> String {
        let text = self.measure.text();
        match program.region.is_all() {
            true => text,
            false => format!("{text}, {}", region::words(&program.region)),
        }
    }

    /// Prices what `results` lacks of `cores`, and saves them after each group. How many rows are
    /// new.
    pub fn run(&self, cores: &[Wanted], results: &mut Results) -> Result<usize> {
        let mut groups = Vec::new();
        for program in self.programs {
            let mut seen = BTreeSet::new();
            let lacks =
                |core: &&Wanted| results.get(&self.key(program, &core.parameters)).is_none();
            let missing: Vec<&Wanted> = cores
                .iter()
                .filter(lacks)
                .filter(|core| seen.insert(hash(&core.parameters)))
                .collect();
            groups.extend(
                split(&missing, &self.measure.rules)
                    .into_iter()
                    .map(|group| (program, group)),
            );
        }
        let bar = self.bar(groups.len() as u64);
        let mut new = 0;
        for (program, group) in groups {
            for row in self.price(program, &group)? {
                results.add(row);
                new += 1;
            }
            // What follows from all of them is known in the end.
            results.save(&Standings::new())?;
            if let Some(bar) = &bar {
                bar.inc(1);
            }
        }
        if let Some(bar) = &bar {
            bar.finish_and_clear();
        }
        Ok(new)
    }

    fn bar(&self, groups: u64) -> Option<ProgressBar> {
        let shown = self.progress && groups > 0 && std::io::stderr().is_terminal();
        shown.then(|| {
            let bar = ProgressBar::new(groups);
            let style = "{wide_bar} {pos}/{len} passes [{elapsed}, {eta} to go]";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(crate::guest::PAUSE);
            bar
        })
    }

    /// One pass over `program`.
    fn price(&self, program: &Program, group: &[&Wanted]) -> Result<Vec<Row>> {
        // Names that sort in the order of the group.
        let named = group.iter().enumerate().map(|(k, wanted)| NamedCore {
            name: format!("{k:06}"),
            parameters: wanted.parameters.clone(),
        });
        let named: Vec<NamedCore> = named.collect();
        let rules = self.measure.rules;
        let cores = Arc::new(CoreList::new(named.clone(), rules)?);
        let mut reader = trace::open(&program.path)?;
        let config = SessionConfig {
            image_end: reader.header().image_end(),
            ..self.measure.config.clone()
        };
        let mut session = Session::new(bank::model(&cores), &config)?;
        session.set_region(program.region)?;
        let mut block = Block::default();
        while !session.is_over() && reader.next_block(&mut block)? {
            for inst in &block.statics {
                session.intern(inst)?;
            }
            session.retire_many(&block.retirements)?;
        }
        session.finish()?;
        let vector = session.program_vector()?;
        if vector.retired == 0 && !program.region.is_all() {
            return Err(Error::new(
                ErrorKind::State,
                format!(
                    "{}: nothing retired in the region ({})",
                    program.name,
                    region::words(&program.region)
                ),
            ));
        }
        if vector.measured == 0 {
            return Err(Error::new(
                ErrorKind::State,
                format!(
                    "{}: nothing of its {} instructions was measured; sample more often, or measure all of it",
                    program.name, vector.retired
                ),
            ));
        }
        let mut rows = Vec::new();
        for (k, (wanted, core)) in group.iter().zip(named).enumerate() {
            let alone = CoreList::new(vec![core], rules)?;
            let table = bank::table(&alone)?;
            let vector = of_core(&vector, k, alone.id());
            let estimate = table.estimate_one(&vector, 0)?;
            let stacks = table.stacks(&vector)?;
            rows.push(Row {
                key: self.key(program, &wanted.parameters),
                program: program.name.clone(),
                values: wanted.values.clone(),
                retired: vector.retired,
                cycles: estimate.cycles,
                cpi: estimate.cpi,
                seconds: estimate.seconds,
                half_width: estimate.half_width,
                stack: stacks.and_then(|s| s.first().copied()).unwrap_or_default(),
            });
        }
        Ok(rows)
    }
}

/// Core `k`'s part of the vector of a group, as if it had been priced alone.
fn of_core(all: &ProgramVector, k: usize, model_id: String) -> ProgramVector {
    let dim = all.sum.len();
    let own = k * PARTS.len()..(k + 1) * PARTS.len();
    let mut second_moment = Vec::new();
    if !all.second_moment.is_empty() {
        for i in own.clone() {
            let row = i * dim - i * i.saturating_sub(1) / 2;
            second_moment.extend(&all.second_moment[row..row + own.end - i]);
        }
    }
    ProgramVector {
        model_id,
        sum: all.sum[own].to_vec(),
        second_moment,
        ..*all
    }
}

/// Groups that are small enough. Cores with predictors and caches of equal shapes, which sampled
/// passes warm once for all of a group, stand together.
fn split<'a>(cores: &[&'a Wanted], rules: &Rules) -> Vec<Vec<&'a Wanted>> {
    let shape = |core: &&'a Wanted| (Shape::of(&core.parameters, rules), *core);
    let mut cores: Vec<(Shape, &Wanted)> = cores.iter().map(shape).collect();
    // No parameter is NaN.
    cores.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal));
    // As equal in size as can be: the memory of the last one is no smaller part of the work.
    let size = cores.len().div_ceil(cores.len().div_ceil(GROUP).max(1));
    let mut groups: Vec<Vec<&Wanted>> = Vec::new();
    let mut bytes = 0;
    for (_, core) in cores {
        let own = core.parameters.memory();
        match groups.last_mut() {
            Some(group) if group.len() < size && bytes + own <= GROUP_BYTES => {
                group.push(core);
                bytes += own;
            }
            _ => {
                groups.push(vec![core]);
                bytes = own;
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use perfvec::twin::parameters::CoreKind;

    fn wanted(change: impl Fn(&mut CoreParameters)) -> Wanted {
        let mut parameters = CoreParameters::middle(CoreKind::OutOfOrder);
        change(&mut parameters);
        Wanted {
            parameters,
            values: Vec::new(),
        }
    }

    #[test]
    fn groups_are_of_equal_size_and_of_like_cores() {
        let all: Vec<Wanted> = (0..300u32)
            .map(|n| {
                wanted(|p| {
                    p.rob = 32 + n;
                    p.l1d_kib = [16, 32, 64][n as usize % 3];
                })
            })
            .collect();
        let groups = split(&all.iter().collect::<Vec<_>>(), &Rules::GEM5);
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 100]);
        for group in &groups {
            assert!(group
                .iter()
                .all(|w| w.parameters.l1d_kib == group[0].parameters.l1d_kib));
            // Of equal ones the order stays.
            assert!(group
                .windows(2)
                .all(|w| w[0].parameters.rob < w[1].parameters.rob));
        }
        assert!(split(&[], &Rules::GEM5).is_empty());
    }

    #[test]
    fn a_group_takes_a_bounded_amount_of_memory() {
        let all: Vec<Wanted> = (0..8u32)
            .map(|n| {
                wanted(|p| {
                    p.rob = 32 + n;
                    p.l3_kib = 1 << 19;
                })
            })
            .collect();
        let groups = split(&all.iter().collect::<Vec<_>>(), &Rules::GEM5);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 2]);
        // One that is larger than that is alone.
        let one = wanted(|p| (p.l3_kib, p.l2_kib) = (1 << 20, 1 << 16));
        assert_eq!(split(&[&one, &one], &Rules::GEM5).len(), 2);
    }
}
