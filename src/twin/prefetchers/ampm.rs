//! Access maps (Ishii, Inaba and Hiraki, Access map pattern matching for data cache prefetch,
//! 2009; gem5 `AMPMPrefetcher`, `mem/cache/prefetch/access_map_pattern_matching.cc`).
//!
//! Zones of 2 KiB keep for each line whether it was accessed or prefetched. A line is fetched where
//! two accesses on the other side lie at its distance. How many are fetched follows from how many
//! were of use in the last epoch, and from the traffic; in gem5 little traffic is no limit at all.

const LINES: u64 = 32;
const ZONE: u64 = LINES << 6;
const SETS: usize = 32;
const WAYS: usize = 8;
const EPOCH: u64 = 256_000;
const MEMORY_NS: f64 = 30.0;

/// A zone: a bit for each line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Zone {
    number: u64,
    touched: u64,
    accessed: u32,
    prefetched: u32,
}

/// The prefetcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Ampm {
    zones: Vec<[Option<Zone>; WAYS]>,
    clock: u64,
    degree: u32,
    useful_degree: u32,
    good: u64,
    all: u64,
    misses: u64,
    hits: u64,
    next_epoch: u64,
    /// Of an epoch.
    ns: f64,
}

impl Ampm {
    /// One of a cache whose cycles last `cycle_ns`.
    pub fn new(cycle_ns: f64) -> Self {
        Self {
            zones: vec![[None; WAYS]; SETS],
            clock: 0,
            degree: 4,
            useful_degree: 4,
            good: 0,
            all: 0,
            misses: 0,
            hits: 0,
            next_epoch: EPOCH,
            ns: EPOCH as f64 * cycle_ns,
        }
    }

    /// Where a zone is; it takes the place of the one that was touched longest ago.
    fn zone(&mut self, number: u64) -> (usize, usize) {
        let index = number as usize % SETS;
        let set = &mut self.zones[index];
        self.clock += 1;
        let age = |zone: &Option<Zone>| zone.map_or(0, |z| z.touched);
        let held = set
            .iter()
            .position(|z| z.is_some_and(|z| z.number == number));
        let way = held.unwrap_or_else(|| (0..WAYS).min_by_key(|&w| age(&set[w])).unwrap_or(0));
        let fresh = Zone {
            number,
            ..Zone::default()
        };
        let zone = set[way].filter(|_| held.is_some()).unwrap_or(fresh);
        set[way] = Some(Zone {
            touched: self.clock,
            ..zone
        });
        (index, way)
    }

    fn at(&mut self, (set, way): (usize, usize)) -> &mut Zone {
        self.zones[set][way].get_or_insert_default()
    }

    pub(super) fn access(&mut self, address: u64, now: u64, candidate: &mut impl FnMut(u64)) {
        while now >= self.next_epoch {
            self.end_epoch();
            self.next_epoch += EPOCH;
        }
        let (number, line) = (address / ZONE, (address % ZONE) >> 6);
        let here = self.zone(number);
        let before = (number > 0).then(|| self.zone(number - 1));
        let behind = self.zone(number + 1);

        let (bit, zone) = (1 << line, *self.at(here));
        if zone.accessed & bit != 0 {
            self.hits += 1;
        } else {
            self.misses += 1;
            self.good += u64::from(zone.prefetched & bit != 0);
        }
        let zone = self.at(here);
        (zone.accessed, zone.prefetched) = (zone.accessed | bit, zone.prefetched & !bit);

        // A copy: what is marked below does not count for it.
        let mut map = u128::from(self.at(here).accessed) << LINES;
        map |= u128::from(self.at(behind).accessed) << (2 * LINES);
        map |= before.map_or(0, |b| u128::from(self.at(b).accessed));
        let centre = (line + LINES) as i64;
        let accessed = |at: i64| map >> at & 1 == 1;
        let mut found = 0;
        for stride in (1..LINES as i64 / 2).flat_map(|s| [s, -s]) {
            let target = centre - stride;
            let exists = before.is_some() || target >= LINES as i64;
            let far = centre + 2 * stride;
            if !exists || !accessed(centre + stride) || !(accessed(far) || accessed(far + 1)) {
                continue;
            }
            let (zone, place) = match target as u64 / LINES {
                0 => (before.unwrap_or(here), number.wrapping_sub(1)),
                1 => (here, number),
                _ => (behind, number + 1),
            };
            self.prefetch(zone, target as u64 % LINES);
            candidate(place * ZONE + ((target as u64 % LINES) << 6));
            found += 1;
            if found == self.degree {
                break;
            }
        }
    }

