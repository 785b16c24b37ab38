//! Where results go: standard output, standard error, and whole files.

use perfvec::{Error, ErrorKind, Result};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Prints `text` as it is. A full disk is an error; a reader that has gone, as `head` does, has
/// what it wanted.
pub fn print(text: impl AsRef<[u8]>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|e| Error::io("standard output", &e)),
    }
}

/// Tells the user on standard error; nobody can be told where that fails.
pub fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Whether the value of --json means standard output.
pub fn is_stdout(json: Option<&PathBuf>) -> bool {
    json.is_some_and(|path| path.as_os_str() == "-")
}

/// Writes what --json asks for, on one line: to a file, or with "-" to standard output.
pub fn write_json(json: Option<&PathBuf>, value: &Value) -> Result<()> {
    let line = format!("{value}\n");
    match json {
        None => Ok(()),
        path if is_stdout(path) => print(line),
        Some(path) => write_file(path, line.as_bytes()),
    }
}

/// An error where no file can be written at `path`: better told before hours of work than after.
pub fn check(path: &Path) -> Result<()> {
    // A rename would replace a device or a pipe.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) || path.file_name().is_none() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{}: not a regular file; give another name", path.display()),
        ));
    }
    let temporary = temporary(path);
    let tried = std::fs::write(&temporary, []).and_then(|()| std::fs::remove_file(&temporary));
    tried.map_err(|e| {
        Error::new(
            ErrorKind::Io,
            format!("{}: cannot be written: {e}", path.display()),
        )
    })
}

/// Writes a whole file or nothing: to a temporary name, then renamed.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    check(path)?;
    let temporary = temporary(path);
    std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|e| {
            // The half-written file must not stay; the first error is the one to report.
            let _ = std::fs::remove_file(&temporary);
            Error::new(ErrorKind::Io, format!("{}: {e}", path.display()))
        })
}

/// A name beside `path` that nothing else uses.
fn temporary(path: &Path) -> PathBuf {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    PathBuf::from(temporary)
}
