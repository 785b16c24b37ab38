//! Foundation models: an ONNX file in, representations out.
//!
//! The contract of the file: inputs `features` [T,B,F] and one tensor per state
//! (`h0`, `c0`, ... [L,B,H]); outputs `representation` [T,B,D] and the new states (`hn`, `cn`).
//! Normalisation is inside the graph. Metadata carries the schema's name and hash, the ISA, the
//! training provenance and the model id.

pub mod native;
#[cfg(feature = "onnxruntime")]
pub mod onnx;

use crate::error::Result;
use std::path::Path;
use std::sync::Arc;

/// Which engine runs the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u32)]
pub enum Backend {
    /// int8 where the model's manifest says that it holds its error, else f32; always native for
    /// LSTM graphs, ONNX Runtime for others.
    #[default]
    Auto = 0,
    /// The native engine in f32.
    NativeF32 = 1,
    /// The native engine with int8 weights and activations.
    NativeInt8 = 2,
    /// ONNX Runtime.
    OnnxRuntime = 3,
}

/// What a model file says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Model id (metadata `perfvec.model_id`): binds microarch tables and program vectors.
    pub id: String,
    /// Schema name (metadata `perfvec.schema`).
    pub schema: String,
    /// Schema hash (metadata `perfvec.schema_hash`, 16 hex digits).
    pub schema_hash: u64,
    /// ISA name (metadata `perfvec.isa`).
    pub isa: String,
    /// Columns of a feature row (F).
    pub features: usize,
    /// Elements of a representation (D).
    pub representation: usize,
    /// Warm-up in instructions that the training recommends for a segment from a zero state.
    pub warmup: usize,
    /// All metadata of the file.
    pub metadata: Vec<(String, String)>,
}

/// A loaded model: immutable, shared by any number of sessions and threads.
pub struct Model {
    info: ModelInfo,
    factory: Box<dyn EngineFactory>,
}

/// Makes engines that share one set of weights.
pub trait EngineFactory: Send + Sync {
    /// An engine with its own scratch memory for up to `lanes` lanes of `steps` steps a call.
    fn engine(&self, lanes: usize, steps: usize) -> Result<Box<dyn Engine>>;
    /// Which backend this is, for `info` and logs.
    fn backend(&self) -> Backend;
}

/// Runs lanes of feature rows through a model. Used by one thread at a time.
///
/// A lane's result depends on its rows alone: not on the other lanes, on their number, or on how
/// its steps are split into calls (bit for bit).
pub trait Engine: Send {
    /// Sets the state of every lane to zero.
    fn reset(&mut self);

    /// Runs `steps` steps of `lanes` lanes. Row of lane b, step t is
    /// `x[(b * stride + t) * F ..][..F]`; its representation goes to
    /// `out[(b * steps + t) * D ..][..D]`. Lanes beyond `lanes` keep an undefined state.
    fn run(
        &mut self,
        x: &[f32],
        stride: usize,
        lanes: usize,
        steps: usize,
        out: &mut [f32],
    ) -> Result<()>;
}

impl Model {
    /// Reads and checks a model file.
    pub fn load(path: &Path, backend: Backend) -> Result<Arc<Model>> {
        native::load(path, backend)
    }

    /// A model from its parts (used by the backends).
    pub fn from_parts(info: ModelInfo, factory: Box<dyn EngineFactory>) -> Arc<Model> {
        Arc::new(Model { info, factory })
    }

    /// What the file says of itself.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The backend in use.
    pub fn backend(&self) -> Backend {
        self.factory.backend()
    }

    /// An engine; see [`EngineFactory::engine`].
    pub fn engine(&self, lanes: usize, steps: usize) -> Result<Box<dyn Engine>> {
        self.factory.engine(lanes, steps)
    }
}
