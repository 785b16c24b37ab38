//! The first-level caches, shared by cores whose own have equal shapes. Their misses are recorded
//! for the caches below.

use super::super::pages::wrong_lines;
use super::super::parameters::{CoreParameters, PrefetcherKind};
use super::super::prefetchers::{Access, Prefetcher, Queue, Requestor, Wanted};
use super::stream::Stream;
use super::tags::{Held, Tags};

/// What a first cache asks the second one for.
#[derive(Clone, Copy)]
pub struct Miss {
    /// The retirement's number in the block.
    pub n: u32,
    /// What makes the request.
    pub requestor: Requestor,
    /// Physical address.
    pub address: u64,
    /// The instruction that makes it.
    pub pc: u64,
    /// What goes to the second cache then.
    pub out: Option<Held>,
}

/// What makes two instruction caches equal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct InstructionShape {
    kib: u32,
    ways: u32,
}

impl InstructionShape {
    /// That of a core.
    pub fn of(p: &CoreParameters) -> Self {
        Self {
            kib: p.l1i_kib,
            ways: p.l1i_assoc,
        }
    }
}

/// An instruction cache.
pub struct Instruction {
    pub(super) tags: Tags,
    pub(super) misses: Vec<Miss>,
}

impl Instruction {
    /// An empty one.
    pub fn new(shape: &InstructionShape) -> Self {
        Self {
            tags: Tags::new(shape.kib, shape.ways),
            misses: Vec::new(),
        }
    }

    /// The lines that a block fetches.
    pub fn run(&mut self, stream: &Stream) {
        self.misses.clear();
        for fetch in &stream.fetches {
            let mut address = fetch.address;
            if fetch.wrong {
                let missing = wrong_lines(address).find(|a| !self.tags.has(a >> 6));
                match missing {
                    Some(line) => address = line,
                    None => continue,
                }
            }
            let line = address >> 6;
            if self.tags.demand(line, false).is_none() {
                let out = self.tags.fill(Held {
                    line,
                    dirty: false,
                    prefetched: false,
                });
                self.misses.push(Miss {
                    n: fetch.n,
                    requestor: Requestor::Fetch,
                    address,
                    pc: 0,
                    // Clean lines are written back, too (gem5's `writeback_clean`).
                    out,
                });
            }
        }
    }
}

/// What makes two prefetchers equal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct PrefetcherShape {
    kind: PrefetcherKind,
    degree: u32,
    /// Of those that count time.
    cycle_ns: f64,
}

impl PrefetcherShape {
    /// One of a core whose cycles last `cycle_ns`.
    pub fn new(kind: PrefetcherKind, degree: u32, cycle_ns: f64) -> Self {
        let counts = kind == PrefetcherKind::Ampm;
        let has_degree = matches!(kind, PrefetcherKind::Tagged | PrefetcherKind::Stride);
        Self {
            kind,
            degree: if has_degree { degree } else { 0 },
            cycle_ns: if counts { cycle_ns } else { 0.0 },
        }
    }

    /// It, at the start of a stream.
    pub fn build(&self) -> Prefetcher {
        let name = self.kind.word();
        Prefetcher::from_name(name, self.degree, self.cycle_ns).expect("every word has one")
    }
}

/// What makes two data caches equal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DataShape {
    kib: u32,
    ways: u32,
    prefetcher: PrefetcherShape,
}

impl DataShape {
    /// That of a core.
    pub fn of(p: &CoreParameters) -> Self {
        Self {
            kib: p.l1d_kib,
            ways: p.l1d_assoc,
            prefetcher: PrefetcherShape::new(
                p.l1d_prefetcher,
                p.l1d_prefetch_degree,
                1.0 / p.clock_ghz,
            ),
        }
    }
}

/// A prefetcher and what it wants.
pub struct Fetcher {
    pub(super) prefetcher: Prefetcher,
    queue: Queue,
    wanted: Vec<u64>,
}

impl Fetcher {
    /// One at the start of a stream.
    pub fn new(shape: &PrefetcherShape) -> Self {
        Self {
            prefetcher: shape.build(),
            queue: Queue::new(),
            wanted: Vec::new(),
        }
    }

    /// It sees an access. What it wants then, [`Fetcher::next`] says.
    #[inline(always)]
    pub fn observe(&mut self, access: &Access) {
        self.prefetcher
            .observe(access, &mut self.queue, &mut self.wanted);
    }

    /// The next line that it wants and that `tags` has not.
    #[inline(always)]
    pub fn next(&mut self, tags: &Tags) -> Option<Wanted> {
        loop {
            let wanted = self.queue.pop(u64::MAX)?;
            if !tags.has(wanted.address >> 6) {
                return Some(wanted);
            }
        }
    }
}

/// A data cache.
pub struct Data {
    pub(super) tags: Tags,
    pub(super) fetcher: Fetcher,
    pub(super) misses: Vec<Miss>,
}

impl Data {
    /// An empty one.
    pub fn new(shape: &DataShape) -> Self {
        Self {
            tags: Tags::new(shape.kib, shape.ways),
            fetcher: Fetcher::new(&shape.prefetcher),
            misses: Vec::new(),
        }
    }

    /// The loads and stores of a block.
    pub fn run(&mut self, stream: &Stream) {
        self.misses.clear();
        for a in &stream.accesses {
            let line = a.address >> 6;
            let (miss, prefetched) = match self.tags.demand(line, a.write) {
                Some(false) => continue,
                Some(true) => (false, true),
                None => (true, false),
            };
            let requestor = Requestor::Data;
            if miss {
                self.fill(a.n, requestor, a.address, a.pc, a.write);
            }
            self.fetcher.observe(&Access {
                pc: a.pc,
                address: a.address,
                requestor,
                miss,
                prefetched,
                now: stream.start + u64::from(a.n),
            });
            while let Some(Wanted { address, pc }) = self.fetcher.next(&self.tags) {
                self.fill(a.n, Requestor::Prefetcher, address, pc, false);
                self.fetcher.prefetcher.filled(address);
            }
        }
    }

    fn fill(&mut self, n: u32, requestor: Requestor, address: u64, pc: u64, dirty: bool) {
        let out = self.tags.fill(Held {
            line: address >> 6,
            dirty,
            prefetched: requestor == Requestor::Prefetcher,
        });
        self.misses.push(Miss {
            n,
            requestor,
            address,
            pc,
            out: out.filter(|o| o.dirty),
        });
    }
}
