//! The TAGE within TAGE-SC-L (Seznec, TAGE-SC-L branch predictors again, 2016; gem5
//! `cpu/pred/tage_sc_l.cc`, `tage_sc_l_8KB.cc`, `tage_sc_l_64KB.cc`).
//!
//! Against [`super::tage`]: tables share two banks of entries, interleaved by address and path; two
//! neighbours have the same history and are two ways; some do not exist. Each branch puts two or
//! three bits of its address into the history. gem5 moves the histories at commit.

use super::counters::{step, step_signed, strength, Random};
use super::folded_history::History;
use super::tage::{history_lengths, Bimodal, Entry};

/// Most tables.
const TABLES: usize = 36;
const COUNTER_BITS: u32 = 3;
const PATH_BITS: u32 = 27;

/// The tables' shape.
struct Shape {
    /// From 1; a bit each for those that exist.
    exist: u64,
    count: usize,
    min_history: u32,
    max_history: u32,
    log2: u32,
    log2_bimodal: u32,
    /// Tables of short tags and of long ones that would fit into the two banks.
    banks: [u64; 2],
    first_long: usize,
    useful_max: u8,
}

const fn bits(tables: &[usize]) -> u64 {
    let (mut all, mut i) = (0, 0);
    while i < tables.len() {
        all |= 1 << tables[i];
        i += 1;
    }
    all
}

const SMALL: Shape = Shape {
    exist: bits(&[
        2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24, 26, 28, 30,
    ]),
    count: 30,
    min_history: 4,
    max_history: 1000,
    log2: 7,
    log2_bimodal: 12,
    banks: [9, 17],
    first_long: 11,
    useful_max: 3,
};
const LARGE: Shape = Shape {
    exist: bits(&[
        2, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 26, 28, 32, 36,
    ]),
    count: 36,
    min_history: 6,
    max_history: 3000,
    log2: 10,
    log2_bimodal: 13,
    banks: [10, 20],
    first_long: 13,
    useful_max: 1,
};
const SHORT_TAG: u32 = 8;
const LONG_TAG: u32 = 12;

/// The tagged tables, their banks and histories.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tables {
    shape: &'static Shape,
    bimodal: Bimodal,
    /// The bank of short tags, then that of long ones.
    entries: Vec<Entry>,
    /// Of pairs of tables.
    history: History<{ TABLES / 2 }>,
    lengths: Vec<u32>,
    path: i32,
    use_alternate: [i8; 15],
    ticks: i32,
}

/// The two of them differ in this.
impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tables", self.count)
    }
}

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    bimodal: u16,
    /// The table of the longest match, from 1; 0 is the bimodal one.
    pub(super) hit: u8,
    pub(super) alternate: u8,
    pub(super) prediction: bool,
    pub(super) longest: bool,
    pub(super) other: bool,
    /// The longest match was weak, as a new entry is.
    new: bool,
    other_sure: bool,
    /// The bimodal counter was saturated.
    pub(super) bimodal_sure: bool,
    /// The longest match's counter.
    pub(super) counter: i8,
    /// Places in `entries` of tables that exist, from table 1.
    places: [u16; TABLES],
    /// Tags of pairs of tables.
    tags: [u16; TABLES / 2],
}

impl Seen {
    fn place(&self, table: u8) -> usize {
        usize::from(self.places[usize::from(table) - 1])
    }
}

impl Tables {
    pub(super) fn small() -> Self {
        Self::with(&SMALL)
    }

    pub(super) fn large() -> Self {
        Self::with(&LARGE)
    }

    fn with(shape: &'static Shape) -> Self {
        let lengths = history_lengths(shape.min_history, shape.max_history, shape.count / 2);
        let small = std::ptr::eq(shape, &SMALL);
        let folds: Vec<_> = (0..)
            .zip(&lengths)
            .map(|(pair, &length)| {
                let tag = Self::tag_bits(shape, 2 * pair as usize + 1);
                let folds = if small {
                    [17 + 2 * pair % 4, 13, 11]
                } else {
                    [shape.log2, tag, tag - 1]
                };
                (length, folds)
            })
            .collect();
        let size = (shape.banks[0] + shape.banks[1]) << shape.log2;
        Self {
            shape,
            bimodal: Bimodal::new(shape.log2_bimodal),
            entries: vec![Entry::default(); size as usize],
            history: History::new(&folds),
            lengths,
            path: 0,
            use_alternate: [0; 15],
            ticks: 1 << 9,
        }
    }

