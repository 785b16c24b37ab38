//! What of a stream a [`Writer`](super::Writer) records.

use crate::error::Result;
use crate::inst::{Retirement, StaticInst};
use crate::region::{Gate, Region};

/// Follows the stream and picks the retirements of a region.
pub(super) struct Cut {
    gate: Gate,
    /// By id: the pc, and whether it transfers control.
    places: Vec<(u64, bool)>,
    /// Whether the retirement before was picked.
    inside: bool,
}

impl Cut {
    /// At the start of a stream. Errors: those of [`Region::validate`].
    pub fn new(region: Region) -> Result<Self> {
        Ok(Self {
            gate: Gate::new(region)?,
            places: Vec::new(),
            inside: false,
        })
    }

    /// Announces the next static instruction.
    pub fn intern(&mut self, inst: &StaticInst) {
        self.gate.announce_next(inst);
        self.places.push((inst.pc, inst.flags.is_ctrl()));
    }

    /// Whether the next retirement of the stream is recorded; `last` is what was recorded before it.
    ///
    /// The next retirement in the trace shows where control went. Where something else followed it
    /// in the stream, since the region ended there, the next pc is written down.
    pub fn picks(&mut self, r: &Retirement, last: Option<&mut Retirement>) -> bool {
        let inside = self.gate.admits(r);
        if self.inside && !inside {
            let open = last.filter(|l| l.next_pc == 0 && self.places[l.inst as usize].1);
            if let Some(open) = open {
                open.next_pc = self.places[r.inst as usize].0;
            }
        }
        self.inside = inside;
        inside
    }
}
