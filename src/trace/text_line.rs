//! Lines of numbers, and errors that say where they are.

use crate::error::{Error, ErrorKind, Result};
use std::io::{BufRead, Read};

/// Longest line in bytes; the longest that the published recorder can write has about 600.
const MAX_LINE: u64 = 4096;

/// A text file of numbers, read line by line.
pub(super) struct Lines<R> {
    source: R,
    name: String,
    line: Vec<u8>,
    /// Where the next number is looked for.
    at: usize,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub fn new(source: R, name: impl Into<String>) -> Self {
        Self {
            source,
            name: name.into(),
            line: Vec::new(),
            at: 0,
            number: 0,
        }
    }

    /// Goes to the next line that is not blank; `false` at the end of the file.
    pub fn advance(&mut self) -> Result<bool> {
        loop {
            self.line.clear();
            self.at = 0;
            let read = (&mut self.source)
                .take(MAX_LINE)
                .read_until(b'\n', &mut self.line)
                .map_err(|e| Error::io(&self.name, &e))?;
            if read == 0 {
                return Ok(false);
            }
            self.number += 1;
            if read as u64 == MAX_LINE && self.line.last() != Some(&b'\n') {
                return Err(self.error(&format!(
                    "the line is longer than {MAX_LINE} bytes; this is not a PerfVec text trace"
                )));
            }
            if !self.at_end() {
                return Ok(true);
            }
        }
    }

    /// Whether the line has no further number.
    pub fn at_end(&mut self) -> bool {
        while self.line.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.at == self.line.len()
    }

    /// The next number, which is field `field`, in `min..=max`.
    pub fn int(&mut self, field: &str, min: i64, max: i64) -> Result<i64> {
        let value = self.parse::<i64>(field)?;
        if value < min || value > max {
            return Err(self.error(&format!(
                "field {field} is {value}, expected {min} to {max}"
            )));
        }
        Ok(value)
    }

    /// The next number, which is 0 or 1.
    pub fn flag(&mut self, field: &str) -> Result<bool> {
        Ok(self.int(field, 0, 1)? == 1)
    }

    /// The next number, any unsigned one.
    pub fn unsigned(&mut self, field: &str) -> Result<u64> {
        self.parse::<u64>(field)
    }

    /// Passes over `count` numbers that nothing here depends on.
    pub fn skip(&mut self, field: &str, count: usize) -> Result<()> {
        for _ in 0..count {
            self.parse::<i128>(field)?;
        }
        Ok(())
    }

    /// The line must have no further number.
    pub fn finish(&mut self) -> Result<()> {
        if self.at_end() {
            return Ok(());
        }
        Err(self.error("more numbers than the record's fields"))
    }

    /// An error at the present line.
    pub fn error(&self, message: &str) -> Error {
        Error::new(ErrorKind::Corrupt, format!("{}: {message}", self.place()))
    }

    /// File and line, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.name, self.number)
    }

    fn parse<T: std::str::FromStr>(&mut self, field: &str) -> Result<T> {
        if self.at_end() {
            return Err(self.error(&format!(
                "field {field} is missing; the line ends before it"
            )));
        }
        let rest = &self.line[self.at..];
        let len = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len());
        let token = &rest[..len];
        let value = std::str::from_utf8(token).ok().and_then(|t| t.parse().ok());
        self.at += len;
        value.ok_or_else(|| {
            self.error(&format!(
                "field {field} is \"{}\", expected a decimal number in range",
                String::from_utf8_lossy(token)
            ))
        })
    }
}
