//! A recorded trace as settled retirements.

use crate::program::Stream;
use perfvec::session::resolve::Resolver;
use perfvec::trace::{Block, Reader};

/// The first `len` retirements of the trace at `path`, about.
pub fn recorded(path: &str, len: usize) -> perfvec::Result<Stream> {
    let mut reader = Reader::open(path)?;
    let (mut block, mut resolver) = (Block::default(), Resolver::default());
    let mut stream = Stream {
        insts: Vec::new(),
        retirements: Vec::new(),
    };
    while stream.retirements.len() < len && reader.next_block(&mut block)? {
        stream.insts.extend_from_slice(&block.statics);
        for r in &block.retirements {
            resolver.push(&stream.insts, r, |settled| stream.retirements.push(settled));
        }
    }
    stream.retirements.truncate(len);
    Ok(stream)
}
