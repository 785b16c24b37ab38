//! Turns the words of a ring into retirements.
//!
//! A block's instructions are known to have retired only when the next block starts, since any that
//! accesses memory may fault. So a block waits, with what was told of it, until then.

use super::code::{Block, Code};
use perfvec::inst::{InstFlags, Retirement, StaticInst};
use perfvec::isa::Isa;
use perfvec::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where retirements go.
pub trait Sink {
    /// The id of a static instruction.
    fn intern(&mut self, inst: &StaticInst) -> Result<u32>;
    /// Retirements in order.
    fn retire(&mut self, retirements: &[Retirement]) -> Result<()>;
    /// The number of retirements that come next and that the plugin was told to pass over.
    fn pass(&mut self, _retirements: u64) -> Result<()> {
        Err(Error::new(
            ErrorKind::Internal,
            "the plugin passed over instructions that are wanted",
        ))
    }
}

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The thread or its process ended itself, or became another program.
    Exit,
    /// Its process was killed by this signal, or by one that is not known.
    Killed(Option<i32>),
}

/// Words as `qemu-glue/share.h` says.
const ACCESS: u64 = 1 << 63;
const SPECIAL: u64 = 1 << 62;
const KIND: u32 = 56;
const POSITION: u32 = 54;
const DEFINE: u64 = 1;
const PASSED: u64 = 2;
const MAPPED: u64 = 3;
const UNSEEN: u64 = 4;
/// The payload of a special word that is a count.
const PAYLOAD: u64 = (1 << KIND) - 1;

/// What must be known of an instruction.
#[derive(Clone, Copy)]
struct Inst {
    id: u32,
    kind: u8,
}

/// May access memory.
const MEMORY: u8 = 1;
/// Retires only with an access: without one it faulted.
const ALWAYS: u8 = 2;
/// Its accesses leave open if it retired; the plugin tells if the instruction after it was reached.
const OPEN: u8 = 4;
/// Its address is the one of a store-conditional that fails.
const LOAD_RESERVED: u8 = 8;
/// Accesses nothing when it fails, but retires.
const STORE_CONDITIONAL: u8 = 16;
/// Retires whatever comes next: a control transfer or a system call.
const LEAVES: u8 = 32;

/// A block as this stream knows it.
struct Known {
    insts: Box<[Inst]>,
    pc: u64,
    /// Where it goes on when its last instruction does not say otherwise.
    fall_through: u64,
    /// Of the instructions, those with [`MEMORY`].
    accesses: u32,
    /// It retires whole when each of them had an access.
    simple: bool,
}

/// Retirements handed on at a time.
const BATCH: usize = 4096;

/// One stream.
pub struct Expander<S> {
    code: Arc<Code>,
    sink: Option<S>,
    /// Why the sink takes nothing more, or why there is none.
    failed: Option<Error>,
    known: Vec<Option<Box<Known>>>,
    /// The block that waits.
    block: Option<usize>,
    /// What it accessed: position and address.
    accesses: Vec<(u32, u64)>,
    /// Room for [`place`].
    placed: Vec<(u32, u64)>,
    /// Instructions of it before this position retired.
    passed: u32,
    /// Address of the last load-reserved.
    reserved: u64,
    out: Vec<Retirement>,
    /// How often each block started, of a stream that is only skimmed.
    skimmed: BTreeMap<u64, u64>,
    /// Words of a definition, or of a text, that has not come whole.
    part: Vec<u64>,
    retired: u64,
    /// Retirements that the sink took.
    kept: u64,
    /// Retirements that the plugin only counted.
    unseen: u64,
}

