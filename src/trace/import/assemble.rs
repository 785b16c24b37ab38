//! Commits, as formats tell them, to blocks.

use super::source::with_remedy;
use super::{Format, Options};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstId, Retirement, StaticInst};
use crate::trace::format::{BLOCK_RETIREMENTS, BLOCK_STATICS, MAX_STATICS};
use crate::trace::hash::StreamHash;
use crate::trace::import::Blocks;
use crate::trace::{Block, Header, Summary, Timed};
use std::collections::HashMap;

/// One instruction that retired.
#[derive(Debug, Clone, Copy, Default)]
pub struct Commit {
    /// Line or byte of the file.
    pub at: u64,
    pub hart: u64,
    pub pc: u64,
    /// What [`Commits::decode`] makes a static instruction of.
    pub bits: u64,
    /// Address of its first memory access, 0 where there is none or it is not known.
    pub address: u64,
    /// The clock cycle of it.
    pub cycle: Option<u64>,
    /// Whether it ran in user mode, where the format says.
    pub user: Option<bool>,
    /// Whether it is a conditional branch that was taken; else the next commit shows it.
    pub taken: Option<bool>,
    /// Where control goes from it, whatever interrupts the program; else the next commit shows it.
    pub goes: Option<u64>,
    /// Whether it is a transfer of control that was taken, where only that is known.
    pub jumps: bool,
    /// Whether the program did not come here by itself: a trap's or a signal's handler, a gap.
    pub entry: bool,
}

/// An item that a format's parser delivers.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    Commit(Commit),
    /// The instruction at `pc` did not retire: a trap was taken instead.
    Trap {
        hart: u64,
        pc: u64,
    },
}

/// What the cycle of a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// That in which it retired.
    Retired,
    /// That in which it began to execute: it took until the next one began.
    Started,
}

/// A format's parser.
pub trait Commits {
    /// The next event; `None` at the end.
    fn next(&mut self) -> Result<Option<Event>>;
    /// Origin and ISA. Asked for when the first event is there.
    fn header(&self) -> Header;
    /// The static instruction of a commit.
    fn decode(&self, pc: u64, bits: u64) -> Result<StaticInst>;
    /// The file, for messages.
    fn name(&self) -> &str;
    /// Where `at` is, for messages.
    fn place(&self, at: u64) -> String;
    /// The length of an instruction that the format leaves open, from where control went.
    fn size(&mut self, _commit: &Commit, _next: Option<u64>) -> Option<u8> {
        None
    }
    fn stamp(&self) -> Stamp {
        Stamp::Retired
    }
    /// The error of a file without events.
    fn nothing(&self) -> Error;
}

/// Makes one hart's stream of a parser's events.
pub struct Assembler {
    parser: Box<dyn Commits>,
    format: Format,
    header: Header,
    hart: u64,
    /// Whether the hart was named: others are then left out, else an error.
    named: bool,
    user: bool,
    /// Of what [`Commits::decode`] was asked before, with the length that was found.
    ids: HashMap<(u64, u64, u8), InstId>,
    fall_through: Vec<u64>,
    /// Read, but not yet looked at.
    first: Option<Event>,
    /// Waits for what follows it, to know where control went.
    held: Option<Held>,
    /// The clock at the commit before.
    clock: Option<u64>,
    /// Whether the retirement before was timed.
    in_window: bool,
    ended: bool,
    failed: Option<Error>,
    summary: Summary,
    hash: StreamHash,
}

#[derive(Clone, Copy)]
struct Held {
    commit: Commit,
    cycles: Option<u32>,
}

/// Where control went from a commit.
#[derive(Clone, Copy)]
enum Next {
    To(u64),
    /// The program was interrupted after it.
    Interrupted,
    /// The stream ends.
    Unknown,
}

impl Assembler {
    /// Reads the first event.
    pub fn new(mut parser: Box<dyn Commits>, format: Format, options: &Options) -> Result<Self> {
        let Some(first) = parser.next()? else {
            return Err(parser.nothing());
        };
        let hart = match first {
            Event::Commit(commit) => commit.hart,
            Event::Trap { hart, .. } => hart,
        };
        Ok(Self {
            header: parser.header(),
            format,
            parser,
            hart: options.hart.unwrap_or(hart),
            named: options.hart.is_some(),
            user: options.user,
            ids: HashMap::new(),
            fall_through: Vec::new(),
            first: Some(first),
            held: None,
            clock: None,
            in_window: false,
            ended: false,
            failed: None,
            summary: Summary::default(),
            hash: StreamHash::new(),
        })
    }

    fn advance(&mut self, block: &mut Block) -> Result<()> {
        let event = match self.first.take() {
            Some(first) => Some(first),
            None => self.parser.next()?,
        };
        match event {
            None => {
                self.release(Next::Unknown, block)?;
                self.ended = true;
                match self.summary.retirements {
                    0 => Err(self.left_out()),
                    _ => Ok(()),
                }
            }
            Some(Event::Trap { hart, pc }) => {
                if self.is_mine(hart, None)? {
                    self.release(Next::To(pc), block)?;
                }
                Ok(())
            }
            Some(Event::Commit(commit)) => {
                if !self.is_mine(commit.hart, Some(&commit))? {
                    return Ok(());
                }
                if self.user && !self.in_user_mode(&commit)? {
                    self.clock = None;
                    return self.release(Next::Interrupted, block);
                }
                self.take(commit, block)
            }
        }
    }

