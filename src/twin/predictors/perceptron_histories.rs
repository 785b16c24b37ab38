//! The histories of the multiperspective perceptron, and the hashes of them that its features
//! index tables with (Jimenez, Multiperspective perceptron predictor, 2016; gem5
//! `cpu/pred/multiperspective_perceptron.hh`).
//!
//! gem5 hashes at each prediction what a feature sees. Here most hashes move along with the
//! histories; the tests compare them with hashes from nothing. gem5 moves the histories of
//! conditional branches at commit, those of unconditional ones at fetch.

use super::perceptron_features::Feature;

/// Outcomes in a word of the global history; the length of a fold.
pub(super) const BLOCK: usize = 21;
const WORDS: usize = 17;
/// Addresses that are kept, a power of two.
const PATH: usize = 128;
const RECENCY: usize = 31;
const BLURRY: usize = 7;
const BLURRY_SHIFT: u32 = 10;
const MODULO_PATH: usize = 21;
const LOCAL_BITS: u32 = 11;

/// A sum of shifted addresses and outcomes, modulo `1 << 32`, that moves along: ages from `near` to
/// `far`, the farthest unshifted. Younger ones are shifted out of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sum {
    value: u64,
    shift: u32,
    near: usize,
    far: usize,
    /// Whether outcomes take part.
    outcomes: bool,
    feature: usize,
}

/// Branches whose hashed address is a multiple of `modulus`.
#[derive(Debug, Clone, PartialEq)]
struct Modulo {
    modulus: u32,
    outcomes: u32,
    path: [u16; MODULO_PATH],
}

/// All histories, and a hash for each feature that does not depend on the branch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histories {
    features: Vec<Feature>,
    hashes: Vec<u32>,
    sums: Vec<Sum>,
    /// Age 0 is the lowest bit of the first word.
    outcomes: [u32; WORDS],
    /// Bits 1 and 4 of addresses, in words likewise.
    path_bits: [[u32; WORDS]; 2],
    path: [u16; PATH],
    youngest: usize,
    iterations: [u32; 4],
    acyclic: u32,
    modulo: Vec<Modulo>,
    blurry: [u32; BLURRY],
    recency: [u16; RECENCY],
    locals: Vec<u16>,
}

/// A branch's address, in the forms that histories take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Address {
    pub(super) pc: u32,
    /// Without the lowest two bits.
    pub(super) word: u16,
    pub(super) hash: u16,
}

impl Address {
    pub(super) fn new(pc: u64) -> Self {
        let pc = pc as u32;
        let mut a = (pc ^ 0xdead_beef).wrapping_add(pc << 4);
        a ^= a >> 10;
        a = a.wrapping_add(a << 7);
        a ^= a >> 13;
        let mut b = pc ^ 61 ^ pc >> 16;
        b = b.wrapping_add(b << 3);
        b ^= b >> 4;
        b = b.wrapping_mul(0x27d4_eb2d);
        b ^= b >> 15;
        Self {
            pc,
            word: (pc >> 2) as u16,
            hash: b.wrapping_mul(10).wrapping_add(a) as u16,
        }
    }
}

fn push_bit(words: &mut [u32; WORDS], bit: bool) {
    for i in (1..WORDS).rev() {
        words[i] = (words[i] << 1 | words[i - 1] >> (BLOCK - 1)) & ((1 << BLOCK) - 1);
    }
    words[0] = (words[0] << 1 | u32::from(bit)) & ((1 << BLOCK) - 1);
}

impl Histories {
    pub(super) fn new(features: Vec<Feature>, locals: usize) -> Self {
        let mut sums = Vec::new();
        let mut modulo: Vec<Modulo> = Vec::new();
        for (feature, &kind) in features.iter().enumerate() {
            match kind {
                Feature::GlobalPath(depth, shift) | Feature::Path(depth, shift) => {
                    let seen = depth.min(31 / shift as usize + 1);
                    sums.push(Sum {
                        value: 0,
                        shift,
                        near: depth - seen,
                        far: depth - 1,
                        outcomes: matches!(kind, Feature::GlobalPath(..)),
                        feature,
                    });
                }
                Feature::ModuloGlobalPath(n, ..)
                | Feature::Modulo(n, _)
                | Feature::ModuloPath(n, ..)
                    if modulo.iter().all(|m| m.modulus != n as u32 + 2) =>
                {
                    modulo.push(Modulo {
                        modulus: n as u32 + 2,
                        outcomes: 0,
                        path: [0; MODULO_PATH],
                    });
                }
                _ => {}
            }
        }
        Self {
            hashes: vec![0; features.len()],
            features,
            sums,
            outcomes: [0; WORDS],
            path_bits: [[0; WORDS]; 2],
            path: [0; PATH],
            youngest: 0,
            iterations: [0; 4],
            acyclic: 0,
            modulo,
            blurry: [0; BLURRY],
            recency: [0; RECENCY],
            locals: vec![0; locals],
        }
    }