    fn tag_bits(shape: &Shape, table: usize) -> u32 {
        if table < shape.first_long {
            SHORT_TAG
        } else {
            LONG_TAG
        }
    }

    fn is_small(&self) -> bool {
        self.shape.useful_max == SMALL.useful_max
    }

    fn exists(&self, table: usize) -> bool {
        self.shape.exist >> table & 1 == 1
    }

    pub(super) fn path(&self) -> i32 {
        self.path
    }

    /// Mixes the path into a table's index (gem5's `F`).
    fn mixed_path(&self, table: usize, length: u32) -> i32 {
        let (log2, bank) = (self.shape.log2, table as u32);
        let mask = (1 << log2) - 1;
        let rotate = |x: i32| {
            if bank < log2 {
                ((x << bank) & mask) + (x >> (log2 - bank))
            } else {
                x
            }
        };
        let path = self.path & ((1 << length.min(PATH_BITS)) - 1);
        rotate((path & mask) ^ rotate(path >> log2))
    }

    /// Index and tag of the pair of tables of which `table` is the first.
    fn index_and_tag(&self, pc: u64, table: usize) -> (i32, u16) {
        let (log2, pair) = (self.shape.log2, table / 2);
        let [fold, tag_fold, tag_fold2] = self.history.folds(pair).map(|f| f as i32);
        let path = self.mixed_path(table, self.lengths[pair]);
        let bits = Self::tag_bits(self.shape, table);
        let word = pc as u32;
        let shift = log2.abs_diff(table as u32) + 1;
        let mut index = (word ^ word >> shift) as i32 ^ fold ^ path;
        let mut tag = pc as i32 ^ tag_fold ^ tag_fold2 << 1;
        if self.is_small() {
            index ^= index >> log2 ^ index >> (2 * log2);
            let before = match pair {
                0 => 0,
                pair => self.history.folds(pair - 1)[0] as i32,
            };
            let hash = before << 2 ^ pc as i32 ^ (pc >> 1) as i32 ^ fold;
            tag = hash >> 1 ^ (hash & 1) << 10 ^ path ^ tag_fold ^ tag_fold2 << 1;
            tag ^= tag >> bits;
        }
        (index & ((1 << log2) - 1), (tag & ((1 << bits) - 1)) as u16)
    }

    pub(super) fn lookup(&self, pc: u64) -> Seen {
        let shape = self.shape;
        let mut seen = Seen {
            bimodal: ((pc ^ pc >> 1) as usize & self.bimodal.mask()) as u16,
            hit: 0,
            alternate: 0,
            prediction: false,
            longest: false,
            other: false,
            new: false,
            other_sure: false,
            bimodal_sure: false,
            counter: 0,
            places: [0; TABLES],
            tags: [0; TABLES / 2],
        };
        // gem5 shifts an int by the length of a history: by its lower five bits.
        let path = |table: usize| {
            let mask = 1i32.wrapping_shl(self.lengths[table / 2]).wrapping_sub(1);
            pc ^ (self.path & mask) as u64
        };
        // Which of a bank's interleaved tables comes next.
        let mut turn = path(1) % shape.banks[0];
        let (mut bank, mut before) = (0, 0);
        for table in (1..=shape.count).step_by(2) {
            if table == shape.first_long {
                turn = path(table) % shape.banks[1];
                (bank, before) = (1, shape.banks[0]);
            }
            if !self.exists(table) && !self.exists(table + 1) {
                continue;
            }
            let (index, tag) = self.index_and_tag(pc, table);
            seen.tags[table / 2] = tag;
            let second = index ^ i32::from(tag) & ((1 << shape.log2) - 1);
            for (table, index) in [(table, index), (table + 1, second)] {
                if !self.exists(table) {
                    continue;
                }
                let start = (before + turn) << shape.log2;
                let place = start as u16 + index as u16;
                seen.places[table - 1] = place;
                if self.entries[usize::from(place)].tag == tag {
                    (seen.alternate, seen.hit) = (seen.hit, table as u8);
                }
                turn += 1;
                if turn == shape.banks[bank] {
                    turn = 0;
                }
            }
        }
        self.predict(&mut seen);
        seen
    }

