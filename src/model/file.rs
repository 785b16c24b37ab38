//! A model file: read, decode, and check what every backend needs.

use super::manifest::{self, model_error};
use super::proto::{
    Attribute, GraphProto, ModelProto, NodeProto, StringEntry, TensorProto, ValueInfo,
};
use super::ModelInfo;
use crate::bytes::{all, corrupt};
use crate::error::Result;
use crate::file::read_bounded;
use crate::file_kind::{wrong, FileKind};
use prost::Message;
use std::path::{Path, PathBuf};

/// Largest model file that is read: 256 MiB.
const MAX_BYTES: u64 = 256 << 20;
/// Most bytes that decoding makes of what a model file holds besides its weights. Two bytes of a
/// file can be a message of hundreds, so they are counted first.
const MAX_STRUCTURE: usize = 32 << 20;
/// Largest F, D, hidden size or embedding size.
pub(crate) const MAX_WIDTH: usize = 8192;
/// Most states of a model.
const MAX_STATES: usize = 128;

/// ONNX's number for f32.
const FLOAT: i32 = 1;
const INT32: i32 = 6;
const INT64: i32 = 7;

/// A state tensor: its input, the output that carries its new value, and its size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub input: String,
    pub output: String,
    /// Elements of one lane.
    pub width: usize,
}

/// A decoded model file that honours the contract.
pub(crate) struct ModelFile {
    pub path: PathBuf,
    /// The file as read.
    #[cfg(feature = "onnxruntime")]
    pub bytes: Vec<u8>,
    pub graph: GraphProto,
    pub info: ModelInfo,
    /// States in the order of the graph's inputs.
    pub states: Vec<State>,
}

/// Reads and checks `path`; errors name it.
pub(crate) fn read(path: &Path) -> Result<ModelFile> {
    let bytes = read_bounded(path, MAX_BYTES).map_err(|e| e.context(path.display()))?;
    #[allow(unused_mut)]
    let mut file = parse(path, &bytes).map_err(|e| e.context(path.display()))?;
    #[cfg(feature = "onnxruntime")]
    {
        file.bytes = bytes;
    }
    Ok(file)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<ModelFile> {
    match FileKind::of(bytes) {
        // Protobuf has no magic, so what is not known may be one.
        FileKind::Onnx | FileKind::Unknown => {}
        other => return Err(wrong("an ONNX model", other)),
    }
    match structure(bytes, Part::Model) {
        None => {
            return Err(corrupt(
                "not an ONNX file, or truncated; export or copy it again",
            ))
        }
        Some(n) if n > MAX_STRUCTURE => {
            return Err(corrupt(format!(
                "{n} bytes of graph and metadata outside its weights, {MAX_STRUCTURE} are allowed; store the weights as initializers, raw or as f32"
            )))
        }
        Some(_) => {}
    }
    let model = ModelProto::decode(bytes).map_err(|e| {
        corrupt(format!(
            "not an ONNX file, or truncated ({e}); export or copy it again"
        ))
    })?;
    let graph = match model.graph {
        Some(graph) if model.ir_version > 0 && !graph.output.is_empty() => graph,
        _ => {
            return Err(corrupt(
                "not an ONNX file (no graph in it); export or copy it again",
            ))
        }
    };
    let metadata: Vec<(String, String)> = model
        .metadata_props
        .into_iter()
        .map(|p| (p.key, p.value))
        .collect();
    let features = width(&graph.input, "features", "input")?;
    let representation = width(&graph.output, "representation", "output")?;
    let states = states(&graph)?;
    for t in &graph.initializer {
        check_finite(t)?;
    }
    let info = manifest::info(metadata, features, representation)?;
    Ok(ModelFile {
        path: path.to_owned(),
        #[cfg(feature = "onnxruntime")]
        bytes: Vec::new(),
        graph,
        info,
        states,
    })
}

/// A message of a model file, as far as [`structure`] must tell them apart.
#[derive(Clone, Copy)]
enum Part {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
}

/// About as many bytes as decoding makes of a message, a tensor's raw and f32 elements apart. `None`
/// where this is not protobuf.
fn structure(mut bytes: &[u8], part: Part) -> Option<usize> {
    use prost::encoding::{decode_key, decode_varint, WireType};
    use std::mem::size_of;
    let mut total = 0usize;
    while !bytes.is_empty() {
        let (tag, wire) = decode_key(&mut bytes).ok()?;
        let size = match wire {
            WireType::Varint => decode_varint(&mut bytes).map(|_| 0).ok()?,
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut bytes).ok()?).ok()?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let body = bytes.get(..size)?;
        bytes = &bytes[size..];
        total += match (part, tag) {
            (Part::Model, 7) => structure(body, Part::Graph)?,
            (Part::Model, 14) => size_of::<StringEntry>() + size,
            (Part::Graph, 1) => size_of::<NodeProto>() + structure(body, Part::Node)?,
            (Part::Graph, 5) => size_of::<TensorProto>() + structure(body, Part::Tensor)?,
            (Part::Graph, 11 | 12) => size_of::<ValueInfo>() + 8 * size,
            (Part::Node, 5) => size_of::<Attribute>() + structure(body, Part::Attribute)?,
            (Part::Attribute, 5) => structure(body, Part::Tensor)?,
            (Part::Tensor, 4 | 9) => 0,
            // Fields that nothing here reads are not kept.
            (Part::Model | Part::Graph, _) => 0,
            // A name, or integers, each of which may be one byte here.
            (Part::Node | Part::Attribute | Part::Tensor, _) => size_of::<String>() + 8 * size,
        };
    }
    Some(total)
}

