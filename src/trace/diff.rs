//! Where two traces part.

use super::hash::stated_outcome;
use super::statics::canonical;
use super::{Block, Reader};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, Retirement, StaticInst};
use std::collections::VecDeque;
use std::io::Read;

/// One retirement with its static instruction, as traces with different ids can share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The static instruction.
    pub inst: StaticInst,
    /// The retirement as recorded; its id is that of its own trace.
    pub retirement: Retirement,
    /// Whether a conditional branch left the fall-through path, where known.
    pub taken: Option<bool>,
}

impl Step {
    /// Whether both are the same to the [`StreamHash`](super::StreamHash).
    fn agrees(&self, other: &Self) -> bool {
        let address =
            !self.inst.flags.is_mem() || self.retirement.address == other.retirement.address;
        let fault = (self.retirement.flags ^ other.retirement.flags) & Retirement::FAULT == 0;
        let outcome = match (self.taken, other.taken) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        self.inst == other.inst && address && fault && outcome
    }
}

/// The first disagreement of two traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Index of the first retirement that differs.
    pub index: u64,
    /// That retirement in the first trace; `None` if it has ended.
    pub a: Option<Step>,
    /// That retirement in the second trace; `None` if it has ended.
    pub b: Option<Step>,
    /// The retirements before it, on which both agree (at most as many as asked for).
    pub before: Vec<Step>,
}

impl Difference {
    /// What differs: `length`, `pc`, `decoded instruction`, `address`, `fault`, `outcome`.
    pub fn causes(&self) -> Vec<&'static str> {
        let (Some(a), Some(b)) = (&self.a, &self.b) else {
            return vec!["length"];
        };
        let mem = a.inst.flags.is_mem() || b.inst.flags.is_mem();
        let fault = (a.retirement.flags ^ b.retirement.flags) & Retirement::FAULT != 0;
        let outcome = matches!((a.taken, b.taken), (Some(x), Some(y)) if x != y);
        let pc = a.inst.pc != b.inst.pc;
        [
            (pc, "pc"),
            (!pc && a.inst != b.inst, "decoded instruction"),
            (
                mem && a.retirement.address != b.retirement.address,
                "address",
            ),
            (fault, "fault"),
            (outcome, "outcome"),
        ]
        .into_iter()
        .filter_map(|(differs, name)| differs.then_some(name))
        .collect()
    }
}

/// The first retirement on which two traces disagree in the sense of the
/// [`StreamHash`](super::StreamHash), with up to `context` retirements before it. Both readers must
/// be at the start (else: error of kind `State`).
pub fn first_difference<A: Read, B: Read>(
    a: &mut Reader<A>,
    b: &mut Reader<B>,
    context: usize,
) -> Result<Option<Difference>> {
    let (mut a, mut b) = (Cursor::new(a)?, Cursor::new(b)?);
    let mut before = VecDeque::new();
    for index in 0.. {
        match (a.next()?, b.next()?) {
            (None, None) => return Ok(None),
            (Some(x), Some(y)) if x.agrees(&y) => {
                if context > 0 {
                    if before.len() == context {
                        before.pop_front();
                    }
                    before.push_back(x);
                }
            }
            (a, b) => {
                return Ok(Some(Difference {
                    index,
                    a,
                    b,
                    before: before.into(),
                }))
            }
        }
    }
    Ok(None)
}

/// One retirement after the other, one ahead so that the outcome of a branch is known.
struct Cursor<'a, R> {
    reader: &'a mut Reader<R>,
    block: Block,
    at: usize,
    statics: Vec<StaticInst>,
    ahead: Option<Step>,
}

impl<'a, R: Read> Cursor<'a, R> {
    fn new(reader: &'a mut Reader<R>) -> Result<Self> {
        if reader.summary().statics > 0 || reader.summary().retirements > 0 {
            return Err(Error::new(
                ErrorKind::State,
                "first_difference needs readers at the start of their traces; open them afresh",
            ));
        }
        let mut cursor = Self {
            reader,
            block: Block::default(),
            at: 0,
            statics: Vec::new(),
            ahead: None,
        };
        cursor.ahead = cursor.fetch()?;
        Ok(cursor)
    }

    fn next(&mut self) -> Result<Option<Step>> {
        let Some(mut step) = self.ahead else {
            return Ok(None);
        };
        self.ahead = self.fetch()?;
        if step.inst.flags.contains(InstFlags::COND_CTRL) {
            let fall_through = step.inst.fall_through();
            // Without a follower it stays unknown, as in the stream hash.
            step.taken = self.ahead.as_ref().map(|next| {
                stated_outcome(&step.retirement, fall_through)
                    .unwrap_or(next.inst.pc != fall_through)
            });
        }
        Ok(Some(step))
    }

    fn fetch(&mut self) -> Result<Option<Step>> {
        while self.at == self.block.retirements.len() {
            self.at = 0;
            if !self.reader.next_block(&mut self.block)? {
                return Ok(None);
            }
            self.statics
                .extend(self.block.statics.iter().map(canonical));
        }
        let retirement = self.block.retirements[self.at];
        self.at += 1;
        Ok(Some(Step {
            inst: self.statics[retirement.inst as usize],
            retirement,
            taken: None,
        }))
    }
}