    fn predict(&self, seen: &mut Seen) {
        let bimodal = self.bimodal.counter(usize::from(seen.bimodal));
        seen.bimodal_sure = bimodal == 0 || bimodal == 3;
        (seen.other, seen.other_sure) = match seen.alternate {
            0 => (bimodal >= 2, seen.bimodal_sure),
            table => {
                let counter = self.entries[seen.place(table)].counter;
                (counter >= 0, strength(counter) > 1)
            }
        };
        (seen.longest, seen.prediction) = (seen.other, seen.other);
        if seen.hit > 0 {
            seen.counter = self.entries[seen.place(seen.hit)].counter;
            seen.longest = seen.counter >= 0;
            seen.new = strength(seen.counter) <= 1;
            if !seen.new || self.use_alternate[Self::trust(seen)] < 0 {
                seen.prediction = seen.longest;
            }
        }
    }

    /// Which counter says whether a new entry is trusted.
    fn trust(seen: &Seen) -> usize {
        (((usize::from(seen.hit) - 1) / 8 * 2) + usize::from(seen.other_sure)) % 15
    }

    /// A conditional branch, for which the whole predictor `said`.
    pub(super) fn train(&mut self, seen: &Seen, taken: bool, said: bool, random: &mut Random) {
        let mut allocate = seen.prediction != taken && usize::from(seen.hit) < self.shape.count;
        if seen.hit > 0 && seen.new {
            allocate &= seen.longest != taken;
            if seen.longest != seen.other {
                let trust = &mut self.use_alternate[Self::trust(seen)];
                step_signed(trust, seen.other == taken, 5);
            }
        }
        // What loops or the corrector put right seldom needs an entry.
        if said == taken && !random.once_in(5) {
            allocate = false;
        }
        if allocate {
            let first = self.first_to_allocate(seen, random);
            if self.is_small() {
                self.allocate_small(seen, taken, first, random);
            } else {
                self.allocate_large(seen, taken, first);
            }
            self.age();
        }
        self.train_tables(seen, taken);
    }

    /// A table (from 0) with a longer history than the longest match.
    fn first_to_allocate(&self, seen: &Seen, random: &mut Random) -> usize {
        let ahead = if random.next() & 127 < 32 { 4 } else { 2 };
        let table = (i32::from(seen.hit) - 1 + ahead) & 0xffe;
        (table ^ (random.next() & 1) as i32) as usize
    }

    fn take(entry: &mut Entry, tag: u16, taken: bool) {
        entry.tag = tag;
        entry.counter = if taken { 0 } else { -1 };
    }

    fn allocate_large(&mut self, seen: &Seen, taken: bool, first: usize) {
        let (mut penalty, mut allocated, mut pair) = (0, 0, first);
        while pair < self.shape.count && allocated < 2 {
            for table in [pair, pair ^ 1] {
                if !self.exists(table + 1) {
                    continue;
                }
                let entry = &mut self.entries[usize::from(seen.places[table])];
                if entry.useful > 0 {
                    penalty += 1;
                } else if strength(entry.counter) <= 3 {
                    Self::take(entry, seen.tags[table / 2], taken);
                    allocated += 1;
                    // It leaves out the next pair.
                    pair += 2;
                    break;
                } else {
                    entry.counter += if entry.counter > 0 { -1 } else { 1 };
                }
            }
            pair += 2;
        }
        self.ticks += penalty - 2 * allocated;
    }

