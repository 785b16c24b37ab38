//! Whole files: read within a bound, and given their name only when they are complete.

use crate::error::{Error, ErrorKind, Result};
use rustix::fs::{fcntl_getfl, fcntl_setfl, OFlags};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

fn io_error(e: io::Error) -> Error {
    Error::new(ErrorKind::Io, e.to_string())
}

/// Opens a file for reading from front to back. It never waits: a pipe that nobody writes to is at
/// its end at once.
pub fn open(path: &Path) -> io::Result<File> {
    if cfg!(miri) {
        // Miri knows no such flag; what it runs reads no pipes.
        return File::open(path);
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    // Reading, though, waits for a writer that is there.
    let flags = fcntl_getfl(&file)?;
    fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    Ok(file)
}

/// An error for what is not a regular file. Errors do not name the path.
pub fn check_regular(path: &Path) -> Result<()> {
    let about = std::fs::metadata(path).map_err(io_error)?;
    if about.is_file() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Io,
        "not a regular file; pass a file's path",
    ))
}

/// Reads a regular file of at most `most` bytes. Errors do not name the path.
pub fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    check_regular(path)?;
    let mut bytes = Vec::new();
    let file = open(path).map_err(io_error)?;
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(io_error)?;
    if bytes.len() as u64 > most {
        return Err(Error::new(
            ErrorKind::OutOfMemory,
            format!("the file is larger than {most} bytes, the limit for its kind"),
        ));
    }
    Ok(bytes)
}

/// An error if no file can be written at `path`: found before hours of work, not after.
/// Errors do not name the path.
pub fn check_writable(path: &Path) -> Result<()> {
    Unfinished::create(path).map(drop)
}

/// Writes `bytes` as the whole file at `path`, which holds what it held until they are on the disk.
/// Errors do not name the path.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = Unfinished::create(path)?;
    file.write_all(bytes)
        .and_then(|()| file.commit())
        .map_err(io_error)
}

/// A file that takes its name when it is complete. Until then it is a temporary file beside it,
/// which is removed when this is dropped.
pub(crate) struct Unfinished {
    file: File,
    temp: PathBuf,
    path: PathBuf,
    renamed: bool,
}

impl Unfinished {
    /// A file that will be called `path`. Errors do not name the path.
    pub fn create(path: &Path) -> Result<Self> {
        // A rename would replace a device or a pipe, and fail on a directory only in the end.
        let taken = std::fs::metadata(path).is_ok_and(|m| !m.is_file());
        let Some(name) = path.file_name().filter(|_| !taken) else {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "not a regular file; give another name",
            ));
        };
        // Another writer may be at work, and one that was killed leaves its file behind: the same
        // process number comes again.
        for attempt in 0..1000 {
            let mut temp = OsString::from(".");
            temp.push(name);
            temp.push(format!(".{}.{attempt}.tmp", std::process::id()));
            let temp = path.with_file_name(temp);
            match OpenOptions::new().write(true).create_new(true).open(&temp) {
                Ok(file) => {
                    return Ok(Self {
                        file,
                        temp,
                        path: path.to_owned(),
                        renamed: false,
                    })
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(Error::new(ErrorKind::Io, format!("cannot be written: {e}"))),
            }
        }
        Err(Error::new(
            ErrorKind::Io,
            "too many temporary files are in the way; remove those that end in .tmp",
        ))
    }

    /// What it will be called.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what was written durable and gives it its name.
    pub fn commit(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.temp, &self.path)?;
        self.renamed = true;
        sync_folder(&self.path)
    }
}

/// Makes the names in the folder of `path` durable: a rename that is only in memory is lost with the
/// power, and with it the whole file.
fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    // A folder that may be written but not read cannot be synchronized, nor can those of some
    // network file systems.
    let Ok(folder) = File::open(parent.unwrap_or(Path::new("."))) else {
        return Ok(());
    };
    match folder.sync_all() {
        Err(e)
            if !matches!(
                e.raw_os_error(),
                Some(libc::EINVAL | libc::EBADF | libc::ENOTSUP)
            ) =>
        {
            Err(e)
        }
        _ => Ok(()),
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Unfinished {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing can handle an error here; the name says that the file is temporary.
            let _ = std::fs::remove_file(&self.temp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a container every process has the same number.
    #[test]
    fn what_a_killed_process_left_is_not_in_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let mut left: Vec<PathBuf> = (0..3)
            .map(|n| {
                dir.path()
                    .join(format!(".a.{}.{n}.tmp", std::process::id()))
            })
            .collect();
        for name in &left {
            std::fs::write(name, "half").unwrap();
        }
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        left.push(path);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), left.len());
    }
}
