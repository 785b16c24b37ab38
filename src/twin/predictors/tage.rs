//! TAGE: tables tagged by ever longer histories behind a bimodal one (Seznec and Michaud, A case
//! for (partially) tagged geometric history length branch prediction, 2006; gem5 `TAGEBase`,
//! `cpu/pred/tage_base.cc`).
//!
//! Sizes are those of gem5's `TAGE` (8 components, 63.5 Kbit) and of the tables within its `LTAGE`
//! (13 components). Histories are speculative, and all branches enter them.

use super::counters::{step, step_signed, strength, Random};
use super::folded_history::History;
use std::sync::OnceLock;

/// Most tagged tables.
pub(super) const TABLES: usize = 12;
const COUNTER_BITS: u32 = 3;
const USEFUL_MAX: u8 = 3;
const PATH_BITS: u32 = 16;

/// A table's entry. Unused ones match tag 0, as in gem5.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C)]
pub(super) struct Entry {
    pub(super) tag: u16,
    pub(super) counter: i8,
    pub(super) useful: u8,
}

/// The tables' shape; entry 0 is the bimodal table.
struct Shape {
    min_history: u32,
    max_history: u32,
    tag_bits: &'static [u32],
    log2: &'static [u32],
    /// Branches between two agings of the useful counters.
    log2_aging: u32,
}

const TAGE: Shape = Shape {
    min_history: 5,
    max_history: 130,
    tag_bits: &[0, 9, 9, 10, 10, 11, 11, 12],
    log2: &[13, 9, 9, 9, 9, 9, 9, 9],
    log2_aging: 18,
};
const L_TAGE: Shape = Shape {
    min_history: 4,
    max_history: 640,
    tag_bits: &[0, 7, 7, 8, 8, 9, 10, 11, 12, 12, 13, 14, 15],
    log2: &[14, 10, 10, 11, 11, 11, 11, 10, 10, 10, 10, 9, 9],
    log2_aging: 19,
};

/// `tables` lengths in geometric progression.
pub(super) fn history_lengths(min: u32, max: u32, tables: usize) -> Vec<u32> {
    let ratio = f64::from(max) / f64::from(min);
    (0..tables)
        .map(|i| match i {
            0 => min,
            i if i == tables - 1 => max,
            i => {
                let power = i as f64 / (tables - 1) as f64;
                (f64::from(min) * ratio.powf(power) + 0.5) as u32
            }
        })
        .collect()
}

/// The table without tags: four branches share a bit of hysteresis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bimodal {
    taken: Vec<u8>,
    firm: Vec<u8>,
}

impl Bimodal {
    pub(super) fn new(log2: u32) -> Self {
        Self {
            taken: vec![0; 1 << log2],
            firm: vec![1; 1 << log2 >> 2],
        }
    }

    pub(super) fn mask(&self) -> usize {
        self.taken.len() - 1
    }

    /// The two-bit counter that prediction and hysteresis make.
    #[inline]
    pub(super) fn counter(&self, at: usize) -> u8 {
        self.taken[at] << 1 | self.firm[at >> 2]
    }

    #[inline]
    pub(super) fn train(&mut self, at: usize, taken: bool) {
        let mut counter = self.counter(at);
        step(&mut counter, taken, 3);
        (self.taken[at], self.firm[at >> 2]) = (counter >> 1, counter & 1);
    }
}

/// The tables and the speculative histories.
#[derive(Debug, Clone, PartialEq)]
pub struct Tage {
    bimodal: Bimodal,
    /// All tagged tables, one after the other.
    entries: Vec<Entry>,
    /// How many of them.
    count: usize,
    tables: Layout,
    history: History<TABLES>,
    path: u32,
    paths: &'static Paths,
    /// Negative: newly allocated entries are trusted.
    use_alternate: i8,
    ticks: u32,
    log2_aging: u32,
    random: Random,
}