/// The dimensions that `value` declares; `None` for a free one.
fn dims(value: &ValueInfo) -> Option<Vec<Option<usize>>> {
    let tensor = value.r#type.as_ref()?.tensor_type.as_ref()?;
    if tensor.elem_type != FLOAT {
        return None;
    }
    let dim = |d: &super::proto::Dim| d.dim_value.and_then(|v| usize::try_from(v).ok());
    Some(tensor.shape.as_ref()?.dim.iter().map(dim).collect())
}

/// The last dimension of the [T,B,width] tensor `name`.
fn width(values: &[ValueInfo], name: &str, role: &str) -> Result<usize> {
    let value = values.iter().find(|v| v.name == name).ok_or_else(|| {
        let have: Vec<&str> = values.iter().map(|v| v.name.as_str()).collect();
        model_error(format!(
            "no {role} named \"{name}\" (it has: {}); export the model with the names of the contract",
            have.join(", ")
        ))
    })?;
    match dims(value).as_deref() {
        Some([None, None, Some(w)]) if (1..=MAX_WIDTH).contains(w) => Ok(*w),
        _ => Err(model_error(format!(
            "{role} \"{name}\" must be f32 [T,B,n] with T and B free and n from 1 to {MAX_WIDTH}; \
             export it with those dimensions"
        ))),
    }
}

/// The output that carries the new value of state `input`: "h0" -> "hn0", "h" -> "hn".
fn state_output(input: &str) -> String {
    let stem = input.trim_end_matches(|c: char| c.is_ascii_digit());
    format!("{stem}n{}", &input[stem.len()..])
}

