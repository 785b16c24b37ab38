//! Profiles as other tools read them; the file's name chooses.

mod callgrind;
mod folded;
mod pprof;
mod speedscope;

use super::resolved::Resolved;
use perfvec::{file, Error, ErrorKind, Result};
use std::path::Path;

/// A format that other tools open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// https://www.speedscope.app, which runs in a browser and sends nothing anywhere.
    Speedscope,
    /// `go tool pprof`, and all that read its files.
    Pprof,
    /// `callgrind_annotate` of Valgrind, and KCachegrind.
    Callgrind,
    /// flamegraph.pl and inferno.
    Folded,
}

impl Format {
    /// What the name of `path` says.
    pub fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ends = |all: &[&str]| all.iter().any(|end| name.ends_with(end));
        if ends(&[".speedscope.json"]) {
            Ok(Self::Speedscope)
        } else if ends(&[".pb.gz", ".pprof"]) {
            Ok(Self::Pprof)
        } else if ends(&[".callgrind"]) || name.starts_with("callgrind.out") {
            Ok(Self::Callgrind)
        } else if ends(&[".folded"]) {
            Ok(Self::Folded)
        } else {
            Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{}: the name does not say which format; end it with .speedscope.json, .pb.gz (pprof), .callgrind or .folded",
                    path.display()
                ),
            ))
        }
    }

    /// What opens it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Speedscope => "open it at https://www.speedscope.app",
            Self::Pprof => "go tool pprof -http=: FILE",
            Self::Callgrind => "callgrind_annotate FILE, or kcachegrind FILE",
            Self::Folded => "inferno-flamegraph FILE > FILE.svg, or flamegraph.pl",
        }
    }
}

/// Writes `profile` to `path`.
pub fn write(profile: &Resolved, path: &Path) -> Result<Format> {
    let format = Format::of(path)?;
    let bytes = match format {
        Format::Speedscope => speedscope::bytes(profile)?,
        Format::Pprof => pprof::bytes(profile)?,
        Format::Callgrind => callgrind::text(profile).into_bytes(),
        Format::Folded => folded::text(profile).into_bytes(),
    };
    file::write_atomic(path, &bytes).map_err(|e| e.context(path.display()))?;
    Ok(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_formats() {
        let of = |name: &str| Format::of(Path::new(name)).ok();
        assert_eq!(of("a/x.speedscope.json"), Some(Format::Speedscope));
        assert_eq!(of("x.pb.gz"), Some(Format::Pprof));
        assert_eq!(of("callgrind.out.12"), Some(Format::Callgrind));
        assert_eq!(of("x.callgrind"), Some(Format::Callgrind));
        assert_eq!(of("x.folded"), Some(Format::Folded));
        assert_eq!(of("x.json"), None);
        assert_eq!(of("/"), None);
    }
}
