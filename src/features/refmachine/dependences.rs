//! Dependences through registers: who wrote what a retirement reads.

use super::lanes::{NO_REG, REGS};
use super::prepare::Prepared;

/// Who wrote a register last.
#[derive(Clone, Copy, Default)]
pub(super) struct Producer {
    /// Its retirement, counted from 1; 0 where nobody did.
    pub at: u64,
    pub load: bool,
    /// Depth of its data at 64 sets.
    pub depth: u8,
}

impl Producer {
    /// 1 over the retirements up to retirement `n`; 0 where there is none.
    #[inline(always)]
    pub fn nearness(self, n: u64) -> f32 {
        if self.at == 0 {
            0.0
        } else {
            1.0 / (n + 1 - self.at) as f32
        }
    }
}

/// The last writer of each register.
pub(super) struct Producers(pub [Producer; REGS]);

impl Producers {
    pub fn new() -> Self {
        Self([Producer::default(); REGS])
    }

    /// The two nearest of what `inst` reads, the nearest first.
    #[inline(always)]
    pub fn nearest(&self, inst: &Prepared) -> [Producer; 2] {
        let (mut near, mut second) = (Producer::default(), Producer::default());
        for s in inst.src {
            let p = self.0[usize::from(s)];
            if p.at > near.at {
                second = near;
                near = p;
            } else if p.at > second.at {
                second = p;
            }
        }
        [near, second]
    }

    /// Retirement `n`, of `inst`, has written.
    #[inline(always)]
    pub fn wrote(&mut self, inst: &Prepared, depth: u8, n: u64) {
        if inst.dst != NO_REG {
            self.0[usize::from(inst.dst)] = Producer {
                at: n + 1,
                load: inst.load,
                depth,
            };
        }
    }
}
