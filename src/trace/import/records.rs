//! Binary records, and errors that say at which byte they are.

use super::source::{with_remedy, Bytes};
use crate::error::{Error, ErrorKind, Result};
use std::io::Read;

/// A binary file, read front to back.
pub struct Records<R = Bytes> {
    source: R,
    name: String,
    /// Bytes so far.
    pub at: u64,
}

impl<R: Read> Records<R> {
    /// Reads `source`, which errors call `name`.
    pub fn new(source: R, name: String) -> Self {
        Self {
            source,
            name,
            at: 0,
        }
    }

    /// Fills `out`; `false` where the file ends before its first byte. An end within it is an error.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<bool> {
        let mut got = 0;
        while got < out.len() {
            match self.source.read(&mut out[got..]) {
                Ok(0) if got == 0 => return Ok(false),
                Ok(0) => {
                    return Err(self.error(&format!(
                        "ends after {got} of the record's {} bytes; it was cut short: make or copy it again",
                        out.len()
                    )))
                }
                Ok(n) => got += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(self.error(&format!(
                        "truncated or damaged ({e}); make or copy it again"
                    )))
                }
            }
        }
        self.at += got as u64;
        Ok(true)
    }

    /// `N` bytes, which must be there.
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        match self.fill(&mut bytes)? {
            true => Ok(bytes),
            false => {
                Err(self.error("ends within a record; it was cut short: make or copy it again"))
            }
        }
    }

    /// Passes over `n` bytes, which must be there.
    pub fn skip(&mut self, n: u64) -> Result<()> {
        let passed = std::io::copy(&mut (&mut self.source).take(n), &mut std::io::sink());
        match passed {
            Ok(passed) if passed == n => {
                self.at += n;
                Ok(())
            }
            Ok(_) => {
                Err(self.error("ends within a record; it was cut short: make or copy it again"))
            }
            Err(e) => Err(self.error(&format!(
                "truncated or damaged ({e}); make or copy it again"
            ))),
        }
    }

    /// What was not read yet.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// An error at the present byte.
    pub fn error(&self, message: &str) -> Error {
        Error::new(
            ErrorKind::Corrupt,
            format!("{}: {}", self.place(self.at), with_remedy(message)),
        )
    }

    /// File and byte, for messages.
    pub fn place(&self, at: u64) -> String {
        format!("{}: at byte {at}", self.name)
    }

    /// What errors call the file.
    pub fn name(&self) -> &str {
        &self.name
    }
}
