//! Where two traces part.

use super::import::Blocks;
use super::Block;
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, Retirement, StaticInst};
use crate::outcome::taken;
use std::collections::{HashMap, VecDeque};

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

/// What [`first_difference`] compares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// Retirements to keep before the difference.
    pub context: usize,
    /// Start at the first retirement at this pc in each trace, such as the address of `main`;
    /// `None` for the start of the traces.
    pub from: Option<u64>,
    /// Let the hosts place the program's memory (stack, mappings) at pages of their own: data
    /// addresses then agree where they lie at the same offset of a 4 KiB page, and every page of
    /// one trace stands for one page of the other throughout.
    pub moved_pages: bool,
}

const PAGE: u64 = 4096;

/// Which page of one trace stands for which of the other.
#[derive(Default)]
struct Pages([HashMap<u64, u64>; 2]);

impl Pages {
    /// Whether `a` and `b` may be one place; if so, their pages belong together from here on.
    fn same(&mut self, a: u64, b: u64) -> bool {
        let pages = [a / PAGE, b / PAGE];
        let [forth, back] = &mut self.0;
        a % PAGE == b % PAGE
            && *forth.entry(pages[0]).or_insert(pages[1]) == pages[1]
            && *back.entry(pages[1]).or_insert(pages[0]) == pages[0]
    }
}

/// What differs between two retirements to the [`StreamHash`](super::StreamHash), up to `pages`.
fn causes(a: &Step, b: &Step, pages: Option<&mut Pages>) -> Vec<&'static str> {
    let places = (a.retirement.address, b.retirement.address);
    let mem = a.inst.flags.is_mem() || b.inst.flags.is_mem();
    let moved = mem && !pages.map_or(places.0 == places.1, |p| p.same(places.0, places.1));
    let fault = (a.retirement.flags ^ b.retirement.flags) & Retirement::FAULT != 0;
    let outcome = matches!((a.taken, b.taken), (Some(x), Some(y)) if x != y);
    let pc = a.inst.pc != b.inst.pc;
    [
        (pc, "pc"),
        (!pc && a.inst != b.inst, "decoded instruction"),
        (moved, "address"),
        (fault, "fault"),
        (outcome, "outcome"),
    ]
    .into_iter()
    .filter_map(|(differs, name)| differs.then_some(name))
    .collect()
}

/// The first disagreement of two traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Index of the first retirement that differs, from where the comparison started.
    pub index: u64,
    /// Retirements of each trace before that start.
    pub skipped: [u64; 2],
    /// What differs: `length`, `pc`, `decoded instruction`, `address`, `fault`, `outcome`.
    pub causes: Vec<&'static str>,
    /// That retirement in the first trace; `None` if it has ended.
    pub a: Option<Step>,
    /// That retirement in the second trace; `None` if it has ended.
    pub b: Option<Step>,
    /// The retirements before it, on which both agree (at most as many as asked for).
    pub before: Vec<Step>,
}

/// The first retirement on which two traces disagree in the sense of the
/// [`StreamHash`](super::StreamHash) and `options`. Both readers must be at the start (else: error
/// of kind `State`); a trace that never comes to `options.from` is an error of kind `NotFound`.
pub fn first_difference(
    a: &mut dyn Blocks,
    b: &mut dyn Blocks,
    options: &DiffOptions,
) -> Result<Option<Difference>> {
    let (mut a, mut b) = (Cursor::new(a)?, Cursor::new(b)?);
    let skipped = match options.from {
        None => [0, 0],
        Some(pc) => [a.skip_to(pc, "first")?, b.skip_to(pc, "second")?],
    };
    let mut pages = options.moved_pages.then(Pages::default);
    let mut before = VecDeque::new();
    for index in 0.. {
        let (a, b) = (a.next()?, b.next()?);
        let causes = match (&a, &b) {
            (None, None) => return Ok(None),
            (Some(a), Some(b)) => causes(a, b, pages.as_mut()),
            _ => vec!["length"],
        };
        if !causes.is_empty() {
            return Ok(Some(Difference {
                index,
                skipped,
                causes,
                a,
                b,
                before: before.into(),
            }));
        }
        if options.context > 0 {
            if before.len() == options.context {
                before.pop_front();
            }
            before.extend(a);
        }
    }
    Ok(None)
}

/// One retirement after the other, one ahead so that the outcome of a branch is known.
struct Cursor<'a> {
    reader: &'a mut dyn Blocks,
    block: Block,
    at: usize,
    statics: Vec<StaticInst>,
    ahead: Option<Step>,
}

impl<'a> Cursor<'a> {
    fn new(reader: &'a mut dyn Blocks) -> Result<Self> {
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

    /// Passes over the retirements before the first one at `pc`, and counts them.
    fn skip_to(&mut self, pc: u64, trace: &str) -> Result<u64> {
        for skipped in 0.. {
            match &self.ahead {
                Some(step) if step.inst.pc == pc => return Ok(skipped),
                Some(_) => self.ahead = self.fetch()?,
                None => break,
            }
        }
        Err(Error::new(
            ErrorKind::NotFound,
            format!("nothing at {pc:#x} retires in the {trace} trace: give the address of an instruction that both programs run"),
        ))
    }

    fn next(&mut self) -> Result<Option<Step>> {
        let Some(mut step) = self.ahead else {
            return Ok(None);
        };
        self.ahead = self.fetch()?;
        if step.inst.flags.contains(InstFlags::COND_CTRL) {
            let fall_through = step.inst.fall_through();
            // Without a follower it stays unknown, as in the stream hash.
            step.taken = (self.ahead.as_ref())
                .map(|next| taken(&step.retirement, fall_through, Some(next.inst.pc)));
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
                .extend(self.block.statics.iter().map(StaticInst::canonical));
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
