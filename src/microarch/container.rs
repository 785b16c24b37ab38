//! The safetensors container that microarch tables and program vectors share.
//!
//! Metadata `perfvec.checksum` is the xxh3-64 (16 lower-case hex digits) of: for each other
//! metadata key in byte order `key \n value \n`, then for each tensor in byte order of its name
//! `name \n dtype \n shape \n data`, the shape written as decimal numbers joined by commas and the
//! data as in the file (little endian). A file without it, or with another, is refused.

use crate::bytes::{all, corrupt, put, put_list};
use crate::error::{Error, ErrorKind, Result};
use crate::file_kind::{wrong, FileKind};
use safetensors::tensor::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::Xxh3;

/// Largest file of a table or a program vector that is read.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;
/// Most elements of a representation (D).
pub(super) const MAX_DIM: usize = 4096;

const FORMAT: &str = "perfvec.format";
const CHECKSUM: &str = "perfvec.checksum";

/// A tensor's elements.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    fn dtype(&self) -> &'static str {
        match self {
            Values::F32(_) => "F32",
            Values::F64(_) => "F64",
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Values::F32(v) => put(&mut out, v),
            Values::F64(v) => put(&mut out, v),
        }
        out
    }

    fn len(&self) -> usize {
        match self {
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
        }
    }

    fn first_non_finite(&self) -> Option<usize> {
        match self {
            Values::F32(v) => v.iter().position(|x| !x.is_finite()),
            Values::F64(v) => v.iter().position(|x| !x.is_finite()),
        }
    }
}

/// Shape and elements of one tensor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub shape: Vec<usize>,
    pub values: Values,
}

/// Metadata (without format and checksum) and tensors of one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Container {
    pub metadata: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, Tensor>,
}

/// The metadata of a safetensors file.
fn metadata_of(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    match FileKind::of(bytes) {
        FileKind::Safetensors | FileKind::Unknown => {}
        other => return Err(wrong("a microarch table or program vector", other)),
    }
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| {
        corrupt(format!(
            "not a whole safetensors file ({e}); copy or make the file again"
        ))
    })?;
    let metadata = header.metadata().clone().unwrap_or_default();
    Ok(metadata.into_iter().collect())
}

/// What the metadata of a file says it is; "" where they do not.
pub(super) fn format_of(bytes: &[u8]) -> Result<String> {
    Ok(metadata_of(bytes)?.remove(FORMAT).unwrap_or_default())
}

/// A format's name without its version.
pub(super) fn kind_of(format: &str) -> Option<&str> {
    format.rsplit_once('-').map(|f| f.0)
}

impl Container {
    /// Parses the bytes of a file of `format`.
    pub fn parse(bytes: &[u8], format: &str) -> Result<Self> {
        let mut metadata = metadata_of(bytes)?;
        match metadata.remove(FORMAT) {
            Some(found) if found == format => {}
            Some(found) => {
                let kind = if kind_of(&found) == kind_of(format) {
                    ErrorKind::Version
                } else {
                    ErrorKind::Corrupt
                };
                return Err(Error::new(
                    kind,
                    format!("metadata {FORMAT} is \"{found}\"; this reader needs \"{format}\", so pass such a file"),
                ));
            }
            None => {
                return Err(corrupt(format!(
                    "metadata {FORMAT} is missing; pass a file of format \"{format}\""
                )))
            }
        }
        let sum = metadata.remove(CHECKSUM).ok_or_else(|| {
            corrupt(format!(
                "metadata {CHECKSUM} is missing; write the file with this library or add its checksum"
            ))
        })?;
        let file = SafeTensors::deserialize(bytes)
            .map_err(|e| corrupt(format!("not a whole safetensors file ({e}); make it again")))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let data = view.data();
            let values = match view.dtype() {
                Dtype::F32 => Values::F32(all(data)),
                Dtype::F64 => Values::F64(all(data)),
                other => {
                    return Err(corrupt(format!(
                        "tensor {name} has type {other}; write it as F32 or F64"
                    )))
                }
            };
            if let Some(at) = values.first_non_finite() {
                return Err(corrupt(format!(
                    "tensor {name}: element {at} is NaN or infinite; make the file again from finite numbers"
                )));
            }
            let shape = view.shape().to_vec();
            tensors.insert(name.to_owned(), Tensor { shape, values });
        }
        let container = Self { metadata, tensors };
        let actual = container.checksum(format);
        if actual != sum {
            return Err(corrupt(format!(
                "metadata {CHECKSUM} is \"{sum}\" but the content gives \"{actual}\": the file was damaged or edited; copy or make it again"
            )));
        }
        Ok(container)
    }

    /// The bytes of a file of `format`: equal content gives equal bytes.
    pub fn to_bytes(&self, format: &str) -> Vec<u8> {
        let mut metadata = self.metadata.clone();
        metadata.insert(FORMAT.into(), format.into());
        metadata.insert(CHECKSUM.into(), self.checksum(format));
        let mut header = serde_json::Map::new();
        header.insert("__metadata__".into(), serde_json::json!(metadata));
        let mut data = Vec::new();
        for (name, t) in &self.tensors {
            debug_assert_eq!(t.shape.iter().product::<usize>(), t.values.len());
            let start = data.len();
            data.extend(t.values.bytes());
            header.insert(
                name.clone(),
                serde_json::json!({
                    "dtype": t.values.dtype(), "shape": t.shape, "data_offsets": [start, data.len()],
                }),
            );
        }
        let mut header = serde_json::Value::Object(header).to_string().into_bytes();
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut out = Vec::with_capacity(8 + header.len() + data.len());
        put_list(&mut out, &header);
        out.extend(data);
        out
    }

    /// Takes tensor `name` out.
    pub fn take(&mut self, name: &str) -> Option<Tensor> {
        self.tensors.remove(name)
    }

    /// Takes metadata `key` out; it must be there.
    pub fn take_metadata(&mut self, key: &str) -> Result<String> {
        self.metadata
            .remove(key)
            .ok_or_else(|| corrupt(format!("metadata {key} is missing; make the file again")))
    }

    /// Rejects tensors that were not read: they would be lost when the file is saved again.
    pub fn expect_no_more_tensors(&self, known: &str) -> Result<()> {
        match self.tensors.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::new(
                ErrorKind::Version,
                format!("tensor {name} is unknown; this library reads {known}: remove it or use the version that wrote it"),
            )),
        }
    }

    fn checksum(&self, format: &str) -> String {
        let mut hash = Xxh3::new();
        let mut line = |s: &str| {
            hash.update(s.as_bytes());
            hash.update(b"\n");
        };
        let mut keys: BTreeMap<&str, &str> = self
            .metadata
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        keys.insert(FORMAT, format);
        for (k, v) in keys {
            line(k);
            line(v);
        }
        for (name, t) in &self.tensors {
            let shape: Vec<String> = t.shape.iter().map(usize::to_string).collect();
            for part in [name.as_str(), t.values.dtype(), &shape.join(",")] {
                hash.update(part.as_bytes());
                hash.update(b"\n");
            }
            hash.update(&t.values.bytes());
        }
        format!("{:016x}", hash.digest())
    }
}

/// A tensor has not the shape that its format asks for.
pub(super) fn shape_error(name: &str, found: &[usize], wanted: &str) -> Error {
    corrupt(format!(
        "tensor {name} has shape {found:?}; write it as {wanted}"
    ))
}