    /// Of each feature, 0 for those that the branch itself decides.
    pub(super) fn hashes(&self) -> &[u32] {
        &self.hashes
    }

    /// One of the four counters of iterations, from 1.
    pub(super) fn iterations(&self, counter: usize) -> u32 {
        self.iterations[counter - 1]
    }

    pub(super) fn local(&self, at: Address) -> u32 {
        u32::from(self.locals[(at.pc >> 2) as usize % self.locals.len()])
    }

    /// How many addresses ran since this one did, if it did recently.
    pub(super) fn recency(&self, at: Address) -> Option<usize> {
        self.recency.iter().position(|&word| word == at.word)
    }

    fn path(&self, age: usize) -> u32 {
        u32::from(self.path[self.youngest.wrapping_sub(age) % PATH])
    }

    fn outcome(&self, age: usize) -> u32 {
        self.outcomes[age / BLOCK] >> (age % BLOCK) & 1
    }

    fn term(&self, sum: &Sum, age: usize) -> u64 {
        u64::from(if sum.outcomes {
            self.path(age) << 1 | self.outcome(age)
        } else {
            self.path(age)
        })
    }

    /// A branch enters the global histories, with a bit that for a conditional one is its outcome.
    fn push_global(&mut self, at: Address, bit: bool) {
        for i in 0..self.sums.len() {
            let sum = &self.sums[i];
            let without = (sum.value - self.term(sum, sum.far)) >> sum.shift;
            self.sums[i].value = without;
        }
        push_bit(&mut self.outcomes, bit);
        push_bit(&mut self.path_bits[0], at.word >> 1 & 1 == 1);
        push_bit(&mut self.path_bits[1], at.word >> 4 & 1 == 1);
        self.youngest = (self.youngest + 1) % PATH;
        self.path[self.youngest] = at.word;
        for i in 0..self.sums.len() {
            let sum = &self.sums[i];
            let entering = self.term(sum, sum.near) << (sum.shift * (sum.far - sum.near) as u32);
            let (value, feature) = (sum.value + entering, sum.feature);
            self.sums[i].value = value;
            self.hashes[feature] = value as u32;
        }
        for i in 0..self.features.len() {
            match self.features[i] {
                Feature::Global(from, to) => self.hashes[i] = self.global(from, to),
                Feature::GlobalPathBit(depth, bit) => {
                    let bits = &self.path_bits[usize::from(bit == 4)];
                    self.hashes[i] = fold(&self.outcomes, depth) ^ fold(bits, depth);
                }
                _ => {}
            }
        }
    }

    /// gem5's GHIST: whole words are added. Of the first it takes bits that no one meant, since it
    /// shifts by a negative number.
    fn global(&self, from: usize, to: usize) -> u32 {
        let (first, last) = (from / BLOCK, to / BLOCK);
        let wrong = (from as u32).wrapping_sub((first as u32 + 1) * BLOCK as u32);
        let mut hash = self.outcomes[first].wrapping_shr(wrong);
        for word in &self.outcomes[first + 1..last.max(first + 1)] {
            hash = hash.wrapping_add(*word);
        }
        let rest = (to - last * BLOCK) as u32;
        let end = self.outcomes[last] & ((1 << rest) - 1);
        hash.wrapping_add(end << (BLOCK as u32 - rest))
    }

    /// An unconditional branch.
    pub(super) fn unconditional(&mut self, at: Address) {
        self.push_global(at, at.pc & 4 == 0);
    }

