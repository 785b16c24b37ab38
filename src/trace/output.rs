//! Where a trace is written: a file that takes its name when complete, or any sink.

use crate::error::{Error, Result};
use crate::file::Unfinished;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// The destination of a [`super::Writer`].
pub(super) enum Output {
    File(Unfinished),
    Sink(Box<dyn Write + Send>),
}

impl Output {
    /// A file that will be called `path`. A named pipe is written as it is, and waited for until
    /// someone reads it: that is how a stream is looked at while it grows.
    pub fn create(path: &Path) -> Result<Self> {
        if std::fs::metadata(path).is_ok_and(|m| m.file_type().is_fifo()) {
            let pipe = OpenOptions::new().write(true).open(path);
            return match pipe {
                Ok(pipe) => Ok(Self::Sink(Box::new(pipe))),
                Err(e) => Err(Error::io(path, &e)),
            };
        }
        match Unfinished::create(path) {
            Ok(file) => Ok(Self::File(file)),
            Err(e) => Err(e.context(path.display())),
        }
    }

    pub fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Output::File(file) => file
                .write_all(bytes)
                .map_err(|e| Error::io(file.path(), &e)),
            Output::Sink(sink) => sink.write_all(bytes).map_err(|e| Error::io("trace", &e)),
        }
    }

    /// Makes what was written durable and gives it its name.
    pub fn commit(&mut self) -> Result<()> {
        match self {
            Output::File(file) => file.commit().map_err(|e| Error::io(file.path(), &e)),
            Output::Sink(sink) => sink.flush().map_err(|e| Error::io("trace", &e)),
        }
    }
}
