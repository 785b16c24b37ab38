//! What prices a stream, from a file: a foundation model and its microarch table, or a list of
//! cores, each of which is its own machine.

use crate::error::Result;
use crate::microarch::MicroarchTable;
use crate::model::{Backend, Model};
use crate::twin::bank;
use crate::twin::cores::CoreList;
use std::path::Path;
use std::sync::Arc;

/// Whether the name of a file is that of a list of cores.
pub fn is_cores(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "toml" || e == "json")
}

/// The model in a file: .toml and .json hold lists of cores, other names a foundation model,
/// which `backend` runs.
pub fn model(path: &Path, backend: Backend) -> Result<Arc<Model>> {
    match is_cores(path) {
        true => Ok(bank::model(&Arc::new(CoreList::read(path)?))),
        false => Model::load(path, backend),
    }
}

/// The microarch table in a file: .toml and .json hold lists of cores.
pub fn microarchs(path: &Path) -> Result<MicroarchTable> {
    match is_cores(path) {
        true => bank::table(&CoreList::read(path)?),
        false => MicroarchTable::load(path),
    }
}
