//! One set-associative cache with LRU replacement, its misses in flight, and what blocks it.

use super::warm::tags::{Changed, Tags};

/// A line in a cache.
#[derive(Clone, Copy, Default)]
pub struct Line {
    /// Line address + 1; 0 where there is none.
    pub(super) tag: u64,
    /// From when on it can be used.
    pub ready: u64,
    /// When it was used last, in accesses.
    pub(super) used: u64,
    /// Which level it came from.
    pub level: u8,
    /// How many requested it while it was in flight, besides the first.
    pub waiting: u8,
    /// To be written back.
    pub dirty: bool,
    /// Filled by a prefetch, and not requested since.
    pub prefetched: bool,
}

/// Tags and replacement.
pub struct Cache {
    lines: Vec<Line>,
    ways: usize,
    mask: u64,
    clock: u64,
    /// Sets that were used since [`Cache::take`].
    used: Changed,
}

/// A line that had to go.
pub struct Evicted {
    /// Its line address.
    pub line: u64,
    /// Whether it must be written back.
    pub dirty: bool,
}

impl Cache {
    /// An empty cache.
    pub fn new(kib: u32, ways: u32) -> Self {
        let sets = kib * 16 / ways;
        Self {
            lines: vec![Line::default(); (sets * ways) as usize],
            ways: ways as usize,
            mask: u64::from(sets) - 1,
            clock: 0,
            used: Changed::new(sets as usize),
        }
    }

    #[inline(always)]
    fn set(&mut self, line: u64) -> &mut [Line] {
        let set = (line & self.mask) as usize;
        self.used.mark(set);
        &mut self.lines[set * self.ways..][..self.ways]
    }

    /// The line, made the most recent one of its set.
    #[inline(always)]
    pub fn find(&mut self, line: u64) -> Option<&mut Line> {
        self.clock += 1;
        let clock = self.clock;
        let found = self.set(line).iter_mut().find(|l| l.tag == line + 1)?;
        found.used = clock;
        Some(found)
    }

    /// Whether the line is there; nothing changes.
    #[inline(always)]
    pub fn has(&self, line: u64) -> bool {
        let first = (line & self.mask) as usize * self.ways;
        self.lines[first..first + self.ways]
            .iter()
            .any(|l| l.tag == line + 1)
    }

    /// What `tags`, a cache of the same shape, holds of the same stream takes the place of what this
    /// one has, from time 0 on.
    pub fn take(&mut self, tags: &Tags) {
        let newest = self.clock + self.ways as u64;
        for set in tags.changed().or(&self.used) {
            let mut held = tags.lines(set);
            for (way, line) in self.lines[set * self.ways..][..self.ways]
                .iter_mut()
                .enumerate()
            {
                *line = held.next().map_or_else(Line::default, |held| Line {
                    tag: held.line + 1,
                    used: newest - way as u64,
                    dirty: held.dirty,
                    prefetched: held.prefetched,
                    ..Line::default()
                });
            }
        }
        self.clock = newest;
        self.used.clear();
    }

    /// Puts a line in the place of the least recently used one.
    pub fn fill(&mut self, line: u64, fill: Line) -> Option<Evicted> {
        self.clock += 1;
        let clock = self.clock;
        let victim = self.set(line).iter_mut().min_by_key(|l| l.used)?;
        let old = std::mem::replace(
            victim,
            Line {
                tag: line + 1,
                used: clock,
                ..fill
            },
        );
        (old.tag != 0).then(|| Evicted {
            line: old.tag - 1,
            dirty: old.dirty,
        })
    }
}

#[cfg(test)]
impl Cache {
    /// Line, dirty, prefetched: each set's, the one that was used last first.
    pub(super) fn lines(&self) -> Vec<(u64, bool, bool)> {
        let mut lines = self.lines.clone();
        for set in lines.chunks_mut(self.ways) {
            set.sort_by_key(|l| std::cmp::Reverse(l.used));
        }
        lines
            .iter()
            .map(|l| (l.tag, l.dirty, l.prefetched))
            .collect()
    }
}

/// Accesses that may wait for a miss register at a time: more than a load queue holds.
const WAITING: usize = 160;
/// Of these, that one end is kept for.
const GROUP: usize = 8;

/// Answers of a cache to its core, of which one is seen in each cycle: gem5's port sends the others
/// a tick later, when the core has had its turn (`PacketQueue::schedSendEvent`).
pub struct Answers {
    /// Cycles with an answer, by cycle modulo their number; none are kept where all may come at once.
    cycles: Vec<u64>,
}

/// Cycles that are kept apart.
const ANSWERS: usize = 1 << 10;

impl Answers {
    /// Nothing is answered; `one` in each cycle, or any number.
    pub fn new(one: bool) -> Self {
        let cycles = if one { vec![0; ANSWERS] } else { Vec::new() };
        Self { cycles }
    }

    /// When the core sees an answer that comes at `at`.
    pub fn seen(&mut self, at: u64) -> u64 {
        match self.cycles.get_mut(at as usize % ANSWERS) {
            Some(cycle) if *cycle == at => at + 1,
            Some(cycle) => {
                *cycle = at;
                at
            }
            None => at,
        }
    }
}

