//! Results: a row for each program and design, in a CSV file that a later run goes on with.

use super::lock::Lock;
use super::space::Axis;
use perfvec::microarch::{Stack, PARTS};
use perfvec::{file, Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Largest file that is read.
const MAX_BYTES: u64 = 1 << 32;

/// What a row is of: the hashes of the program's trace and of the core's parameters, and how it was
/// measured.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The trace's hash.
    pub trace: u64,
    /// The core's hash.
    pub core: u64,
    /// Version and sources of perfvec, rules, sampling.
    pub settings: String,
}

/// What a design takes for a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is of.
    pub key: Key,
    /// The program, as it was named.
    pub program: String,
    /// The values of the axes.
    pub values: Vec<String>,
    /// Retirements.
    pub retired: u64,
    /// Cycles.
    pub cycles: f64,
    /// Cycles per retirement.
    pub cpi: f64,
    /// Seconds at the design's clock.
    pub seconds: f64,
    /// Half width of the 95% interval of the cycles, relative to them.
    pub half_width: f64,
    /// The cycles by cause.
    pub stack: Stack,
}

/// What follows from all results, for one design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// What it costs.
    pub cost: f64,
    /// Geometric mean over the programs of how much faster than the base it is.
    pub speedup: f64,
    /// The same of the program that gains least.
    pub worst: f64,
    /// Whether no other design is both cheaper and faster.
    pub front: bool,
}

/// Designs' standing by the hashes of their cores and the settings of the rows that it follows from.
pub type Standings = BTreeMap<(u64, String), Standing>;

/// The rows of a file, and of this run.
pub struct Results {
    path: Option<PathBuf>,
    header: Vec<String>,
    rows: Vec<Row>,
    by_key: HashMap<Key, usize>,
    /// Nobody else writes the file meanwhile.
    _lock: Option<Lock>,
}

const BEFORE: [&str; 4] = ["program", "trace", "settings", "core"];
const AFTER: [&str; 5] = ["retired", "cycles", "cpi", "seconds", "half_width"];
const LAST: [&str; 4] = ["cost", "speedup", "worst", "pareto"];

/// The column of a part of the cycles: `memory` is a parameter, too.
fn column(part: &str) -> String {
    format!("cycles_{part}")
}

fn bad(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}

impl Results {
    /// Those of the file at `path`, if there is one.
    pub fn open(path: Option<&Path>, axes: &[Axis]) -> Result<Self> {
        let axes = axes.iter().map(|a| a.name.as_str());
        let columns = BEFORE
            .into_iter()
            .chain(axes)
            .chain(AFTER)
            .map(str::to_owned)
            .chain(PARTS.iter().map(|part| column(part)))
            .chain(LAST.map(str::to_owned));
        let mut results = Self {
            path: path.map(Path::to_owned),
            header: columns.collect(),
            rows: Vec::new(),
            by_key: HashMap::new(),
            _lock: None,
        };
        if let Some(path) = path {
            file::check_writable(path).map_err(|e| e.context(path.display()))?;
            results._lock = Some(Lock::take(path)?);
            if path.exists() {
                let bytes = file::read_bounded(path, MAX_BYTES);
                bytes
                    .and_then(|bytes| results.read(&bytes))
                    .map_err(|e| e.context(path.display()))?;
            }
        }
        Ok(results)
    }

    fn read(&mut self, bytes: &[u8]) -> Result<()> {
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.headers().map_err(|e| bad(e.to_string()))?;
        if !header.iter().eq(self.header.iter().map(String::as_str)) {
            return Err(bad(
                "its columns are not those of results of this space, whose axes may have changed; give another -o".into(),
            ));
        }
        for (i, record) in reader.records().enumerate() {
            let at = |e: String| bad(format!("row {}: {e}; give another -o", i + 1));
            let record = record.map_err(|e| at(e.to_string()))?;
            let row = self.row(&record).map_err(at)?;
            self.add(row);
        }
        Ok(())
    }