    /// A conditional branch that went to `next`; one that only ever goes one way leaves out the
    /// history at its address.
    pub(super) fn conditional(&mut self, at: Address, taken: bool, next: u64, filtered: bool) {
        let pair = if next < u64::from(at.pc) { 0 } else { 2 };
        for (counter, counts) in [(pair, taken), (pair + 1, !taken)] {
            let counter = &mut self.iterations[counter];
            *counter = if counts { counter.wrapping_add(1) } else { 0 };
        }
        self.push_global(at, taken);
        let hash = u32::from(at.hash);
        let bit = 1 << (hash % 12);
        self.acyclic = self.acyclic & !bit | if taken { bit } else { 0 };
        for m in &mut self.modulo {
            if hash % m.modulus == 0 {
                m.outcomes = m.outcomes << 1 | u32::from(taken);
                m.path.copy_within(..MODULO_PATH - 1, 1);
                m.path[0] = at.word;
            }
        }
        let region = at.pc >> BLURRY_SHIFT;
        if self.blurry[0] != region {
            self.blurry.copy_within(..BLURRY - 1, 1);
            self.blurry[0] = region;
        }
        let place = self.recency(at).unwrap_or(RECENCY - 1);
        self.recency.copy_within(..place, 1);
        self.recency[0] = at.word;
        if !filtered {
            let slot = (at.pc >> 2) as usize % self.locals.len();
            let history = self.locals[slot] << 1 | u16::from(taken);
            self.locals[slot] = history & ((1 << LOCAL_BITS) - 1);
        }
        self.hash_conditional(hash);
    }

    /// Hashes of histories that only conditional branches enter.
    fn hash_conditional(&mut self, hash: u32) {
        for i in 0..self.features.len() {
            self.hashes[i] = match self.features[i] {
                Feature::Acyclic => self.acyclic,
                Feature::Iterations(counter) => self.iterations(counter),
                Feature::Blurry(..) => self.blurry.iter().fold(0, |x, r| x.wrapping_add(*r)),
                Feature::Recency(depth, shift) => {
                    let seen = &self.recency[depth - depth.min(31 / shift as usize + 1)..depth];
                    seen.iter()
                        .fold(0u32, |x, &word| (x << shift).wrapping_add(u32::from(word)))
                }
                Feature::ModuloGlobalPath(n, depth, shift) => match self.moved(n, hash) {
                    Some(m) => (0..depth).fold(0u32, |x, i| {
                        let term = u32::from(m.path[i]) << 1 | m.outcomes >> i & 1;
                        (x << shift).wrapping_add(term)
                    }),
                    None => continue,
                },
                Feature::ModuloPath(n, depth, shift) => match self.moved(n, hash) {
                    Some(m) => m.path[..depth]
                        .iter()
                        .fold(0u32, |x, &word| (x << shift).wrapping_add(u32::from(word))),
                    None => continue,
                },
                Feature::Modulo(n, depth) => match self.moved(n, hash) {
                    Some(m) => m.outcomes & ((1 << depth) - 1),
                    None => continue,
                },
                _ => continue,
            };
        }
    }

    /// The branches that are a multiple of `n + 2`, where this is one.
    fn moved(&self, n: usize, hash: u32) -> Option<&Modulo> {
        let modulus = n as u32 + 2;
        hash.is_multiple_of(modulus)
            .then(|| self.modulo.iter().find(|m| m.modulus == modulus))?
    }
}

/// The XOR of the words that hold the youngest `depth` bits.
fn fold(words: &[u32; WORDS], depth: usize) -> u32 {
    let whole = words[..depth / BLOCK].iter().fold(0, |x, w| x ^ w);
    whole ^ words[depth / BLOCK] & ((1 << (depth % BLOCK)) - 1)
}

#[cfg(test)]
mod tests {
    use super::super::perceptron_features::{LARGE, SMALL};
    use super::*;
    use proptest::prelude::*;

    /// The past as plain lists, the youngest first; hashes as gem5's features define them.
    #[derive(Default)]
    struct Naive {
        global: Vec<(u32, u32)>,
        conditional: Vec<(Address, bool, bool)>,
    }

