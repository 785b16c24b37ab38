//! The readers of other tools' traces: the first byte chooses the format, or that the content does.
use super::told;
use perfvec::trace::import::{from_source, Format, Options};
use perfvec::trace::{format, Block};
use std::io::Cursor;

/// One input.
pub fn run(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else {
        return;
    };
    let options = Options {
        from: Format::ALL.get(usize::from(choice & 15)).copied(),
        hart: (choice & 16 != 0).then_some(0),
        user: choice & 32 != 0,
    };
    let source = Box::new(Cursor::new(bytes.to_vec()));
    let Some(mut trace) = told(from_source(source, "input", &options)) else {
        return;
    };
    let (mut block, mut statics, mut retirements) = (Block::default(), 0, 0);
    while let Some(true) = told(trace.next_block(&mut block)) {
        statics += block.statics.len();
        retirements += block.retirements.len();
        assert!(block.retirements.len() <= format::BLOCK_RETIREMENTS);
        assert!(block.statics.len() <= format::BLOCK_STATICS);
        let known = |id: u32| (id as usize) < statics;
        assert!(block.retirements.iter().all(|r| known(r.inst)));
        let mut end = 0;
        for window in &block.timed {
            assert!(window.start >= end && !window.cycles.is_empty());
            end = window.start + window.cycles.len();
        }
        assert!(end <= block.retirements.len());
    }
    let summary = trace.summary();
    assert_eq!(summary.retirements, retirements as u64);
    assert_eq!(summary.statics, statics as u64);
}
