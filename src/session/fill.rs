//! Filling lanes with feature rows.

use super::batch::{Batch, Lane, Shape};
use crate::bytes::{corrupt, fields, flag, many, put};
use crate::error::{Error, ErrorKind, Result};
use crate::sampling::limits::MAX_INDEX;

/// Collects rows into segments and segments into batches.
pub struct Filler {
    shape: Shape,
    warmup: usize,
    /// The newest warm-up rows, oldest first.
    history: Vec<f32>,
    /// Rows of the batch being filled; the last lane may still be open. It grows with the lanes: most
    /// threads of a program end with a few.
    x: Vec<f32>,
    lanes: Vec<Lane>,
    open: bool,
}

/// Makes room for `n` elements in all. The caller's settings say how much that is, so that there
/// being none is an error.
fn reserve(rows: &mut Vec<f32>, n: usize) -> Result<()> {
    rows.try_reserve(n.saturating_sub(rows.len())).map_err(|_| {
        Error::new(
            ErrorKind::OutOfMemory,
            format!(
                "session config: no memory for a batch of {} MiB; use fewer lanes, shorter segments or a shorter warm-up",
                n >> 18
            ),
        )
    })
}

/// Makes `rows` hold `lanes` lanes at least; those that are new are zero.
fn grow(rows: &mut Vec<f32>, shape: &Shape, lanes: usize) -> Result<()> {
    let n = lanes * shape.stride * shape.features;
    if rows.len() < n {
        reserve(rows, n)?;
        rows.resize(n, 0.0);
    }
    Ok(())
}

impl Filler {
    /// An empty filler for segments after at most `warmup` rows. Kind `OutOfMemory` where there is
    /// no memory for a batch.
    pub fn new(shape: Shape, warmup: usize) -> Result<Self> {
        let mut history = Vec::new();
        reserve(&mut history, 2 * warmup * shape.features)?;
        // Only to find a lack of memory now, not after hours.
        reserve(&mut Vec::new(), shape.lanes * shape.stride * shape.features)?;
        Ok(Self {
            shape,
            warmup,
            history,
            x: Vec::new(),
            lanes: Vec::new(),
            open: false,
        })
    }

    /// Starts a segment whose first measured retirement has index `first`.
    pub fn start(&mut self, first: u64) -> Result<()> {
        debug_assert!(!self.open && self.lanes.len() < self.shape.lanes);
        self.trim();
        grow(&mut self.x, &self.shape, self.lanes.len() + 1)?;
        let warm = self.history.len() / self.shape.features;
        let at = self.lanes.len() * self.shape.stride * self.shape.features;
        self.x[at..at + self.history.len()].copy_from_slice(&self.history);
        self.lanes.push(Lane {
            warm,
            len: 0,
            first,
        });
        self.open = true;
        Ok(())
    }

    /// The place of the open segment's next `n` rows, which the caller fills.
    pub fn rows(&mut self, n: usize) -> &mut [f32] {
        let f = self.shape.features;
        let lane = self.lanes.len() - 1;
        let l = &mut self.lanes[lane];
        let at = (lane * self.shape.stride + l.warm + l.len) * f;
        l.len += n;
        &mut self.x[at..at + n * f]
    }

    /// The place of `n` warm-up rows, which the caller fills.
    pub fn warm_rows(&mut self, n: usize) -> Option<&mut [f32]> {
        let f = self.shape.features;
        if self.warmup == 0 {
            return None;
        }
        // Twice the length before the front is dropped: each row is moved once at the most.
        if self.history.len() >= 2 * self.warmup * f {
            self.trim();
        }
        let at = self.history.len();
        self.history.resize(at + n * f, 0.0);
        Some(&mut self.history[at..])
    }

    /// Keeps only as much history as a segment may use.
    fn trim(&mut self) {
        let most = self.warmup * self.shape.features;
        if self.history.len() > most {
            let extra = self.history.len() - most;
            self.history.drain(..extra);
        }
    }

    /// A gap in the rows: what came before does not warm what follows.
    pub fn gap(&mut self) {
        self.history.clear();
    }

    /// Closes the open segment; its end is the history of the next one.
    pub fn close(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let f = self.shape.features;
        let lane = self.lanes.len() - 1;
        let l = self.lanes[lane];
        let rows = l.warm + l.len;
        let from = (lane * self.shape.stride + rows.saturating_sub(self.warmup)) * f;
        let to = (lane * self.shape.stride + rows) * f;
        self.history.clear();
        self.history.extend_from_slice(&self.x[from..to]);
        if l.len == 0 {
            self.lanes.pop();
        }
    }

    /// Whether a segment is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Index of the first retirement of the open segment, and how many it holds.
    pub fn open_segment(&self) -> Option<(u64, u64)> {
        let l = self.lanes.last().filter(|_| self.open)?;
        Some((l.first, l.len as u64))
    }

    /// Whether the closed segments make a full batch.
    pub fn is_full(&self) -> bool {
        !self.open && self.lanes.len() == self.shape.lanes
    }

