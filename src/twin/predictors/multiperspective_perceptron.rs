//! The multiperspective perceptron predictor (Jimenez, Multiperspective perceptron predictor,
//! 2016; gem5 `cpu/pred/multiperspective_perceptron.cc`), in its two sizes.
//!
//! Each feature of the past picks a weight; their sum predicts. The 64 KB one keeps branches away
//! from the weights that have only ever gone one way. gem5 trains with the histories of the time
//! of commit, not with those of the prediction.

use super::counters::Random;
use super::perceptron_features::{Feature, Spec, LARGE, SMALL};
use super::perceptron_histories::{Address, Histories};

/// Most features.
const FEATURES: usize = 37;
/// What a weight's magnitude stands for, of 6 bits and of 5.
const WIDE: [i32; 32] = [
    1, 3, 4, 5, 7, 8, 9, 11, 12, 14, 15, 17, 19, 21, 23, 25, 27, 29, 32, 34, 37, 41, 45, 49, 53,
    58, 63, 69, 76, 85, 94, 106,
];
const NARROW: [i32; 16] = [0, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 22, 28, 33, 39, 45];
/// A sum of this size at most is decided by the best features alone.
const WEAK: i32 = 1;
const BEST: usize = 20;
const FUDGE: f64 = 0.245;
const PATIENCE: i32 = 9;
const LOCAL_LENGTH: u32 = 11;

/// What the two sizes differ in.
struct Size {
    specs: &'static [Spec],
    budget: usize,
    locals: usize,
    filter: usize,
    /// Features whose index is hashed with iterations, of forward and of backward branches, and
    /// with the recency of the branch.
    with_backward: u64,
    with_forward: u64,
    with_recency: u64,
}

const SMALL_SIZE: Size = Size {
    specs: &SMALL,
    budget: 8192 * 8 + 2048,
    locals: 48,
    filter: 0,
    with_backward: 0x6,
    with_forward: 0x4400,
    with_recency: 0x1_0000_0090,
};
const LARGE_SIZE: Size = Size {
    specs: &LARGE,
    budget: 65536 * 8 + 2048,
    locals: 510,
    filter: 18025,
    with_backward: 0xc_1000,
    with_forward: 0x8000_8000,
    with_recency: 0x1_0000_0090,
};

/// A feature's table.
#[derive(Debug, Clone, PartialEq)]
struct Table {
    feature: Feature,
    start: usize,
    size: u64,
    /// Divides by `size`.
    inverse: u64,
    max: u8,
    /// What a magnitude adds to the sum, and what it adds in training.
    adds: [i16; 32],
    plain: [i16; 32],
    with_backward: bool,
    with_forward: bool,
    with_recency: bool,
    misses: u32,
}

impl Table {
    fn place(&self, hash: u64) -> usize {
        // Exact for hashes of up to 40 bits: a 64-bit inverse of a size below 2^16 is.
        let quotient = ((u128::from(hash) * u128::from(self.inverse)) >> 64) as u64;
        self.start + (hash - quotient * self.size) as usize
    }
}

/// The predictor. A weight is a byte: a magnitude, and above it two signs, one for each parity of
/// the hashed address.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiperspectivePerceptron {
    tables: Vec<Table>,
    weights: Vec<u8>,
    /// Branches seen taken (1) and not taken (2).
    filter: Vec<u8>,
    last_taken: bool,
    /// A bit for each feature that is among the best.
    best: u64,
    theta: i32,
    patience: i32,
    histories: Histories,
    random: Random,
}

const SIGN: u8 = 1 << 5;

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    sum: i32,
    filtered: bool,
}

impl MultiperspectivePerceptron {
    /// That of 8 KB.
    pub fn small() -> Self {
        Self::with(&SMALL_SIZE)
    }

    /// That of 64 KB.
    pub fn large() -> Self {
        Self::with(&LARGE_SIZE)
    }

