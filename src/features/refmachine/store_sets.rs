//! Memory dependence prediction by store sets (Chrysos and Emer 1998), for every machine at once.
//!
//! A load that was issued before an older store to the same 16 bytes must be repeated; from then
//! on it waits for the last store of its set, and so do that set's stores. The sets are shared by
//! the machines; who has learned of a conflict is kept per machine.

use super::lanes::Lanes;
use crate::bytes::{field, put};
use crate::error::Result;

/// Instructions that are distinguished.
pub const SITES: usize = 1024;
const SETS: usize = 128;
const NO_SET: u8 = u8::MAX;
/// Accesses after which all is forgotten, since a conflict may have passed.
const PERIOD: u32 = 250_000;

#[derive(Clone, Copy)]
struct Site {
    set: u8,
    /// Bit m: machine m has learned.
    machines: u32,
}

const UNKNOWN: Site = Site {
    set: NO_SET,
    machines: 0,
};

/// Sets, and when the last store of each is done.
#[derive(Clone)]
pub struct StoreSets {
    sites: Vec<Site>,
    done: Vec<Lanes>,
    accesses: u32,
}

impl StoreSets {
    /// Nothing learned.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            sites: vec![UNKNOWN; SITES],
            done: vec![Lanes::ZERO; SETS],
            accesses: 0,
        }
    }

    /// What an access at `site` waits for: the time on each machine, and who waits (bit m).
    #[inline(always)]
    pub fn before(&mut self, site: u16) -> Option<(&Lanes, u32)> {
        self.accesses += 1;
        if self.accesses == PERIOD {
            self.accesses = 0;
            self.sites.fill(UNKNOWN);
        }
        let site = self.sites[usize::from(site) % SITES];
        (site.machines != 0).then(|| (&self.done[usize::from(site.set) % SETS], site.machines))
    }

    /// A store at `site` is done.
    #[inline(always)]
    pub fn stored(&mut self, site: u16, done: &Lanes) {
        let site = self.sites[usize::from(site) % SITES];
        if site.machines != 0 {
            self.done[usize::from(site.set) % SETS] = *done;
        }
    }

    /// The load passed the store on these machines (bit m): both will be of one set.
    #[cold]
    pub fn learn(&mut self, load: u16, store: u16, machines: u32) {
        let (load, store) = (usize::from(load) % SITES, usize::from(store) % SITES);
        let set = match (self.sites[load].set, self.sites[store].set) {
            (NO_SET, NO_SET) => ((load ^ load >> 7) % SETS) as u8,
            (set, NO_SET) | (NO_SET, set) => set,
            (a, b) => a.min(b),
        };
        for site in [load, store] {
            self.sites[site].set = set;
            self.sites[site].machines |= machines;
        }
    }

    /// The times that are kept, for moving their origin.
    pub fn lanes(&mut self) -> impl Iterator<Item = &mut Lanes> {
        self.done.iter_mut()
    }

    /// Appends what was learned; the times are saved with the machines'.
    pub fn save(&self, out: &mut Vec<u8>) {
        for s in &self.sites {
            out.push(s.set);
            put(out, &[s.machines]);
        }
        put(out, &[u64::from(self.accesses)]);
    }

    /// Takes it back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        for s in &mut self.sites {
            s.set = field(bytes, "a store set")?;
            s.machines = field(bytes, "a store set")?;
        }
        self.accesses = (field::<u64>(bytes, "a count of accesses")? % u64::from(PERIOD)) as u32;
        Ok(())
    }
}
