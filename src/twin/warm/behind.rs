//! The caches below the first level. Cores whose whole hierarchies have equal shapes share them.

use super::super::parameters::{CoreParameters, L3_WAYS};
use super::super::prefetchers::{Access, Wanted};
use super::first::{Data, Fetcher, Instruction, Miss, PrefetcherShape};
use super::tags::{Held, Tags};

/// What makes two second and third caches equal, besides the first ones.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Shape {
    /// The first caches, among those that there are.
    pub(super) instruction: usize,
    pub(super) data: usize,
    fetch_bytes: u32,
    kib: u32,
    ways: u32,
    prefetcher: PrefetcherShape,
    third_kib: u32,
}

impl Shape {
    /// That of a core with first caches of these numbers.
    pub fn of(p: &CoreParameters, instruction: usize, data: usize) -> Self {
        Self {
            instruction,
            data,
            fetch_bytes: p.fetch_bytes,
            kib: p.l2_kib,
            ways: p.l2_assoc,
            prefetcher: PrefetcherShape::new(
                p.l2_prefetcher,
                p.l2_prefetch_degree,
                1.0 / p.clock_ghz,
            ),
            third_kib: p.l3_kib,
        }
    }
}

/// A second cache, and a third one where there is one.
pub struct Behind {
    pub(super) shape: Shape,
    pub(super) second: Tags,
    pub(super) fetcher: Fetcher,
    pub(super) third: Option<Tags>,
}

impl Behind {
    /// Empty ones.
    pub fn new(shape: Shape) -> Self {
        let third = (shape.third_kib > 0).then(|| Tags::new(shape.third_kib, L3_WAYS));
        Self {
            second: Tags::new(shape.kib, shape.ways),
            fetcher: Fetcher::new(&shape.prefetcher),
            third,
            shape,
        }
    }

    /// What missed the first caches in a block that begins at `start`.
    pub fn run(&mut self, instruction: &Instruction, data: &Data, start: u64) {
        let mask = !u64::from(self.shape.fetch_bytes - 1);
        let mut data = data.misses.iter().peekable();
        for fetch in &instruction.misses {
            while let Some(miss) = data.next_if(|d| d.n < fetch.n) {
                self.miss(miss, start);
            }
            let address = fetch.address & mask;
            let pc = address;
            self.miss(
                &Miss {
                    address,
                    pc,
                    ..*fetch
                },
                start,
            );
        }
        for miss in data {
            self.miss(miss, start);
        }
    }

    fn miss(&mut self, m: &Miss, start: u64) {
        let line = m.address >> 6;
        let found = self.second.demand(line, false);
        if found.is_none() {
            self.third(line);
            self.fill(line, false, false);
        }
        self.fetcher.observe(&Access {
            pc: m.pc,
            address: m.address,
            requestor: m.requestor,
            miss: found.is_none(),
            prefetched: found == Some(true),
            now: start + u64::from(m.n),
        });
        while let Some(Wanted { address, .. }) = self.fetcher.next(&self.second) {
            self.third(address >> 6);
            self.fill(address >> 6, false, true);
            self.fetcher.prefetcher.filled(address);
        }
        if let Some(out) = m.out {
            if !self.second.write_back(out.line, out.dirty) {
                self.fill(out.line, out.dirty, false);
            }
        }
    }

    fn fill(&mut self, line: u64, dirty: bool, prefetched: bool) {
        let fill = Held {
            line,
            dirty,
            prefetched,
        };
        let out = self.second.fill(fill).filter(|o| o.dirty);
        if let (Some(out), Some(third)) = (out, &mut self.third) {
            if !third.write_back(out.line, true) {
                third.fill(Held {
                    prefetched: false,
                    ..out
                });
            }
        }
    }

    fn third(&mut self, line: u64) {
        if let Some(third) = &mut self.third {
            if third.demand(line, false).is_none() {
                third.fill(Held {
                    line,
                    dirty: false,
                    prefetched: false,
                });
            }
        }
    }
}