    /// Its clock goes on from a time `age` later.
    pub(super) fn later(&mut self, age: u64) {
        self.next_epoch = self.next_epoch.wrapping_add(age);
    }

    fn prefetch(&mut self, zone: (usize, usize), line: u64) {
        let (zone, bit) = (self.at(zone), 1 << line);
        let new = (zone.accessed | zone.prefetched) & bit == 0;
        zone.prefetched |= bit;
        zone.accessed &= !bit;
        self.all += u64::from(new);
    }

    fn end_epoch(&mut self) {
        // Of nothing these are no numbers, and compare as false.
        let accuracy = self.good as f64 / self.all as f64;
        let coverage = self.good as f64 / self.misses as f64;
        let hit_ratio = self.hits as f64 / (self.hits + self.misses) as f64;
        let requests = (self.misses - self.good + self.all) as f64;
        let bandwidth = requests * MEMORY_NS / self.ns;
        if coverage > 0.25 && (accuracy > 0.5 || hit_ratio < 0.75) {
            self.useful_degree = self.useful_degree.wrapping_add(1);
        } else if accuracy < 0.25 && hit_ratio > 0.875
            || coverage < 0.125 && (accuracy < 0.25 || hit_ratio > 0.875)
        {
            // From 0 it goes around, as in gem5.
            self.useful_degree = self.useful_degree.wrapping_sub(1);
        }
        self.degree = (bandwidth as u32).min(self.useful_degree);
        (self.good, self.all, self.misses, self.hits) = (0, 0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(p: &mut Ampm, address: u64, now: u64) -> Vec<u64> {
        let mut out = Vec::new();
        p.access(address, now, &mut |a| out.push(a));
        out
    }

    #[test]
    fn lines_at_the_distance_of_two_accesses_are_fetched() {
        let mut p = Ampm::new(0.5);
        let line = |n: u64| 0x10_0000 + n * 64;
        assert!(access(&mut p, line(10), 0).is_empty());
        assert!(access(&mut p, line(12), 1).is_empty());
        // 10 and 12 lie at -2 and -4 of it; the target lies at +2.
        assert_eq!(access(&mut p, line(14), 2), [line(16)]);
        assert!(access(&mut p, line(3), 3).is_empty());
    }

    #[test]
    fn zones_join() {
        let mut p = Ampm::new(0.5);
        let line = |n: u64| 0x10_0000 + n * 64;
        access(&mut p, line(29), 0);
        // The line that is one nearer than the second access will do: here it is the first.
        assert_eq!(access(&mut p, line(30), 1), [line(31)]);
        assert_eq!(access(&mut p, line(31), 2), [line(32)]);
        assert_eq!(access(&mut p, line(32), 3), [line(33), line(34)]);
        assert_eq!(p.good, 2);
    }

    #[test]
    fn little_traffic_is_no_limit() {
        let mut p = Ampm::new(0.5);
        let line = |n: u64| 0x10_0000 + n * 64;
        for n in 0..16 {
            assert!(access(&mut p, line(n), n).len() <= 4);
        }
        assert!(access(&mut p, line(16), EPOCH).len() > 4);
        assert_eq!(p.degree, 0);
    }
}
