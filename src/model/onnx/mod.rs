//! Any stateful graph through ONNX Runtime, a shared library that is loaded only when asked for.
//!
//! One thread, no spinning. Lanes are always padded to the engine's capacity, so that the same
//! kernels run whatever the number of lanes in use; beyond that, rounding is ONNX Runtime's.

mod library;

use super::file::{ModelFile, State};
use super::rows::Capacity;
use super::{Backend, Engine, EngineFactory, Out, Rows};
use crate::error::{Error, ErrorKind, Result};
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;
use std::borrow::Cow;
use std::sync::Arc;

/// A factory of engines for `file`'s graph.
pub(super) fn factory(file: &mut ModelFile) -> Result<Box<dyn EngineFactory>> {
    let factory = Factory {
        bytes: std::mem::take(&mut file.bytes).into(),
        features: file.info.features,
        width: file.info.representation,
        states: file.states.clone(),
    };
    // So that a graph that ONNX Runtime refuses is an error when it is loaded.
    factory
        .session()
        .map_err(|e| e.context(file.path.display()))?;
    Ok(Box::new(factory))
}

fn runtime_error<T>(e: ort::Error<T>) -> Error {
    Error::new(ErrorKind::Runtime, format!("ONNX Runtime: {e}"))
}

struct Factory {
    bytes: Arc<[u8]>,
    features: usize,
    width: usize,
    states: Vec<State>,
}

impl Factory {
    fn session(&self) -> Result<Session> {
        let env = library::environment()?;
        Session::builder(&env)
            .map_err(runtime_error)?
            .with_intra_threads(1)
            .map_err(runtime_error)?
            .with_inter_threads(1)
            .map_err(runtime_error)?
            .with_intra_op_spinning(false)
            .map_err(runtime_error)?
            .commit_from_memory(&self.bytes)
            .map_err(runtime_error)
    }
}

impl EngineFactory for Factory {
    fn engine(&self, lanes: usize, steps: usize) -> Result<Box<dyn Engine>> {
        super::check_capacity(lanes, steps)?;
        let zero = |s: &State| vec![0.0; lanes * s.width];
        Ok(Box::new(OnnxEngine {
            session: self.session()?,
            capacity: Capacity {
                lanes,
                steps,
                features: self.features,
                width: self.width,
            },
            values: self.states.iter().map(zero).collect(),
            states: self.states.clone(),
            x: Vec::new(),
        }))
    }

    fn backend(&self) -> Backend {
        Backend::OnnxRuntime
    }
}

struct OnnxEngine {
    session: Session,
    capacity: Capacity,
    states: Vec<State>,
    /// Value of each state, [1, lanes, width].
    values: Vec<Vec<f32>>,
    /// [T, lanes, F]; grows to the largest call.
    x: Vec<f32>,
}

impl Engine for OnnxEngine {
    fn reset(&mut self) {
        for value in &mut self.values {
            value.fill(0.0);
        }
    }

    fn run(&mut self, rows: &Rows, mut out: Out) -> Result<()> {
        self.capacity.check(rows, &out)?;
        let Rows { lanes, steps, .. } = *rows;
        if lanes == 0 || steps == 0 {
            return Ok(());
        }
        let Capacity {
            lanes: all,
            features: f,
            width: d,
            ..
        } = self.capacity;
        self.x.resize(steps * all * f, 0.0);
        for lane in 0..lanes {
            for step in 0..steps {
                let to = &mut self.x[(step * all + lane) * f..][..f];
                to.copy_from_slice(rows.row(lane, step));
            }
        }
        let mut inputs: Vec<(Cow<str>, SessionInputValue)> = Vec::new();
        let features = TensorRef::from_array_view(([steps, all, f], &self.x[..]));
        inputs.push(("features".into(), features.map_err(runtime_error)?.into()));
        for (state, value) in self.states.iter().zip(&self.values) {
            let tensor = TensorRef::from_array_view(([1, all, state.width], &value[..]));
            inputs.push((
                state.input.as_str().into(),
                tensor.map_err(runtime_error)?.into(),
            ));
        }
        let outputs = self.session.run(inputs).map_err(runtime_error)?;
        let get = |name: &str, len: usize| {
            let value = outputs.get(name).ok_or_else(|| wrong_output(name))?;
            let (_, data) = value.try_extract_tensor::<f32>().map_err(runtime_error)?;
            (data.len() == len)
                .then_some(data)
                .ok_or_else(|| wrong_output(name))
        };
        let representations = get("representation", steps * all * d)?;
        for lane in 0..lanes {
            for step in 0..steps {
                let own = &representations[(step * all + lane) * d..][..d];
                out.put(rows, lane, step, own);
            }
        }
        for (state, value) in self.states.iter().zip(&mut self.values) {
            let len = value.len();
            value.copy_from_slice(get(&state.output, len)?);
        }
        Ok(())
    }
}

fn wrong_output(name: &str) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("output \"{name}\" does not have the shape that the graph declares; export the model again"),
    )
}