impl<S: Sink> Expander<S> {
    /// A stream of a thread that runs `code`. Without a sink, and after one has failed, it only
    /// counts.
    pub fn new(code: Arc<Code>, sink: Result<S>) -> Self {
        let (sink, failed) = match sink {
            Ok(sink) => (Some(sink), None),
            Err(e) => (None, Some(e)),
        };
        Self {
            code,
            sink,
            failed,
            known: Vec::new(),
            block: None,
            accesses: Vec::new(),
            placed: Vec::new(),
            passed: 0,
            reserved: 0,
            out: Vec::with_capacity(BATCH + 512),
            skimmed: BTreeMap::new(),
            part: Vec::new(),
            retired: 0,
            kept: 0,
            unseen: 0,
        }
    }

    /// All retirements so far, but for those of the block that waits.
    pub fn retired(&self) -> u64 {
        self.retired
    }

    /// The sink, while nothing failed.
    pub fn sink(&mut self) -> Option<&mut S> {
        self.sink.as_mut().filter(|_| self.failed.is_none())
    }

    /// Takes the next words.
    pub fn take(&mut self, words: &[u64]) {
        for &word in words {
            if !self.part.is_empty() {
                self.part.push(word);
                self.told();
            } else if word & ACCESS != 0 {
                let position = (word >> POSITION) as u32 & 511;
                self.accesses.push((position, word & ((1 << POSITION) - 1)));
            } else if word & SPECIAL == 0 {
                self.start(word);
            } else if word >> KIND & 63 == PASSED {
                self.passed = word as u32 & 1023;
            } else if word >> KIND & 63 == UNSEEN {
                self.pass(word & PAYLOAD);
            } else if matches!(word >> KIND & 63, DEFINE | MAPPED) {
                self.part.push(word);
            }
        }
    }

    /// Takes the next words where nothing may be waited for: what other streams need to know, and a
    /// count of what is whole.
    pub fn skim(&mut self, words: &[u64]) {
        for &word in words {
            if !self.part.is_empty() {
                self.part.push(word);
                self.told();
            } else if word & (ACCESS | SPECIAL) == 0 {
                *self.skimmed.entry(word).or_default() += 1;
            } else if word & ACCESS == 0 && word >> KIND & 63 == UNSEEN {
                self.count_unseen(word & PAYLOAD);
            } else if word & ACCESS == 0 && matches!(word >> KIND & 63, DEFINE | MAPPED) {
                self.part.push(word);
            }
        }
    }

    /// The definition of a block or the text of a mapping, where it has come whole.
    fn told(&mut self) {
        let size = (self.part[0] & 0xFFFF) as usize;
        let block = self.part[0] >> KIND & 63 == DEFINE;
        let head = if block { 3 } else { 1 };
        if self.part.len() < head + size.div_ceil(8) {
            return;
        }
        let bytes = self.part[head..].iter().flat_map(|w| w.to_le_bytes());
        let bytes: Vec<u8> = bytes.take(size).collect();
        if block {
            let (pc, bytes) = (self.part[1], bytes.into());
            self.code.define(self.part[2], Block { pc, bytes });
        } else {
            self.code.map(&String::from_utf8_lossy(&bytes));
        }
        self.part.clear();
    }

    fn start(&mut self, id: u64) {
        let Some(at) = self.know(id) else {
            self.settle(None);
            self.fail(Error::new(
                ErrorKind::Corrupt,
                "the definition of a block that this thread ran was lost with another thread",
            ));
            return;
        };
        let pc = self.known[at].as_ref().map(|k| k.pc);
        self.settle(pc);
        self.block = Some(at);
        if self.out.len() >= BATCH {
            self.flush();
        }
    }

    fn count_unseen(&mut self, n: u64) {
        self.retired = self.retired.saturating_add(n);
        self.unseen = self.unseen.saturating_add(n);
    }

    /// The block that waits retired whole, and `n` instructions after it.
    fn pass(&mut self, n: u64) {
        let known = self.block.and_then(|at| self.known[at].as_ref());
        let next = known.map(|k| k.fall_through);
        self.settle(next);
        self.flush();
        self.count_unseen(n);
        match self.sink().map(|sink| sink.pass(n)) {
            Some(Ok(())) => self.kept += n,
            Some(Err(e)) => self.failed = Some(e),
            None => (),
        }
    }