fn states(graph: &GraphProto) -> Result<Vec<State>> {
    let weights: std::collections::HashSet<&str> =
        graph.initializer.iter().map(|t| t.name.as_str()).collect();
    let mut out = Vec::new();
    for value in &graph.input {
        if value.name == "features" || weights.contains(value.name.as_str()) {
            continue;
        }
        let output = state_output(&value.name);
        let name = &value.name;
        let Some(new) = graph.output.iter().find(|v| v.name == output) else {
            return Err(model_error(format!(
                "state input \"{name}\" has no output \"{output}\" for its new value; \
                 export the model with every state as input and output"
            )));
        };
        let width = match dims(value).as_deref() {
            Some([Some(1), None, Some(w)]) if (1..=MAX_WIDTH).contains(w) => *w,
            _ => {
                return Err(model_error(format!(
                    "state input \"{name}\" must be f32 [1,B,n] with B free and n from 1 to \
                     {MAX_WIDTH}; export one tensor per layer and state"
                )))
            }
        };
        if let Some([Some(1), None, Some(w)]) = dims(new).as_deref() {
            if *w != width {
                return Err(model_error(format!(
                    "state \"{name}\" has {width} elements but its output \"{output}\" {w}"
                )));
            }
        }
        out.push(State {
            input: value.name.clone(),
            output,
            width,
        });
    }
    if out.is_empty() || out.len() > MAX_STATES {
        return Err(model_error(format!(
            "{} state inputs; the contract wants 1 to {MAX_STATES} (h0, c0, ... [1,B,H]), or the \
             model forgets the stream between calls",
            out.len()
        )));
    }
    Ok(out)
}

fn check_finite(t: &TensorProto) -> Result<()> {
    if t.data_type != FLOAT || t.dims.is_empty() {
        return Ok(()); // a scalar may be a Clip bound, where infinity is meant
    }
    let (_, data) = floats(t)?;
    match data.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(at) => Err(model_error(format!(
            "weight \"{}\" is {} at element {at}; the training diverged, use an earlier checkpoint",
            t.name, data[at]
        ))),
    }
}

/// Shape of `t`, and its number of elements, which is at most what the file holds.
fn shape(t: &TensorProto, stored: usize) -> Result<Vec<usize>> {
    let bad = || {
        corrupt(format!(
            "tensor \"{}\" declares shape {:?} but stores {stored} elements; export or copy the file again",
            t.name, t.dims
        ))
    };
    let dims = t
        .dims
        .iter()
        .map(|&d| usize::try_from(d).map_err(|_| bad()))
        .collect::<Result<Vec<_>>>()?;
    let count = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if count != Some(stored) {
        return Err(bad());
    }
    Ok(dims)
}

fn check_inline(t: &TensorProto) -> Result<()> {
    if t.data_location != 0 {
        return Err(model_error(format!(
            "tensor \"{}\" lies in another file; save the model with all weights inside",
            t.name
        )));
    }
    Ok(())
}

/// Shape and elements of an f32 tensor.
pub(crate) fn floats(t: &TensorProto) -> Result<(Vec<usize>, Vec<f32>)> {
    check_inline(t)?;
    if t.data_type != FLOAT {
        return Err(model_error(format!(
            "tensor \"{}\" has ONNX element type {}, f32 is needed; export the model in f32",
            t.name, t.data_type
        )));
    }
    let data = if t.raw_data.is_empty() {
        t.float_data.clone()
    } else if t.raw_data.len().is_multiple_of(4) {
        all(&t.raw_data)
    } else {
        return Err(corrupt(format!(
            "tensor \"{}\" stores {} bytes, not a multiple of 4",
            t.name,
            t.raw_data.len()
        )));
    };
    Ok((shape(t, data.len())?, data))
}

/// Elements of an i64 or i32 tensor.
pub(crate) fn ints(t: &TensorProto) -> Result<Vec<i64>> {
    check_inline(t)?;
    let raw = &t.raw_data;
    let data: Vec<i64> = match t.data_type {
        INT64 if raw.is_empty() => t.int64_data.clone(),
        INT64 => all(raw),
        INT32 if raw.is_empty() => t.int32_data.iter().map(|&x| x.into()).collect(),
        INT32 => all::<i32>(raw).into_iter().map(i64::from).collect(),
        other => {
            return Err(model_error(format!(
                "tensor \"{}\" has ONNX element type {other}, integers are needed",
                t.name
            )))
        }
    };
    shape(t, data.len())?;
    Ok(data)
}
