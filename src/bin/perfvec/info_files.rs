//! What `perfvec info` tells of models, microarch tables and program vectors.

use crate::report::grouped;
use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::model::{Backend, Model};
use perfvec::{ErrorKind, Result};
use serde_json::{json, Value};
use std::path::Path;

/// A description of a file, for people and for programs.
pub struct Found {
    /// Names and values, one line each.
    rows: Vec<(String, String)>,
    /// The same as one object.
    pub json: Value,
}

impl Found {
    /// The rows as text.
    pub fn text(&self) -> String {
        let width = self.rows.iter().map(|r| r.0.len()).max().unwrap_or(0);
        self.rows
            .iter()
            .map(|(name, value)| format!("{name:width$}  {value}\n"))
            .collect()
    }
}

fn rows<const N: usize>(rows: [(&str, String); N]) -> Vec<(String, String)> {
    rows.map(|(name, value)| (name.to_string(), value)).into()
}

/// A model.
pub fn model(path: &Path) -> Result<Found> {
    let model = Model::load(path, Backend::Auto)?;
    let info = model.info();
    let mut rows = rows([
        ("format", "foundation model".into()),
        ("model id", info.id.clone()),
        ("isa", info.isa.clone()),
        (
            "schema",
            format!("{}, hash {:016x}", info.schema, info.schema_hash),
        ),
        ("features", info.features.to_string()),
        ("representation", info.representation.to_string()),
        ("warm-up", info.warmup.to_string()),
        ("backend", format!("{:?}", model.backend())),
    ]);
    rows.extend(info.metadata.iter().cloned());
    let metadata: serde_json::Map<String, Value> = info
        .metadata
        .iter()
        .map(|(k, v)| (k.clone(), v.clone().into()))
        .collect();
    let json = json!({
        "format": "model", "id": info.id, "isa": info.isa, "schema": info.schema,
        "schema_hash": format!("{:016x}", info.schema_hash), "features": info.features,
        "representation": info.representation, "warmup": info.warmup, "metadata": metadata,
    });
    Ok(Found { rows, json })
}

/// A microarch table or a program vector; the file says which.
pub fn safetensors(path: &Path) -> Result<Found> {
    match MicroarchTable::load(path) {
        Ok(table) => Ok(self::table(&table)),
        Err(of_table) => match ProgramVector::load(path) {
            Ok(vector) => Ok(self::vector(&vector)),
            // A file of the other format fails the first reader only for its format.
            Err(of_vector) if of_vector.kind() == ErrorKind::Mismatch => Err(of_table),
            Err(of_vector) => Err(of_vector),
        },
    }
}

fn table(table: &MicroarchTable) -> Found {
    let entries = table.entries();
    let mut rows = rows([
        ("format", "microarch table".into()),
        ("model id", table.model_id().into()),
        ("representation", table.dim().to_string()),
        ("microarchs", entries.len().to_string()),
    ]);
    rows.extend(entries.iter().map(|m| {
        let origin = if m.trained { "trained" } else { "calibrated" };
        let text = format!("{:.2} GHz, {}, {origin}", m.clock_hz / 1e9, m.kind);
        (m.name.clone(), text)
    }));
    let list: Vec<Value> = entries
        .iter()
        .map(|m| {
            json!({
                "name": m.name, "clock_hz": m.clock_hz, "kind": m.kind, "trained": m.trained,
                "parameters": m.parameters,
            })
        })
        .collect();
    let json = json!({
        "format": "microarch-table", "model": table.model_id(), "representation": table.dim(),
        "microarchs": list,
    });
    Found { rows, json }
}

fn vector(v: &ProgramVector) -> Found {
    let rows = rows([
        ("format", "program vector".into()),
        ("model id", v.model_id.clone()),
        ("representation", v.sum.len().to_string()),
        ("retired", grouped(v.retired)),
        ("measured", grouped(v.measured)),
        ("units", grouped(v.units)),
    ]);
    let json = json!({
        "format": "program-vector", "model": v.model_id, "representation": v.sum.len(),
        "retired": v.retired, "measured": v.measured, "units": v.units,
    });
    Found { rows, json }
}
