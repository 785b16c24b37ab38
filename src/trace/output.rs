//! Where a trace is written: a temporary file that takes its name when complete, or any sink.

use crate::error::{Error, ErrorKind, Result};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The destination of a [`super::Writer`].
pub(super) enum Output {
    File {
        file: File,
        temp: PathBuf,
        path: PathBuf,
        renamed: bool,
    },
    Sink(Box<dyn Write + Send>),
}

impl Output {
    /// A temporary file beside `path`.
    pub fn create(path: &Path) -> Result<Self> {
        let Some(name) = path.file_name() else {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("{}: not the name of a file", path.display()),
            ));
        };
        // A rename would replace a device or a pipe, and fail on a directory only in the end.
        if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("{}: not a regular file; give another name", path.display()),
            ));
        }
        // Two writers of one path must not share a temporary file; the last to finish wins.
        for attempt in 0..1000 {
            let mut temp_name = std::ffi::OsString::from(".");
            temp_name.push(name);
            temp_name.push(format!(".{}.{attempt}.tmp", std::process::id()));
            let temp = path.with_file_name(temp_name);
            match OpenOptions::new().write(true).create_new(true).open(&temp) {
                Ok(file) => {
                    return Ok(Output::File {
                        file,
                        temp,
                        path: path.to_owned(),
                        renamed: false,
                    })
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(Error::io(&temp, &e)),
            }
        }
        Err(Error::new(
            ErrorKind::Io,
            format!(
                "{}: a thousand temporary files are in the way; remove them",
                path.display()
            ),
        ))
    }

    pub fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Output::File { file, temp, .. } => {
                file.write_all(bytes).map_err(|e| Error::io(&*temp, &e))
            }
            Output::Sink(sink) => sink.write_all(bytes).map_err(|e| Error::io("trace", &e)),
        }
    }

    /// Makes what was written durable and gives it its name.
    pub fn commit(&mut self) -> Result<()> {
        match self {
            Output::File {
                file,
                temp,
                path,
                renamed,
            } => {
                file.sync_all().map_err(|e| Error::io(&*temp, &e))?;
                std::fs::rename(&*temp, &*path).map_err(|e| Error::io(&*path, &e))?;
                *renamed = true;
                Ok(())
            }
            Output::Sink(sink) => sink.flush().map_err(|e| Error::io("trace", &e)),
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Output::File {
            temp,
            renamed: false,
            ..
        } = self
        {
            // Nobody is left to be told; the name says that the file is temporary.
            let _ = std::fs::remove_file(temp);
        }
    }
}