/// Where tables are, and how their indices and tags are made.
#[derive(Debug, Clone, PartialEq, Default)]
struct Layout {
    start: [u32; TABLES],
    /// Of an index.
    mask: [u32; TABLES],
    /// How the address is folded.
    shift: [u32; TABLES],
    tag_mask: [u32; TABLES],
}

/// What a byte of the path adds to each table's index: the lower byte's first.
type Paths = [[u16; TABLES]; 512];

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    bimodal: u16,
    /// The table of the longest match, from 1; 0 is the bimodal one.
    hit: u8,
    alternate: u8,
    pub(super) prediction: bool,
    longest: bool,
    other: bool,
    /// The longest match was weak, as a new entry is.
    new: bool,
    /// Places in `entries`.
    places: [u16; TABLES],
    tags: [u16; TABLES],
}

/// How the path is mixed into the indices of tables that see so much of it (gem5's `F`): rotated by
/// the number of the table. Each bit goes to some bits, so that bytes can be looked up apart.
fn of_paths(shape: &Shape, lengths: &[u32]) -> Paths {
    let mut paths = [[0; TABLES]; 512];
    for (n, row) in paths.iter_mut().enumerate() {
        let path = if n < 256 { n } else { (n & 255) << 8 } as u32;
        for (table, (mixed, length)) in row.iter_mut().zip(lengths).enumerate() {
            let (log2, bank) = (shape.log2[table + 1], table as u32 + 1);
            let mask = (1 << log2) - 1;
            let rotate = |x: u32| {
                // A table whose number exceeds its bits keeps nothing of the upper part.
                ((x << bank) & mask) + x.checked_shr(log2.wrapping_sub(bank)).unwrap_or(0)
            };
            let seen = path & ((1 << length.min(&PATH_BITS)) - 1);
            *mixed = rotate((seen & mask) ^ rotate(seen >> log2)) as u16;
        }
    }
    paths
}

impl Tage {
    /// gem5's `TAGE`.
    pub fn new() -> Self {
        static PATHS: OnceLock<Paths> = OnceLock::new();
        Self::with(&TAGE, &PATHS)
    }

    /// The tables of gem5's `LTAGE`.
    pub(super) fn of_l_tage() -> Self {
        static PATHS: OnceLock<Paths> = OnceLock::new();
        Self::with(&L_TAGE, &PATHS)
    }

    pub(super) fn without_chance(&mut self) {
        self.random = Random::zeros();
    }

    fn with(shape: &Shape, paths: &'static OnceLock<Paths>) -> Self {
        let count = shape.log2.len() - 1;
        let lengths = history_lengths(shape.min_history, shape.max_history, count);
        let mut start = 0;
        let mut tables = Layout::default();
        let mut folds = Vec::new();
        for (i, &length) in lengths.iter().enumerate() {
            let (log2, tag_bits) = (shape.log2[i + 1], shape.tag_bits[i + 1]);
            tables.start[i] = start;
            tables.mask[i] = (1 << log2) - 1;
            tables.shift[i] = log2.abs_diff(i as u32 + 1) + 1;
            tables.tag_mask[i] = (1 << tag_bits) - 1;
            folds.push((length, [log2, tag_bits, tag_bits - 1]));
            start += 1 << log2;
        }
        Self {
            bimodal: Bimodal::new(shape.log2[0]),
            entries: vec![Entry::default(); start as usize],
            count,
            tables,
            history: History::new(&folds),
            path: 0,
            paths: paths.get_or_init(|| of_paths(shape, &lengths)),
            use_alternate: 0,
            ticks: 1 << 17,
            log2_aging: shape.log2_aging,
            random: Random::new(),
        }
    }

