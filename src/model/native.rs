//! The native LSTM engine.

use super::{Backend, Model};
use crate::error::{Error, ErrorKind, Result};
use std::path::Path;
use std::sync::Arc;

/// Loads an ONNX file for the native engine.
pub fn load(path: &Path, _backend: Backend) -> Result<Arc<Model>> {
    Err(Error::new(
        ErrorKind::Model,
        format!("{}: not yet", path.display()),
    ))
}
