//! Program vectors: additive sums of representations, and their files.

use crate::error::{Error, ErrorKind, Result};

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
    /// Adds another vector of the same model: afterwards `self` stands for both streams.
    pub fn merge(&mut self, other: &ProgramVector) -> Result<()> {
        if self.model_id != other.model_id || self.sum.len() != other.sum.len() {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "program vectors of models \"{}\" and \"{}\" cannot be merged; make both with one model",
                    self.model_id, other.model_id
                ),
            ));
        }
        self.retired += other.retired;
        self.measured += other.measured;
        self.units += other.units;
        for (a, b) in self.sum.iter_mut().zip(&other.sum) {
            *a += b;
        }
        if self.second_moment.is_empty() {
            self.second_moment.clone_from(&other.second_moment);
        } else {
            for (a, b) in self.second_moment.iter_mut().zip(&other.second_moment) {
                *a += b;
            }
        }
        Ok(())
    }
}
