//! A block of retirements as the structures see it, by kind: fetched lines, accesses and control
//! transfers.

use super::super::pages::Place;
use super::super::predictors::branch_unit::Control;
use super::super::prepared::Prepared;
use crate::inst::Resolved;

/// A line that is fetched after another one.
pub struct Fetch {
    /// The retirement's number in the block.
    pub n: u32,
    /// The physical address at which fetch comes to the line.
    pub address: u64,
    /// Whether that is on a wrong path.
    pub wrong: bool,
}

/// A load or a store.
pub struct DataAccess {
    /// The retirement's number in the block.
    pub n: u32,
    /// Whether it writes.
    pub write: bool,
    /// Its physical address.
    pub address: u64,
    /// The instruction.
    pub pc: u64,
}

/// A block of retirements.
#[derive(Default)]
pub struct Stream {
    /// Retirements before the block, and in it.
    pub start: u64,
    pub(super) len: u32,
    pub(super) fetches: Vec<Fetch>,
    pub(super) accesses: Vec<DataAccess>,
    pub(super) controls: Vec<Control>,
    /// The line that was fetched last, + 1.
    line: u64,
}

impl Stream {
    /// The next retirement of the block.
    #[inline]
    pub fn push(&mut self, i: &Prepared, r: &Resolved, place: &Place) {
        let n = self.len;
        self.len += 1;
        // Virtual lines: they change when physical ones do.
        let (first, last) = (i.pc >> 6, (i.pc + u64::from(i.size) - 1) >> 6);
        if first + 1 != self.line {
            let address = place.code(i.pc);
            self.fetches.push(Fetch {
                n,
                address,
                wrong: false,
            });
            self.line = first + 1;
        }
        if last != first {
            let address = place.code(last << 6);
            self.fetches.push(Fetch {
                n,
                address,
                wrong: false,
            });
            self.line = last + 1;
        }
        if i.transfers {
            self.controls.push(i.control(r));
        }
        if let Some(address) = place.behind {
            self.fetches.push(Fetch {
                n,
                address,
                wrong: true,
            });
        }
        if i.load || i.store {
            self.accesses.push(DataAccess {
                n,
                write: i.store,
                address: place.data,
                pc: i.pc,
            });
        }
    }

    /// The block is over.
    pub fn clear(&mut self) {
        self.start += u64::from(self.len);
        self.len = 0;
        self.fetches.clear();
        self.accesses.clear();
        self.controls.clear();
    }
}
