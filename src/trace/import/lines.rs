//! Lines of a log and the words in them.

use super::source::{with_remedy, Bytes};
use super::Width;
use crate::error::{Error, ErrorKind, Result};
use std::io::{BufRead, Read};

/// Longest line in bytes. Spike writes whole vector registers: 8 of 65536 bits have 131072 digits.
const MAX_LINE: u64 = 1 << 18;

/// A text file, line by line.
pub struct Lines {
    source: Bytes,
    line: Vec<u8>,
    /// Lines so far.
    pub number: u64,
}

impl Lines {
    pub fn new(source: Bytes) -> Self {
        Self {
            source,
            line: Vec::new(),
            number: 0,
        }
    }

    /// All addresses are of the width of the first, which is in `width` then.
    pub fn one_width(&self, width: &mut Option<Width>, digits: usize) -> Result<()> {
        let found = Width::of_digits(digits);
        match *width.get_or_insert(found) == found {
            true => Ok(()),
            false => {
                Err(self
                    .error("an address of another width than those before; read one core's log"))
            }
        }
    }

    /// Goes to the next line; `false` at the end of the file.
    pub fn advance(&mut self) -> Result<bool> {
        self.line.clear();
        let read = (&mut self.source)
            .take(MAX_LINE)
            .read_until(b'\n', &mut self.line);
        match read {
            Ok(0) => return Ok(false),
            Ok(_) => self.number += 1,
            Err(e) => return Err(self.source.error(&e)),
        }
        if self.line.last() != Some(&b'\n') {
            return Err(self.error(if self.line.len() as u64 == MAX_LINE {
                "this line is longer than any log's; is this a text file?"
            } else {
                "the log ends within this line: it was cut short; leave the line out"
            }));
        }
        while self.line.last().is_some_and(u8::is_ascii_whitespace) {
            self.line.pop();
        }
        Ok(true)
    }

    /// The line, without what ends it.
    pub fn text(&self) -> &[u8] {
        &self.line
    }

    /// An error in the present line.
    pub fn error(&self, message: &str) -> Error {
        Error::new(
            ErrorKind::Corrupt,
            format!("{}: {}", self.place(self.number), with_remedy(message)),
        )
    }

    /// An error of a log in which nothing was found.
    pub fn nothing(&self, remedy: &str) -> Error {
        Error::new(
            ErrorKind::Corrupt,
            format!(
                "{}: no instruction in this log; {remedy}",
                self.source.name()
            ),
        )
    }

    /// The file, for messages.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// File and line, for messages.
    pub fn place(&self, line: u64) -> String {
        format!("{}:{line}", self.source.name())
    }
}

/// The words of a line.
pub fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|w| !w.is_empty())
}

/// A number in hexadecimal digits alone, and how many these are (at most 16).
pub fn digits(word: &[u8]) -> Option<(u64, usize)> {
    if word.is_empty() || word.len() > 16 {
        return None;
    }
    let value = word.iter().try_fold(0, |value: u64, digit| {
        Some(value << 4 | u64::from((*digit as char).to_digit(16)?))
    });
    Some((value?, word.len()))
}

/// A number in hexadecimal with 0x before it, and how many digits it has.
pub fn hex(word: &[u8]) -> Option<(u64, usize)> {
    digits(word.strip_prefix(b"0x")?)
}

/// A number in decimal.
pub fn decimal(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0, |value: u64, digit| {
        let digit = u64::from((*digit as char).to_digit(10)?);
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// The hexadecimal number that the text after the first `name` begins with, if there is one; `None`
/// where there is no `name`.
pub fn hex_after(line: &[u8], name: &[u8]) -> Option<Option<u64>> {
    let at = line.windows(name.len()).position(|w| w == name)? + name.len();
    let rest = line[at..].trim_ascii_start();
    let rest = rest.strip_prefix(b"0x").unwrap_or(rest);
    let end = rest.iter().position(|b| !b.is_ascii_hexdigit());
    Some(digits(&rest[..end.unwrap_or(rest.len())]).map(|(value, _)| value))
}
