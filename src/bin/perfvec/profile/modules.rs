//! Which files the code of a recorded program came from: `T.pvt.modules` beside a trace.

use perfvec::{file, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const FORMAT: &str = "perfvec-modules-1";

/// A mapping of a file, or of none: a JIT compiler's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// The file; empty for none.
    pub path: String,
    /// First address.
    pub start: u64,
    /// The address behind the last.
    pub end: u64,
    /// Where in the file the first address is.
    pub offset: u64,
    /// What tells the file from others, as [`super::image::identity`] makes it; empty where it
    /// could not be read.
    #[serde(default)]
    pub id: String,
}

/// The mappings of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modules {
    format: String,
    /// In the order in which code of them ran.
    pub modules: Vec<Module>,
}

impl Modules {
    /// What QEMU's plugin noted (qemu-glue/maps.c): "start end offset path" on each line.
    pub fn from_plugin(text: &str) -> Self {
        let mut modules: Vec<Module> = Vec::new();
        for line in text.lines() {
            let mut words = line.splitn(4, ' ');
            let mut number = || u64::from_str_radix(words.next()?, 16).ok();
            let (Some(start), Some(end), Some(offset)) = (number(), number(), number()) else {
                continue;
            };
            let path = words.next().unwrap_or_default().to_string();
            // A mapping is noted again whenever the program has changed others, and a JIT
            // compiler's grow.
            let same = |m: &Module| (m.start, &m.path) == (start, &path);
            match modules.iter_mut().find(|m| same(m)) {
                Some(known) => known.end = known.end.max(end),
                None => modules.push(Module {
                    id: super::image::identity(Path::new(&path)).unwrap_or_default(),
                    path,
                    start,
                    end,
                    offset,
                }),
            }
        }
        let format = FORMAT.to_string();
        Self { format, modules }
    }

    /// One mapping.
    pub fn single(module: Module) -> Self {
        let format = FORMAT.to_string();
        let modules = vec![module];
        Self { format, modules }
    }

    /// The file beside `trace`.
    pub fn path_of(trace: &Path) -> PathBuf {
        let mut name = OsString::from(trace.as_os_str());
        name.push(".modules");
        name.into()
    }

    /// Writes it beside `trace`.
    pub fn save(&self, trace: &Path) -> Result<()> {
        let path = Self::path_of(trace);
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("modules: {e}")))?;
        file::write_atomic(&path, (text + "\n").as_bytes()).map_err(|e| e.context(path.display()))
    }

    /// Reads what is beside `trace`; `None` where there is nothing, as with traces of other hosts.
    pub fn load(trace: &Path) -> Result<Option<Self>> {
        let path = Self::path_of(trace);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(&path, &e)),
        };
        let bad = |what: String| {
            Error::new(
                ErrorKind::Corrupt,
                format!("{}: {what}; record the trace again", path.display()),
            )
        };
        let all: Self = serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))?;
        if all.format != FORMAT {
            return Err(bad(format!("its format is not {FORMAT}")));
        }
        if let Some(m) = all.modules.iter().find(|m| m.start >= m.end) {
            return Err(bad(format!("\"{}\" ends before it starts", m.path)));
        }
        Ok(Some(all))
    }

    /// An error where `path`, whose identity is `id`, is a copy of none of the files.
    pub fn check_copy(&self, path: &Path, id: &str) -> Result<()> {
        if self.modules.iter().any(|m| m.id == id) {
            return Ok(());
        }
        let ran: Vec<String> = (self.modules.iter())
            .filter(|m| !m.path.is_empty())
            .map(|m| format!("{} ({})", m.path, m.id))
            .collect();
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{} ({id}): not what was recorded, which is {}; name the file that ran, or an unstripped copy of the same build",
                path.display(),
                ran.join(", ")
            ),
        ))
    }

    /// The mapping that holds `pc`.
    pub fn find(&self, pc: u64) -> Option<usize> {
        let holds = |m: &Module| (m.start..m.end).contains(&pc);
        self.modules.iter().position(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_the_plugin_are_put_together() {
        let text = "1000 2000 0 /nowhere/a b\n5000 6000 0 \nnoise\n1000 3000 0 /nowhere/a b\n";
        let modules = Modules::from_plugin(text);
        let all: Vec<_> = modules
            .modules
            .iter()
            .map(|m| (m.path.as_str(), m.end))
            .collect();
        assert_eq!(all, [("/nowhere/a b", 0x3000), ("", 0x6000)]);
        assert_eq!(modules.find(0x2fff), Some(0));
        assert_eq!(modules.find(0x3000), None);
    }

    #[test]
    fn what_is_beside_a_trace_is_read_again_or_refused() {
        let dir = tempfile::tempdir().unwrap();
        let trace = dir.path().join("t.pvt");
        assert_eq!(Modules::load(&trace).unwrap(), None);
        let modules = Modules::from_plugin("1000 2000 10 /nowhere/x\n");
        modules.save(&trace).unwrap();
        assert_eq!(Modules::load(&trace).unwrap(), Some(modules));
        for (text, says) in [
            ("{", "EOF"),
            (r#"{"format":"x","modules":[]}"#, "its format is not"),
            (
                r#"{"format":"perfvec-modules-1","modules":[{"path":"p","start":2,"end":1,"offset":0}]}"#,
                "\"p\" ends before",
            ),
        ] {
            std::fs::write(Modules::path_of(&trace), text).unwrap();
            let e = Modules::load(&trace).unwrap_err().to_string();
            assert!(
                e.contains(says) && e.contains("record the trace again"),
                "{e}"
            );
        }
    }
}
