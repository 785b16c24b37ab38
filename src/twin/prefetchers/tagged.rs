//! The lines after the one that missed (Smith, Cache memories, 1982; gem5 `TaggedPrefetcher`,
//! `mem/cache/prefetch/tagged.cc`).

use super::LINE;

/// Prefetches the next `degree` lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagged {
    degree: u64,
}

impl Tagged {
    /// One of `degree` lines.
    pub fn new(degree: u32) -> Self {
        Self {
            degree: degree.into(),
        }
    }

    pub(super) fn access(&self, address: u64, candidate: &mut impl FnMut(u64)) {
        for d in 1..=self.degree {
            candidate(address.wrapping_add(d * LINE));
        }
    }
}
