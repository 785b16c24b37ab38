//! Recognises the LSTM graphs that the native engine runs, walking from the output.

mod ends;
mod lstm;

use super::file::{floats, ints, ModelFile};
use super::network::Network;
use super::proto::{Attribute, GraphProto, NodeProto, TensorProto};
use crate::error::{Error, ErrorKind, Result};
use crate::features;
use std::collections::HashMap;

/// Most LSTM layers.
const MAX_LAYERS: usize = 32;

/// The network of `file`'s graph. An error of kind `Model` names the node that is not understood.
pub(crate) fn network(file: &ModelFile) -> Result<Network> {
    Walk::new(&file.graph)
        .network(file)
        .map_err(|e| e.context(file.path.display()))
}

/// An error about `node`.
pub(super) fn node_error(node: &NodeProto, what: &str) -> Error {
    Error::new(
        ErrorKind::Model,
        format!(
            "node \"{}\" ({}): {what}; the native engine does not run this graph, ONNX Runtime can",
            node.name, node.op_type
        ),
    )
}

fn tensor_error(name: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("tensor \"{name}\": {what}; the native engine does not run this graph, ONNX Runtime can"),
    )
}

pub(super) fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a Attribute> {
    node.attribute.iter().find(|a| a.name == name)
}

pub(super) fn int_attribute(node: &NodeProto, name: &str, default: i64) -> i64 {
    attribute(node, name).map_or(default, |a| a.i)
}