    fn take(&mut self, commit: Commit, block: &mut Block) -> Result<()> {
        // A clock that goes back was reset: nothing is known of the time between.
        let cycles = match (self.clock, commit.cycle) {
            (Some(before), Some(now)) => now.checked_sub(before).and_then(|n| n.try_into().ok()),
            _ => None,
        };
        self.clock = commit.cycle;
        let started = self.parser.stamp() == Stamp::Started;
        if started {
            if let Some(held) = &mut self.held {
                held.cycles = cycles;
            }
        }
        let next = if commit.entry {
            Next::Interrupted
        } else {
            Next::To(commit.pc)
        };
        self.release(next, block)?;
        self.held = Some(Held {
            commit,
            cycles: cycles.filter(|_| !started),
        });
        Ok(())
    }

    /// Adds the commit that waits to the block.
    fn release(&mut self, next: Next, block: &mut Block) -> Result<()> {
        let Some(Held { commit, cycles }) = self.held.take() else {
            return Ok(());
        };
        let to = match next {
            Next::To(pc) => Some(pc),
            _ => None,
        };
        let inst = self.intern(&commit, to, block)?;
        let flags = match commit.taken {
            Some(true) => Retirement::TAKEN,
            Some(false) => Retirement::NOT_TAKEN,
            None => 0,
        };
        let retirement = Retirement {
            inst,
            flags,
            address: commit.address,
            next_pc: match next {
                _ if commit.goes.is_some() => commit.goes.unwrap_or(0),
                Next::To(pc) => pc,
                // As far as is known it would have gone on. A branch that the format calls taken
                // went to an unknown place.
                Next::Interrupted if commit.taken != Some(true) => self.fall_through[inst as usize],
                Next::Interrupted | Next::Unknown => 0,
            },
        };
        self.hash.update(&retirement)?;
        let at = block.retirements.len();
        block.retirements.push(retirement);
        self.summary.retirements += 1;
        if let Some(cycles) = cycles {
            self.summary.windows += u64::from(!self.in_window);
            self.summary.timed += 1;
            self.summary.cycles = self.summary.cycles.wrapping_add(u64::from(cycles));
            match block.timed.last_mut() {
                Some(window) if window.start + window.cycles.len() == at => {
                    window.cycles.push(cycles);
                }
                _ => block.timed.push(Timed {
                    start: at,
                    cycles: vec![cycles],
                }),
            }
        }
        self.in_window = cycles.is_some();
        Ok(())
    }

    fn intern(&mut self, commit: &Commit, to: Option<u64>, block: &mut Block) -> Result<InstId> {
        let size = self.parser.size(commit, to);
        let key = (commit.pc, commit.bits, size.unwrap_or(0));
        if let Some(&id) = self.ids.get(&key) {
            return Ok(id);
        }
        let place = || self.parser.place(commit.at);
        if self.ids.len() == MAX_STATICS {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                format!(
                    "{}: more than {MAX_STATICS} distinct instructions; this is not a trace of one program",
                    place()
                ),
            ));
        }
        let mut inst = self.parser.decode(commit.pc, commit.bits).map_err(|e| {
            Error::new(
                ErrorKind::Corrupt,
                format!("{}: {}", place(), with_remedy(e.message())),
            )
        })?;
        if let Some(size) = size {
            inst.size = size;
        }
        let id = self.hash.intern(&inst)?;
        self.ids.insert(key, id);
        self.fall_through.push(inst.fall_through());
        block.statics.push(inst);
        self.summary.statics += 1;
        Ok(id)
    }

    fn is_mine(&self, hart: u64, commit: Option<&Commit>) -> Result<bool> {
        if hart == self.hart || self.named || commit.is_none() {
            return Ok(hart == self.hart);
        }
        let at = commit.map_or(0, |c| c.at);
        Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{}: instructions of hart {hart} after those of hart {}; choose one with `perfvec convert --hart N`",
                self.parser.place(at), self.hart
            ),
        ))
    }

    fn in_user_mode(&self, commit: &Commit) -> Result<bool> {
        commit.user.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{}: this format has no privilege modes; leave out --user",
                    self.parser.place(commit.at)
                ),
            )
        })
    }

    /// The error where nothing was wanted of what the file has.
    fn left_out(&self) -> Error {
        let what = match (self.named, self.user) {
            (true, _) => format!("no instruction of hart {}", self.hart),
            (_, true) => "no instruction in user mode".into(),
            _ => return self.parser.nothing(),
        };
        Error::new(
            ErrorKind::NotFound,
            format!("{}: {what} in the whole file", self.parser.name()),
        )
    }

    fn fill(&mut self, block: &mut Block) -> Result<bool> {
        while !self.ended
            && block.retirements.len() < BLOCK_RETIREMENTS
            && block.statics.len() < BLOCK_STATICS
        {
            self.advance(block)?;
        }
        Ok(!block.retirements.is_empty())
    }
}

impl Blocks for Assembler {
    fn format(&self) -> Format {
        self.format
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn next_block(&mut self, block: &mut Block) -> Result<bool> {
        block.statics.clear();
        block.retirements.clear();
        block.timed.clear();
        if let Some(e) = &self.failed {
            return Err(e.clone());
        }
        match self.fill(block) {
            Err(e) => {
                self.failed = Some(e.clone());
                // What came before the damage is delivered first. That the last of it cannot be
                // made out either is not reported: the damage came first.
                let _ = self.release(Next::Unknown, block);
                if block.retirements.is_empty() {
                    block.statics.clear();
                    return Err(e);
                }
                Ok(true)
            }
            done => done,
        }
    }

    fn summary(&self) -> Summary {
        Summary {
            stream_hash: self.hash.finish(),
            ..self.summary
        }
    }
}
