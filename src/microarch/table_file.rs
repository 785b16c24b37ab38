//! The file of a microarch table (safetensors).
//!
//! Tensor `vectors` F32 [K, D]: row k prices a representation in cycles of microarchitecture k.
//! Metadata: `perfvec.format` = `microarchs-1`; `perfvec.model_id`; `perfvec.schema_hash` (16
//! lower-case hex digits, optional); `perfvec.entries`, a JSON list with one object for each row:
//! `name` (unique), `clock_hz`, `kind`, `parameters` (an object), `trained` (whether the
//! foundation model was trained on it), the last three optional; `perfvec.checksum` (see
//! `container.rs`). Optional tensors `ood.mean` F32 [D] and `ood.whiten` F32 [R, D] hold the
//! training distribution of the mean representation, scaled so that a program at its edge scores
//! 1; see [`MicroarchTable::ood_score`]. Other metadata is kept through load and save.

use super::container::{shape_error, Container, Tensor, Values, MAX_DIM, MAX_FILE_BYTES};
use super::table::duplicate;
use super::{Microarch, MicroarchTable, Ood};
use crate::bytes::corrupt;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{read_bounded, write_atomic};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::Path;

pub(super) const FORMAT: &str = "microarchs-1";
const MODEL_ID: &str = "perfvec.model_id";
const SCHEMA_HASH: &str = "perfvec.schema_hash";
const ENTRIES: &str = "perfvec.entries";

/// An element of `perfvec.entries`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    clock_hz: f64,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    parameters: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    trained: bool,
}

impl MicroarchTable {
    /// Reads a table. A file that is damaged, foreign, or holds a bad entry is refused whole:
    /// kind `Io`, `Corrupt`, `Version` or `OutOfMemory` (over 1 GiB).
    pub fn load(path: &Path) -> Result<Self> {
        read_bounded(path, MAX_FILE_BYTES)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .map_err(|e| e.context(path.display()))
    }

    /// A table from the bytes of its file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Container::parse(bytes, FORMAT).and_then(Self::from_container)
    }

    /// Writes the table: to a temporary file beside `path`, then renamed. Equal tables give
    /// equal bytes. What [`load`](Self::load) would refuse is refused here.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.to_container()
            .map(|c| c.to_bytes(FORMAT))
            .and_then(|bytes| {
                loadable(&bytes)?;
                write_atomic(path, &bytes)
            })
            .map_err(|e| e.context(path.display()))
    }

    fn from_container(mut c: Container) -> Result<Self> {
        let model_id = c.take_metadata(MODEL_ID)?;
        let schema_hash = match c.metadata.remove(SCHEMA_HASH) {
            None => None,
            Some(hex) => Some(parse_hash(&hex)?),
        };
        let entries: Vec<Entry> =
            serde_json::from_str(&c.take_metadata(ENTRIES)?).map_err(|e| {
                corrupt(format!(
                    "metadata {ENTRIES}: {e}; see the format in table_file.rs"
                ))
            })?;
        let (shape, vectors) = take_f32(&mut c, "vectors")?
            .ok_or_else(|| corrupt("tensor vectors is missing; make the table again"))?;
        let &[count, dim] = shape.as_slice() else {
            return Err(shape_error("vectors", &shape, "[K, D]"));
        };
        if count != entries.len() {
            return Err(corrupt(format!(
                "tensor vectors has {count} rows but {ENTRIES} names {}; make them agree",
                entries.len()
            )));
        }
        if dim == 0 || dim > MAX_DIM {
            return Err(shape_error(
                "vectors",
                &shape,
                "[K, D] with D from 1 to 4096",
            ));
        }
        let ood = take_ood(&mut c, dim)?;
        c.expect_no_more_tensors("vectors, ood.mean and ood.whiten")?;
        let mut table = Self {
            schema_hash,
            ood,
            metadata: c.metadata,
            ..Self::new(model_id, dim)
        };
        let mut names = HashSet::new();
        for (entry, row) in entries.into_iter().zip(vectors.chunks_exact(dim)) {
            let entry = Microarch {
                name: entry.name,
                clock_hz: entry.clock_hz,
                kind: entry.kind,
                parameters: serde_json::Value::Object(entry.parameters).to_string(),
                trained: entry.trained,
                vector: row.to_vec(),
            };
            entry.validate(dim).map_err(|e| corrupt(e.message()))?;
            if !names.insert(entry.name.clone()) {
                return Err(corrupt(duplicate(&entry.name).message()));
            }
            table.entries.push(entry);
        }
        Ok(table)
    }

    fn to_container(&self) -> Result<Container> {
        let mut c = Container {
            metadata: self.metadata.clone(),
            ..Container::default()
        };
        let entries: Vec<Entry> = (self.entries.iter())
            .map(|e| {
                Ok(Entry {
                    name: e.name.clone(),
                    clock_hz: e.clock_hz,
                    kind: e.kind.clone(),
                    parameters: serde_json::from_str(&e.parameters)?,
                    trained: e.trained,
                })
            })
            .collect::<std::result::Result<_, serde_json::Error>>()
            .map_err(|e| Error::new(ErrorKind::Internal, format!("parameters: {e}")))?;
        let entries = serde_json::to_string(&entries)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("{ENTRIES}: {e}")))?;
        c.metadata.insert(ENTRIES.into(), entries);
        c.metadata.insert(MODEL_ID.into(), self.model_id.clone());
        if let Some(hash) = self.schema_hash {
            c.metadata
                .insert(SCHEMA_HASH.into(), format!("{hash:016x}"));
        }
        let mut put = |name: &str, shape: Vec<usize>, values: Vec<f32>| {
            let values = Values::F32(values);
            c.tensors.insert(name.into(), Tensor { shape, values });
        };
        let vectors = self.entries.iter().flat_map(|e| e.vector.iter().copied());
        put(
            "vectors",
            vec![self.entries.len(), self.dim],
            vectors.collect(),
        );
        if let Some(ood) = &self.ood {
            put("ood.mean", vec![self.dim], ood.mean.clone());
            let rows = ood.whiten.len() / self.dim.max(1);
            put("ood.whiten", vec![rows, self.dim], ood.whiten.clone());
        }
        Ok(c)
    }
}

