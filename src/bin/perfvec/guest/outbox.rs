//! The directory through which the plugin answers; `qemu-glue/job.h` describes its files.

use crate::report::{sampling, Stream};
use perfvec::microarch::ProgramVector;
use perfvec::session::{Interval, SessionConfig};
use perfvec::{Error, ErrorKind, Result};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A temporary directory, removed in the end.
pub struct Outbox {
    dir: PathBuf,
}

/// Counters of a running program, summed over its vCPUs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counters {
    /// Retirements so far.
    pub retired: u64,
    /// Running CPI on the first microarchitecture, 0 where none is known yet.
    pub cpi: f64,
}

const MAGIC: &[u8; 8] = b"pvSTATUS";
const STATUS_HEAD: usize = 32;
const COUNTERS: usize = 32;
const INTERVAL_HEAD: usize = 40;
/// Most elements of an interval's vector.
const MAX_DIM: u64 = 8192;

impl Outbox {
    /// A new directory in the system's temporary directory.
    pub fn create() -> Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    /// A new directory in `parent`.
    pub fn create_in(parent: &Path) -> Result<Self> {
        for attempt in 0..1000 {
            let name = format!("perfvec-{}-{attempt}.tmp", std::process::id());
            let dir = parent.join(name);
            match std::fs::create_dir(&dir) {
                Ok(()) => return Ok(Self { dir }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(Error::io(&dir, &e)),
            }
        }
        Err(Error::new(
            ErrorKind::Io,
            format!(
                "{}: a thousand directories perfvec-*.tmp are in the way; remove them",
                parent.display()
            ),
        ))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// What the program has done so far; zero before it starts.
    pub fn counters(&self) -> Counters {
        std::fs::read(self.dir.join("status")).map_or(Counters::default(), |b| sum(&b))
    }

    /// The numbers of the vCPUs that retired instructions.
    pub fn vcpus(&self) -> Vec<usize> {
        let status = std::fs::read(self.dir.join("status")).unwrap_or_default();
        let counters = status.get(STATUS_HEAD..).unwrap_or_default();
        counters
            .chunks_exact(COUNTERS)
            .enumerate()
            .filter(|(_, c)| u64_at(c, 0) > 0)
            .map(|(i, _)| i)
            .collect()
    }

    /// Whether the program exited and everything was written.
    pub fn finished(&self) -> bool {
        self.dir.join("finished").exists()
    }

    /// What library and plugin had to tell.
    pub fn log(&self) -> Vec<String> {
        let text = std::fs::read(self.dir.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&text)
            .lines()
            .map(str::to_string)
            .collect()
    }

    /// The streams of all vCPUs that have a program vector, in order, of sessions set as `config`.
    pub fn streams(&self, config: &SessionConfig) -> Result<Vec<Stream>> {
        let mut numbers = Vec::new();
        let entries = std::fs::read_dir(&self.dir).map_err(|e| Error::io(&self.dir, &e))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|n| n.strip_prefix("vcpu."))
                .and_then(|n| n.strip_suffix(".safetensors"))
                .and_then(|n| n.parse::<u32>().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        numbers
            .iter()
            .map(|n| {
                let vector = ProgramVector::load(&self.dir.join(format!("vcpu.{n}.safetensors")))?;
                let intervals = read_intervals(&self.dir.join(format!("vcpu.{n}.intervals")))?;
                // Written with every checkpoint where the rate is chosen as the program runs.
                let plan = std::fs::read(self.dir.join(format!("vcpu.{n}.plan")));
                let plan = plan.unwrap_or_default();
                let plan: Vec<u64> = plan.chunks_exact(8).map(|b| u64_at(b, 0)).collect();
                Ok(Stream {
                    vector,
                    intervals,
                    sampling: sampling(config, &plan),
                })
            })
            .collect()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        // A leftover in the temporary directory is not worth failing a run for.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(field)
}

fn sum(status: &[u8]) -> Counters {
    let mut all = Counters::default();
    if status.len() < STATUS_HEAD || &status[..8] != MAGIC {
        return all;
    }
    // A vCPU without an estimate yet is left out of the running CPI.
    let (mut estimated, mut cycles) = (0, 0.0);
    for vcpu in status[STATUS_HEAD..].chunks_exact(COUNTERS) {
        let retired = u64_at(vcpu, 0);
        all.retired += retired;
        if u64_at(vcpu, 8) > 0 {
            estimated += retired;
            cycles += f64::from_bits(u64_at(vcpu, 16));
        }
    }
    if estimated > 0 {
        all.cpi = cycles / estimated as f64;
    }
    all
}

/// The series; one that was cut off in the middle of a record ends before it.
fn read_intervals(path: &Path) -> Result<Vec<Interval>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io(path, &e)),
    };
    let mut reader = std::io::BufReader::new(file);
    let mut all = Vec::new();
    let mut head = [0; INTERVAL_HEAD];
    while reader.read_exact(&mut head).is_ok() {
        let len = u64_at(&head, 32);
        if len > MAX_DIM {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("{}: an interval of {len} elements", path.display()),
            ));
        }
        let mut bytes = vec![0; len as usize * 8];
        if reader.read_exact(&mut bytes).is_err() {
            break;
        }
        all.push(Interval {
            index: u64_at(&head, 0),
            first: u64_at(&head, 8),
            retirements: u64_at(&head, 16),
            measured: u64_at(&head, 24),
            cycles: 0,
            timed: 0,
            vector: (0..len as usize)
                .map(|i| f64::from_bits(u64_at(&bytes, i * 8)))
                .collect(),
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed_over_vcpus_that_have_them() {
        let mut status = vec![0; STATUS_HEAD + 3 * COUNTERS];
        assert_eq!(sum(&status), Counters::default(), "no magic yet");
        status[..8].copy_from_slice(MAGIC);
        for (i, (retired, measured, cycles)) in
            [(100u64, 50u64, 200.0f64), (300, 300, 300.0), (1000, 0, 0.0)]
                .into_iter()
                .enumerate()
        {
            let at = STATUS_HEAD + i * COUNTERS;
            status[at..at + 8].copy_from_slice(&retired.to_le_bytes());
            status[at + 8..at + 16].copy_from_slice(&measured.to_le_bytes());
            status[at + 16..at + 24].copy_from_slice(&cycles.to_bits().to_le_bytes());
        }
        let all = sum(&status);
        assert_eq!((all.retired, all.cpi), (1400, 500.0 / 400.0));
        assert_eq!(sum(&status[..STATUS_HEAD + COUNTERS + 5]).retired, 100);
    }

    #[test]
    fn a_cut_series_ends_before_the_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("series");
        let mut bytes = Vec::new();
        for n in [0u64, 0, 10, 9, 1] {
            bytes.extend(n.to_le_bytes());
        }
        bytes.extend(2.5f64.to_bits().to_le_bytes());
        let whole = bytes.len();
        bytes.extend_from_within(..whole - 3);
        std::fs::write(&path, &bytes).unwrap();
        let series = read_intervals(&path).unwrap();
        assert_eq!(series.len(), 1);
        assert_eq!((series[0].retirements, series[0].measured), (10, 9));
        assert_eq!(series[0].vector, [2.5]);
    }
}