    fn with(size: &Size) -> Self {
        let sizes = table_sizes(size);
        let mut start = 0;
        let mut weights = Vec::new();
        let tables = (0..)
            .zip(size.specs.iter().zip(sizes))
            .map(|(i, (spec, entries)): (usize, _)| {
                let plain = |m: usize| match spec.width {
                    5 => NARROW.get(m).copied().unwrap_or(0),
                    _ => WIDE[m],
                };
                let masked = |mask: u64| mask >> i & 1 == 1;
                let table = Table {
                    feature: spec.feature,
                    start,
                    size: entries as u64,
                    inverse: u64::MAX / entries as u64 + 1,
                    max: (1 << (spec.width - 1)) - 1,
                    adds: std::array::from_fn(|m| (spec.coefficient * f64::from(plain(m))) as i16),
                    plain: std::array::from_fn(|m| plain(m) as i16),
                    with_backward: masked(size.with_backward),
                    with_forward: masked(size.with_forward),
                    with_recency: masked(size.with_recency),
                    misses: 0,
                };
                // The second sign starts negative, and in every other table the first does too.
                let signs = SIGN << 1 | if i & 1 == 1 { SIGN } else { 0 };
                weights.extend(std::iter::repeat_n(signs, entries));
                start += entries;
                table
            })
            .collect();
        let features = size.specs.iter().map(|s| s.feature).collect();
        let mut built = Self {
            tables,
            weights,
            filter: vec![0; size.filter],
            last_taken: false,
            best: 0,
            theta: 10,
            patience: 0,
            histories: Histories::new(features, size.locals),
            random: Random::new(),
        };
        built.find_best();
        built
    }

    /// The features that missed least; of equal ones the first.
    fn find_best(&mut self) {
        let mut order: Vec<usize> = (0..self.tables.len()).collect();
        order.sort_by_key(|&i| self.tables[i].misses);
        self.best = order.iter().take(BEST).fold(0, |best, i| best | 1 << i);
    }

    /// Where the branch's weights are, with the histories of now.
    fn places(&self, at: Address) -> [u32; FEATURES] {
        let recency = self.histories.recency(at);
        let local = self.histories.local(at);
        let (backward, forward) = (self.histories.iterations(1), self.histories.iterations(4));
        let mut places = [0; FEATURES];
        for ((place, table), &moved) in places
            .iter_mut()
            .zip(&self.tables)
            .zip(self.histories.hashes())
        {
            let recency = || match recency {
                Some(i) => (i as u64 * table.size) as u32 / 31,
                None => table.size as u32 - 1,
            };
            let hash = match table.feature {
                Feature::Local => local,
                Feature::RecencyPosition => recency(),
                _ => moved,
            };
            let mut hash = u64::from(hash) << 6 ^ u64::from(at.word);
            if table.with_backward {
                hash ^= u64::from(backward);
            }
            if table.with_forward {
                hash ^= u64::from(forward);
            }
            if table.with_recency {
                hash ^= u64::from(recency());
            }
            *place = table.place(hash) as u32;
        }
        places
    }

    fn filter_slot(&self, at: Address) -> usize {
        usize::from(at.hash ^ u16::from(self.last_taken)) % self.filter.len()
    }

    pub(super) fn without_chance(&mut self) {
        self.random = Random::zeros();
    }

    pub(super) fn lookup(&self, pc: u64) -> (bool, Seen) {
        let at = Address::new(pc);
        let mut unknown = false;
        if !self.filter.is_empty() {
            let seen = self.filter[self.filter_slot(at)];
            if seen == 1 || seen == 2 {
                let filtered = Seen {
                    sum: 0,
                    filtered: true,
                };
                return (seen == 1, filtered);
            }
            unknown = seen == 0;
        }
        let mut sum = match self.histories.local(at) {
            0 => -5,
            all if all == (1 << LOCAL_LENGTH) - 1 => 5,
            old if old == 1 << (LOCAL_LENGTH - 1) => -1,
            new if new == (1 << (LOCAL_LENGTH - 1)) - 1 => 1,
            _ => 0,
        };
        let mut best = 0;
        let sign = SIGN << (at.hash & 1);
        for (i, (table, place)) in self.tables.iter().zip(self.places(at)).enumerate() {
            let weight = self.weights[place as usize];
            let size = i32::from(table.adds[usize::from(weight & (SIGN - 1))]);
            let value = if weight & sign != 0 { -size } else { size };
            sum += value;
            best += value * (self.best >> i & 1) as i32;
        }
        let sum = (f64::from(sum) * FUDGE) as i32;
        let decides = if sum.abs() <= WEAK { best } else { sum };
        let seen = Seen {
            sum,
            filtered: false,
        };
        (decides >= 1 && !unknown, seen)
    }

