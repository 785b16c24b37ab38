//! From the names of functions and labels to the addresses that they have in a run.

use super::image::{self, Symbol};
use super::modules::{Module, Modules};
use perfvec::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Where symbols are looked for.
pub struct Symbols {
    /// Files, each with where it was mapped; `None` for one that runs where it was linked.
    files: Vec<(PathBuf, Option<Module>)>,
}

impl Symbols {
    /// Those of a program, which must run where it was linked.
    pub fn of_program(path: &Path) -> Result<Self> {
        Ok(Self {
            files: vec![(path.into(), None)],
        })
    }

    /// Those of the files that the code of `trace` came from; `program` stands in for the one that
    /// it is a copy of, and for all of them where the trace does not name any.
    pub fn of_trace(trace: &Path, program: Option<&Path>) -> Result<Self> {
        let Some(modules) = Modules::load(trace)? else {
            return match program {
                Some(path) => Self::of_program(path),
                None => Err(bad(format!(
                    "the trace has no {} beside it; name the recorded program with --program (of replay and dump), or give an address such as 0x10552",
                    Modules::path_of(trace).display()
                ))),
            };
        };
        let copy = match program {
            Some(path) => Some((path, image::identity(path)?)),
            None => None,
        };
        if let Some((path, id)) = &copy {
            modules.check_copy(path, id)?;
        }
        let named = modules.modules.into_iter().filter(|m| !m.path.is_empty());
        let files = named.map(|m| {
            let path = match &copy {
                Some((path, id)) if *id == m.id => path.to_path_buf(),
                _ => PathBuf::from(&m.path),
            };
            (path, Some(m))
        });
        Ok(Self {
            files: files.collect(),
        })
    }

    /// The address of the one symbol called `name`.
    pub fn address(&self, name: &str) -> Result<u64> {
        let mut found: Vec<u64> = Vec::new();
        for (path, module) in &self.files {
            let file = image::find(path, name)?;
            let all = match module {
                None if file.movable && !file.symbols.is_empty() => {
                    return Err(bad(format!(
                        "{}: position-independent, so its symbols have no addresses before it runs; give an address, or link it with -static or -no-pie",
                        path.display()
                    )));
                }
                None => file.symbols.iter().map(|s| s.address).collect(),
                Some(m) if m.id != file.id => {
                    return Err(Error::new(
                        ErrorKind::Mismatch,
                        format!(
                            "{} ({}): not the file that ran, which was {}; restore that one, or record again",
                            path.display(),
                            file.id,
                            m.id
                        ),
                    ));
                }
                Some(m) => placed(&file.symbols, m),
            };
            found.extend(all);
        }
        found.sort_unstable();
        found.dedup();
        let files: Vec<String> = (self.files.iter())
            .map(|(path, _)| path.display().to_string())
            .collect();
        match found[..] {
            [address] => Ok(address),
            [] => Err(bad(format!(
                "no such function or label in {}; `nm` lists what there is",
                files.join(", ")
            ))),
            _ => Err(bad(format!(
                "several symbols have this name, at {}; give an address",
                found
                    .iter()
                    .map(|a| format!("{a:#x}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }
}

/// Where the symbols that `m` mapped are in the run.
fn placed(symbols: &[Symbol], m: &Module) -> Vec<u64> {
    let size = m.end - m.start;
    let inside = symbols
        .iter()
        .filter_map(|s| s.offset?.checked_sub(m.offset));
    inside
        .filter(|at| *at < size)
        .map(|at| m.start + at)
        .collect()
}

fn bad(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
