//! Program vectors: additive sums of representations, and their files.
//!
//! A file (safetensors) holds tensor `sum` F64 [D] and, in sampling mode, `second_moment`
//! F64 [D(D+1)/2]; metadata `perfvec.format` = `program-vector-1`, `perfvec.model_id`, the
//! counts `perfvec.retired`, `perfvec.measured`, `perfvec.units` in decimal, and
//! `perfvec.checksum` (see `container.rs`).

use super::container::{shape_error, Container, Tensor, Values, MAX_DIM, MAX_FILE_BYTES};
use crate::bytes::corrupt;
use crate::error::Result;
use crate::file::{read_bounded, write_atomic};
use std::path::Path;

pub(super) const FORMAT: &str = "program-vector-1";
const MODEL_ID: &str = "perfvec.model_id";
const COUNTS: [&str; 3] = ["perfvec.retired", "perfvec.measured", "perfvec.units"];

/// A program vector and what it is the sum of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProgramVector {
    /// Model that made the representations.
    pub model_id: String,
    /// Retirements that the vector stands for (N).
    pub retired: u64,
    /// Retirements whose representations were computed and summed (n <= N).
    pub measured: u64,
    /// Sum of the representations of the measured retirements, length D.
    pub sum: Vec<f64>,
    /// Number of sampling units (0 in full mode).
    pub units: u64,
    /// Sum over units of the outer product of the unit's vector with itself, row-major upper
    /// triangle by rows, D(D+1)/2 elements; empty in full mode. Gives the variance of any
    /// microarchitecture's estimate without keeping the units.
    pub second_moment: Vec<f64>,
}

impl ProgramVector {
    /// Reads a program vector. A file that is damaged or foreign is refused whole:
    /// kind `Io`, `Corrupt`, `Version` or `OutOfMemory` (over 1 GiB).
    pub fn load(path: &Path) -> Result<Self> {
        read_bounded(path, MAX_FILE_BYTES)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .map_err(|e| e.context(path.display()))
    }

    /// A program vector from the bytes of its file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Container::parse(bytes, FORMAT).and_then(Self::from_container)
    }

    /// Writes the vector: to a temporary file beside `path`, then renamed. Equal vectors give
    /// equal bytes.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.validate()
            .and_then(|()| write_atomic(path, &self.to_container().to_bytes(FORMAT)))
            .map_err(|e| e.context(path.display()))
    }

    /// Checks that counts and lengths agree and that every number is finite.
    pub fn validate(&self) -> Result<()> {
        let dim = self.sum.len();
        if dim == 0 || dim > MAX_DIM {
            return Err(shape_error("sum", &[dim], "[D] with D from 1 to 4096"));
        }
        if self.measured > self.retired {
            return Err(corrupt(format!(
                "measured is {} but retired only {}; make the vector again",
                self.measured, self.retired
            )));
        }
        let wanted = if self.units == 0 {
            0
        } else {
            dim * (dim + 1) / 2
        };
        if self.second_moment.len() != wanted {
            return Err(shape_error(
                "second_moment",
                &[self.second_moment.len()],
                &format!("[{wanted}] for {} units of D = {dim}", self.units),
            ));
        }
        let numbers = [("sum", &self.sum), ("second_moment", &self.second_moment)];
        for (name, values) in numbers {
            if let Some(at) = values.iter().position(|x| !x.is_finite()) {
                return Err(corrupt(format!(
                    "tensor {name}: element {at} is {}; make the vector again",
                    values[at]
                )));
            }
        }
        Ok(())
    }

    fn from_container(mut c: Container) -> Result<Self> {
        let model_id = c.take_metadata(MODEL_ID)?;
        let mut counts = [0; COUNTS.len()];
        for (count, key) in counts.iter_mut().zip(COUNTS) {
            let text = c.take_metadata(key)?;
            *count = text.parse().map_err(|_| {
                corrupt(format!(
                    "metadata {key} is \"{text}\"; write a decimal count"
                ))
            })?;
        }
        let [retired, measured, units] = counts;
        let sum = take_f64(&mut c, "sum")?
            .ok_or_else(|| corrupt("tensor sum is missing; make the vector again"))?;
        let second_moment = take_f64(&mut c, "second_moment")?.unwrap_or_default();
        c.expect_no_more_tensors("sum and second_moment")?;
        let vector = Self {
            model_id,
            retired,
            measured,
            sum,
            units,
            second_moment,
        };
        vector.validate()?;
        Ok(vector)
    }

    fn to_container(&self) -> Container {
        let mut c = Container::default();
        c.metadata.insert(MODEL_ID.into(), self.model_id.clone());
        let counts = [self.retired, self.measured, self.units];
        for (key, count) in COUNTS.iter().zip(counts) {
            c.metadata.insert((*key).into(), count.to_string());
        }
        let mut put = |name: &str, values: &Vec<f64>| {
            let shape = vec![values.len()];
            let values = Values::F64(values.clone());
            c.tensors.insert(name.into(), Tensor { shape, values });
        };
        put("sum", &self.sum);
        if self.units > 0 {
            put("second_moment", &self.second_moment);
        }
        c
    }
}

fn take_f64(c: &mut Container, name: &str) -> Result<Option<Vec<f64>>> {
    match c.take(name) {
        None => Ok(None),
        Some(Tensor {
            shape,
            values: Values::F64(values),
        }) if shape.len() == 1 => Ok(Some(values)),
        Some(Tensor { shape, .. }) => Err(shape_error(name, &shape, "F64 with one dimension")),
    }
}