/// An f32 constant.
pub(super) struct Constant {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

pub(super) struct Walk<'a> {
    producers: HashMap<&'a str, &'a NodeProto>,
    constants: HashMap<&'a str, &'a TensorProto>,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a GraphProto) -> Self {
        let mut producers = HashMap::new();
        let mut constants: HashMap<&str, &TensorProto> = graph
            .initializer
            .iter()
            .map(|t| (t.name.as_str(), t))
            .collect();
        for node in &graph.node {
            let value = attribute(node, "value").and_then(|a| a.t.as_ref());
            match (node.op_type.as_str(), value, node.output.first()) {
                ("Constant", Some(t), Some(name)) => {
                    constants.insert(name, t);
                }
                _ => {
                    for name in node.output.iter().filter(|n| !n.is_empty()) {
                        producers.insert(name.as_str(), node);
                    }
                }
            }
        }
        Self {
            producers,
            constants,
        }
    }

    /// The node that produces `name`, skipping any Identity.
    pub(super) fn producer(&self, name: &str) -> Result<&'a NodeProto> {
        self.origin(name).map(|(node, _)| node)
    }

    /// The node that produces `name`, skipping any Identity, and its own name for it.
    pub(super) fn origin<'n>(&self, name: &'n str) -> Result<(&'a NodeProto, &'n str)>
    where
        'a: 'n,
    {
        let mut name = name;
        // A valid graph has no cycle; the bound keeps a hostile one from looping.
        for _ in 0..=self.producers.len() {
            let node = *self
                .producers
                .get(name)
                .ok_or_else(|| tensor_error(name, "no node produces it"))?;
            if node.op_type != "Identity" {
                return Ok((node, name));
            }
            name = self.input(node, 0)?;
        }
        Err(tensor_error(name, "it is part of a cycle"))
    }

    /// Input `i` of `node`.
    pub(super) fn input(&self, node: &'a NodeProto, i: usize) -> Result<&'a str> {
        node.input
            .get(i)
            .filter(|n| !n.is_empty())
            .map(String::as_str)
            .ok_or_else(|| node_error(node, &format!("input {i} is missing")))
    }

    fn constant_tensor(&self, node: &'a NodeProto, i: usize) -> Result<&'a TensorProto> {
        let name = self.input(node, i)?;
        self.constants
            .get(name)
            .copied()
            .ok_or_else(|| node_error(node, &format!("input \"{name}\" is not a constant")))
    }

    /// Input `i` of `node` as an f32 constant.
    pub(super) fn constant(&self, node: &'a NodeProto, i: usize) -> Result<Constant> {
        let (shape, data) = floats(self.constant_tensor(node, i)?)?;
        Ok(Constant { shape, data })
    }

    /// Input `i` of `node` as integer constants.
    pub(super) fn int_constant(&self, node: &'a NodeProto, i: usize) -> Result<Vec<i64>> {
        ints(self.constant_tensor(node, i)?)
    }

    /// Splits a node with one constant input: (the other input, the constant, constant is second).
    pub(super) fn binary(&self, node: &'a NodeProto) -> Result<(&'a str, Constant, bool)> {
        if self.constants.contains_key(self.input(node, 1)?) {
            Ok((self.input(node, 0)?, self.constant(node, 1)?, true))
        } else {
            Ok((self.input(node, 1)?, self.constant(node, 0)?, false))
        }
    }

    fn network(&self, file: &ModelFile) -> Result<Network> {
        let features = file.info.features;
        let (mut name, raw) = self.representation("representation", features)?;
        let mut relu = false;
        if let Some(node) = self.op(name, "Relu") {
            relu = true;
            name = self.input(node, 0)?;
        }
        let mut layers = Vec::new();
        let mut states = Vec::new();
        while let Some((node, input)) = self.lstm_output(name)? {
            if layers.len() == MAX_LAYERS {
                return Err(node_error(node, &format!("more than {MAX_LAYERS} layers")));
            }
            layers.push(self.lstm(node)?);
            states.push(self.lstm_states(node, file)?);
            name = input;
        }
        if layers.is_empty() {
            return Err(match self.producer(name) {
                Ok(node) => node_error(node, "an LSTM is expected here"),
                Err(e) => e,
            });
        }
        layers.reverse();
        let embedding = self.embedding(&mut name)?;
        let mut norm = self.normalisation(name, features)?;
        let schema = features::schema(&file.info.schema).filter(|s| s.len() == features);
        for (least, f) in norm
            .least
            .iter_mut()
            .zip(schema.iter().flat_map(|s| s.features))
        {
            *least = f.min;
        }
        let network = Network {
            features,
            norm,
            embedding,
            layers,
            relu,
            raw,
        };
        self.check(&network, file, states.len())?;
        Ok(network)
    }

    /// The node of type `op` that makes `name`.
    pub(super) fn op(&self, name: &str, op: &str) -> Option<&'a NodeProto> {
        self.producer(name).ok().filter(|n| n.op_type == op)
    }

    /// Checks that the parts fit each other and the file.
    fn check(&self, n: &Network, file: &ModelFile, states: usize) -> Result<()> {
        let bad = |what: String| Err(Error::new(ErrorKind::Model, what));
        let mut width = n.features;
        if let Some(e) = &n.embedding {
            if e.inputs != width {
                return bad(format!(
                    "the embedding takes {} columns of {width}",
                    e.inputs
                ));
            }
            width = e.outputs;
        }
        for (i, l) in n.layers.iter().enumerate() {
            if l.inputs != width {
                return bad(format!(
                    "LSTM layer {i} takes {} inputs of {width}",
                    l.inputs
                ));
            }
            width = l.hidden;
        }
        if n.representation() != file.info.representation {
            return bad(format!(
                "output \"representation\" declares {} columns, the graph makes {}",
                file.info.representation,
                n.representation()
            ));
        }
        if 2 * states != file.states.len() {
            return bad(format!(
                "{} state inputs, but {states} LSTM layers have two each; export h and c of every layer",
                file.states.len()
            ));
        }
        Ok(())
    }
}

/// `c` broadcast to `n` columns.
pub(super) fn per_column(node: &NodeProto, c: &Constant, n: usize) -> Result<Vec<f32>> {
    if c.data.len() == 1 {
        Ok(vec![c.data[0]; n])
    } else if c.data.len() == n && c.shape.last() == Some(&n) {
        Ok(c.data.clone())
    } else {
        Err(node_error(
            node,
            &format!(
                "its constant has shape {:?}, one value or {n} are needed",
                c.shape
            ),
        ))
    }
}
