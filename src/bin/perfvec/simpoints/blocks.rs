//! Basic-block vectors: of every interval, how many of its instructions lie in which block. Files
//! are SimPoint's (`.bb`, `.bb.gz`), as gem5, QEMU's bbv plugin and Valgrind write them.

use flate2::read::MultiGzDecoder;
use flate2::{write::GzEncoder, Compression};
use perfvec::inst::{InstId, StaticInst};
use perfvec::{file, Error, ErrorKind, Result};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

/// Dimensions that vectors are projected to, as SimPoint 3.2 does.
pub const DIMENSIONS: usize = 15;

/// Longest line in bytes: that of an interval with millions of blocks.
const MAX_LINE: u64 = 1 << 28;

/// One interval: (block, instructions), blocks in ascending order from 1.
pub type BlockVector = Vec<(u64, u64)>;

/// Collects the vectors of a stream in intervals of exactly so many retirements. A block ends with
/// a control transfer, whether it was taken or not.
pub struct Collector {
    interval: u64,
    ids: HashMap<u64, u64>,
    /// Instructions of the interval in each block, and which blocks have any.
    counts: Vec<u64>,
    touched: Vec<u64>,
    block: usize,
    fresh: bool,
    retired: u64,
    vectors: Vec<BlockVector>,
}

impl Collector {
    /// An empty one for intervals of `interval` retirements.
    pub fn new(interval: u64) -> Self {
        Self {
            interval,
            ids: HashMap::new(),
            counts: vec![0],
            touched: Vec::new(),
            block: 0,
            fresh: true,
            retired: 0,
            vectors: Vec::new(),
        }
    }

    /// Takes the next retirement, of `insts[inst]`.
    #[inline]
    pub fn step(&mut self, insts: &[StaticInst], inst: InstId) {
        let i = &insts[inst as usize];
        if self.fresh {
            let next = self.ids.len() as u64 + 1;
            let id = *self.ids.entry(i.pc).or_insert(next);
            if id == next {
                self.counts.push(0);
            }
            self.block = id as usize;
        }
        self.fresh = i.flags.is_ctrl();
        let count = &mut self.counts[self.block];
        if *count == 0 {
            self.touched.push(self.block as u64);
        }
        *count += 1;
        self.retired += 1;
        if self.retired.is_multiple_of(self.interval) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.touched.sort_unstable();
        let counts = &mut self.counts;
        let blocks = self.touched.drain(..);
        self.vectors.push(
            blocks
                .map(|b| (b, std::mem::take(&mut counts[b as usize])))
                .collect(),
        );
    }

    /// All intervals; the last may be short.
    pub fn finish(mut self) -> Vec<BlockVector> {
        if !self.touched.is_empty() {
            self.close();
        }
        self.vectors
    }
}

/// The shares of an interval's instructions, projected to [`DIMENSIONS`] random directions.
pub fn project(vectors: &[BlockVector], seed: u64) -> Vec<Vec<f64>> {
    vectors
        .iter()
        .map(|vector| {
            let total: u64 = vector.iter().map(|(_, n)| n).sum();
            let mut point = vec![0.0; DIMENSIONS];
            for (block, n) in vector {
                let share = *n as f64 / total.max(1) as f64;
                for (d, x) in point.iter_mut().enumerate() {
                    *x += share * direction(seed, *block, d);
                }
            }
            point
        })
        .collect()
}

/// An element of a random matrix, even in -1 to 1.
pub fn direction(seed: u64, row: u64, column: usize) -> f64 {
    let mut x = seed
        ^ row.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (column as u64 + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    // The finaliser of SplitMix64.
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "gz")
}

/// Writes SimPoint's file: a line "T:block:instructions :block:instructions" per interval.
pub fn write(vectors: &[BlockVector], path: &Path) -> Result<()> {
    let mut text = String::new();
    for vector in vectors {
        text.push('T');
        for (block, n) in vector {
            let _ = write!(text, ":{block}:{n} ");
        }
        text.push('\n');
    }
    let bytes = if is_gzip(path) {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(text.as_bytes())
            .and_then(|()| out.finish())
            .map_err(|e| Error::new(ErrorKind::Internal, format!("gzip: {e}")))?
    } else {
        text.into_bytes()
    };
    file::write_atomic(path, &bytes).map_err(|e| e.context(path.display()))
}

