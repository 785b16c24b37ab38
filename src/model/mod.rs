//! Foundation models: an ONNX file in, representations out.
//!
//! The contract of the file: inputs `features` [T,B,F] and one tensor per state
//! (`h0`, `c0`, `h1`, ... [1,B,H]); outputs `representation` [T,B,D] and the new states
//! (`hn0`, `cn0`, `hn1`, ...).
//! Normalisation is inside the graph. Metadata carries the schema's name and hash, the ISA, the
//! training provenance and the model id.

mod file;
mod graph;
pub mod locate;
mod manifest;
pub mod native;
pub mod network;
#[cfg(feature = "onnxruntime")]
pub mod onnx;
#[cfg(any(test, feature = "oracles"))]
pub mod oracle;
mod proto;
pub mod rows;
#[cfg(test)]
mod tests;

pub use rows::{Out, Rows};

use crate::error::{Error, ErrorKind, Result};
use crate::features::{self, Extractor};
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

impl ModelInfo {
    /// The value of metadata `key`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let found = self.metadata.iter().find(|(k, _)| k == key);
        found.map(|(_, v)| v.as_str())
    }

    /// Whether the exporter found that int8 holds its error (metadata `perfvec.int8` is "yes").
    pub fn int8(&self) -> bool {
        self.metadata("perfvec.int8") == Some("yes")
    }
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
    /// What makes the rows that its engines take, on up to `_threads` threads, the caller's among
    /// them.
    fn extractor(&self, info: &ModelInfo, _threads: usize) -> Result<Box<dyn Extractor>> {
        features::extractor(&info.schema)
    }
}

/// Runs lanes of feature rows through a model. Used by one thread at a time.
///
/// A lane's result depends on its rows alone: not on the other lanes, on their number, or on how
/// its steps are split into calls (bit for bit).
pub trait Engine: Send {
    /// Sets the state of every lane to zero.
    fn reset(&mut self);

    /// Runs the steps of `rows` and hands their representations to `out`. Lanes beyond those of
    /// `rows` keep an undefined state. An error of kind `InvalidArgument` where the rows or `out`
    /// are not what the engine was made for.
    fn run(&mut self, rows: &Rows, out: Out) -> Result<()>;
}

impl Model {
    /// Reads and checks a model file. Its feature schema need not be one of this library's, but
    /// where the name is known the hash must agree (error kind `Mismatch`).
    pub fn load(path: &Path, backend: Backend) -> Result<Arc<Model>> {
        let file = file::read(path)?;
        if backend == Backend::OnnxRuntime {
            return load_onnx(file);
        }
        match (graph::network(&file), backend) {
            (Ok(net), _) => load_native(file, net, backend),
            (Err(native), Backend::Auto) => load_onnx(file).map_err(|e| {
                Error::new(
                    e.kind(),
                    format!("{native}; but it failed: {}", e.message()),
                )
            }),
            (Err(native), _) => Err(native),
        }
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

    /// A fresh extractor that runs on up to `threads` threads, the caller's among them; kind `Mismatch` where its rows are not those of the model.
    pub fn extractor(&self, threads: usize) -> Result<Box<dyn Extractor>> {
        let extractor = self.factory.extractor(&self.info, threads)?;
        let (columns, info) = (extractor.columns(), &self.info);
        if columns == info.features {
            return Ok(extractor);
        }
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "model {} takes rows of {} features, schema {} has {columns}",
                info.id, info.features, info.schema
            ),
        ))
    }

    /// An engine; see [`EngineFactory::engine`].
    pub fn engine(&self, lanes: usize, steps: usize) -> Result<Box<dyn Engine>> {
        self.factory.engine(lanes, steps)
    }
}

fn load_native(
    file: file::ModelFile,
    net: network::Network,
    backend: Backend,
) -> Result<Arc<Model>> {
    let int8 = match backend {
        Backend::NativeInt8 => true,
        Backend::Auto => file.info.int8(),
        _ => false,
    };
    let factory = native::factory(net, int8, native::SimdLevel::best())?;
    Ok(Model::from_parts(file.info, factory))
}

#[cfg(feature = "onnxruntime")]
fn load_onnx(mut file: file::ModelFile) -> Result<Arc<Model>> {
    let factory = onnx::factory(&mut file)?;
    Ok(Model::from_parts(file.info, factory))
}

#[cfg(not(feature = "onnxruntime"))]
fn load_onnx(file: file::ModelFile) -> Result<Arc<Model>> {
    Err(Error::new(
        ErrorKind::Runtime,
        format!(
            "{}: this library was built without ONNX Runtime; build it with the feature \"onnxruntime\"",
            file.path.display()
        ),
    ))
}

/// The network of a model file: what the native engine would run.
pub fn read_network(path: &Path) -> Result<network::Network> {
    graph::network(&file::read(path)?)
}

/// Checks the size that is asked of an engine.
fn check_capacity(lanes: usize, steps: usize) -> Result<()> {
    let range = 1..=native::MAX_LANES;
    if range.contains(&lanes) && range.contains(&steps) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "an engine of {lanes} lanes and {steps} steps; both must be from 1 to {}",
            native::MAX_LANES
        ),
    ))
}
