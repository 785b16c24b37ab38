//! The data side: lines, pages, strides, and the stores that loads meet again.

use super::fetch::LINE_SHIFT;
use super::lanes::Unit;
use super::prepare::Prepared;
use super::set_depth::{SetDepth, ABSENT};

const RECENT: usize = 64;
const FORWARD: usize = 1024;
/// Depths of pages (4 KiB) are told apart up to the ways of one set.
const PAGE_SHIFT: u32 = 12;
const ROW_SHIFT: u32 = 12;
/// Hits in a row from which a stride counts as known, and the most that are counted.
const CONFIDENT: u32 = 2;
const CERTAIN: u32 = 3;

/// State of the data side.
pub(super) struct Memory {
    /// Of 64 and 256 sets.
    pub first: [SetDepth; 2],
    /// Of 1024 and 4096 sets: a unified second level, which sees fetched lines too.
    pub second: [SetDepth; 2],
    pub pages: SetDepth,
    /// Lines accessed last, by their low bits.
    pub recent: [u64; RECENT],
    /// The last store to each 8 bytes, by a hash: where, and which retirement.
    pub words: Vec<(u64, u64)>,
    /// The same of 16-byte blocks.
    pub blocks: Vec<(u64, u64)>,
    /// Row of memory of the last access that was in none of 1024 sets.
    pub last_row: u64,
}

/// What one access was; all zero where there was none.
#[derive(Default)]
pub(super) struct Access {
    /// Depths at 64, 256, 1024 and 4096 sets.
    pub depths: [u8; 4],
    pub page: u8,
    /// Whether its instruction's stride is known and was right.
    pub stride_hit: bool,
    /// Size of the step since its last access.
    pub stride: u64,
    /// Whether it is new on a line that follows a recent one.
    pub sequential: bool,
    /// 1 over the retirements since the store to the same 8 bytes; 0 where there was none.
    pub forward: f32,
    /// The same for 16 bytes.
    pub conflict: f32,
    /// Far, and on the row of the far one before.
    pub same_row: bool,
}

impl Access {
    /// In none of 1024 sets.
    #[inline(always)]
    pub fn far(&self) -> bool {
        self.depths[2] == ABSENT
    }
}

/// Where a hash of `block` lies in a table of stores.
#[inline(always)]
fn place(block: u64) -> usize {
    (block ^ block >> 10) as usize % FORWARD
}

impl Memory {
    pub fn new() -> Self {
        Self {
            first: [64, 256].map(SetDepth::new),
            second: [1024, 4096].map(SetDepth::new),
            pages: SetDepth::new(1),
            recent: [u64::MAX; RECENT],
            words: vec![(u64::MAX, 0); FORWARD],
            blocks: vec![(u64::MAX, 0); FORWARD],
            last_row: u64::MAX,
        }
    }

    /// Retirement `n`, of `inst`, accesses `address`.
    #[inline(always)]
    pub fn access(&mut self, inst: &mut Prepared, address: u64, n: u64) -> Access {
        let line = address >> LINE_SHIFT;
        let mut access = Access {
            page: self.pages.access(address >> PAGE_SHIFT),
            sequential: self.sequential(line),
            ..Access::default()
        };
        let sets = self.first.iter_mut().chain(&mut self.second);
        for (depth, sets) in access.depths.iter_mut().zip(sets) {
            *depth = sets.access(line);
        }
        (access.stride_hit, access.stride) = step(inst, address);
        (access.forward, access.conflict) = self.stores(inst, address >> 3, n);
        if access.far() {
            let row = address >> ROW_SHIFT;
            access.same_row = row == self.last_row;
            self.last_row = row;
        }
        access
    }

    #[inline(always)]
    fn sequential(&mut self, line: u64) -> bool {
        let before = line.wrapping_sub(1);
        let follows = self.recent[before as usize % RECENT] == before;
        let recent = &mut self.recent[line as usize % RECENT];
        let new = *recent != line;
        *recent = line;
        follows && new
    }

    /// Meets the last stores to `word` (8 bytes) and its block (16), and becomes these if it stores.
    #[inline(always)]
    fn stores(&mut self, inst: &Prepared, word: u64, n: u64) -> (f32, f32) {
        let block = word >> 1;
        let last = &mut self.words[place(word)];
        let near = &mut self.blocks[place(block)];
        let since = |of: u64, (stored, at): (u64, u64)| match inst.load && stored == of {
            true => 1.0 / (n - at) as f32,
            false => 0.0,
        };
        let met = (since(word, *last), since(block, *near));
        if !inst.load || inst.unit != Unit::Load {
            *last = (word, n);
            *near = (block, n);
        }
        met
    }
}

/// Whether the stride of `inst` is known and leads to `address`, and the size of the step there.
#[inline(always)]
fn step(inst: &mut Prepared, address: u64) -> (bool, u64) {
    let s = &mut inst.stride;
    let stride = address.wrapping_sub(s.last) as i64;
    let hit = stride == s.stride;
    s.confidence = if hit {
        (s.confidence + 1).min(CERTAIN)
    } else {
        s.confidence / 2
    };
    s.stride = stride;
    s.last = address;
    let known = hit && s.confidence >= CONFIDENT;
    (known, stride.unsigned_abs().min(1 << 32))
}