    fn row(&self, record: &csv::StringRecord) -> std::result::Result<Row, String> {
        let field = |name: &str| {
            let at = self.header.iter().position(|h| h == name);
            &record[at.expect("the columns are known")]
        };
        let hash = |name: &str| {
            u64::from_str_radix(field(name), 16)
                .map_err(|_| format!("{name} is \"{}\"; a hash is expected", field(name)))
        };
        let number = |name: &str| {
            let number = field(name).parse::<f64>().ok();
            number
                .filter(|x| x.is_finite() && *x >= 0.0)
                .ok_or_else(|| format!("{name} is \"{}\"; a number is expected", field(name)))
        };
        let mut stack = Stack::default();
        for (x, part) in stack.iter_mut().zip(PARTS) {
            *x = number(&column(part))?;
        }
        Ok(Row {
            key: Key {
                trace: hash("trace")?,
                core: hash("core")?,
                settings: field("settings").into(),
            },
            program: field("program").into(),
            values: self.axes().map(|name| field(name).to_string()).collect(),
            retired: number("retired")? as u64,
            cycles: number("cycles")?,
            cpi: number("cpi")?,
            seconds: number("seconds")?,
            half_width: number("half_width")?,
            stack,
        })
    }

    fn axes(&self) -> impl Iterator<Item = &str> {
        let count = self.header.len() - BEFORE.len() - AFTER.len() - PARTS.len() - LAST.len();
        let axes = &self.header[BEFORE.len()..BEFORE.len() + count];
        axes.iter().map(String::as_str)
    }

    /// Of rows that another build of perfvec priced with a run's settings, in words.
    pub fn of_other_builds(&self, settings: &BTreeSet<String>) -> Option<String> {
        // "perfvec VERSION SOURCES RULES ..."
        let rest = |settings: &str| settings.splitn(4, ' ').nth(3).map(str::to_owned);
        let same: BTreeSet<_> = settings.iter().map(|s| rest(s)).collect();
        let is =
            |r: &&Row| !settings.contains(&r.key.settings) && same.contains(&rest(&r.key.settings));
        let count = self.rows.iter().filter(is).count();
        (count > 0).then(|| {
            let path = self.path.as_deref().unwrap_or(Path::new(""));
            format!(
                "{}: {count} rows are kept, and not used: another build of perfvec priced them, whose machines may differ",
                path.display()
            )
        })
    }

    /// The row of `key`.
    pub fn get(&self, key: &Key) -> Option<&Row> {
        self.by_key.get(key).map(|i| &self.rows[*i])
    }

    /// Adds a row, unless there is one of the same.
    pub fn add(&mut self, row: Row) {
        if !self.by_key.contains_key(&row.key) {
            self.by_key.insert(row.key.clone(), self.rows.len());
            self.rows.push(row);
        }
    }

    /// An error where the program called `name` was another one when the file was written.
    pub fn check_program(&self, name: &str, trace: u64) -> Result<()> {
        let other = self
            .rows
            .iter()
            .find(|r| r.program == name && r.key.trace != trace);
        let (Some(row), Some(path)) = (other, &self.path) else {
            return Ok(());
        };
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{name}: it is not the trace that {} was made of (stream hash {trace:016x}, there {:016x}); restore that trace, or give another -o",
                path.display(),
                row.key.trace
            ),
        ))
    }

    /// The whole as CSV: `standing` is that of designs by the hashes of their cores and the settings
    /// of the rows that it follows from.
    pub fn csv(&self, standing: &Standings) -> Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let io = |e: csv::Error| Error::new(ErrorKind::Io, e.to_string());
        writer.write_record(&self.header).map_err(io)?;
        for row in &self.rows {
            let mut record = vec![
                row.program.clone(),
                format!("{:016x}", row.key.trace),
                row.key.settings.clone(),
                format!("{:016x}", row.key.core),
            ];
            record.extend(row.values.iter().cloned());
            record.push(row.retired.to_string());
            let numbers = [row.cycles, row.cpi, row.seconds, row.half_width];
            // The shortest text that gives the same bits.
            record.extend(numbers.iter().chain(&row.stack).map(f64::to_string));
            let of_design = (row.key.core, row.key.settings.clone());
            record.extend(match standing.get(&of_design) {
                None => LAST.map(|_| String::new()),
                Some(s) => [
                    s.cost.to_string(),
                    s.speedup.to_string(),
                    s.worst.to_string(),
                    if s.front { "yes" } else { "no" }.to_string(),
                ],
            });
            writer.write_record(&record).map_err(io)?;
        }
        writer
            .into_inner()
            .map_err(|e| Error::new(ErrorKind::Io, e.to_string()))
    }

    /// Writes the file, if there is to be one.
    pub fn save(&self, standing: &Standings) -> Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        file::write_atomic(path, &self.csv(standing)?).map_err(|e| e.context(path.display()))
    }
}
