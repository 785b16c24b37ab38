//! Arguments that choose model, table and session settings, shared by the commands.

use crate::output::{apart, check, tell};
use perfvec::isa::Isa;
use perfvec::microarch::MicroarchTable;
use perfvec::model::{locate, Backend, Model};
use perfvec::pricing;
use perfvec::session::{Sampling, SessionConfig, WARMING_ALL};
use perfvec::twin::bank;
use perfvec::twin::cores::{CoreList, NamedCore};
use perfvec::twin::rules::Rules;
use perfvec::{file, Error, ErrorKind, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sampling period and warming of `--quick`.
const QUICK: (u64, u64) = (20_000_000, 1_000_000);

/// In place of a file: the foundation model that came with perfvec.
const LEARNED: &str = "learned";

/// Which model and which microarchitectures.
#[derive(clap::Args, Clone)]
pub struct Source {
    /// Foundation model (.onnx) or list of cores (.toml, .json) that prices the stream, or
    /// "learned" for the foundation model that comes with perfvec; default: $PERFVEC_MODEL, else
    /// all cores that `perfvec cores` lists.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Microarch table (.safetensors) of the model; default: the one beside it.
    #[arg(long, value_name = "FILE")]
    pub microarchs: Option<PathBuf>,
    /// Price this core, by its own parameters: one that `perfvec cores` lists, or a file (TOML or
    /// JSON) that describes it; may be repeated. ALL selects every listed core.
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["model", "backend"])]
    pub core: Vec<String>,
    /// Timing rules of the cores: gem5, gem5-stock (gem5 as released, with its bug in compressed
    /// branches) or textbook.
    #[arg(long, default_value = "gem5", conflicts_with = "model", value_parser = rules)]
    pub rules: Rules,
    /// Engine: auto, f32, int8 or onnxruntime.
    #[arg(long, default_value = "auto", value_parser = backend)]
    pub backend: Backend,
    /// Price a trace of another ISA than the model's. At best, this ranks cores.
    #[arg(long)]
    pub any_isa: bool,
}

/// Rules by their word.
pub fn rules(text: &str) -> std::result::Result<Rules, String> {
    Rules::from_word(text).ok_or_else(|| "expected gem5, gem5-stock or textbook".into())
}

fn backend(text: &str) -> std::result::Result<Backend, String> {
    match text {
        "auto" => Ok(Backend::Auto),
        "f32" => Ok(Backend::NativeF32),
        "int8" => Ok(Backend::NativeInt8),
        "onnxruntime" => Ok(Backend::OnnxRuntime),
        _ => Err("expected auto, f32, int8 or onnxruntime".into()),
    }
}

/// A number, or a percentage.
fn number(text: &str) -> Option<f64> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    Some(number.trim().parse::<f64>().ok()? / unit)
}

/// A share as "1%" or "0.01".
fn share(text: &str) -> std::result::Result<f64, String> {
    number(text)
        .filter(|x| (1e-4..=0.5).contains(x))
        .ok_or_else(|| "expected 0.01% to 50%, such as 1% or 0.01".into())
}

/// A share of the time as "10%" or "0.1".
fn overhead(text: &str) -> std::result::Result<f64, String> {
    number(text)
        .filter(|x| (1e-3..=10.0).contains(x))
        .ok_or_else(|| "expected 0.1% to 1000%, such as 10% or 0.1".into())
}

/// A model, a table that belongs to it, and where they came from.
pub struct Loaded {
    /// The model.
    pub model: Arc<Model>,
    /// Its file.
    pub model_path: PathBuf,
    /// The table.
    pub table: MicroarchTable,
    /// Its file.
    pub table_path: PathBuf,
    /// Whether traces of any ISA are taken.
    pub any_isa: bool,
}

impl Loaded {
    /// Refuses a trace of another ISA than the model's.
    pub fn check_isa(&self, isa: &str, trace: &Path) -> Result<()> {
        let wants = &self.model.info().isa;
        if self.any_isa || Isa::suits(wants, isa) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{}: a trace of {isa}, but model {} is for {wants}; choose another with --model, or price it as it is with --any-isa",
                trace.display(),
                self.model_path.display()
            ),
        ))
    }
}

impl Source {
    /// Path of the model.
    pub fn model_path(&self) -> Result<PathBuf> {
        match &self.model {
            Some(path) if path.as_os_str() != LEARNED => Ok(path.clone()),
            _ => locate::default_model(),
        }
    }

    /// Whether nothing says what prices.
    fn is_silent(&self) -> bool {
        let variable = std::env::var_os("PERFVEC_MODEL").filter(|v| !v.is_empty());
        self.core.is_empty()
            && self.model.is_none()
            && self.microarchs.is_none()
            && variable.is_none()
    }