    /// Takes the closed segments as a batch, with `next` (of an earlier batch, or empty) as the
    /// memory of the following one.
    pub fn take(&mut self, seq: u64, mut next: Vec<f32>) -> Result<Option<Batch>> {
        let closed = self.lanes.len() - usize::from(self.open);
        if closed == 0 {
            return Ok(None);
        }
        let mut lanes = std::mem::take(&mut self.lanes);
        if self.open {
            if let Some(l) = lanes.pop() {
                let from = closed * self.shape.stride * self.shape.features;
                let n = (l.warm + l.len) * self.shape.features;
                grow(&mut next, &self.shape, 1)?;
                next[..n].copy_from_slice(&self.x[from..from + n]);
                self.lanes.push(l);
            }
        }
        Ok(Some(Batch {
            seq,
            provisional: false,
            lanes,
            x: std::mem::replace(&mut self.x, next),
        }))
    }

    /// A copy of the open segment as a batch of its own, where it has measured rows. Closed segments
    /// must have been taken.
    pub fn provisional(&self, seq: u64) -> Option<Batch> {
        let l = *self.lanes.last().filter(|l| self.open && l.len > 0)?;
        debug_assert_eq!(self.lanes.len(), 1);
        let n = self.shape.stride * self.shape.features;
        Some(Batch {
            seq,
            provisional: true,
            lanes: vec![l],
            x: self.x[..n].to_vec(),
        })
    }

    /// Appends the state. Closed segments must have been taken.
    pub fn save(&mut self, out: &mut Vec<u8>) {
        self.trim();
        let f = self.shape.features;
        let open = self.lanes.last().filter(|_| self.open).copied();
        let rows: &[f32] = match open {
            Some(l) => &self.x[..(l.warm + l.len) * f],
            None => &[],
        };
        let l = open.unwrap_or_default();
        let counts = [u64::from(self.open), l.warm as u64, l.len as u64, l.first];
        put(out, &counts);
        put(out, &[(self.history.len() / f) as u64]);
        put(out, &self.history);
        put(out, rows);
    }

    /// Takes the state back into a fresh filler.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let f = self.shape.features;
        let open = flag(bytes, "whether a lane is open")?;
        let [warm, len, first, history]: [u64; 4] = fields(bytes, "the lane being filled")?;
        let most = self.warmup as u64;
        let segment = (self.shape.stride - self.warmup) as u64;
        if warm > most || len > segment || history > most || first > MAX_INDEX {
            return Err(corrupt("a lane is longer than the session's segments"));
        }
        // Into the memory that is there.
        let history = many(bytes, history as usize * f, "the rows before a lane")?;
        self.history.extend_from_slice(&history);
        let rows: Vec<f32> = many(bytes, (warm + len) as usize * f, "the rows of a lane")?;
        if open {
            grow(&mut self.x, &self.shape, 1)?;
            self.x[..rows.len()].copy_from_slice(&rows);
            self.lanes.push(Lane {
                warm: warm as usize,
                len: len as usize,
                first,
            });
            self.open = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        lanes: 2,
        stride: 3 + 8,
        features: 2,
        dim: 1,
        interval: 0,
    };

    fn filler() -> Filler {
        Filler::new(SHAPE, 3).unwrap()
    }

    /// What [`Filler::save`] writes of an open lane with these counts and as many rows as they say.
    fn saved(warm: u64, len: u64, first: u64, history: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, &[1, warm, len, first, history]);
        let rows = (history + warm + len).min(99) as usize;
        put(&mut out, &vec![0.5f32; rows * SHAPE.features]);
        out
    }

    #[test]
    fn a_restored_lane_goes_on() {
        let mut before = filler();
        before.warm_rows(2).unwrap().fill(1.0);
        before.start(40).unwrap();
        before.rows(3).fill(2.0);
        let mut bytes = Vec::new();
        before.save(&mut bytes);
        let (mut after, mut rest) = (filler(), &bytes[..]);
        after.restore(&mut rest).unwrap();
        assert!(rest.is_empty());
        assert_eq!(after.open_segment(), Some((40, 3)));
        for filler in [&mut before, &mut after] {
            filler.rows(5).fill(3.0);
            filler.close();
            let batch = filler.take(0, Vec::new()).unwrap().unwrap();
            assert_eq!((batch.lanes[0].warm, batch.lanes[0].len), (2, 8));
            let rows = [[1.0; 4].as_slice(), &[2.0; 6], &[3.0; 10]].concat();
            assert_eq!(batch.x[..20], rows);
        }
        // Its end warms the next one.
        assert_eq!(after.history, [3.0; 6]);
    }

    #[test]
    fn a_lane_beyond_the_sessions_segments_is_refused() {
        let restored = |bytes: Vec<u8>| filler().restore(&mut &bytes[..]);
        restored(saved(3, 8, MAX_INDEX, 3)).unwrap();
        for (warm, len, first, history) in [
            (4, 8, 0, 3),
            (3, 9, 0, 3),
            (3, 8, MAX_INDEX + 1, 3),
            (3, 8, 0, 4),
            (u64::MAX, 0, 0, 0),
        ] {
            let e = restored(saved(warm, len, first, history)).unwrap_err();
            assert!(e.message().contains("longer than"), "{e}");
        }
    }
}