/// Reads such a file, compressed where its name ends in .gz. Lines that do not begin with T are
/// comments.
pub fn read(path: &Path) -> Result<Vec<BlockVector>> {
    file::check_regular(path).map_err(|e| e.context(path.display()))?;
    let opened = file::open(path).map_err(|e| Error::io(path, &e))?;
    let source: Box<dyn Read> = match is_gzip(path) {
        true => Box::new(MultiGzDecoder::new(opened)),
        false => Box::new(opened),
    };
    let mut source = BufReader::new(source);
    let (mut vectors, mut line, mut number) = (Vec::new(), String::new(), 0);
    loop {
        number += 1;
        let bad = |what: &str| {
            Error::new(
                ErrorKind::Corrupt,
                format!(
                    "{}: line {number}: {what}; give basic-block vectors as SimPoint has them, \"T:block:count :block:count\"",
                    path.display()
                ),
            )
        };
        line.clear();
        let read = (&mut source).take(MAX_LINE).read_line(&mut line);
        match read.map_err(|e| bad(&e.to_string()))? {
            0 => break,
            n if n as u64 == MAX_LINE => return Err(bad("longer than any interval's")),
            _ => {}
        }
        let Some(rest) = line.strip_prefix('T') else {
            continue;
        };
        let mut vector = Vec::new();
        for word in rest.split_whitespace() {
            let pair = word.strip_prefix(':').and_then(|w| w.split_once(':'));
            let number = |text: &str| text.parse::<u64>().ok();
            let pair = pair.and_then(|(block, count)| Some((number(block)?, number(count)?)));
            vector.push(pair.ok_or_else(|| bad(&format!("{word:?} is not a block and a count")))?);
        }
        if vector.iter().all(|(_, count)| *count == 0) {
            return Err(bad("an interval without instructions"));
        }
        vectors.push(vector);
    }
    if vectors.is_empty() {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!(
                "{}: no line begins with T, so it holds no basic-block vectors",
                path.display()
            ),
        ));
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use perfvec::inst::{InstFlags, OpClass};

    fn insts() -> Vec<StaticInst> {
        let mut all: Vec<_> = (0..8)
            .map(|n| StaticInst::new(n * 4, OpClass::IntAlu, 4))
            .collect();
        all[2].flags = InstFlags::COND_CTRL;
        all[5].flags = InstFlags::UNCOND_CTRL;
        all
    }

    #[test]
    fn blocks_end_with_control_and_intervals_on_the_spot() {
        let insts = insts();
        let mut collector = Collector::new(4);
        for i in [0, 1, 2, 0, 1, 2, 3, 4, 5, 0] {
            collector.step(&insts, i);
        }
        let want = [vec![(1, 4)], vec![(1, 2), (2, 2)], vec![(1, 1), (2, 1)]];
        assert_eq!(collector.finish(), want);
    }

    #[test]
    fn files_are_read_as_they_were_written_and_bad_lines_named() {
        let dir = tempfile::tempdir().unwrap();
        let vectors = vec![vec![(1, 40), (7, 60)], vec![(2, 100)]];
        for name in ["a.bb", "a.bb.gz"] {
            let path = dir.path().join(name);
            write(&vectors, &path).unwrap();
            assert_eq!(read(&path).unwrap(), vectors);
        }
        let path = dir.path().join("b.bb");
        for (text, says) in [
            ("# nothing\n", "no line begins with T"),
            ("T:1:2\nT:1\n", "line 2: \":1\" is not a block"),
            ("T:1:x\n", "line 1"),
            ("T\n", "without instructions"),
        ] {
            std::fs::write(&path, text).unwrap();
            let e = read(&path).unwrap_err().to_string();
            assert!(e.contains(says), "{e}");
        }
    }

    #[test]
    fn directions_are_even() {
        let all: Vec<f64> = (0..1000)
            .flat_map(|row| (0..DIMENSIONS).map(move |d| direction(1, row, d)))
            .collect();
        assert!(all.iter().all(|x| (-1.0..1.0).contains(x)));
        let n = all.len() as f64;
        let mean = all.iter().sum::<f64>() / n;
        let square = all.iter().map(|x| x * x).sum::<f64>() / n;
        assert!(
            mean.abs() < 0.02 && (square - 1.0 / 3.0).abs() < 0.02,
            "{mean} {square}"
        );
    }
}