/// Miss status holding registers: what is in flight when, and when a cache has no more of them.
///
/// Accesses come in the order of the program, not of time: a register that is taken later is free
/// for an access that is earlier.
pub struct Mshrs {
    /// From when to when registers are taken: the last ones, oldest first.
    taken: Vec<(u64, u64)>,
    /// The latest end of each [`GROUP`] of them: most are over.
    ends: Vec<u64>,
    next: usize,
    count: usize,
    /// The end of the last one.
    latest: u64,
}

impl Mshrs {
    /// None is taken.
    pub fn new(count: u32) -> Self {
        let count = count as usize;
        let groups = (count + WAITING).div_ceil(GROUP);
        Self {
            taken: vec![(0, 0); groups * GROUP],
            ends: vec![0; groups],
            next: 0,
            count,
            latest: 0,
        }
    }

    /// When an access at `now` is accepted: not while all registers are taken.
    #[inline(always)]
    pub fn accepted(&self, now: u64) -> u64 {
        self.free(now, 1)
    }

    /// When `spare` registers are free, from `now` on; never, where there are not as many.
    #[inline(always)]
    pub fn free(&self, now: u64, spare: usize) -> u64 {
        if now >= self.latest && spare <= self.count {
            now
        } else {
            self.wait(now, spare)
        }
    }

    #[cold]
    fn wait(&self, mut now: u64, spare: usize) -> u64 {
        loop {
            let (mut under_way, mut first_end) = (0, u64::MAX);
            for (group, end) in self.taken.chunks_exact(GROUP).zip(&self.ends) {
                if *end > now {
                    for (_, end) in group.iter().filter(|t| t.0 <= now && now < t.1) {
                        under_way += 1;
                        first_end = first_end.min(*end);
                    }
                }
            }
            if under_way + spare <= self.count {
                return now;
            }
            if first_end == u64::MAX {
                return u64::MAX;
            }
            now = first_end;
        }
    }

    /// Takes one from `now` until `until`.
    pub fn take(&mut self, now: u64, until: u64) {
        self.taken[self.next] = (now, until);
        let group = self.next / GROUP;
        let of_group = &self.taken[group * GROUP..][..GROUP];
        self.ends[group] = of_group.iter().map(|t| t.1).max().unwrap_or(0);
        self.next += 1;
        if self.next == self.taken.len() {
            self.next = 0;
        }
        self.latest = self.latest.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A set as a list, the most recent line first.
    #[derive(Default)]
    struct Naive(std::collections::HashMap<u64, Vec<(u64, bool)>>);

    impl Naive {
        /// Whether `line` hits, and what a miss pushes out.
        fn access(
            &mut self,
            line: u64,
            sets: u64,
            ways: usize,
            write: bool,
        ) -> (bool, Option<(u64, bool)>) {
            let set = self.0.entry(line % sets).or_default();
            let at = set.iter().position(|l| l.0 == line);
            let dirty = at.is_some_and(|at| set.remove(at).1) | write;
            set.insert(0, (line, dirty));
            (
                at.is_some(),
                (set.len() > ways).then(|| set.pop().expect("one too many")),
            )
        }
    }

    #[test]
    fn one_answer_is_seen_in_each_cycle_where_the_port_gives_one() {
        let seen = |one| {
            let mut answers = Answers::new(one);
            [5, 5, 5, 6, 9, 5].map(|at| answers.seen(at))
        };
        assert_eq!(seen(true), [5, 6, 6, 6, 9, 6]);
        assert_eq!(seen(false), [5, 5, 5, 6, 9, 5]);
    }

    proptest! {
        #[test]
        fn a_cache_is_its_sets_in_order_of_use(
            accesses in prop::collection::vec((0u64..96, any::<bool>()), 1..400),
            shape in prop::sample::select(vec![(1u32, 1u32), (1, 2), (1, 4), (2, 8), (1, 16)]),
        ) {
            let (kib, ways) = shape;
            let sets = u64::from(kib * 16 / ways);
            let mut cache = Cache::new(kib, ways);
            let mut naive = Naive::default();
            for (line, write) in accesses {
                let (hit, out) = naive.access(line, sets, ways as usize, write);
                prop_assert_eq!(cache.has(line), hit);
                match cache.find(line) {
                    Some(l) => {
                        l.dirty |= write;
                        prop_assert!(hit);
                    }
                    None => {
                        let evicted = cache.fill(line, Line { dirty: write, ..Line::default() });
                        prop_assert_eq!(evicted.map(|e| (e.line, e.dirty)), out);
                    }
                }
            }
        }
    }

    #[test]
    fn a_cache_without_miss_registers_blocks_until_one_is_free() {
        let mut m = Mshrs::new(2);
        m.take(10, 50);
        assert_eq!([1, 2, 3].map(|spare| m.free(12, spare)), [12, 50, u64::MAX]);
        m.take(12, 40);
        assert_eq!([11, 12, 39, 40].map(|t| m.accepted(t)), [11, 40, 40, 40]);
        m.take(40, 90);
        assert_eq!(m.accepted(45), 50);
        // A later reservation does not delay an earlier access.
        m.take(200, 300);
        m.take(201, 300);
        assert_eq!([150, 250].map(|t| m.accepted(t)), [150, 300]);
    }
}