    impl Naive {
        fn hash(&self, feature: Feature) -> u32 {
            let past = |i: usize| self.global.get(i).copied().unwrap_or((0, 0));
            let sum = |depth: usize, shift: u32, term: &dyn Fn(usize) -> u32| {
                (0..depth).fold(0u32, |x, i| (x << shift).wrapping_add(term(i)))
            };
            let multiples = |n: usize| -> Vec<(u32, u32)> {
                self.conditional
                    .iter()
                    .filter(|(a, ..)| u32::from(a.hash) % (n as u32 + 2) == 0)
                    .map(|(a, taken, _)| (u32::from(a.word), u32::from(*taken)))
                    .collect()
            };
            match feature {
                Feature::Bias | Feature::Local | Feature::RecencyPosition => 0,
                Feature::GlobalPath(d, s) => sum(d, s, &|i| past(i).0 << 1 | past(i).1),
                Feature::Path(d, s) => sum(d, s, &|i| past(i).0),
                Feature::GlobalPathBit(d, bit) => (0..d).fold(0, |x, i| {
                    x ^ (past(i).0 >> bit & 1) << (i % BLOCK) ^ past(i).1 << (i % BLOCK)
                }),
                Feature::Global(from, to) => {
                    let word = |w: usize| (0..BLOCK).fold(0, |x, j| x | past(w * BLOCK + j).1 << j);
                    let mut x = word(from / BLOCK) >> ((from % BLOCK + 32 - BLOCK) as u32);
                    x += (from / BLOCK + 1..to / BLOCK).map(word).sum::<u32>();
                    x + ((word(to / BLOCK) & ((1 << (to % BLOCK)) - 1)) << (BLOCK - to % BLOCK))
                }
                Feature::Acyclic => (0..12).fold(0, |x, slot| {
                    let last = self.conditional.iter().find(|(a, ..)| a.hash % 12 == slot);
                    x | u32::from(last.is_some_and(|l| l.1)) << slot
                }),
                Feature::Iterations(counter) => {
                    let (backward, counts) =
                        [(true, true), (true, false), (false, true), (false, false)][counter - 1];
                    self.conditional
                        .iter()
                        .filter(|(_, _, b)| *b == backward)
                        .take_while(|(_, taken, _)| *taken == counts)
                        .count() as u32
                }
                Feature::ModuloGlobalPath(n, d, s) => {
                    let m = multiples(n);
                    sum(d, s, &|i| m.get(i).map_or(0, |m| m.0 << 1 | m.1))
                }
                Feature::ModuloPath(n, d, s) => {
                    let m = multiples(n);
                    sum(d, s, &|i| m.get(i).map_or(0, |m| m.0))
                }
                Feature::Modulo(n, d) => {
                    let m = multiples(n);
                    (0..d).fold(0, |x, i| x ^ m.get(i).map_or(0, |m| m.1) << i)
                }
                Feature::Blurry(scale, d) => {
                    let mut regions: Vec<u32> = vec![0];
                    for (a, ..) in self.conditional.iter().rev() {
                        if regions[0] != a.pc >> scale {
                            regions.insert(0, a.pc >> scale);
                        }
                    }
                    regions.iter().take(d).sum()
                }
                Feature::Recency(d, s) => {
                    let mut seen: Vec<u32> = Vec::new();
                    for (a, ..) in &self.conditional {
                        if !seen.contains(&u32::from(a.word)) {
                            seen.push(u32::from(a.word));
                        }
                    }
                    sum(d, s, &|i| seen.get(i).copied().unwrap_or(0))
                }
            }
        }
    }

    proptest! {
        #[test]
        fn hashes_that_move_along_are_those_from_nothing(
            branches in proptest::collection::vec((0u64..300, any::<bool>(), 0u8..5, any::<bool>()), 1..500),
        ) {
            let features: Vec<Feature> =
                SMALL.iter().chain(&LARGE).map(|s| s.feature).collect();
            let mut histories = Histories::new(features.clone(), 48);
            let mut naive = Naive::default();
            for (i, (word, taken, kind, backward)) in branches.iter().enumerate() {
                let at = Address::new(0x10_0000 + word * 74);
                if *kind == 0 {
                    histories.unconditional(at);
                    naive.global.insert(0, (u32::from(at.word), u32::from(at.pc & 4 == 0)));
                } else {
                    let next = if *backward { 0 } else { u64::from(at.pc) + 4 };
                    histories.conditional(at, *taken, next, false);
                    naive.global.insert(0, (u32::from(at.word), u32::from(*taken)));
                    naive.conditional.insert(0, (at, *taken, *backward));
                }
                if i % 7 == 0 || i + 1 == branches.len() {
                    for (feature, hash) in features.iter().zip(histories.hashes()) {
                        prop_assert_eq!(*hash, naive.hash(*feature), "{:?}", feature);
                    }
                }
            }
        }
    }
}
