//! What prices a stream, from a file: a foundation model and its microarch table, or a list of
//! cores, each of which is its own machine.

use crate::error::Result;
use crate::microarch::MicroarchTable;
use crate::model::{Backend, Model};
use crate::twin::bank;
use crate::twin::cores::CoreList;
use crate::twin::rules::Rules;
use std::path::Path;
use std::sync::Arc;

/// In place of a file: all cores that the library knows.
pub const KNOWN: &str = "cores";

/// The list of cores that `path` names; `None` where it names a foundation model.
fn cores(path: &Path, rules: Rules) -> Result<Option<CoreList>> {
    if path.as_os_str() == KNOWN {
        return Ok(Some(CoreList {
            rules,
            ..CoreList::known()
        }));
    }
    match is_cores(path) {
        true => CoreList::read(path, rules).map(Some),
        false => Ok(None),
    }
}

/// Whether `path` names a list of cores, which is a model and its table in one.
pub fn is_cores(path: &Path) -> bool {
    path.as_os_str() == KNOWN || path.extension().is_some_and(|e| e == "toml" || e == "json")
}

/// The model in a file: .toml and .json hold lists of cores, "cores" stands for all that the
/// library knows, and other names are those of foundation models, which `backend` runs. Lists that
/// name no rules follow `rules`.
pub fn model(path: &Path, backend: Backend, rules: Rules) -> Result<Arc<Model>> {
    match cores(path, rules)? {
        Some(cores) => Ok(bank::model(&Arc::new(cores))),
        None => Model::load(path, backend),
    }
}

/// The microarch table in a file, or of the cores that [`model`] takes by the same name.
pub fn microarchs(path: &Path, rules: Rules) -> Result<MicroarchTable> {
    match cores(path, rules)? {
        Some(cores) => bank::table(&cores),
        None => MicroarchTable::load(path),
    }
}
