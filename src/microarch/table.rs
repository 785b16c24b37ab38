//! Microarch tables: named vectors bound to one foundation model.

use super::{Microarch, ProgramVector};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ModelInfo;
use std::collections::BTreeMap;

/// The training distribution of the mean representation.
#[derive(Debug, Clone, PartialEq)]
pub struct Ood {
    /// Mean over the training programs, length D.
    pub mean: Vec<f32>,
    /// Maps a difference from the mean to a vector whose length is the score; R x D, row-major.
    pub whiten: Vec<f32>,
}

/// A table of microarchitectures of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct MicroarchTable {
    pub(super) model_id: String,
    pub(super) dim: usize,
    pub(super) schema_hash: Option<u64>,
    pub(super) entries: Vec<Microarch>,
    pub(super) ood: Option<Ood>,
    /// What other metadata the file had.
    pub(super) metadata: BTreeMap<String, String>,
}

impl MicroarchTable {
    /// An empty table for the model with `model_id` and representations of `dim` elements.
    pub fn new(model_id: impl Into<String>, dim: usize) -> Self {
        Self {
            model_id: model_id.into(),
            dim,
            schema_hash: None,
            entries: Vec::new(),
            ood: None,
            metadata: BTreeMap::new(),
        }
    }

    /// An empty table for `model`.
    pub fn for_model(model: &ModelInfo) -> Self {
        Self {
            schema_hash: Some(model.schema_hash),
            ..Self::new(model.id.clone(), model.representation)
        }
    }

    /// An empty table for the machines of a list of cores.
    pub(crate) fn of_cores(id: String, dim: usize, hash: u64) -> Self {
        Self {
            schema_hash: Some(hash),
            ..Self::new(id, dim)
        }
    }

    /// The model that every vector belongs to.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Elements of a vector (D).
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Hash of the feature schema, where the file says it.
    pub fn schema_hash(&self) -> Option<u64> {
        self.schema_hash
    }

    /// The entries in order.
    pub fn entries(&self) -> &[Microarch] {
        &self.entries
    }

    /// The training distribution, where the table carries it.
    pub fn ood(&self) -> Option<&Ood> {
        self.ood.as_ref()
    }

