//! `perfvec features`: a trace's feature rows as a NumPy matrix.

use crate::output::apart;
use crate::windows::Windows;
use perfvec::features::{extractor, Extractor};
use perfvec::inst::Resolved;
use perfvec::npy::NpyWriter;
use perfvec::outcome::Resolver;
use perfvec::trace::perfvec_txt::TextReader;
use perfvec::trace::{self, Block};
use perfvec::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Write a trace's feature rows as a NumPy matrix ([retirements, features], float32).
#[derive(Debug, clap::Args)]
pub struct FeaturesArgs {
    /// The trace: x.pvt, another tool's, or x.txt with x.sq.txt beside it.
    pub trace: PathBuf,
    /// Feature schema.
    #[arg(long, default_value = "perfvec-51")]
    pub schema: String,
    /// Format of the trace.
    #[arg(long, value_enum, default_value_t = Format::Pvt)]
    pub format: Format,
    /// The matrix to write (.npy).
    #[arg(short, long)]
    pub output: PathBuf,
    /// Rows of these windows only: a text file, "first length" on each line (retirements, from 0),
    /// in order and apart.
    #[arg(long, value_name = "FILE")]
    pub windows: Option<PathBuf>,
}

/// Formats of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A perfvec trace, or another tool's.
    Pvt,
    /// A published PerfVec text trace; its records of faulting instructions count as rows.
    PerfvecTxt,
}

/// Writes the matrix; nothing is left at `output` on an error.
pub fn run(args: &FeaturesArgs) -> Result<()> {
    apart(
        &[("--output", Some(&args.output))],
        &[
            ("the trace", Some(&args.trace)),
            ("--windows", args.windows.as_deref()),
        ],
    )?;
    let extractor = extractor(&args.schema)?;
    let matrix = NpyWriter::create(&args.output, extractor.columns())?;
    let row = vec![0.0; extractor.columns()];
    let windows = match &args.windows {
        Some(path) => Windows::read(path)?,
        None => Windows::all(),
    };
    let rows = Rows {
        extractor,
        row,
        matrix,
        windows,
        index: 0,
    };
    match args.format {
        Format::Pvt => from_pvt(&args.trace, rows),
        Format::PerfvecTxt => from_text(&args.trace, rows),
    }
}

struct Rows {
    extractor: Box<dyn Extractor>,
    row: Vec<f32>,
    matrix: NpyWriter,
    windows: Windows,
    index: u64,
}

impl Rows {
    fn push(&mut self, r: &Resolved) -> Result<()> {
        let wanted = self.windows.holds(self.index);
        self.index += 1;
        if !wanted {
            self.extractor.step(r, None);
            return Ok(());
        }
        self.extractor.step(r, Some(&mut self.row));
        self.matrix.row(&self.row)
    }

    /// Whether every window has passed.
    fn done(&self) -> bool {
        self.windows.end().is_some_and(|end| self.index >= end)
    }

    /// Completes the matrix. A window past the end of the stream is an error.
    fn finish(self) -> Result<()> {
        if let Some(end) = self.windows.end().filter(|end| *end > self.index) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "a window ends at retirement {end}, but the stream has {}",
                    self.index
                ),
            ));
        }
        self.matrix.finish().map(drop)
    }
}

fn from_text(path: &Path, mut rows: Rows) -> Result<()> {
    let mut reader = TextReader::open(path)?;
    while !rows.done() {
        let Some(record) = reader.next()? else { break };
        if let Some(inst) = &record.interned {
            rows.extractor.intern(record.retirement.inst, inst);
        }
        rows.push(&record.retirement)?;
    }
    rows.finish()
}

fn from_pvt(path: &Path, mut rows: Rows) -> Result<()> {
    let mut reader = trace::open(path)?;
    let (mut block, mut resolver) = (Block::default(), Resolver::default());
    let mut settled = Vec::new();
    while !rows.done() && reader.next_block(&mut block)? {
        for inst in &block.statics {
            rows.extractor.intern(resolver.intern(inst), inst);
        }
        resolver.settle(&block.retirements, &mut settled);
        for r in settled.drain(..) {
            rows.push(&r)?;
        }
    }
    resolver.flush(&mut settled);
    for r in &settled {
        rows.push(r)?;
    }
    rows.finish()
}
