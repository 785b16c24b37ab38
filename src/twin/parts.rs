//! A twin's time, by cause.

/// What a retirement's time is put down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Part {
    /// The widths of the pipeline: the cycles of an ideal core of this width.
    Base = 0,
    /// Instruction fetch: fetch blocks, level 1 instruction cache, redirects from decode.
    Fetch = 1,
    /// Mispredicted branches: resolving them and refilling the pipeline.
    Branch = 2,
    /// Operands of arithmetic.
    Dependence = 3,
    /// Functional units and issue slots.
    Ports = 4,
    /// Full reorder buffer, queues or registers.
    Window = 5,
    /// Loads that hit the first level.
    L1 = 6,
    /// Accesses that the second level served.
    L2 = 7,
    /// Accesses that the third level served.
    L3 = 8,
    /// Accesses that memory served.
    Memory = 9,
    /// Stores: the store queue, forwarding, order violations, barriers.
    Store = 10,
}

impl Part {
    /// How many there are.
    pub const COUNT: usize = 11;
    /// Every part in order.
    pub const ALL: [Part; Part::COUNT] = [
        Part::Base,
        Part::Fetch,
        Part::Branch,
        Part::Dependence,
        Part::Ports,
        Part::Window,
        Part::L1,
        Part::L2,
        Part::L3,
        Part::Memory,
        Part::Store,
    ];

    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Part::Base => "base",
            Part::Fetch => "fetch",
            Part::Branch => "branch",
            Part::Dependence => "dependence",
            Part::Ports => "ports",
            Part::Window => "window",
            Part::L1 => "L1",
            Part::L2 => "L2",
            Part::L3 => "L3",
            Part::Memory => "memory",
            Part::Store => "store",
        }
    }
}

/// A point in a twin's time: a cycle, and what it waited for, in the low bits. The greater of two
/// is the later one, and keeps its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct At(u64);

const CAUSE_BITS: u32 = 4;
const CAUSE: u64 = (1 << CAUSE_BITS) - 1;
/// Causes by all that their bits can be.
const CAUSES: [Part; 1 << CAUSE_BITS] = {
    let mut causes = [Part::ALL[0]; 1 << CAUSE_BITS];
    let mut n = 0;
    while n < Part::COUNT {
        causes[n] = Part::ALL[n];
        n += 1;
    }
    causes
};

impl At {
    /// Cycle `cycle`, because of `part`.
    #[inline(always)]
    pub fn new(cycle: u64, part: Part) -> At {
        At(cycle << CAUSE_BITS | part as u64)
    }

    /// The cycle, without its cause.
    #[inline(always)]
    pub fn cycle(self) -> u64 {
        self.0 >> CAUSE_BITS
    }

    /// The cause that determined the cycle.
    #[inline(always)]
    pub fn part(self) -> Part {
        CAUSES[(self.0 & CAUSE) as usize]
    }

    /// As the bits of a number: those below 2^32 hold 2^28 cycles.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Back from [`At::bits`]; kind none of the parts is the first.
    #[inline(always)]
    pub fn from_bits(bits: u64) -> At {
        At(bits)
    }

    /// `cycles` later, because of the same.
    #[inline(always)]
    pub fn after(self, cycles: u64) -> At {
        At(self.0 + (cycles << CAUSE_BITS))
    }

    /// The same cycle, because of `part`.
    #[inline(always)]
    pub fn because(self, part: Part) -> At {
        At(self.0 & !CAUSE | part as u64)
    }

    /// The later of both; of two in one cycle the first.
    #[inline(always)]
    pub fn max(self, other: At) -> At {
        // Above all causes of the same cycle.
        if other.0 > self.0 | CAUSE {
            other
        } else {
            self
        }
    }
}
