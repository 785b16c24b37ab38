//! Retirements since the last access to the same address, up to a cap.

use crate::bytes::{corrupt, count, field, fields, put};
use crate::error::Result;

/// The largest distance; what lies further back, or never was, has it too.
pub(super) const CAP: u32 = 1000;

/// Retirements per generation; a distance below [`CAP`] reaches back one generation at most.
const GENERATION: u64 = 1024;
/// The first retirement's number: two generations on, so that time 0 marks free entries.
const START: u64 = 2 * GENERATION;
/// Entries per generation's table: half of them are free even if every retirement has an address.
const TABLE: usize = 2 * GENERATION as usize;

#[derive(Debug, Clone, Copy)]
struct Entry {
    address: u64,
    time: u64,
}

/// When each address was last accessed, for the last thousand retirements.
///
/// Two hash tables hold the present generation of retirements and the one before. An entry of an
/// older generation counts as free, so that nothing is ever cleared or deleted.
#[derive(Debug, Clone)]
pub(super) struct SameAddress {
    tables: [Box<[Entry]>; 2],
    /// The present retirement.
    now: u64,
}

impl SameAddress {
    pub(super) fn new() -> Self {
        let table = || {
            vec![
                Entry {
                    address: 0,
                    time: 0
                };
                TABLE
            ]
            .into_boxed_slice()
        };
        Self {
            tables: [table(), table()],
            now: START,
        }
    }

    /// The next retirement begins.
    #[inline(always)]
    pub(super) fn advance(&mut self) {
        self.now += 1;
    }

    /// Retirements since the last access to `address`, 1 to [`CAP`]; the present one accesses it.
    #[inline(always)]
    pub(super) fn access(&mut self, address: u64) -> u32 {
        let generation = self.now / GENERATION;
        let at = self.find(address, generation);
        let mut last = self.tables[generation as usize % 2][at];
        if last.time / GENERATION != generation {
            last = self.tables[(generation + 1) as usize % 2][self.find(address, generation - 1)];
        }
        self.tables[generation as usize % 2][at] = Entry {
            address,
            time: self.now,
        };
        // A free entry's time is at least two generations old, hence beyond the cap. So is a
        // stale entry of the same address, whatever generation it is from.
        (self.now - last.time).min(u64::from(CAP)) as u32
    }

    /// Index of the entry of `address` in `generation`'s table, or of the one where it belongs.
    #[inline(always)]
    fn find(&self, address: u64, generation: u64) -> usize {
        let table = &self.tables[generation as usize % 2];
        let hash = address.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut at = (hash >> (64 - TABLE.ilog2())) as usize;
        while table[at].time / GENERATION == generation && table[at].address != address {
            at = (at + 1) % TABLE;
        }
        at
    }

    /// Appends the accesses of the last [`CAP`] retirements, oldest first, as (address, age).
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        let mut recent: Vec<Entry> = Vec::new();
        for entry in self.tables.iter().flatten() {
            if self.now - entry.time < u64::from(CAP) {
                recent.push(*entry);
            }
        }
        recent.sort_unstable_by_key(|e| e.time);
        put(out, &[self.now, recent.len() as u64]);
        for e in recent {
            put(out, &[e.address, self.now - e.time]);
        }
    }

    pub(super) fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let now = field(bytes, "the number of the retirement")?;
        if !(START..1 << 63).contains(&now) {
            return Err(corrupt("the number of the retirement is out of range"));
        }
        let mut fresh = Self::new();
        let mut oldest_yet = u64::from(CAP);
        for _ in 0..count(bytes, 16, "recent addresses")? {
            let [address, age] = fields(bytes, "recent addresses")?;
            if age >= oldest_yet || now - age < START {
                return Err(corrupt("recent addresses are out of order"));
            }
            oldest_yet = age;
            fresh.now = now - age;
            fresh.access(address);
        }
        fresh.now = now;
        *self = fresh;
        Ok(())
    }
}