    #[inline]
    pub(super) fn lookup(&self, pc: u64) -> Seen {
        let word = (pc >> 1) as u32;
        let at = (pc >> 1) as usize & self.bimodal.mask();
        let mut seen = Seen {
            bimodal: at as u16,
            hit: 0,
            alternate: 0,
            prediction: false,
            longest: false,
            other: false,
            new: false,
            places: [0; TABLES],
            tags: [0; TABLES],
        };
        let [folds, tags, tags2] = self.history.all_folds();
        let [low, high] = [
            &self.paths[self.path as usize & 255],
            &self.paths[256 + (self.path as usize >> 8 & 255)],
        ];
        let t = &self.tables;
        for i in 0..TABLES {
            let path = u32::from(low[i] ^ high[i]);
            let index = word ^ (word >> t.shift[i]) ^ folds[i] ^ path;
            seen.places[i] = (t.start[i] + (index & t.mask[i])) as u16;
            seen.tags[i] = ((word ^ tags[i] ^ tags2[i] << 1) & t.tag_mask[i]) as u16;
        }
        for i in 0..self.count {
            if self.entries[usize::from(seen.places[i])].tag == seen.tags[i] {
                (seen.alternate, seen.hit) = (seen.hit, i as u8 + 1);
            }
        }
        let bimodal = self.bimodal.counter(at) >= 2;
        let says = |table: u8| match table {
            0 => bimodal,
            table => self.entries[usize::from(seen.places[usize::from(table) - 1])].counter >= 0,
        };
        (seen.longest, seen.other) = (says(seen.hit), says(seen.alternate));
        if seen.hit > 0 {
            let entry = self.entries[usize::from(seen.places[usize::from(seen.hit) - 1])];
            seen.new = strength(entry.counter) <= 1;
        }
        seen.prediction = if seen.new && self.use_alternate >= 0 {
            seen.other
        } else {
            seen.longest
        };
        seen
    }

    #[inline]
    pub(super) fn push(&mut self, pc: u64, taken: bool) {
        self.history.push(taken);
        self.path = (self.path << 1 | (pc >> 1) as u32 & 1) & ((1 << PATH_BITS) - 1);
    }

    /// A conditional branch.
    pub(super) fn train(&mut self, seen: &Seen, taken: bool) {
        let mut allocate = seen.prediction != taken && usize::from(seen.hit) < self.count;
        if seen.new {
            // It was right: nothing longer is needed, whatever was predicted.
            allocate &= seen.longest != taken;
            if seen.longest != seen.other {
                step_signed(&mut self.use_alternate, seen.other == taken, 4);
            }
        }
        if allocate {
            self.allocate(seen, taken);
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks & ((1 << self.log2_aging) - 1) == 0 {
            self.entries.iter_mut().for_each(|e| e.useful >>= 1);
        }
        self.train_tables(seen, taken);
    }

    /// Takes an entry of a table with longer history, often but not always the next.
    fn allocate(&mut self, seen: &Seen, taken: bool) {
        let (hit, count) = (usize::from(seen.hit), self.count);
        let place = |table: usize| usize::from(seen.places[table]);
        let draw = self.random.next() & 3 & ((1u32 << (count - hit - 1).min(2)) - 1);
        let first = hit + [0, 1, 0, 2][draw as usize];
        if (hit..count).all(|t| self.entries[place(t)].useful > 0) {
            self.entries[place(first)].useful = 0;
        }
        if let Some(t) = (first..count).find(|&t| self.entries[place(t)].useful == 0) {
            let entry = &mut self.entries[place(t)];
            entry.tag = seen.tags[t];
            entry.counter = if taken { 0 } else { -1 };
        }
    }

    fn train_tables(&mut self, seen: &Seen, taken: bool) {
        if seen.hit == 0 {
            return self.bimodal.train(usize::from(seen.bimodal), taken);
        }
        let place = |table: u8| usize::from(seen.places[usize::from(table) - 1]);
        let entry = &mut self.entries[place(seen.hit)];
        step_signed(&mut entry.counter, taken, COUNTER_BITS);
        let unproven = entry.useful == 0;
        if unproven {
            match seen.alternate {
                0 => self.bimodal.train(usize::from(seen.bimodal), taken),
                t => step_signed(&mut self.entries[place(t)].counter, taken, COUNTER_BITS),
            }
        }
        if seen.prediction != seen.other {
            let entry = &mut self.entries[place(seen.hit)];
            step(&mut entry.useful, seen.prediction == taken, USEFUL_MAX);
        }
    }
}

impl Default for Tage {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The newest outcomes first, cut into pieces of `bits` and XORed.
    fn fold(outcomes: &[bool], length: u32, bits: u32) -> u32 {
        let young = outcomes.iter().rev().take(length as usize);
        (0..).zip(young).fold(0, |x, (age, &taken): (u32, _)| {
            x ^ u32::from(taken) << (age % bits)
        })
    }

