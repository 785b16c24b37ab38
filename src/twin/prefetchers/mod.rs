//! Prefetchers, as gem5 24.0 has them (`src/mem/cache/prefetch`) with its defaults.
//!
//! A prefetcher sees each miss of its cache, and the first hit on a line that it prefetched
//! (gem5's `prefetch_on_pf_hit`). At the L1 data cache that is loads and stores. An L2 sees the
//! L1s' requests: instruction and data misses, and the L1's prefetches, each with the exact
//! address and the instruction of the first access (an L1's prefetch has that of the access that
//! caused it). Prefetchers ignore write-backs. Addresses are physical,
//! since gem5's configurations leave `use_virtual_addresses` off; nothing is fetched beyond the
//! page of the access, as no MMU is registered. Candidates are not compared with the cache
//! (`cache_snoop` is off) nor throttled (`throttle_control_percentage` is 0).
//!
//! The cache calls [`Prefetcher::observe`], and fetches from the queue while it has registers to
//! spare.

pub mod ampm;
pub mod bop;
pub mod dcpt;
pub mod queue;
pub mod stride;
pub mod tagged;

use super::pages::PAGE;
use ampm::Ampm;
use bop::Bop;
use dcpt::Dcpt;
pub use queue::{Queue, Wanted};
use stride::Stride;
use tagged::Tagged;

/// Bytes of a line.
pub const LINE: u64 = 64;

/// What makes a request to a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requestor {
    /// Loads and stores.
    Data,
    /// Instruction fetch.
    Fetch,
    /// The prefetcher of the cache above.
    Prefetcher,
}

impl Requestor {
    const COUNT: usize = 3;
}

/// An access to the cache that the prefetcher is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Access {
    /// The instruction that asked.
    pub pc: u64,
    /// The physical address that it requested, not cut to a line.
    pub address: u64,
    /// What makes the request.
    pub requestor: Requestor,
    /// The cache did not have the line.
    pub miss: bool,
    /// The cache had it because of this prefetcher, and this is the first hit on it.
    pub prefetched: bool,
    /// The cycle, of the cache's clock.
    pub now: u64,
}

/// A prefetcher.
// One for each cache of a core.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Prefetcher {
    /// None.
    None,
    /// The next lines.
    Tagged(Tagged),
    /// Strides by instruction.
    Stride(Stride),
    /// The best offset.
    Bop(Bop),
    /// Access maps.
    Ampm(Ampm),
    /// Distances by instruction.
    Dcpt(Dcpt),
}

impl Prefetcher {
    /// That of this name in gem5-glue/configs/microarchs.py, of a cache whose cycles last
    /// `cycle_ns`.
    pub fn from_name(name: &str, degree: u32, cycle_ns: f64) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "tagged" => Self::Tagged(Tagged::new(degree)),
            "stride" => Self::Stride(Stride::new(degree)),
            "bop" => Self::Bop(Bop::new(bop::Unit::Byte)),
            "ampm" => Self::Ampm(Ampm::new(cycle_ns)),
            "dcpt" => Self::Dcpt(Dcpt::new()),
            _ => return None,
        })
    }

    /// Whether it sees this access.
    #[inline]
    pub fn observes(&self, access: &Access) -> bool {
        match self {
            Self::None => false,
            Self::Stride(_) if access.requestor == Requestor::Fetch => false,
            _ => access.miss || access.prefetched,
        }
    }

    /// The cache was accessed; lines to fetch are appended to `out`, most wanted first.
    pub fn notify(&mut self, access: &Access, out: &mut Vec<u64>) {
        if !self.observes(access) {
            return;
        }
        let address = access.address;
        let mut candidate = |ahead: u64| {
            if ahead / PAGE == address / PAGE {
                out.push(ahead & !(LINE - 1));
            }
        };
        match self {
            Self::None => {}
            Self::Tagged(p) => p.access(address, &mut candidate),
            Self::Stride(p) => p.access(access.pc, address, access.requestor, &mut candidate),
            Self::Bop(p) => p.access(address, access.now, &mut candidate),
            Self::Ampm(p) => p.access(address, access.now, &mut candidate),
            Self::Dcpt(p) => p.access(access.pc, address, &mut candidate),
        }
    }

    /// Its clock goes on from a time `age` later (wrapping: from an earlier one).
    pub fn later(&mut self, age: u64) {
        match self {
            Self::Bop(p) => p.later(age),
            Self::Ampm(p) => p.later(age),
            _ => {}
        }
    }

    /// The cache was accessed, and what it wants then goes to `queue`. `wanted` is room for lines, kept
    /// from call to call.
    #[inline(always)]
    pub fn observe(&mut self, access: &Access, queue: &mut Queue, wanted: &mut Vec<u64>) {
        if !self.observes(access) {
            return;
        }
        queue.accessed(access.address);
        wanted.clear();
        self.notify(access, wanted);
        for line in wanted.drain(..) {
            queue.push(line, access.pc, access.now);
        }
    }

    /// A line that it requested came.
    pub fn filled(&mut self, line: u64) {
        if let Self::Bop(p) = self {
            p.filled(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: u64) -> Access {
        Access {
            pc: 0x40,
            address,
            requestor: Requestor::Data,
            miss: true,
            prefetched: false,
            now: 0,
        }
    }

    #[test]
    fn every_name_is_known() {
        for name in ["none", "tagged", "stride", "bop", "ampm", "dcpt"] {
            assert!(Prefetcher::from_name(name, 2, 0.5).is_some());
        }
        assert!(Prefetcher::from_name("nextline", 2, 0.5).is_none());
    }

    #[test]
    fn the_next_lines_of_the_page_are_fetched() {
        let mut p = Prefetcher::Tagged(Tagged::new(2));
        let mut out = Vec::new();
        p.notify(&access(0x1044), &mut out);
        p.notify(&access(0x1f84), &mut out);
        assert_eq!(out, [0x1080, 0x10c0, 0x1fc0], "0x2000 is another page");
    }

    #[test]
    fn hits_count_on_lines_that_were_prefetched_and_strides_leave_instructions_out() {
        let mut out = Vec::new();
        let hit = Access {
            miss: false,
            ..access(0x1000)
        };
        let mut p = Prefetcher::Tagged(Tagged::new(1));
        p.notify(&hit, &mut out);
        assert!(out.is_empty());
        p.notify(
            &Access {
                prefetched: true,
                ..hit
            },
            &mut out,
        );
        assert_eq!(out, [0x1040]);
        let fetch = Access {
            requestor: Requestor::Fetch,
            ..access(0x1000)
        };
        assert!(p.observes(&fetch));
        assert!(!Prefetcher::Stride(Stride::new(1)).observes(&fetch));
    }
}
