//! Foundation models: an ONNX file in, representations out.
//!
//! The contract of the file: inputs `features` [T,B,F] and one tensor per state
//! (`h0`, `c0`, `h1`, ... [1,B,H]); outputs `representation` [T,B,D] and the new states
//! (`hn0`, `cn0`, `hn1`, ...).
//! Normalisation is inside the graph. Metadata carries the schema's name and hash, the ISA, the
//! training provenance and the model id.

mod file;
mod graph;
mod graph_ends;
mod graph_lstm;
pub mod locate;
mod manifest;
pub mod native;
pub mod network;
#[cfg(feature = "onnxruntime")]
pub mod onnx;
pub mod oracle;
mod proto;
#[cfg(test)]
mod tests;

use crate::error::{Error, ErrorKind, Result};
use std::ops::Range;
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

    /// Runs `steps` steps of as many lanes as `measured` has, and adds the representations of the
    /// steps `measured[b]` of lane b to `sums[b * D ..][..D]`, in the order of the steps: the same,
    /// to the bit, as adding up what [`Engine::run`] gives. `sums` has D elements for each lane.
    fn sum(
        &mut self,
        x: &[f32],
        stride: usize,
        steps: usize,
        measured: &[Range<usize>],
        sums: &mut [f64],
    ) -> Result<()> {
        let lanes = measured.len();
        let width = sums.len() / lanes.max(1);
        let mut out = vec![0.0; lanes * steps * width];
        self.run(x, stride, lanes, steps, &mut out)?;
        for (lane, range) in measured.iter().enumerate() {
            let sums = &mut sums[lane * width..][..width];
            for step in range.clone() {
                let row = &out[(lane * steps + step) * width..][..width];
                for (sum, r) in sums.iter_mut().zip(row) {
                    *sum += f64::from(*r);
                }
            }
        }
        Ok(())
    }
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
    let factory = native::factory(net, int8, native::Isa::best())?;
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

/// The network of a model file, for the tests' oracle and for reports.
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

/// What [`Engine::run`] was promised, to check its arguments against.
struct Call {
    /// Lanes and steps.
    capacity: (usize, usize),
    features: usize,
    width: usize,
}

impl Call {
    /// Checks rows, and elements of the output: D for each.
    fn check(
        &self,
        x: &[f32],
        stride: usize,
        lanes: usize,
        steps: usize,
        out: usize,
    ) -> Result<()> {
        self.check_rows(x, stride, lanes, steps)?;
        let need = lanes * steps * self.width;
        if out < need {
            return Err(bad(format!("out has {out} elements, {need} are needed")));
        }
        Ok(())
    }

    /// Checks rows, and what is to be added up where.
    fn check_sum(
        &self,
        x: &[f32],
        stride: usize,
        steps: usize,
        measured: &[Range<usize>],
        sums: usize,
    ) -> Result<()> {
        self.check_rows(x, stride, measured.len(), steps)?;
        if let Some(range) = measured.iter().find(|r| r.end > steps) {
            return Err(bad(format!("steps {range:?} are measured of {steps}")));
        }
        let need = measured.len() * self.width;
        if sums != need {
            return Err(bad(format!("sums has {sums} elements, it takes {need}")));
        }
        Ok(())
    }

    fn check_rows(&self, x: &[f32], stride: usize, lanes: usize, steps: usize) -> Result<()> {
        if lanes > self.capacity.0 || steps > self.capacity.1 {
            return Err(bad(format!(
                "{lanes} lanes of {steps} steps, the engine was made for {} of {}",
                self.capacity.0, self.capacity.1
            )));
        }
        if lanes == 0 || steps == 0 {
            return Ok(());
        }
        // The last row that is read ends here; lanes and steps are small, stride is the caller's.
        let rows = stride
            .checked_mul(lanes - 1)
            .and_then(|n| n.checked_add(steps));
        let need = rows.and_then(|n| n.checked_mul(self.features));
        if (lanes > 1 && stride < steps) || need.is_none_or(|n| n > x.len()) {
            return Err(bad(format!(
                "x has {} elements, too few for {lanes} lanes of {steps} steps with stride {stride}",
                x.len()
            )));
        }
        Ok(())
    }
}

fn bad(what: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, what)
}
