//! `perfvec info` of models, microarch tables and program vectors.

use crate::output::grouped;
use crate::source::Only;
use perfvec::microarch::{Microarch, MicroarchTable, ProgramVector, Saved};
use perfvec::model::{Backend, Model};
use perfvec::Result;
use serde_json::{json, Value};
use std::path::Path;

/// A description of a file, for people and for programs.
pub struct Found {
    /// Names and values, one line each.
    pub rows: Vec<(String, String)>,
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

/// Longest value of a model's metadata that is shown as text, in bytes.
const MAX_VALUE: usize = 120;

/// What a foundation model's file holds.
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
    rows.extend(info.metadata.iter().map(|(name, value)| {
        let value = match value.len() {
            0..=MAX_VALUE => value.clone(),
            n => format!("{} bytes (--json shows all)", grouped(n as u64)),
        };
        (name.clone(), value)
    }));
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

/// A microarch table, of it what `only` names, or a program vector; the file says which.
pub fn safetensors(path: &Path, only: &Only) -> Result<Found> {
    match Saved::load(path)? {
        Saved::Table(table) => only.check(&table).map(|()| self::table(&table, only)),
        Saved::Vector(vector) => Ok(self::vector(&vector)),
    }
}

fn table(table: &MicroarchTable, only: &Only) -> Found {
    let entries: Vec<&Microarch> = table
        .entries()
        .iter()
        .filter(|m| only.wants(&m.name))
        .collect();
    let mut rows = rows([
        ("format", "microarch table".into()),
        ("model id", table.model_id().into()),
        ("representation", table.dim().to_string()),
        ("microarchs", table.entries().len().to_string()),
    ]);
    for m in &entries {
        let origin = if m.trained { "trained" } else { "calibrated" };
        let kind = if m.kind.is_empty() { "" } else { ", " };
        let text = format!("{:.2} GHz{kind}{}, {origin}", m.clock_hz / 1e9, m.kind);
        rows.push((m.name.clone(), text));
        if only.is_empty() {
            continue;
        }
        let known = parameters(m);
        let known = known.as_object().into_iter().flatten();
        rows.extend(known.map(|(name, value)| {
            let value = value.as_str().map_or(value.to_string(), str::to_string);
            (format!("  {name}"), value)
        }));
    }
    let list: Vec<Value> = entries
        .iter()
        .map(|m| {
            json!({
                "name": m.name, "clock_hz": m.clock_hz, "kind": m.kind, "trained": m.trained,
                "parameters": parameters(m),
            })
        })
        .collect();
    let json = json!({
        "format": "microarch-table", "model": table.model_id(), "representation": table.dim(),
        "microarchs": list,
    });
    Found { rows, json }
}

/// What is known of a core; a table holds only valid JSON.
fn parameters(core: &Microarch) -> Value {
    serde_json::from_str(&core.parameters).unwrap_or_default()
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
