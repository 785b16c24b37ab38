//! Streams of settled retirements: the made-up program and recorded traces.

use crate::program::{self, Stream};
use perfvec::outcome::Resolver;
use perfvec::trace::{Block, Reader};

/// Reports on the made-up program, and on the first `len` retirements, about, of each trace that
/// the command line names.
pub fn each_stream(len: usize, report: impl Fn(&str, &Stream)) {
    report("made-up program", &program::stream(len));
    for path in std::env::args().skip(1).filter(|a| !a.starts_with("--")) {
        let name = path.rsplit('/').next().unwrap_or(&path);
        match recorded(&path, len) {
            Ok(stream) => report(name, &stream),
            Err(e) => {
                eprintln!("{e}");
                std::process::exit(1);
            }
        }
    }
}

/// The first `len` retirements of the trace at `path`, about.
fn recorded(path: &str, len: usize) -> perfvec::Result<Stream> {
    let mut reader = Reader::open(path)?;
    let (mut block, mut resolver) = (Block::default(), Resolver::default());
    let (mut insts, mut retirements) = (Vec::new(), Vec::new());
    while retirements.len() < len && reader.next_block(&mut block)? {
        for inst in &block.statics {
            resolver.intern(inst);
            insts.push(*inst);
        }
        resolver.settle(&block.retirements, &mut retirements);
    }
    retirements.truncate(len);
    Ok(Stream { insts, retirements })
}
