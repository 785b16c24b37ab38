//! Windows of a stream: which retirements are wanted.

use perfvec::{file, Error, ErrorKind, Result};
use std::path::Path;

/// Longest list that is read.
const MAX_BYTES: u64 = 1 << 30;

/// Windows in stream order, or the whole stream.
pub struct Windows {
    /// First retirement and the one after the last, of each window; `None`: everything.
    spans: Option<Vec<(u64, u64)>>,
    next: usize,
}

impl Windows {
    /// The whole stream.
    pub fn all() -> Self {
        Self {
            spans: None,
            next: 0,
        }
    }

    /// Reads a list: "first length" on each line.
    pub fn read(path: &Path) -> Result<Self> {
        let here = |e: Error| e.context(path.display());
        let bytes = file::read_bounded(path, MAX_BYTES).map_err(here)?;
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(here)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut spans: Vec<(u64, u64)> = Vec::new();
        for (n, line) in text.lines().enumerate() {
            let bad = |what: &str| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("line {}: {what}; give \"first length\", in order", n + 1),
                )
            };
            let numbers: Vec<u64> = line
                .split_whitespace()
                .map(|word| word.parse().map_err(|_| bad("not two whole numbers")))
                .collect::<Result<_>>()?;
            let &[first, length] = &numbers[..] else {
                return Err(bad("not two whole numbers"));
            };
            let end = first.checked_add(length).ok_or_else(|| bad("too large"))?;
            if spans.last().is_some_and(|(_, before)| *before > first) {
                return Err(bad("it overlaps the window before"));
            }
            spans.push((first, end));
        }
        Ok(Self {
            spans: Some(spans),
            next: 0,
        })
    }

    /// Whether retirement `index` is wanted. Indices must not decrease from call to call.
    pub fn holds(&mut self, index: u64) -> bool {
        let Some(spans) = &self.spans else {
            return true;
        };
        while spans.get(self.next).is_some_and(|(_, end)| index >= *end) {
            self.next += 1;
        }
        spans
            .get(self.next)
            .is_some_and(|(first, _)| index >= *first)
    }

    /// Where the last window ends.
    pub fn end(&self) -> Option<u64> {
        self.spans.as_ref()?.last().map(|(_, end)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_the_lines_say() {
        let mut w = Windows::parse("2 3\n5 1\n9 2\n").unwrap();
        let held: Vec<u64> = (0..20).filter(|i| w.holds(*i)).collect();
        assert_eq!(held, [2, 3, 4, 5, 9, 10]);
        assert_eq!(w.end(), Some(11));
        assert!(Windows::all().holds(7));
    }

    #[test]
    fn bad_lines_are_named() {
        for text in ["1", "1 2 3", "a 2", "0 5\n4 1", "2 18446744073709551615"] {
            let e = Windows::parse(text).err().unwrap().to_string();
            assert!(e.contains("line "), "{e}");
        }
    }
}