    /// A conditional branch that went to `next`.
    pub(super) fn train(&mut self, pc: u64, seen: &Seen, taken: bool, next: u64) {
        let at = Address::new(pc);
        let mut learns = true;
        if !self.filter.is_empty() {
            let slot = self.filter_slot(at);
            learns = self.filter[slot] == 0 || self.filter[slot] == 3;
            self.filter[slot] |= if taken { 1 } else { 2 };
        }
        if learns {
            self.learn(at, seen.sum, taken);
        }
        self.histories.conditional(at, taken, next, seen.filtered);
        self.last_taken = taken;
    }

    fn learn(&mut self, at: Address, sum: i32, taken: bool) {
        let (right, size) = ((sum >= 1) == taken, sum.abs());
        if right && size > self.theta && size > WEAK {
            return;
        }
        let places = self.places(at);
        let sign = SIGN << (at.hash & 1);
        if size <= WEAK {
            self.count_misses(&places, sign, taken);
        }
        if right && size > self.theta {
            return;
        }
        self.adapt(right, size);

        // What the sum would be with the new weights; without coefficients, as in gem5.
        let signed = |table: &Table, weight: u8| {
            let size = i32::from(table.plain[usize::from(weight & (SIGN - 1))]);
            if weight & sign != 0 {
                -size
            } else {
                size
            }
        };
        let mut new = 0;
        for (table, &place) in self.tables.iter().zip(&places) {
            let weight = &mut self.weights[place as usize];
            *weight = moved(*weight, sign, taken, table.max);
            new += signed(table, *weight);
        }
        if (new >= 1) == taken {
            return;
        }
        // Some weight, without which it would be right, loses.
        let count = self.tables.len();
        let first = self.random.next() as usize % count;
        for i in (0..count).map(|i| (first + i) % count) {
            let weight = &mut self.weights[places[i] as usize];
            if (new - signed(&self.tables[i], *weight) >= 1) == taken {
                if *weight & (SIGN - 1) > 1 {
                    *weight -= 1;
                }
                break;
            }
        }
    }

    fn count_misses(&mut self, places: &[u32; FEATURES], sign: u8, taken: bool) {
        let mut halve = false;
        for (table, &place) in self.tables.iter_mut().zip(places) {
            let weight = self.weights[place as usize];
            let size = table.adds[usize::from(weight & (SIGN - 1))];
            if (size >= 1 && weight & sign == 0) != taken {
                table.misses += 1;
                halve |= table.misses == (1 << 24) - 1;
            }
        }
        if halve {
            self.tables.iter_mut().for_each(|t| t.misses /= 2);
        }
        self.find_best();
    }

    /// How small a sum still trains follows from how often it is right (Seznec, The O-GEHL branch
    /// predictor, 2004).
    fn adapt(&mut self, right: bool, size: i32) {
        if !right {
            self.patience += 1;
            if self.patience >= PATIENCE {
                self.theta += 1;
                self.patience = 0;
            }
        } else if size < self.theta {
            self.patience -= 1;
            if self.patience <= -PATIENCE {
                self.theta -= 1;
                self.patience = 0;
            }
        }
    }

    /// An unconditional branch enters the histories, already when it is fetched.
    pub(super) fn unconditional(&mut self, pc: u64) {
        self.histories.unconditional(Address::new(pc));
    }
}

/// A weight, one step towards an outcome.
fn moved(weight: u8, sign: u8, taken: bool, max: u8) -> u8 {
    let size = weight & (SIGN - 1);
    if (weight & sign != 0) != taken {
        return weight + u8::from(size < max);
    }
    if size == 0 {
        weight ^ sign
    } else {
        weight - 1
    }
}

