//! Where results go: standard output and whole files.

use perfvec::{Error, ErrorKind, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Prints `text` as it is; a full disk or a closed pipe is an error, not a panic.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Error::io("standard output", &e))
}

/// Writes a whole file or nothing: to a temporary name, then renamed.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    // A rename would replace a device or a pipe.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{}: not a regular file; give another name", path.display()),
        ));
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|e| {
            // The half-written file must not stay; the first error is the one to report.
            let _ = std::fs::remove_file(&temporary);
            Error::new(ErrorKind::Io, format!("{}: {e}", path.display()))
        })
}
