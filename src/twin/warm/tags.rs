//! A cache's content without times: its sets in LRU order.

/// A line: its address + 1 above two flags; 0 where there is none.
type Key = u64;
const DIRTY: Key = 1;
const PREFETCHED: Key = 2;
const FLAGS: u32 = 2;

/// A line that a set holds, or that had to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its line address.
    pub line: u64,
    /// To be written back.
    pub dirty: bool,
    /// Filled by a prefetch, and not requested since.
    pub prefetched: bool,
}

fn held(key: Key) -> Option<Held> {
    (key != 0).then(|| Held {
        line: (key >> FLAGS) - 1,
        dirty: key & DIRTY != 0,
        prefetched: key & PREFETCHED != 0,
    })
}

/// Sets of lines, each with the one that was used last first.
pub struct Tags {
    keys: Vec<Key>,
    ways: usize,
    mask: u64,
    changed: Changed,
}

/// A bit for each set that has changed.
#[derive(Clone)]
pub struct Changed(Vec<u64>);

impl Changed {
    /// For this many sets, none of which has.
    pub fn new(sets: usize) -> Self {
        Self(vec![0; sets.div_ceil(64)])
    }

    /// This one has.
    #[inline(always)]
    pub fn mark(&mut self, set: usize) {
        self.0[set / 64] |= 1 << (set % 64);
    }

    /// None has any more.
    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Sets that have changed here or there.
    pub fn or<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let words = self.0.iter().zip(&other.0).enumerate();
        words.flat_map(|(n, (a, b))| {
            let mut left = a | b;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(64 * n + bit)
            })
        })
    }
}

impl Tags {
    /// An empty cache.
    pub fn new(kib: u32, ways: u32) -> Self {
        let sets = (kib * 16 / ways) as usize;
        Self {
            keys: vec![0; sets * ways as usize],
            ways: ways as usize,
            mask: sets as u64 - 1,
            changed: Changed::new(sets),
        }
    }

    #[inline(always)]
    fn set(&mut self, line: u64) -> (usize, &mut [Key]) {
        let set = (line & self.mask) as usize;
        (set, &mut self.keys[set * self.ways..][..self.ways])
    }

    /// Looks for `line`, which becomes the one that was used last. Where it is there, `set` flags
    /// are set and `clear` ones cleared; what they were before.
    #[inline(always)]
    fn find(&mut self, line: u64, set: Key, clear: Key) -> Option<Key> {
        let address = line + 1;
        let (number, keys) = self.set(line);
        let first = keys[0];
        if first >> FLAGS == address {
            let now = first & !clear | set;
            if now != first {
                keys[0] = now;
                self.changed.mark(number);
            }
            return Some(first);
        }
        let way = keys.iter().position(|k| k >> FLAGS == address)?;
        let before = keys[way];
        keys.copy_within(..way, 1);
        keys[0] = before & !clear | set;
        self.changed.mark(number);
        Some(before)
    }

    /// A demand for `line`: where it is there, whether a prefetch brought it and this is the first
    /// one since.
    #[inline(always)]
    pub fn demand(&mut self, line: u64, write: bool) -> Option<bool> {
        let found = self.find(line, Key::from(write) * DIRTY, PREFETCHED)?;
        Some(found & PREFETCHED != 0)
    }

    /// `line` is written back into this cache: whether it is there.
    pub fn write_back(&mut self, line: u64, dirty: bool) -> bool {
        self.find(line, Key::from(dirty) * DIRTY, 0).is_some()
    }

    /// Whether the line is there; nothing changes.
    pub fn has(&self, line: u64) -> bool {
        let set = (line & self.mask) as usize;
        let keys = &self.keys[set * self.ways..][..self.ways];
        keys.iter().any(|k| k >> FLAGS == line + 1)
    }

    /// A line comes, which is not there: which one had to go.
    pub fn fill(&mut self, fill: Held) -> Option<Held> {
        let (number, keys) = self.set(fill.line);
        let last = keys.len() - 1;
        let out = held(keys[last]);
        keys.copy_within(..last, 1);
        let flags = Key::from(fill.prefetched) * PREFETCHED + Key::from(fill.dirty) * DIRTY;
        keys[0] = ((fill.line + 1) << FLAGS) + flags;
        self.changed.mark(number);
        out
    }

    /// Lines of a set, the one that was used last first.
    pub fn lines(&self, set: usize) -> impl Iterator<Item = Held> + '_ {
        let keys = &self.keys[set * self.ways..][..self.ways];
        keys.iter().map_while(|k| held(*k))
    }

    /// Sets that changed since [`Tags::taken`].
    pub fn changed(&self) -> &Changed {
        &self.changed
    }

    /// Every machine has taken what changed.
    pub fn taken(&mut self) {
        self.changed.clear();
    }
}