/// Entries of each table: the budget less all other state, shared by those of no fixed size.
fn table_sizes(size: &Size) -> Vec<usize> {
    let (mut outcomes, mut path) = (1usize, 1usize);
    let mut bits = 0;
    let mut modulo: [(usize, usize); 8] = [(0, 0); 8];
    let mut iterations = [0; 4];
    let (mut recency, mut local) = (0, false);
    for spec in size.specs {
        match spec.feature {
            Feature::Global(_, to) => outcomes = outcomes.max(to + 1),
            Feature::GlobalPath(depth, _) | Feature::GlobalPathBit(depth, _) => {
                outcomes = outcomes.max(depth + 1);
                path = path.max(depth + 1);
            }
            Feature::Path(depth, _) => path = path.max(depth + 1),
            Feature::Iterations(counter) => iterations[counter - 1] = 32,
            Feature::Local => local = true,
            Feature::Acyclic => bits += 12,
            Feature::ModuloGlobalPath(n, depth, _) => {
                modulo[n].0 = modulo[n].0.max(depth + 1);
                modulo[n].1 = modulo[n].1.max(depth + 1);
            }
            Feature::Modulo(n, depth) => modulo[n].0 = modulo[n].0.max(depth + 1),
            Feature::ModuloPath(n, depth, _) => modulo[n].1 = modulo[n].1.max(depth + 1),
            Feature::Blurry(scale, depth) => bits += depth * (32 - scale as usize),
            Feature::Recency(depth, _) => recency = recency.max(depth),
            Feature::RecencyPosition => recency = recency.max(31),
            Feature::Bias => {}
        }
    }
    bits += iterations.iter().sum::<usize>() + outcomes + 16 * path + 24 * size.specs.len();
    bits += modulo.iter().map(|m| m.0 + 16 * m.1).sum::<usize>();
    bits += if local {
        size.locals * LOCAL_LENGTH as usize
    } else {
        0
    };
    bits += recency * 16 + size.filter * 2;
    let fixed = size.specs.iter().filter(|s| s.size > 0);
    let rest = size.budget
        - bits
        - fixed
            .map(|s| s.size * (s.width as usize + 1))
            .sum::<usize>();
    let share = rest / size.specs.iter().filter(|s| s.size == 0).count();
    let entries = |s: &Spec| match s.size {
        0 => share / (s.width as usize + 1),
        entries => entries,
    };
    size.specs.iter().map(entries).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_share_the_budget() {
        let sizes = table_sizes(&SMALL_SIZE);
        assert_eq!((sizes[0], sizes[9], sizes[15]), (603, 600, 704));
        let bits: usize = table_sizes(&LARGE_SIZE)
            .iter()
            .zip(&LARGE)
            .map(|(entries, spec)| entries * (spec.width as usize + 1))
            .sum();
        assert!((470_000..526_336).contains(&bits), "{bits}");
    }

    #[test]
    fn places_are_remainders() {
        let mut random = Random::new();
        for table in MultiperspectivePerceptron::large().tables {
            for _ in 0..10_000 {
                let hash =
                    (u64::from(random.next()) << 8 ^ u64::from(random.next())) & ((1 << 39) - 1);
                assert_eq!(
                    table.place(hash),
                    table.start + (hash % table.size) as usize
                );
            }
        }
    }

    #[test]
    fn weights_step_through_two_zeros() {
        let (mut weight, mut seen) = (3, Vec::new());
        for _ in 0..6 {
            weight = moved(weight, SIGN, false, 31);
            seen.push(weight);
        }
        assert_eq!(seen, [2, 1, 0, SIGN, SIGN + 1, SIGN + 2]);
        assert_eq!(moved(SIGN + 31, SIGN, false, 31), SIGN + 31);
        assert_eq!(moved(31, SIGN, true, 31), 31);
        assert_eq!(
            moved(SIGN << 1, SIGN, true, 31),
            SIGN << 1 | 1,
            "the other sign stays"
        );
    }

    #[test]
    fn a_branch_that_repeats_an_old_outcome_is_learnt() {
        for mut p in [
            MultiperspectivePerceptron::small(),
            MultiperspectivePerceptron::large(),
        ] {
            let mut random = Random::new();
            let mut misses = 0;
            for i in 0..20_000 {
                let coin = random.next() & 1 == 1;
                for (pc, taken) in [(0x1_0000, coin), (0x1_0022, true), (0x1_0040, coin)] {
                    let (said, seen) = p.lookup(pc);
                    misses += usize::from(i > 15_000 && pc == 0x1_0040 && said != taken);
                    p.train(pc, &seen, taken, pc + 4);
                }
            }
            assert!(misses < 50, "{misses} of 5000");
        }
    }
}
