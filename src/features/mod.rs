//! Retirements to feature rows: microarchitecture-independent numbers, in stream order.
//!
//! An extractor sees every retirement (functional warming is always on) and writes a row only
//! when asked, so that sampling skips the cost of rows and of the model but never of state.

mod branch_entropy;
pub mod perfvec51;
mod perfvec51_schema;
pub mod refmachine;
mod same_address;
pub mod schema;
pub mod stack_distance;
mod timeline;

pub use schema::{Feature, Schema};

use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstId, Resolved, StaticInst};

/// Turns a stream of settled retirements into feature rows of one [`Schema`].
///
/// One extractor serves one stream (a hart) and is used by one thread at a time.
pub trait Extractor: Send {
    /// Columns of a row.
    fn columns(&self) -> usize;

    /// Retirements that [`Extractor::steps`] takes at a time at best: so many that they stay in the
    /// nearest cache.
    fn block(&self) -> usize {
        256
    }

    /// The program's image ends at address `end`, 0 where nobody knows: what lies below was loaded
    /// with it, data that starts as zeros among it. Before the first retirement; extractors that know
    /// no pages ignore it.
    fn set_image_end(&mut self, _end: u64) {}

    /// Announces static instruction `id` before its first retirement. Ids are dense from 0.
    fn intern(&mut self, id: InstId, inst: &StaticInst);

    /// Updates the state with one retirement and, given a row, fills it:
    /// `row.len() == self.columns()`, every element is written.
    fn step(&mut self, r: &Resolved, row: Option<&mut [f32]>);

    /// [`Extractor::step`] for each of `block`; `rows` holds their rows, one after the other.
    fn steps(&mut self, block: &[Resolved], rows: Option<&mut [f32]>) {
        match rows {
            None => {
                for r in block {
                    self.step(r, None);
                }
            }
            Some(rows) => {
                for (r, row) in block.iter().zip(rows.chunks_exact_mut(self.columns())) {
                    self.step(r, Some(row));
                }
            }
        }
    }

    /// Forgets the stream but keeps the interned static instructions.
    fn reset(&mut self);

    /// Appends the state (without the interned instructions) to `out`. Kind `State` where it cannot
    /// be saved.
    fn save(&self, out: &mut Vec<u8>) -> Result<()>;

    /// Takes the state back from the front of `bytes`, after the same instructions were interned.
    /// Any byte string is answered with `Ok` or an error of kind `Corrupt`, never a panic.
    fn restore(&mut self, bytes: &mut &[u8]) -> Result<()>;
}

/// Every schema of the library.
pub static SCHEMAS: &[&Schema] = &[&perfvec51::SCHEMA, &refmachine::SCHEMA];

/// The schema called `name`.
pub fn schema(name: &str) -> Option<&'static Schema> {
    SCHEMAS.iter().copied().find(|s| s.name == name)
}

/// A fresh extractor for the schema called `name`.
pub fn extractor(name: &str) -> Result<Box<dyn Extractor>> {
    match name {
        perfvec51::NAME => Ok(Box::new(perfvec51::PerfVec51::new())),
        refmachine::NAME => Ok(Box::new(refmachine::RefMachine::new())),
        other => Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "no feature schema named \"{other}\"; this library has {}",
                SCHEMAS
                    .iter()
                    .map(|s| s.name)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        )),
    }
}