    /// The same source, but for the foundation model that came with perfvec where nothing says what
    /// prices.
    pub fn or_learned(&self) -> Source {
        let mut source = self.clone();
        if self.is_silent() {
            source.model = Some(LEARNED.into());
        }
        source
    }

    /// The cores that are to be priced by their parameters: those named, or all where nothing else
    /// is.
    fn cores(&self) -> Result<Option<CoreList>> {
        if self.core.is_empty() {
            let known = || CoreList {
                rules: self.rules,
                ..CoreList::known()
            };
            return Ok(self.is_silent().then(known));
        }
        let mut cores = Vec::new();
        for what in &self.core {
            match what.as_str() {
                "ALL" => cores.extend(CoreList::known().cores),
                what => cores.push(NamedCore::open(what)?),
            }
        }
        CoreList::new(cores, self.rules).map(Some)
    }

    /// The table, and its file.
    pub fn table(&self) -> Result<(MicroarchTable, PathBuf)> {
        let path = match (&self.microarchs, self.cores()?) {
            (Some(path), _) => path.clone(),
            (None, Some(cores)) => return Ok((bank::table(&cores)?, "--core".into())),
            (None, None) => match self.model_path()? {
                path if pricing::is_cores(&path) => path,
                path => path.with_extension("safetensors"),
            },
        };
        Ok((pricing::microarchs(&path, self.rules)?, path))
    }

    /// Loads both and checks that they belong together.
    pub fn load(&self) -> Result<Loaded> {
        let (model, model_path) = match self.cores()? {
            Some(cores) => (bank::model(&Arc::new(cores)), "--core".into()),
            None => {
                let path = self.model_path()?;
                (pricing::model(&path, self.backend, self.rules)?, path)
            }
        };
        let notes = (model.info().metadata.iter()).filter(|(key, _)| key == bank::NOTES);
        for note in notes.flat_map(|(_, notes)| notes.lines()) {
            tell(&format!("perfvec: {note}\n"));
        }
        let (table, table_path) = self.table()?;
        table
            .check_model(model.info())
            .map_err(|e| e.context(table_path.display()))?;
        Ok(Loaded {
            model,
            model_path,
            table,
            table_path,
            any_isa: self.any_isa,
        })
    }
}

/// How the stream goes through the model.
#[derive(clap::Args, Clone)]
pub struct Run {
    /// Retirements per interval in the JSON's series (0: no series).
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub interval: u64,
    /// Worker threads (0: none); default: one per core.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Measure one unit in every N retirements instead of all of them.
    #[arg(long, value_name = "N")]
    pub sample: Option<u64>,
    /// Measure as many units as 95% intervals of this half width need on every microarchitecture,
    /// such as 1% (or 0.01).
    #[arg(long, value_name = "PERCENT", value_parser = share, conflicts_with = "sample")]
    pub sample_error: Option<f64>,
    /// Limit the time for measuring to this share of the other time, such as 10%. Functional
    /// warming counts as other time, unless --warming bounds it. Results depend on timing only with
    /// this option.
    #[arg(long, value_name = "PERCENT", value_parser = overhead,
          conflicts_with_all = ["sample", "sample_error"])]
    pub sample_overhead: Option<f64>,
    /// Measure the same units of the same stream as an earlier run; FILE is what its --json wrote.
    #[arg(long, value_name = "FILE",
          conflicts_with_all = ["sample", "sample_error", "sample_overhead", "unit", "seed", "warming"])]
    pub sample_like: Option<PathBuf>,
    /// For programs of 10^9 instructions and more: --sample 20000000 --warming 1000000.
    #[arg(long, conflicts_with_all = ["sample", "sample_error", "sample_overhead", "sample_like", "warming"])]
    pub quick: bool,
    /// Retirements per sampling unit.
    #[arg(long, value_name = "N", default_value_t = 1024)]
    pub unit: usize,
    /// Seed of the sampling offsets.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Bound functional warming: only N retirements before each sampling unit update the features,
    /// instead of all. For very long runs. With --sample, the intervals include the error that this
    /// adds, and a run under QEMU is several times faster.
    #[arg(long, value_name = "N")]
    pub warming: Option<u64>,
    #[command(flatten)]
    pub only: Only,
    /// Output format.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the estimates as JSON; - for standard output, unless a program that runs uses it.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a page (HTML) with tables and charts of all results; it needs no network.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write the program vector.
    #[arg(long, value_name = "FILE")]
    pub vector: Option<PathBuf>,
}

/// How estimates are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A table for people, in 80 columns.
    Table,
    /// A line for each row, after a header.
    Csv,
    /// The same as --json writes.
    Json,
}

/// Which microarchitectures a table shows.
#[derive(clap::Args, Clone)]
pub struct Only {
    /// Print only microarchitectures whose name contains TEXT (in either case), `info` with their
    /// parameters; may be repeated. --json gets all estimates.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
}

