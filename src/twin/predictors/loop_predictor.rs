//! The loop predictor beside L-TAGE and TAGE-SC-L (Seznec, The L-TAGE branch predictor, 2007, and
//! TAGE-SC-L branch predictors again, 2016; gem5 `cpu/pred/loop_predictor.cc`).
//!
//! It counts how often a branch goes one way before it goes the other, and overrides where the
//! count was the same several times. gem5 steps it at commit alone, so that branches in flight
//! are not counted.

use super::counters::{step, step_signed, Random};

const WAYS: usize = 4;

/// What L-TAGE's and TAGE-SC-L's differ in.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rules {
    log2: u32,
    tag_bits: u32,
    iteration_bits: u32,
    max_confidence: u8,
    max_age: u8,
    first_age: u8,
    first_iteration: u16,
    /// TAGE-SC-L's: sets by a hash, loops of either direction, few allocations.
    second: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Entry {
    /// Iterations of the loop; 0 is not known.
    iterations: u16,
    current: u16,
    tag: u16,
    confidence: u8,
    age: u8,
    /// The way that it goes but for the last time.
    body: bool,
}

/// The table of loops.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LoopPredictor {
    rules: Rules,
    entries: Vec<Entry>,
    /// At least 0: what it says is used.
    trusted: i8,
}

/// What training needs of a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    places: [u16; WAYS],
    tag: u16,
    /// Its place, or [`NOWHERE`].
    hit: u16,
    prediction: bool,
    sure: bool,
}

const NOWHERE: u16 = u16::MAX;

impl LoopPredictor {
    /// That of L-TAGE.
    pub(super) fn of_l_tage() -> Self {
        Self::with(Rules {
            log2: 8,
            tag_bits: 14,
            iteration_bits: 14,
            max_confidence: 3,
            max_age: 255,
            first_age: 255,
            first_iteration: 1,
            second: false,
        })
    }

    /// That of TAGE-SC-L, with `1 << log2` entries.
    pub(super) fn of_tage_sc_l(log2: u32) -> Self {
        Self::with(Rules {
            log2,
            tag_bits: 10,
            iteration_bits: 10,
            max_confidence: 15,
            max_age: 15,
            first_age: 7,
            first_iteration: 0,
            second: true,
        })
    }

    fn with(rules: Rules) -> Self {
        Self {
            rules,
            entries: vec![Entry::default(); 1 << rules.log2],
            trusted: -1,
        }
    }

    fn sure(&self, entry: &Entry) -> bool {
        entry.confidence == self.rules.max_confidence
            || self.rules.second && u32::from(entry.confidence) * u32::from(entry.iterations) > 128
    }

    pub(super) fn lookup(&self, pc: u64) -> Seen {
        let r = &self.rules;
        let log2_sets = r.log2 - 2;
        let sets = (1u64 << log2_sets) - 1;
        let tag_mask = (1u64 << r.tag_bits) - 1;
        let (set, skew, tag) = if r.second {
            let upper = pc >> log2_sets;
            (pc >> 1 ^ pc, upper & sets, upper ^ upper >> r.tag_bits)
        } else {
            (pc >> 1, 0, pc >> (1 + log2_sets))
        };
        let mut seen = Seen {
            places: std::array::from_fn(|way| {
                (((set & sets) << 2 ^ (skew >> way) << 2) + way as u64) as u16
            }),
            tag: (tag & tag_mask) as u16,
            hit: NOWHERE,
            prediction: false,
            sure: false,
        };
        for place in seen.places {
            let entry = &self.entries[usize::from(place)];
            if entry.tag == seen.tag {
                let body = !r.second || entry.body;
                seen.hit = place;
                seen.sure = self.sure(entry);
                // A count that would overflow is compared before it wraps.
                seen.prediction =
                    body == (u32::from(entry.current) + 1 != u32::from(entry.iterations));
                break;
            }
        }
        seen
    }

    /// What it makes of another's prediction.
    pub(super) fn choose(&self, seen: &Seen, other: bool) -> bool {
        if self.trusted >= 0 && seen.sure {
            seen.prediction
        } else {
            other
        }
    }

