//! A file that may be either of those that this library saves beside models.

use super::container::{self, MAX_FILE_BYTES};
use super::{program_vector, table_file, MicroarchTable, ProgramVector};
use crate::bytes::corrupt;
use crate::error::Result;
use crate::file::read_bounded;
use std::path::Path;

/// What a safetensors file of this library holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Saved {
    /// A microarch table.
    Table(MicroarchTable),
    /// A program vector.
    Vector(ProgramVector),
}

impl Saved {
    /// Reads whichever it is. Errors are those of the reader for what the file says it is, so that
    /// they name its real defect.
    pub fn load(path: &Path) -> Result<Self> {
        read_bounded(path, MAX_FILE_BYTES)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .map_err(|e| e.context(path.display()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let name = container::format_of(bytes)?;
        // A version that this library does not know is its reader's business.
        let is = |format: &str| container::kind_of(&name) == container::kind_of(format);
        if is(program_vector::FORMAT) {
            return ProgramVector::from_bytes(bytes).map(Self::Vector);
        }
        if is(table_file::FORMAT) {
            return MicroarchTable::from_bytes(bytes).map(Self::Table);
        }
        Err(corrupt(format!(
            "metadata perfvec.format is \"{}\", which is neither a microarch table ({}) nor a program vector ({}); pass one of these",
            name.escape_debug(),
            table_file::FORMAT,
            program_vector::FORMAT
        )))
    }
}
