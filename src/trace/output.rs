//! Where a trace is written: a file that takes its name when complete, or any sink.

use crate::error::{Error, ErrorKind, Result};
use crate::file::Unfinished;
use rustix::fs::{fcntl_getfl, fcntl_setfl, OFlags};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// The destination of a [`super::Writer`].
pub(super) enum Output {
    File(Unfinished),
    Sink(Box<dyn Write + Send>),
}

impl Output {
    /// A file that will be called `path`. A named pipe that someone reads is written as it is: that
    /// is how a stream is looked at while it grows.
    pub fn create(path: &Path) -> Result<Self> {
        if std::fs::metadata(path).is_ok_and(|m| m.file_type().is_fifo()) {
            return Ok(Self::Sink(Box::new(pipe(path)?)));
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

/// How often, and how far apart, opening a pipe is tried before it counts as having no reader.
const TRIES: u32 = 100;
const APART: Duration = Duration::from_millis(20);

/// Opens a pipe for writing, without blocking forever if it has no reader.
fn pipe(path: &Path) -> Result<File> {
    for _ in 0..TRIES {
        let opened = OpenOptions::new()
            .write(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open(path);
        match opened {
            Ok(file) => {
                // Writing, though, waits for the reader.
                let flags = fcntl_getfl(&file).map_err(|e| Error::io(path, &e.into()))?;
                fcntl_setfl(&file, flags - OFlags::NONBLOCK)
                    .map_err(|e| Error::io(path, &e.into()))?;
                return Ok(file);
            }
            Err(e) if e.raw_os_error() == Some(libc::ENXIO) => std::thread::sleep(APART),
            Err(e) => return Err(Error::io(path, &e)),
        }
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "{}: a pipe without a reader; give another name",
            path.display()
        ),
    ))
}