    fn allocate_small(&mut self, seen: &Seen, taken: bool, first: usize, random: &mut Random) {
        let (mut penalty, mut severe, mut allocated, mut pair) = (0, 0, 0, first);
        'all: while pair < self.shape.count {
            for way in 0..2 {
                // An allocation moves on to the next pair, in the middle of this one.
                let table = pair ^ way;
                if table >= self.shape.count || !self.exists(table + 1) {
                    break;
                }
                let entry = &mut self.entries[usize::from(seen.places[table])];
                if entry.useful == 0 {
                    entry.useful = u8::from(random.once_in(5));
                    Self::take(entry, seen.tags[table / 2], taken);
                    allocated += 1;
                    if allocated == 2 {
                        break 'all;
                    }
                    pair += 2;
                } else {
                    if entry.useful == 1 && strength(entry.counter) == 1 {
                        if random.once_in(3) {
                            entry.useful = 0;
                        }
                    } else {
                        severe += 1;
                    }
                    penalty += 1;
                }
            }
            pair += 2;
        }
        self.ticks += severe + penalty - 5 * allocated;
    }

    /// Forgets some usefulness where allocation mostly failed.
    fn age(&mut self) {
        self.ticks = self.ticks.max(0);
        if self.ticks >= 1 << 10 {
            let small = self.is_small();
            for entry in &mut self.entries {
                entry.useful = if small {
                    entry.useful.saturating_sub(1)
                } else {
                    entry.useful >> 1
                };
            }
            self.ticks = 0;
        }
    }

    fn train_tables(&mut self, seen: &Seen, taken: bool) {
        let bimodal = usize::from(seen.bimodal);
        if seen.hit == 0 {
            return self.bimodal.train(bimodal, taken);
        }
        let small = self.is_small();
        let hit = seen.place(seen.hit);
        let weak = strength(self.entries[hit].counter) == 1;
        if weak && seen.longest != taken {
            match seen.alternate {
                0 => self.bimodal.train(bimodal, taken),
                table => {
                    let other = &mut self.entries[seen.place(table)];
                    let was_weak = strength(other.counter) == 1;
                    step_signed(&mut other.counter, taken, COUNTER_BITS);
                    if small && (was_weak || strength(other.counter) == 1) {
                        other.useful = 0;
                    }
                }
            }
        }
        // Two tables never share an entry: their places differ in the interleaving.
        let other = match seen.alternate {
            0 => 0,
            table => self.entries[seen.place(table)].counter,
        };
        let entry = &mut self.entries[hit];
        if small && strength(entry.counter) == 1 {
            entry.useful = 0;
        }
        step_signed(&mut entry.counter, taken, COUNTER_BITS);
        if strength(entry.counter) == 1 {
            entry.useful = 0;
        }
        // The alternate would have done.
        if seen.other == taken
            && seen.alternate > 0
            && strength(other) == 7
            && entry.useful == 1
            && seen.longest == taken
        {
            entry.useful = 0;
        }
        if seen.longest != seen.other && seen.longest == taken {
            step(&mut entry.useful, true, self.shape.useful_max);
        }
    }

    /// A branch enters the histories.
    pub(super) fn push(&mut self, pc: u64, taken: bool, indirect: bool) {
        let mut outcomes = (pc ^ pc >> 1) as i32 ^ i32::from(taken);
        let mut path = (pc ^ pc >> 1 ^ pc >> 3) as i32;
        for _ in 0..if indirect { 3 } else { 2 } {
            self.history.push(outcomes & 1 == 1);
            self.path = self.path << 1 ^ (path & 127);
            if !self.is_small() {
                self.path &= (1 << PATH_BITS) - 1;
            }
            outcomes >>= 1;
            path >>= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tables_share_an_entry() {
        for mut t in [Tables::small(), Tables::large()] {
            let (shape, mut random) = (t.shape, Random::new());
            let short = (shape.banks[0] << shape.log2) as u16;
            for _ in 0..2000 {
                let pc = 0x1_0000 + u64::from(random.next() & 0xffff) * 2;
                let seen = t.lookup(pc);
                let exist: Vec<_> = (1..=shape.count).filter(|&i| t.exists(i)).collect();
                let mut lanes: Vec<_> = exist
                    .iter()
                    .map(|&i| {
                        let place = seen.places[i - 1];
                        assert_eq!(place < short, i < shape.first_long);
                        place >> shape.log2
                    })
                    .collect();
                lanes.sort_unstable();
                lanes.dedup();
                assert_eq!(lanes.len(), exist.len());
                t.push(pc, random.once_in(1), random.once_in(3));
            }
        }
    }

    #[test]
    fn tables_that_exist_fit_their_banks() {
        for shape in [&SMALL, &LARGE] {
            let of = |tables: std::ops::RangeInclusive<usize>| {
                tables.filter(|t| shape.exist >> t & 1 == 1).count() as u64
            };
            assert!(of(1..=shape.first_long - 1) <= shape.banks[0]);
            assert!(of(shape.first_long..=shape.count) <= shape.banks[1]);
        }
    }

    #[test]
    fn indirect_branches_are_three_outcomes() {
        let mut t = Tables::large();
        t.push(0b1010_0110, true, true);
        // 1010_0110 ^ 101_0011 ^ 1: its lowest three bits, the lowest first.
        let mut plain = Tables::large();
        for bit in [false, false, true] {
            plain.history.push(bit);
        }
        for pair in 0..18 {
            assert_eq!(t.history.folds(pair), plain.history.folds(pair));
        }
    }

    #[test]
    fn failing_allocations_age_all_entries() {
        for mut t in [Tables::small(), Tables::large()] {
            t.entries.iter_mut().for_each(|e| e.useful = 1);
            t.ticks = 1023;
            let mut seen = t.lookup(0x1_2346);
            seen.prediction = false;
            let mut random = Random::new();
            t.train(&seen, true, false, &mut random);
            assert_eq!(t.ticks, 0);
            assert!(t.entries.iter().all(|e| e.useful == 0));
        }
    }
}