    #[test]
    fn lengths_are_those_of_the_papers() {
        assert_eq!(history_lengths(5, 130, 7), [5, 9, 15, 25, 44, 76, 130]);
        assert_eq!(
            history_lengths(4, 640, 12),
            [4, 6, 10, 16, 25, 40, 64, 101, 160, 254, 403, 640]
        );
    }

    #[test]
    fn indices_and_tags_are_those_of_the_whole_history() {
        for (mut p, shape) in [(Tage::new(), &TAGE), (Tage::of_l_tage(), &L_TAGE)] {
            let count = shape.log2.len() - 1;
            let lengths = history_lengths(shape.min_history, shape.max_history, count);
            let (mut outcomes, mut path) = (Vec::new(), 0u32);
            let mut random = Random::new();
            for _ in 0..2000 {
                let pc = 0x1_0000 + u64::from(random.next() & 0xffff) * 2;
                let taken = random.once_in(1);
                let (seen, word) = (p.lookup(pc), (pc >> 1) as u32);
                let mut start = 0;
                for (i, &length) in lengths.iter().enumerate().take(count) {
                    let (bank, log2) = (i as u32 + 1, shape.log2[i + 1]);
                    let mask = (1u32 << log2) - 1;
                    let rotate = |x: u32| {
                        let upper = if bank > log2 { 0 } else { x >> (log2 - bank) };
                        (x << bank & mask) + upper
                    };
                    let seen_path = path & ((1 << length.min(16)) - 1);
                    let path = rotate(seen_path & mask ^ rotate(seen_path >> log2));
                    let shift = log2.abs_diff(bank) + 1;
                    let index = word ^ word >> shift ^ fold(&outcomes, length, log2) ^ path;
                    assert_eq!(u32::from(seen.places[i]), start + (index & mask));
                    let bits = shape.tag_bits[i + 1];
                    let tag = word
                        ^ fold(&outcomes, length, bits)
                        ^ fold(&outcomes, length, bits - 1) << 1;
                    assert_eq!(u32::from(seen.tags[i]), tag & ((1 << bits) - 1));
                    start += mask + 1;
                }
                p.push(pc, taken);
                outcomes.push(taken);
                path = (path << 1 | word & 1) & 0xffff;
            }
        }
    }

    #[test]
    fn a_new_entry_is_weak_and_useful_once_it_was_right_alone() {
        let mut p = Tage::new();
        // The empty entries match tag 0: a branch with another tag hits none.
        let pc = 0x1_2346;
        let seen = p.lookup(pc);
        assert_eq!((seen.hit, seen.prediction), (0, false));
        p.train(&seen, true);
        let seen = p.lookup(pc);
        assert!((1..=3).contains(&seen.hit), "one of the next three tables");
        assert!(seen.new && seen.longest);
        p.train(&seen, true);
        let place = usize::from(seen.places[usize::from(seen.hit) - 1]);
        assert_eq!((p.entries[place].counter, p.entries[place].useful), (1, 0));
        p.bimodal.taken[usize::from(seen.bimodal)] = 0;
        let seen = p.lookup(pc);
        assert!(seen.prediction && !seen.new && !seen.other);
        p.train(&seen, true);
        assert_eq!((p.entries[place].counter, p.entries[place].useful), (2, 1));
    }
}