    /// Index of the entry called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|e| e.name == name)
    }

    /// The same, or an error of kind `NotFound`.
    pub fn index_of(&self, name: &str) -> Result<usize> {
        self.position(name).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!(
                    "no microarchitecture named \"{}\" among the table's {}",
                    name.escape_debug(),
                    self.entries.len()
                ),
            )
        })
    }

    /// The entry called `name`.
    pub fn get(&self, name: &str) -> Option<&Microarch> {
        self.entries.iter().find(|e| e.name == name)
    }

    /// Refuses a table of another model: kind `Mismatch`.
    pub fn check_model(&self, model: &ModelInfo) -> Result<()> {
        let wrong_schema = self.schema_hash.is_some_and(|h| h != model.schema_hash);
        if self.model_id == model.id && self.dim == model.representation && !wrong_schema {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "the microarch table belongs to model \"{}\" (D = {}), not to \"{}\" (D = {}); load the table that came with the model",
                self.model_id, self.dim, model.id, model.representation
            ),
        ))
    }

    /// Appends an entry whose name is not in the table yet. Its `parameters` are kept as compact
    /// JSON with sorted keys, which is what a file gives back.
    pub fn add(&mut self, mut entry: Microarch) -> Result<()> {
        entry.validate(self.dim)?;
        if self.position(&entry.name).is_some() {
            return Err(duplicate(&entry.name));
        }
        if let Ok(parameters) = serde_json::from_str::<serde_json::Value>(&entry.parameters) {
            entry.parameters = parameters.to_string();
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Takes the entry called `name` out; kind `NotFound` when there is none.
    pub fn remove(&mut self, name: &str) -> Result<Microarch> {
        let at = self.index_of(name)?;
        Ok(self.entries.remove(at))
    }

    /// Appends the entries of `other`, which must be of the same model. Entries that both tables
    /// hold identically are kept once; two different ones of one name are an error, and then
    /// nothing changes.
    pub fn merge(&mut self, other: &MicroarchTable) -> Result<()> {
        let differ = matches!((self.schema_hash, other.schema_hash), (Some(a), Some(b)) if a != b);
        if self.model_id != other.model_id || self.dim != other.dim || differ {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "microarch tables of models \"{}\" (D = {}) and \"{}\" (D = {}) cannot be merged; merge tables of one model",
                    self.model_id, self.dim, other.model_id, other.dim
                ),
            ));
        }
        let known: std::collections::HashMap<&str, &Microarch> =
            self.entries.iter().map(|e| (e.name.as_str(), e)).collect();
        let mut new = Vec::new();
        for entry in &other.entries {
            match known.get(entry.name.as_str()) {
                None => new.push(entry.clone()),
                Some(same) if *same == entry => {}
                Some(_) => return Err(duplicate(&entry.name)),
            }
        }
        self.entries.extend(new);
        self.schema_hash = self.schema_hash.or(other.schema_hash);
        if self.ood.is_none() {
            self.ood.clone_from(&other.ood);
        }
        Ok(())
    }

    /// How far a program lies from the training distribution: the length of
    /// `whiten . (sum / measured - mean)`. 0 is its centre, 1 its edge; estimates of programs
    /// over 1 deserve a warning. `None` where the table carries no distribution or nothing was
    /// measured. Kind `Mismatch` for a vector of another model.
    pub fn ood_score(&self, program: &ProgramVector) -> Result<Option<f64>> {
        self.check_program(program)?;
        let (Some(ood), true) = (&self.ood, program.measured > 0) else {
            return Ok(None);
        };
        let n = program.measured as f64;
        let difference: Vec<f64> = (program.sum.iter().zip(&ood.mean))
            .map(|(s, m)| s / n - f64::from(*m))
            .collect();
        let squares = ood.whiten.chunks_exact(self.dim.max(1)).map(|row| {
            let x: f64 = row
                .iter()
                .zip(&difference)
                .map(|(w, d)| f64::from(*w) * d)
                .sum();
            x * x
        });
        Ok(Some(squares.sum::<f64>().sqrt()))
    }

    pub(super) fn check_program(&self, program: &ProgramVector) -> Result<()> {
        if self.model_id == program.model_id && self.dim == program.sum.len() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "the program vector is of model \"{}\" (D = {}) but the microarch table of \"{}\" (D = {}); use the table that came with the model",
                program.model_id, program.sum.len(), self.model_id, self.dim
            ),
        ))
    }
}

pub(super) fn duplicate(name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "two microarchitectures are named \"{}\"; rename or remove one",
            name.escape_debug()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(schema_hash: u64) -> ModelInfo {
        ModelInfo {
            id: "m".into(),
            schema: "s".into(),
            schema_hash,
            isa: "riscv64".into(),
            features: 3,
            representation: 2,
            warmup: 0,
            metadata: Vec::new(),
        }
    }

    #[test]
    fn a_table_of_another_schema_is_refused() {
        let table = MicroarchTable::for_model(&info(7));
        assert_eq!(table.schema_hash(), Some(7));
        table.check_model(&info(7)).unwrap();
        let e = table.check_model(&info(8)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Mismatch);
        // One that does not say its schema fits any.
        let silent = MicroarchTable::new("m", 2);
        silent.check_model(&info(8)).unwrap();

        let mut sum = table.clone();
        let e = sum.merge(&MicroarchTable::for_model(&info(8))).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Mismatch);
        sum.merge(&silent).unwrap();
        assert_eq!(sum.schema_hash(), Some(7));
        let mut sum = silent.clone();
        sum.merge(&table).unwrap();
        assert_eq!(sum.schema_hash(), Some(7));
    }
}
