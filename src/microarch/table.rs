//! Microarch tables: named vectors bound to one foundation model, in a safetensors file.
//!
//! Tensor `vectors` f32 [K, D]; metadata `perfvec.format` = `microarchs-1`, `perfvec.model_id`,
//! `perfvec.schema_hash`, `perfvec.entries` (JSON list of name, clock_hz, kind, parameters,
//! trained). Optional tensors `ood.mean`, `ood.whiten` hold the training distribution.

use crate::error::{Error, ErrorKind, Result};
use std::path::Path;

/// One microarchitecture: a vector and what is known of the core.
#[derive(Debug, Clone, PartialEq)]
pub struct Microarch {
    /// Unique name in the table.
    pub name: String,
    /// Clock in Hz.
    pub clock_hz: f64,
    /// Parameters as JSON text (an object; `{}` where none are known).
    pub parameters: String,
    /// The microarchitecture vector M_k, length D.
    pub vector: Vec<f32>,
}

/// A table of microarchitectures of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct MicroarchTable {
    model_id: String,
    entries: Vec<Microarch>,
}

impl MicroarchTable {
    /// An empty table for the model with `model_id` and representations of `dim` elements.
    pub fn new(model_id: impl Into<String>, _dim: usize) -> Self {
        Self {
            model_id: model_id.into(),
            entries: Vec::new(),
        }
    }

    /// Reads a table.
    pub fn load(path: &Path) -> Result<Self> {
        Err(Error::new(
            ErrorKind::Internal,
            format!("{}: reading tables is not built yet", path.display()),
        ))
    }

    /// The model that every vector belongs to.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The entries in order.
    pub fn entries(&self) -> &[Microarch] {
        &self.entries
    }
}