    /// A conditional branch: `tage` predicted so, and the whole predictor `said`.
    pub(super) fn train(
        &mut self,
        seen: &Seen,
        taken: bool,
        tage: bool,
        said: bool,
        random: &mut Random,
    ) {
        if seen.sure && said != seen.prediction {
            step_signed(&mut self.trusted, seen.prediction == taken, 7);
        }
        if seen.hit != NOWHERE {
            self.count(seen, taken, tage, random);
        } else if self.rules.second {
            if said != taken && random.once_in(2) {
                let way = random.next() as usize % WAYS;
                self.allocate(seen.places[way], seen.tag, taken);
            }
        } else if taken {
            let first = random.next() as usize;
            for i in 0..WAYS {
                if self.allocate(seen.places[(first + i) % WAYS], seen.tag, taken) {
                    break;
                }
            }
        }
    }

    /// Takes the entry where it has aged enough, or ages it.
    fn allocate(&mut self, place: u16, tag: u16, taken: bool) -> bool {
        let entry = &mut self.entries[usize::from(place)];
        if entry.age > 0 {
            entry.age -= 1;
            return false;
        }
        *entry = Entry {
            iterations: 0,
            current: self.rules.first_iteration,
            tag,
            confidence: 0,
            age: self.rules.first_age,
            body: !taken,
        };
        true
    }

    fn count(&mut self, seen: &Seen, taken: bool, tage: bool, random: &mut Random) {
        let r = self.rules;
        let entry = &mut self.entries[usize::from(seen.hit)];
        if seen.sure {
            if taken != seen.prediction {
                (entry.iterations, entry.age, entry.confidence, entry.current) = (0, 0, 0, 0);
                return;
            }
            if seen.prediction != tage || r.second && random.once_in(3) {
                step(&mut entry.age, true, r.max_age);
            }
        }
        // L-TAGE frees a loop whose count changed at once, TAGE-SC-L lets it age.
        let forget = |entry: &mut Entry| {
            (entry.iterations, entry.confidence) = (0, 0);
            if !r.second {
                entry.age = 0;
            }
        };
        entry.current = (entry.current + 1) & ((1 << r.iteration_bits) - 1);
        if entry.current > entry.iterations {
            if entry.iterations != 0 {
                forget(entry);
            }
            entry.confidence = 0;
        }
        let body = !r.second || entry.body;
        if taken == body {
            return;
        }
        if entry.current == entry.iterations {
            step(&mut entry.confidence, true, r.max_confidence);
            // Others predict loops of one or two iterations.
            if entry.iterations < 3 {
                (entry.iterations, entry.age, entry.confidence) = (0, 0, 0);
                entry.body = taken;
            }
        } else if entry.iterations == 0 {
            entry.confidence = 0;
            entry.iterations = entry.current;
        } else {
            forget(entry);
        }
        entry.current = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Misses of a loop's branch, `taken` while it goes on.
    fn misses(
        p: &mut LoopPredictor,
        turns: std::ops::Range<usize>,
        count: usize,
        body: bool,
    ) -> usize {
        let mut random = Random::new();
        let mut misses = 0;
        for i in turns {
            let taken = (i % count != count - 1) == body;
            let seen = p.lookup(0x1234);
            let said = p.choose(&seen, body);
            misses += usize::from(said != taken);
            p.train(&seen, taken, body, said, &mut random);
        }
        misses
    }

    #[test]
    fn a_loop_of_fixed_count_is_learnt_to_its_end() {
        let mut p = LoopPredictor::of_l_tage();
        assert!(misses(&mut p, 0..1000, 100, true) < 10);
        assert_eq!(misses(&mut p, 1000..9000, 100, true), 0);
        let mut p = LoopPredictor::of_tage_sc_l(3);
        misses(&mut p, 0..40_000, 100, false);
        assert_eq!(misses(&mut p, 40_000..50_000, 100, false), 0);
    }

    #[test]
    fn a_changed_count_is_forgotten() {
        let mut p = LoopPredictor::of_l_tage();
        misses(&mut p, 0..10_000, 100, true);
        let once = misses(&mut p, 0..70, 70, true);
        assert_eq!(once, 1, "the end came early");
        assert!(!p.lookup(0x1234).sure);
    }

    #[test]
    fn loops_of_two_iterations_are_left_to_others() {
        let mut p = LoopPredictor::of_l_tage();
        misses(&mut p, 0..1000, 2, true);
        assert!(p.entries.iter().all(|e| !p.sure(e)));
    }
}
