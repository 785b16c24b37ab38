//! What the reference machines have in common: lanes, time, and an instruction as they see it.

use std::ops::{Deref, DerefMut};

/// Number of machines.
pub const MACHINES: usize = 16;
/// Machines with the same sizes of window and queues; the first group issues in order.
pub const GROUP: usize = MACHINES / 4;
/// Time units per cycle.
pub const UNITS: i32 = 64;

/// A value per machine: one cache line, so that no vector access straddles two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Lanes(pub [i32; MACHINES]);

impl Lanes {
    /// Zero on every machine.
    pub const ZERO: Self = Self([0; MACHINES]);
}

impl Deref for Lanes {
    type Target = [i32; MACHINES];
    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Lanes {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// Registers tracked: 32 integer, 32 floating point, and one that nothing waits for.
pub const REGS: usize = 65;
/// The register that is always ready.
pub const NO_REG: u8 = 64;

/// Execution latencies that differ between machines; an index into a latency table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Unit {
    Alu,
    Mul,
    Div,
    FpAdd,
    FpMul,
    FpDiv,
    FpSqrt,
    Load,
    Store,
}
/// Number of latency classes.
pub const KINDS: usize = 9;

/// Classes of ports: integer, multiply and divide, floating point, memory.
pub const PORTS: usize = 4;

impl Unit {
    /// The class of port that it is issued to.
    #[inline(always)]
    pub fn port(self) -> usize {
        match self {
            Unit::Alu => 0,
            Unit::Mul | Unit::Div => 1,
            Unit::FpAdd | Unit::FpMul | Unit::FpDiv | Unit::FpSqrt => 2,
            Unit::Load | Unit::Store => 3,
        }
    }

    /// Whether the next of its kind must wait until it is done.
    #[inline(always)]
    pub fn unpipelined(self) -> bool {
        matches!(self, Unit::Div | Unit::FpDiv | Unit::FpSqrt)
    }
}

/// One instruction as the machines see it.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Source registers ([`NO_REG`] where there are fewer).
    pub src: [u8; 3],
    /// Destination register, or [`NO_REG`].
    pub dst: u8,
    /// Latency class.
    pub unit: Unit,
    /// Whether nothing may overlap with it.
    pub serialize: bool,
    /// Whether control left the fall-through path.
    pub taken: bool,
    /// Whether it is a conditional branch.
    pub cond: bool,
    /// Bit p: predictor p (bimodal, gshare, TAGE, small bimodal) was wrong about the direction.
    pub direction_miss: u8,
    /// Bit t: target table t (by path, the last, few by path) had another target.
    pub target_miss: u8,
    /// Depth in the branch target buffer of a taken transfer, else 0.
    pub btb_depth: u8,
    /// Bit b: the first instruction in its block of `8 << b` bytes, or after a jump.
    pub blocks: u8,
    /// Depths of the data line at 64, 256, 1024 and 4096 sets; 0 where there is no access.
    pub data: [u8; 4],
    /// Whether a simple prefetcher would have had the line.
    pub predictable: bool,
    /// Depths of the fetch line at 64, 1024 and 4096 sets; 0 on the line of the one before.
    pub fetch: [u8; 3],
    /// Data address, for conflicts with stores.
    pub address: u64,
    /// Where the instruction is in the table of store sets: a hash of its pc.
    pub site: u16,
}

/// `a` where the mask is all ones, `b` where it is zero.
#[inline(always)]
pub fn select(mask: i32, a: i32, b: i32) -> i32 {
    (mask & a) | (!mask & b)
}
