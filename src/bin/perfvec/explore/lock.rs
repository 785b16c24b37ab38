//! One exploration at a time for a file of results: two would each replace what the other priced.

use perfvec::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most of a lock's text that is shown: it may be anybody's file.
const MAX_TEXT: u64 = 200;

/// The right to write a file, until this is dropped. It is a locked file beside that one, which is
/// itself replaced; the system frees the lock of a process that is killed.
pub struct Lock {
    /// None: the file system has no locks.
    file: Option<File>,
    path: PathBuf,
}

impl Lock {
    /// That of the file at `results`; an error that says who holds it where somebody does.
    pub fn take(results: &Path) -> Result<Self> {
        let path = beside(results);
        let io = |e: std::io::Error| Error::io(&path, &e);
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(io)?;
            match file.try_lock() {
                Ok(()) => (),
                Err(TryLockError::WouldBlock) => return Err(held(results, &path, file)),
                Err(TryLockError::Error(e)) if e.kind() == std::io::ErrorKind::Unsupported => {
                    let _ = std::fs::remove_file(&path);
                    return Ok(Self { file: None, path });
                }
                Err(TryLockError::Error(e)) => return Err(io(e)),
            }
            // Who held it may have removed it just now: then this is no longer the file by that name.
            let id = |m: std::fs::Metadata| (m.dev(), m.ino());
            let named = std::fs::metadata(&path).ok().map(id);
            if named != Some(file.metadata().map(id).map_err(io)?) {
                continue;
            }
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            let text = format!("process {} on {}\n", std::process::id(), host.trim());
            file.set_len(0).map_err(io)?;
            file.write_all(text.as_bytes()).map_err(io)?;
            return Ok(Self {
                file: Some(file),
                path,
            });
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Left behind it does no harm.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn beside(results: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(results.file_name().unwrap_or_default());
    name.push(".lock");
    results.with_file_name(name)
}

fn held(results: &Path, lock: &Path, file: File) -> Error {
    let mut bytes = Vec::new();
    let _ = file.take(MAX_TEXT).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let who: String = text.chars().filter(|c| !c.is_control()).collect();
    let who = match who.as_str() {
        "" => "another process",
        who => who,
    };
    Error::new(
        ErrorKind::State,
        format!(
            "{}: another exploration writes it ({who}, which holds {}); wait for it, or give another -o",
            results.display(),
            lock.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_holds_it_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.csv");
        let first = Lock::take(&path).unwrap();
        let e = Lock::take(&path).err().unwrap().to_string();
        let me = format!("process {} on ", std::process::id());
        assert!(e.contains(&me) && e.contains("r.csv: another"), "{e}");
        drop(first);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        // What a killed process left holds nothing.
        std::fs::write(dir.path().join(".r.csv.lock"), "process 1 on a\n").unwrap();
        let again = Lock::take(&path).unwrap();
        let text = std::fs::read_to_string(dir.path().join(".r.csv.lock")).unwrap();
        assert!(text.starts_with(&me), "{text}");
        drop(again);
    }

    #[test]
    fn of_many_that_ask_at_once_one_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.csv");
        let inside = std::sync::atomic::AtomicU32::new(0);
        let taken = std::sync::atomic::AtomicU32::new(0);
        use std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let Ok(lock) = Lock::take(&path) else {
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, SeqCst), 0);
                        taken.fetch_add(1, SeqCst);
                        inside.fetch_sub(1, SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(taken.load(SeqCst) > 0);
    }
}
