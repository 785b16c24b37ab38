//! One hart's stream: from retirements to a program vector and its estimates.

pub mod config;

pub use config::{Sampling, SessionConfig};

use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstId, Retirement, StaticInst};
use crate::isa::Isa;
use crate::microarch::ProgramVector;
use crate::model::Model;
use std::sync::Arc;

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Retirements inside regions of interest.
    pub retired: u64,
    /// Of these, the ones whose representations are in the program vector.
    pub measured: u64,
    /// Retirements accepted but not yet through the model.
    pub pending: u64,
    /// Sampling units measured (0 in full mode).
    pub units: u64,
}

/// One finished interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Number of the interval, from 0.
    pub index: u64,
    /// Index of its first retirement in the region.
    pub first: u64,
    /// Retirements in it (less than configured only for the last one).
    pub retirements: u64,
    /// Of these, measured.
    pub measured: u64,
    /// Sum of their representations, length D.
    pub vector: Vec<f64>,
}

/// One hart's stream. Used by one thread at a time; many sessions share a model.
pub struct Session {
    model: Arc<Model>,
}

impl Session {
    /// A session at the start of a stream.
    pub fn new(model: Arc<Model>, config: &SessionConfig) -> Result<Session> {
        config.validate()?;
        Ok(Session { model })
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Back to the start of a stream; interned static instructions stay valid.
    pub fn reset(&mut self) -> Result<()> {
        Err(Self::todo())
    }

    fn todo() -> Error {
        Error::new(ErrorKind::Internal, "sessions are not built yet")
    }

    /// Interns a static instruction. The same instruction gives the same id.
    pub fn intern(&mut self, _inst: &StaticInst) -> Result<InstId> {
        Err(Self::todo())
    }

    /// Decodes and interns; a repeated (pc, encoding) is found without decoding.
    pub fn intern_encoding(&mut self, _isa: Isa, _pc: u64, _encoding: &[u8]) -> Result<InstId> {
        Err(Self::todo())
    }

    /// The interned instruction `id`.
    pub fn inst(&self, _id: InstId) -> Option<&StaticInst> {
        None
    }

    /// One retirement.
    pub fn retire(&mut self, r: &Retirement) -> Result<()> {
        self.retire_many(std::slice::from_ref(r))
    }

    /// Retirements in order. On an error (an unknown id) nothing of the slice is taken.
    pub fn retire_many(&mut self, _r: &[Retirement]) -> Result<()> {
        Err(Self::todo())
    }

    /// One retirement of a timing CPU, `cycles` after the one before: feeds the calibrator.
    pub fn retire_timed(&mut self, _r: &Retirement, _cycles: u32) -> Result<()> {
        Err(Self::todo())
    }

    /// What follows is in the region of interest.
    pub fn region_begin(&mut self) -> Result<()> {
        Err(Self::todo())
    }

    /// What follows is outside the region: it warms the features but is not measured.
    pub fn region_end(&mut self) -> Result<()> {
        Err(Self::todo())
    }

    /// Puts everything accepted through the model: afterwards nothing is pending. Does not change
    /// what later calls compute, to the bit.
    pub fn sync(&mut self) -> Result<()> {
        Err(Self::todo())
    }

    /// How far the session has come, without waiting for pending work.
    pub fn counts(&mut self) -> Counts {
        Counts::default()
    }

    /// The program vector so far, without waiting for pending work (call `sync` before for all).
    /// Price it with [`crate::microarch::MicroarchTable::estimate`].
    pub fn program_vector(&mut self) -> Result<ProgramVector> {
        Err(Self::todo())
    }

    /// Takes the intervals finished since the last call, in order.
    pub fn take_intervals(&mut self) -> Vec<Interval> {
        Vec::new()
    }

    /// The complete state: a restored session continues bit-identically. Implies `sync`'s cost.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        Err(Self::todo())
    }

    /// A session that continues where `snapshot` was taken. The model must be the same
    /// (kind `Mismatch` otherwise); damaged bytes give kind `Corrupt`.
    pub fn restore(_model: Arc<Model>, _threads: usize, _bytes: &[u8]) -> Result<Session> {
        Err(Self::todo())
    }
}