    /// Nothing more goes to the sink; what came before does.
    fn fail(&mut self, e: Error) {
        self.flush();
        self.failed.get_or_insert(e);
    }

    fn flush(&mut self) {
        let n = self.out.len() as u64;
        self.retired += n;
        let out = std::mem::take(&mut self.out);
        match self.sink().map(|sink| sink.retire(&out)) {
            Some(Ok(())) => self.kept += n,
            Some(Err(e)) => self.failed = Some(e),
            None => (),
        }
        self.out = out;
        self.out.clear();
    }

    /// The index of a block in `known`, which is its number.
    fn know(&mut self, id: u64) -> Option<usize> {
        let at = usize::try_from(id).ok()?;
        if self.known.get(at).is_some_and(Option::is_some) {
            return Some(at);
        }
        let code = self.code.clone();
        let block = code.get(id)?;
        let mut insts = Vec::new();
        let mut known = Known {
            insts: Box::default(),
            pc: block.pc,
            fall_through: block.pc + block.bytes.len() as u64,
            accesses: 0,
            simple: true,
        };
        for (pc, bytes) in block.insts() {
            let inst = match Isa::Riscv64.decode(pc, bytes) {
                Ok(inst) => inst,
                Err(e) => {
                    self.fail(e);
                    StaticInst::new(pc, perfvec::inst::OpClass::No_OpClass, 4)
                }
            };
            let kind = kind_of(&inst, bytes);
            known.accesses += u32::from(kind & MEMORY != 0);
            known.simple &=
                kind & MEMORY == 0 || kind & (ALWAYS | LOAD_RESERVED | STORE_CONDITIONAL) == ALWAYS;
            let id = match self.sink().map(|sink| sink.intern(&inst)) {
                Some(Ok(id)) => id,
                Some(Err(e)) => {
                    self.fail(e);
                    0
                }
                None => 0,
            };
            insts.push(Inst { id, kind });
        }
        known.simple &= insts.last().is_some_and(|s| s.kind & LEAVES != 0);
        known.insts = insts.into();
        if self.known.len() <= at {
            self.known.resize_with(at + 1, || None);
        }
        self.known[at] = Some(Box::new(known));
        Some(at)
    }

    /// The block that waits retires, as far as it did; `next` is where the thread went on.
    fn settle(&mut self, next: Option<u64>) {
        let Some(block) = self.block.take() else {
            self.accesses.clear();
            return;
        };
        let Some(known) = &self.known[block] else {
            return;
        };
        let mut n = known.insts.len();
        if !known.simple || self.accesses.len() != known.accesses as usize {
            let went_on = next.is_none_or(|pc| pc == known.fall_through);
            n = place(
                &known.insts,
                &self.accesses,
                &mut self.placed,
                &mut self.reserved,
                self.passed,
                went_on,
            );
            std::mem::swap(&mut self.accesses, &mut self.placed);
            self.placed.clear();
        }
        let at = self.out.len();
        let retire = |s: &Inst| Retirement {
            inst: s.id,
            ..Retirement::default()
        };
        self.out.extend(known.insts[..n].iter().map(retire));
        for (position, address) in self.accesses.drain(..) {
            if let Some(r) = self.out.get_mut(at + position as usize) {
                r.address = address;
            }
        }
        self.passed = 0;
    }

    /// Ends the stream.
    pub fn end(mut self, end: End) -> Ended<S> {
        const FAULTS: [i32; 5] = [4, 5, 7, 8, 11];
        match end {
            // A fault ends a block in the middle, as one does that a handler repairs.
            End::Killed(Some(signal)) if FAULTS.contains(&signal) => self.settle(Some(u64::MAX)),
            // Other signals come between blocks.
            _ => self.settle(None),
        }
        self.flush();
        for (id, times) in &self.skimmed {
            let block = self.code.find(*id);
            self.retired += block.map_or(0, |b| b.insts().count() as u64 * times);
        }
        Ended {
            sink: self.sink,
            failed: self.failed,
            retired: self.retired,
            kept: self.kept,
            unseen: self.unseen,
        }
    }
}