/// An error where `bytes` are of no use as a file: a table of very many cores can pass the limits of
/// the format.
fn loadable(bytes: &[u8]) -> Result<()> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let text = "the table is larger than 1 GiB, which no reader takes; split it".to_string();
        return Err(Error::new(ErrorKind::OutOfMemory, text));
    }
    let refused = |e: Error| {
        let text = format!("the table cannot be saved, since it could not be read: {e}");
        Error::new(ErrorKind::InvalidArgument, text)
    };
    MicroarchTable::from_bytes(bytes).map(drop).map_err(refused)
}

fn take_ood(c: &mut Container, dim: usize) -> Result<Option<Ood>> {
    match (take_f32(c, "ood.mean")?, take_f32(c, "ood.whiten")?) {
        (None, None) => Ok(None),
        (Some((m, mean)), Some((w, whiten))) => {
            if m != [dim] {
                return Err(shape_error("ood.mean", &m, "[D]"));
            }
            if w.len() != 2 || w[1] != dim {
                return Err(shape_error("ood.whiten", &w, "[R, D]"));
            }
            Ok(Some(Ood { mean, whiten }))
        }
        _ => Err(corrupt(
            "of the tensors ood.mean and ood.whiten only one is there; write both or none",
        )),
    }
}

fn take_f32(c: &mut Container, name: &str) -> Result<Option<(Vec<usize>, Vec<f32>)>> {
    match c.take(name) {
        None => Ok(None),
        Some(Tensor {
            shape,
            values: Values::F32(values),
        }) => Ok(Some((shape, values))),
        Some(_) => Err(corrupt(format!(
            "tensor {name} has type F64; write it as F32"
        ))),
    }
}

fn parse_hash(hex: &str) -> Result<u64> {
    if hex.len() == 16 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        if let Ok(hash) = u64::from_str_radix(hex, 16) {
            return Ok(hash);
        }
    }
    Err(corrupt(format!(
        "metadata {SCHEMA_HASH} is \"{}\"; write 16 lower-case hex digits",
        hex.escape_debug()
    )))
}
