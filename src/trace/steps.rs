//! A trace one retirement at a time, each with its static instruction and its outcome.

use super::import::Blocks;
use super::Block;
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, Retirement, StaticInst};
use crate::outcome::taken;

/// One retirement with its static instruction, as traces with different ids can share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The static instruction.
    pub inst: StaticInst,
    /// The retirement as recorded; its id is that of its own trace.
    pub retirement: Retirement,
    /// Whether a conditional branch left the fall-through path, where known.
    pub taken: Option<bool>,
    /// Cycles since the retirement before it, where it was timed.
    pub cycles: Option<u32>,
}

/// One retirement after the other, one ahead so that the outcome of a branch is known.
pub struct Steps<'a> {
    reader: &'a mut dyn Blocks,
    block: Block,
    /// Index in the block of the retirement to fetch.
    at: usize,
    /// The timed window that it lies in, or else the next one.
    window: usize,
    statics: Vec<StaticInst>,
    ahead: Result<Option<Step>>,
}

impl<'a> Steps<'a> {
    /// From the start of a trace; error of kind `State` where `reader` is past it.
    pub fn new(reader: &'a mut dyn Blocks) -> Result<Self> {
        if reader.summary().statics > 0 || reader.summary().retirements > 0 {
            return Err(Error::new(
                ErrorKind::State,
                "the reader is past the start of its trace; open it again",
            ));
        }
        let mut steps = Self {
            reader,
            block: Block::default(),
            at: 0,
            window: 0,
            statics: Vec::new(),
            ahead: Ok(None),
        };
        steps.ahead = steps.fetch();
        Ok(steps)
    }

    /// The static instructions met so far, by their ids.
    pub fn statics(&self) -> &[StaticInst] {
        &self.statics
    }

    /// The next retirement, without passing it; `None` at the end of the trace and at damage. The
    /// outcome of a branch is not known yet.
    pub(super) fn peek(&self) -> Option<&Step> {
        self.ahead.as_ref().ok().and_then(Option::as_ref)
    }

    fn fetch(&mut self) -> Result<Option<Step>> {
        while self.at == self.block.retirements.len() {
            (self.at, self.window) = (0, 0);
            if !self.reader.next_block(&mut self.block)? {
                return Ok(None);
            }
            self.statics
                .extend(self.block.statics.iter().map(StaticInst::canonical));
        }
        let retirement = self.block.retirements[self.at];
        let cycles = self.cycles();
        self.at += 1;
        Ok(Some(Step {
            inst: self.statics[retirement.inst as usize],
            retirement,
            taken: None,
            cycles,
        }))
    }

    fn cycles(&mut self) -> Option<u32> {
        let windows = &self.block.timed;
        while (windows.get(self.window)).is_some_and(|w| w.start + w.cycles.len() <= self.at) {
            self.window += 1;
        }
        let window = windows.get(self.window)?;
        let at = self.at.checked_sub(window.start)?;
        window.cycles.get(at).copied()
    }
}

impl Iterator for Steps<'_> {
    type Item = Result<Step>;

    /// Nothing follows an error.
    fn next(&mut self) -> Option<Self::Item> {
        let mut step = match std::mem::replace(&mut self.ahead, Ok(None)).transpose()? {
            Ok(step) => step,
            Err(e) => return Some(Err(e)),
        };
        self.ahead = self.fetch();
        if step.inst.flags.contains(InstFlags::COND_CTRL) {
            let fall_through = step.inst.fall_through();
            // Without a follower it stays unknown, as in the stream hash.
            step.taken =
                (self.peek()).map(|next| taken(&step.retirement, fall_through, Some(next.inst.pc)));
        }
        Some(Ok(step))
    }
}