/// A stream that has ended.
pub struct Ended<S> {
    /// The sink, where there was one.
    pub sink: Option<S>,
    /// Why it did not take everything.
    pub failed: Option<Error>,
    /// All retirements.
    pub retired: u64,
    /// Those that the sink took.
    pub kept: u64,
    /// Those that the plugin only counted.
    pub unseen: u64,
}

/// Which accesses belong to the instructions that retired, as `placed`, and how many retired.
fn place(
    insts: &[Inst],
    told: &[(u32, u64)],
    placed: &mut Vec<(u32, u64)>,
    reserved: &mut u64,
    passed: u32,
    went_on: bool,
) -> usize {
    let mut told = told.iter().peekable();
    let last = insts.len() - 1;
    for (i, inst) in insts.iter().enumerate() {
        // What is not known to access memory may do so all the same.
        while told.next_if(|a| (a.0 as usize) < i).is_some() {}
        if inst.kind & MEMORY == 0 {
            continue;
        }
        let found = told.next_if(|a| a.0 as usize == i);
        let retired = match inst.kind {
            k if k & ALWAYS != 0 => found.is_some(),
            k if k & OPEN != 0 && i < last => passed as usize > i,
            _ => i < last || went_on,
        };
        if !retired {
            return i;
        }
        let address = match found {
            Some((_, address)) => *address,
            // It failed.
            None if inst.kind & STORE_CONDITIONAL != 0 => *reserved,
            None => continue,
        };
        if inst.kind & LOAD_RESERVED != 0 {
            *reserved = address;
        }
        placed.push((i as u32, address));
    }
    // An instruction that ends a block without going elsewhere, and yet was not followed by the
    // next one, was refused: it is illegal, or a breakpoint.
    if insts[last].kind & (LEAVES | ALWAYS) == 0 && !went_on {
        return last;
    }
    insts.len()
}

fn kind_of(inst: &StaticInst, bytes: &[u8]) -> u8 {
    let flags = inst.flags;
    let mut kind = 0;
    if flags.is_ctrl() || flags.contains(InstFlags::SYSCALL) && bytes == [0x73, 0, 0, 0] {
        kind |= LEAVES;
    }
    if !flags.intersects(InstFlags::LOAD | InstFlags::STORE) {
        return kind;
    }
    kind |= MEMORY;
    // A masked vector access may touch nothing, and QEMU reports no access for a prefetch or a
    // cache-block operation (major opcode MISC-MEM).
    let may_touch_nothing =
        InstFlags::VECTOR | InstFlags::UNKNOWN | InstFlags::PREFETCH | InstFlags::STORE_CONDITIONAL;
    if !flags.intersects(may_touch_nothing) && bytes[0] & 0x7F != 0x0F {
        kind |= ALWAYS;
    }
    if flags.contains(InstFlags::LOAD_RESERVED) {
        kind |= LOAD_RESERVED;
    }
    if flags.contains(InstFlags::STORE_CONDITIONAL) {
        kind |= STORE_CONDITIONAL;
    }
    if is_open(bytes) {
        kind |= OPEN;
    }
    kind
}

