//! What a model file's metadata says, checked.

use super::ModelInfo;
use crate::error::{Error, ErrorKind, Result};
use crate::features;
use crate::isa::Isa;

pub(super) fn model_error(message: String) -> Error {
    Error::new(ErrorKind::Model, message)
}

/// The manifest of a model of that many columns in and out.
pub(super) fn info(
    metadata: Vec<(String, String)>,
    features: usize,
    representation: usize,
) -> Result<ModelInfo> {
    let get = |key: &str| {
        metadata
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
            .filter(|v| !v.is_empty())
            .ok_or_else(|| {
                model_error(format!(
                    "metadata \"{key}\" is missing; add it to the file's metadata_props when exporting"
                ))
            })
    };
    let id = get("perfvec.model_id")?.to_owned();
    let schema_name = get("perfvec.schema")?.to_owned();
    let hash = get("perfvec.schema_hash")?;
    let digits = hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    let schema_hash = u64::from_str_radix(hash, 16)
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| {
            model_error(format!(
                "metadata \"perfvec.schema_hash\" is \"{hash}\", 16 hex digits are needed"
            ))
        })?;
    let isa = get("perfvec.isa")?.to_owned();
    if Isa::from_name(&isa).is_none() {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "metadata \"perfvec.isa\" is \"{isa}\", which this library does not know: it knows {}; use a library that knows it, or name one of these when exporting",
                Isa::ALL.map(Isa::name).join(", ")
            ),
        ));
    }
    let warmup = get("perfvec.warmup")?;
    let warmup = warmup.parse::<u32>().map_err(|_| {
        model_error(format!(
            "metadata \"perfvec.warmup\" is \"{warmup}\", a number of instructions is needed"
        ))
    })? as usize;
    if let Some(known) = features::schema(&schema_name) {
        if known.hash() != schema_hash || known.len() != features {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "feature schema \"{schema_name}\": the model was trained on {features} columns \
                     with hash {schema_hash:016x}, this library has {} with hash {:016x}; use the \
                     library version that the model was trained with, or train it again",
                    known.len(),
                    known.hash()
                ),
            ));
        }
    }
    Ok(ModelInfo {
        id,
        schema: schema_name,
        schema_hash,
        isa,
        features,
        representation,
        warmup,
        metadata,
    })
}
