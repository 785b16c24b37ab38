//! Where a trace is written: a file that takes its name when complete, or any sink.

use crate::error::{Error, Result};
use crate::file::Unfinished;
use std::io::Write;
use std::path::Path;

/// The destination of a [`super::Writer`].
pub(super) enum Output {
    File(Unfinished),
    Sink(Box<dyn Write + Send>),
}

impl Output {
    /// A file that will be called `path`.
    pub fn create(path: &Path) -> Result<Self> {
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