impl Only {
    /// Whether it names any.
    pub fn is_empty(&self) -> bool {
        self.only.is_empty()
    }

    /// Whether `name` is shown.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| holds(name, text))
    }

    /// An error for a text that no name holds, before any work is done.
    pub fn check(&self, table: &MicroarchTable) -> Result<()> {
        let entries = table.entries();
        let stray = |text: &&String| !entries.iter().any(|e| holds(&e.name, text));
        match self.only.iter().find(stray) {
            None => Ok(()),
            Some(text) => Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "--only {text}: no name of the table's {} microarchitectures contains it; `perfvec info` of the table lists them",
                    entries.len()
                ),
            )),
        }
    }
}

/// Whether `name` contains `text`. gem5's statistics have underscores in names for hyphens.
fn holds(name: &str, text: &str) -> bool {
    let plain = |s: &str| s.to_lowercase().replace('_', "-");
    plain(name).contains(&plain(text))
}

impl Run {
    /// An error for what would only be noticed after the work: names of the table and files; `input`
    /// is what the result is made of.
    pub fn check(&self, loaded: &Loaded, input: &Path) -> Result<()> {
        self.only.check(&loaded.table)?;
        apart(
            &[
                ("--json", self.json.as_deref()),
                ("--report", self.report.as_deref()),
                ("--vector", self.vector.as_deref()),
            ],
            &[
                ("the input", Some(input)),
                ("the model", Some(&loaded.model_path)),
                ("the table", Some(&loaded.table_path)),
            ],
        )?;
        let json = self.json.iter().filter(|p| p.as_os_str() != "-");
        json.chain(&self.report)
            .chain(&self.vector)
            .try_for_each(|path| check(path))
    }

    /// The settings of a session that `table` will price.
    pub fn config(&self, table: &MicroarchTable) -> Result<SessionConfig> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if let Some(period) = self.sample.filter(|n| *n < self.unit as u64) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "--sample {period}: the sampling period is shorter than a unit of {} retirements; give a longer one, or a smaller --unit",
                    self.unit
                ),
            ));
        }
        let sampling = if let Some(half_width) = self.sample_error {
            Sampling::TargetError {
                half_width,
                targets: Arc::new(table.entries().iter().map(|e| e.vector.clone()).collect()),
            }
        } else if let Some(overhead) = self.sample_overhead {
            Sampling::TargetOverhead { overhead }
        } else if let Some(period) = self.sample.or(self.quick.then_some(QUICK.0)) {
            Sampling::FixedRate { period }
        } else {
            Sampling::Full
        };
        let mut config = SessionConfig {
            threads: self.threads.unwrap_or(cores),
            interval: self.interval,
            sampling,
            unit: self.unit,
            seed: self.seed,
            warming: self
                .warming
                .or(self.quick.then_some(QUICK.1))
                .unwrap_or(WARMING_ALL),
            ..SessionConfig::default()
        };
        if let Some(path) = &self.sample_like {
            like(path, &mut config).map_err(|e| e.context(path.display()))?;
        }
        config.validate()?;
        Ok(config)
    }
}

/// Longest report that is read: a billion intervals would not fit into it.
const MAX_JSON: u64 = 1 << 30;

/// Takes over what a run measured, from the JSON that it wrote.
fn like(path: &Path, config: &mut SessionConfig) -> Result<()> {
    let text = file::read_bounded(path, MAX_JSON)?;
    let bad = |what: &str| Err(Error::new(ErrorKind::InvalidArgument, what));
    let Ok(report) = serde_json::from_slice::<Value>(&text) else {
        return bad("not JSON; give a file that --json wrote");
    };
    let Some(sampling) = report.get("sampling") else {
        return bad(
            "has no \"sampling\"; give a file that --json wrote for a program with one thread",
        );
    };
    if sampling.is_null() {
        return Ok(());
    }
    let number = |key: &str| sampling[key].as_u64();
    let plan = sampling["plan"].as_array().and_then(|p| {
        let numbers = p.iter().map(Value::as_u64);
        numbers.collect::<Option<Vec<u64>>>()
    });
    config.sampling = match (number("period"), plan) {
        (Some(period), _) => Sampling::FixedRate { period },
        (None, Some(plan)) => Sampling::Plan {
            periods: Arc::new(plan),
        },
        (None, None) => return bad("\"sampling\" has neither period nor plan"),
    };
    let (Some(unit), Some(seed)) = (number("unit"), number("seed")) else {
        return bad("\"sampling\" lacks unit or seed");
    };
    config.unit = usize::try_from(unit).unwrap_or(usize::MAX);
    config.seed = seed;
    config.warming = number("warming").unwrap_or(WARMING_ALL);
    Ok(())
}