/// `is_open()` of `qemu-glue/plugin.c`: after which instructions the plugin tells that they retired.
fn is_open(bytes: &[u8]) -> bool {
    let width = bytes[1] >> 4 & 7;
    match bytes[0] & 0x7F {
        0x07 | 0x27 => width == 0 || width >= 5,
        0x2F => bytes.get(3).is_some_and(|b| b >> 3 == 3),
        // What never accesses memory, and plain loads and stores.
        0x03 | 0x23 | 0x13 | 0x17 | 0x1B | 0x33 | 0x37 | 0x3B | 0x43 | 0x47 | 0x4B | 0x4F
        | 0x53 | 0x57 | 0x63 | 0x67 | 0x6F | 0x73 => false,
        _ => bytes[0] & 3 == 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many static instructions.
    struct Few {
        known: Vec<StaticInst>,
        most: usize,
        retired: Vec<u64>,
    }

    impl Sink for Few {
        fn intern(&mut self, inst: &StaticInst) -> Result<u32> {
            if self.known.len() == self.most {
                return Err(Error::new(ErrorKind::OutOfMemory, "too many"));
            }
            self.known.push(*inst);
            Ok(self.known.len() as u32 - 1)
        }

        fn retire(&mut self, retirements: &[Retirement]) -> Result<()> {
            let pc = |r: &Retirement| self.known[r.inst as usize].pc;
            self.retired.extend(retirements.iter().map(pc));
            Ok(())
        }

        fn pass(&mut self, retirements: u64) -> Result<()> {
            self.retired.extend((0..retirements).map(|_| 0));
            Ok(())
        }
    }

    /// Four blocks of two instructions: addi a0, a0, 1; j 4.
    fn words() -> Vec<u64> {
        let define = |id: u64| {
            let head = SPECIAL | DEFINE << KIND | 8;
            [head, 0x1000 + 8 * id, id, 0x0040_006F_0015_0513, id]
        };
        (0..4).flat_map(define).collect()
    }

    fn stream(most: usize) -> Expander<Few> {
        let few = Few {
            known: Vec::new(),
            most,
            retired: Vec::new(),
        };
        Expander::new(Arc::new(Code::new(0, None)), Ok(few))
    }

    #[test]
    fn what_came_before_a_failure_is_kept() {
        let mut all = stream(8);
        all.take(&words());
        let all = all.end(End::Exit);
        assert!(all.failed.is_none());
        assert_eq!((all.retired, all.kept), (8, 8));
        let pcs = all.sink.unwrap().retired;
        assert!(pcs.iter().copied().eq((0x1000..0x1020).step_by(4)));

        let mut some = stream(5);
        some.take(&words());
        let some = some.end(End::Exit);
        assert_eq!(some.failed.unwrap().message(), "too many");
        // The second block waited for the third, which was the one that failed.
        assert_eq!((some.retired, some.kept), (8, 2));
        assert_eq!(some.sink.unwrap().retired, pcs[..2]);
    }

    #[test]
    fn what_was_only_counted_comes_after_the_block_before_it() {
        let mut words = words();
        // After the third block's start.
        words.insert(15, SPECIAL | UNSEEN << KIND | 3);
        let mut some = stream(8);
        some.take(&words);
        let some = some.end(End::Exit);
        assert!(some.failed.is_none());
        assert_eq!((some.retired, some.kept, some.unseen), (11, 11, 3));
        let pcs = [0x1000, 0x1004, 0x1008, 0x100c, 0x1010, 0x1014];
        let all = [&pcs[..], &[0, 0, 0], &[0x1018, 0x101c]].concat();
        assert_eq!(some.sink.unwrap().retired, all);
        let mut skimmed = stream(0);
        skimmed.skim(&words);
        let skimmed = skimmed.end(End::Exit);
        assert_eq!((skimmed.retired, skimmed.unseen), (11, 3));
    }

    #[test]
    fn a_stream_that_is_skimmed_counts_and_tells_others() {
        let mut skimmed = stream(0);
        // However it is cut.
        words().chunks(3).for_each(|part| skimmed.skim(part));
        assert!(skimmed.code.find(3).is_some());
        let skimmed = skimmed.end(End::Exit);
        assert_eq!((skimmed.retired, skimmed.kept), (8, 0));
    }
}
