//! One number for one instruction stream, whoever recorded it.

use super::statics::put_static;
use crate::bytes::put;
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, InstId, Retirement, StaticInst};
use crate::outcome::taken;
use xxhash_rust::xxh3::xxh3_64;

const K_STEP: u64 = 0x9e37_79b9_7f4a_7c15;
const K_ADDRESS: u64 = 0xd6e8_feb8_6659_fd93;
const K_TAKEN: u64 = 0xa076_1d64_78bd_642f;
const K_FAULT: u64 = 0xe703_7ed1_a0b4_28db;

/// An order-dependent hash over the static instruction, the address of a memory access and the
/// outcome of a conditional branch, retirement by retirement.
///
/// It is the same for every host and CPU model that reports the same stream: interning order,
/// addresses given for instructions that access no memory, and the way in which an outcome was
/// reported (flags, next pc, or neither; see [`crate::outcome`]) do not enter it. The outcome of the
/// last retirement is left out, as not every host knows it. Not cryptographic: different streams collide with a chance of about 2^-64.
///
/// Memory grows with static instructions only.
#[derive(Debug, Clone, Default)]
pub struct StreamHash {
    statics: Vec<Facts>,
    state: u64,
    count: u64,
    /// An earlier conditional branch whose outcome the next retirement settles.
    open: Option<(Retirement, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Facts {
    hash: u64,
    pc: u64,
    fall_through: u64,
    mem: bool,
    cond: bool,
}

impl StreamHash {
    /// The hash of the empty stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces the next static instruction; ids are dense from 0 in order of these calls.
    pub fn intern(&mut self, inst: &StaticInst) -> Result<InstId> {
        inst.validate()?;
        let id = InstId::try_from(self.statics.len()).map_err(|_| {
            Error::new(ErrorKind::OutOfMemory, "more than 2^32 static instructions")
        })?;
        let mut bytes = Vec::with_capacity(super::statics::MAX_BYTES);
        put_static(&mut bytes, &inst.canonical(), 0);
        self.statics.push(Facts {
            hash: xxh3_64(&bytes),
            pc: inst.pc,
            fall_through: inst.fall_through(),
            mem: inst.flags.is_mem(),
            cond: inst.flags.contains(InstFlags::COND_CTRL),
        });
        Ok(id)
    }

    /// Identifies a static instruction: two that differ count as one with a
    /// chance of 2^-64, and only where they lie at one pc.
    pub(super) fn key(&self, id: InstId) -> (u64, u64) {
        let facts = &self.statics[id as usize];
        (facts.pc, facts.hash)
    }

    /// Adds one retirement. An id that was not interned is an error of kind `InvalidArgument`.
    #[inline]
    pub fn update(&mut self, r: &Retirement) -> Result<()> {
        let Some(&facts) = self.statics.get(r.inst as usize) else {
            return Err(r.refusal(self.statics.len()));
        };
        if let Some(open) = self.open.take() {
            let (branch, fall_through) = open;
            if taken(&branch, fall_through, Some(facts.pc)) {
                self.state ^= K_TAKEN;
            }
        }
        let mut x = facts.hash;
        if facts.mem {
            x ^= r.address.wrapping_mul(K_ADDRESS);
        }
        if r.flags & Retirement::FAULT != 0 {
            x ^= K_FAULT;
        }
        // Each step permutes the state, so a difference cannot vanish under an equal suffix.
        self.state = (self.state.rotate_left(29) ^ x).wrapping_mul(K_STEP);
        self.count += 1;
        if facts.cond {
            self.open = Some((*r, facts.fall_through));
        }
        Ok(())
    }

    /// Retirements so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The hash of the stream so far; more may follow.
    pub fn finish(&self) -> u64 {
        let mut bytes = Vec::with_capacity(16);
        put(&mut bytes, &[self.state, self.count]);
        xxh3_64(&bytes)
    }
}
