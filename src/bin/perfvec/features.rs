//! `perfvec features`: a trace's feature rows as a NumPy matrix.

use perfvec::features::{extractor, Extractor};
use perfvec::inst::{Resolved, StaticInst};
use perfvec::npy::NpyWriter;
use perfvec::session::resolve::Resolver;
use perfvec::trace::perfvec_txt::TextReader;
use perfvec::trace::{Block, Reader};
use perfvec::Result;
use std::path::{Path, PathBuf};

/// Write a trace's feature rows as a NumPy matrix ([retirements, features], float32).
#[derive(Debug, clap::Args)]
pub struct FeaturesArgs {
    /// The trace: x.pvt, or x.txt with x.sq.txt beside it.
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
}

/// Formats of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A perfvec trace.
    Pvt,
    /// A published PerfVec text trace; its records of faulting instructions count as rows.
    PerfvecTxt,
}

/// Writes the matrix; nothing is left at `output` on an error.
pub fn run(args: &FeaturesArgs) -> Result<()> {
    let extractor = extractor(&args.schema)?;
    let matrix = NpyWriter::create(&args.output, extractor.schema().len())?;
    let row = vec![0.0; extractor.schema().len()];
    let rows = Rows {
        extractor,
        row,
        matrix,
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
}

impl Rows {
    fn push(&mut self, r: &Resolved) -> Result<()> {
        self.extractor.step(r, Some(&mut self.row));
        self.matrix.row(&self.row)
    }
}

fn from_text(path: &Path, mut rows: Rows) -> Result<()> {
    let mut reader = TextReader::open(path)?;
    while let Some(record) = reader.next()? {
        if let Some(inst) = &record.interned {
            rows.extractor.intern(record.retirement.inst, inst);
        }
        rows.push(&record.retirement)?;
    }
    rows.matrix.finish().map(drop)
}

fn from_pvt(path: &Path, mut rows: Rows) -> Result<()> {
    let mut reader = Reader::open(path)?;
    let (mut block, mut resolver) = (Block::default(), Resolver::default());
    let (mut insts, mut failed) = (Vec::<StaticInst>::new(), Ok(()));
    while reader.next_block(&mut block)? {
        for inst in &block.statics {
            rows.extractor.intern(insts.len() as u32, inst);
            insts.push(*inst);
        }
        for r in &block.retirements {
            resolver.push(&insts, r, |settled| {
                if failed.is_ok() {
                    failed = rows.push(&settled);
                }
            });
        }
        failed.clone()?;
    }
    resolver.flush(&insts, |settled| failed = rows.push(&settled));
    failed?;
    rows.matrix.finish().map(drop)
}
