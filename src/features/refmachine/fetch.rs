//! The fetch side: lines and blocks of code.

use super::set_depth::SetDepth;

pub(super) const LINE_SHIFT: u32 = 6;
/// Sizes of the blocks of code that are told apart, in bytes.
pub(super) const BLOCKS: [u64; 4] = [8, 16, 32, 64];

/// State of the fetch side.
pub(super) struct Fetch {
    pub lines: SetDepth,
    pub last_line: u64,
    pub last_pc: u64,
}

/// What fetching one retirement was.
pub(super) struct Fetched {
    /// Depths at 64, 1024 and 4096 sets, zeros on the line of the one before.
    pub depths: [u8; 3],
    /// Whether it is the first of its block of each of [`BLOCKS`], or after a jump.
    pub new_block: [bool; 4],
}

impl Fetch {
    pub fn new() -> Self {
        Self {
            lines: SetDepth::new(64),
            last_line: u64::MAX,
            last_pc: u64::MAX,
        }
    }

    /// Fetches the instruction at `pc`; `second` are the sets of a unified second level, of 1024 and
    /// 4096 sets.
    #[inline(always)]
    pub fn fetch(&mut self, pc: u64, second: &mut [SetDepth; 2]) -> Fetched {
        let depths = self.depths(pc >> LINE_SHIFT, second);
        let apart = pc ^ self.last_pc;
        self.last_pc = pc;
        Fetched {
            depths,
            new_block: BLOCKS.map(|size| apart >= size),
        }
    }

    #[inline(always)]
    fn depths(&mut self, line: u64, second: &mut [SetDepth; 2]) -> [u8; 3] {
        if line == self.last_line {
            return [0; 3];
        }
        self.last_line = line;
        let first = self.lines.access(line);
        if first <= 1 {
            // Most recent of its set: the second level saw it not long ago either.
            return [first, 1, 1];
        }
        let [middle, large] = second;
        [first, middle.access(line), large.access(line)]
    }
}
