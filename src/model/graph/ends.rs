//! Recognises what lies before the first and after the last LSTM layer of a graph.

use super::{int_attribute, node_error, per_column, Walk};
use crate::error::Result;
use crate::model::file::MAX_WIDTH;
use crate::model::network::{Dense, Normalisation, Passthrough};
use crate::model::proto::NodeProto;

impl<'a> Walk<'a> {
    /// The tensor of the hidden part, and the raw columns after it.
    pub(super) fn representation(
        &self,
        name: &'a str,
        features: usize,
    ) -> Result<(&'a str, Vec<Passthrough>)> {
        let Some(node) = self.op(name, "Concat") else {
            return Ok((name, Vec::new()));
        };
        if !matches!(int_attribute(node, "axis", 0), 2 | -1) {
            return Err(node_error(node, "its axis is not the last one"));
        }
        let hidden = self.input(node, 0)?;
        let mut raw = Vec::new();
        for i in 1..node.input.len() {
            self.raw_columns(self.input(node, i)?, features, &mut raw)?;
            if raw.len() > MAX_WIDTH {
                return Err(node_error(node, "too many raw columns"));
            }
        }
        Ok((hidden, raw))
    }

    /// Columns of `features` by Gather or Slice, perhaps times a constant.
    fn raw_columns(&self, name: &str, features: usize, out: &mut Vec<Passthrough>) -> Result<()> {
        let mut node = self.producer(name)?;
        let mut scale = None;
        if matches!(node.op_type.as_str(), "Mul" | "Div") {
            let (rest, mut c, second) = self.binary(node)?;
            if node.op_type == "Div" {
                if !second {
                    return Err(node_error(node, "a constant is divided by columns"));
                }
                c.data.iter_mut().for_each(|x| *x = 1.0 / *x);
            }
            scale = Some((node, c));
            node = self.producer(rest)?;
        }
        let columns = self.columns(node, features)?;
        let scales = match &scale {
            None => vec![1.0; columns.len()],
            Some((node, c)) => per_column(node, c, columns.len())?,
        };
        out.extend(
            columns
                .into_iter()
                .zip(scales)
                .map(|(column, scale)| Passthrough { column, scale }),
        );
        Ok(())
    }

    fn columns(&self, node: &'a NodeProto, features: usize) -> Result<Vec<usize>> {
        if self.input(node, 0)? != "features" {
            return Err(node_error(node, "it does not read \"features\" directly"));
        }
        let last = |axis: i64| matches!(axis, 2 | -1);
        let wrap = |i: i64| if i < 0 { i + features as i64 } else { i };
        let indices = match node.op_type.as_str() {
            "Gather" => {
                if !last(int_attribute(node, "axis", 0)) {
                    return Err(node_error(node, "its axis is not the last one"));
                }
                self.int_constant(node, 1)?.into_iter().map(wrap).collect()
            }
            "Slice" => {
                let one = |i| match self.int_constant(node, i)?.as_slice() {
                    [x] => Ok(*x),
                    _ => Err(node_error(node, "it slices more than the last axis")),
                };
                let step = if node.input.len() > 4 { one(4)? } else { 1 };
                if !last(one(3)?) || step != 1 {
                    return Err(node_error(
                        node,
                        "only steps of 1 on the last axis are supported",
                    ));
                }
                let bound = |i| wrap(i).clamp(0, features as i64);
                (bound(one(1)?)..bound(one(2)?)).collect::<Vec<i64>>()
            }
            _ => return Err(node_error(node, "a Gather or Slice is expected here")),
        };
        indices
            .into_iter()
            .map(|i| match usize::try_from(i) {
                Ok(i) if i < features => Ok(i),
                _ => Err(node_error(
                    node,
                    &format!("column {i} is not in [0, {features})"),
                )),
            })
            .collect()
    }

    /// `Relu(MatMul(x, W) + b)`; moves `name` to x.
    pub(super) fn embedding(&self, name: &mut &'a str) -> Result<Option<Dense>> {
        let Some(relu) = self.op(name, "Relu") else {
            return Ok(None);
        };
        let add = self.producer(self.input(relu, 0)?)?;
        if add.op_type != "Add" {
            return Err(node_error(
                add,
                "the Add of an embedding's bias is expected here",
            ));
        }
        let (product, bias, _) = self.binary(add)?;
        let matmul = self.producer(product)?;
        if matmul.op_type != "MatMul" {
            return Err(node_error(
                matmul,
                "the MatMul of an embedding is expected here",
            ));
        }
        let w = self.constant(matmul, 1)?;
        let (inputs, outputs) = match w.shape[..] {
            [i, o] if i.max(o) <= MAX_WIDTH && i.min(o) > 0 => (i, o),
            _ => return Err(node_error(matmul, "its weight is not a matrix [F,E]")),
        };
        *name = self.input(matmul, 0)?;
        Ok(Some(Dense {
            inputs,
            outputs,
            w: (0..inputs * outputs)
                .map(|i| w.data[i % inputs * outputs + i / inputs])
                .collect(),
            b: per_column(add, &bias, outputs)?,
        }))
    }

    /// `Clip?(Div|Mul?(Sub|Add?(features)))`.
    pub(super) fn normalisation(&self, name: &'a str, features: usize) -> Result<Normalisation> {
        let mut name = name;
        let mut norm = Normalisation {
            mean: vec![0.0; features],
            inv_std: vec![1.0; features],
            clip: (f32::NEG_INFINITY, f32::INFINITY),
            least: vec![f32::NEG_INFINITY; features],
        };
        if let Some(node) = self.op(name, "Clip") {
            norm.clip = (
                self.bound(node, 1, f32::NEG_INFINITY)?,
                self.bound(node, 2, f32::INFINITY)?,
            );
            name = self.input(node, 0)?;
        }
        let mut next = |ops: [&str; 2]| -> Result<Option<(&'a NodeProto, Vec<f32>)>> {
            let Some(node) = ops.iter().find_map(|op| self.op(name, op)) else {
                return Ok(None);
            };
            let (rest, c, second) = self.binary(node)?;
            if !second && matches!(node.op_type.as_str(), "Sub" | "Div") {
                return Err(node_error(node, "its first input is a constant"));
            }
            name = rest;
            Ok(Some((node, per_column(node, &c, features)?)))
        };
        if let Some((node, c)) = next(["Div", "Mul"])? {
            let divide = node.op_type == "Div";
            norm.inv_std = c
                .iter()
                .map(|x| if divide { 1.0 / x } else { *x })
                .collect();
            if norm.inv_std.iter().any(|x| !x.is_finite()) {
                return Err(node_error(node, "a standard deviation is zero"));
            }
        }
        if let Some((node, c)) = next(["Sub", "Add"])? {
            let add = node.op_type == "Add";
            norm.mean = c.iter().map(|x| if add { -x } else { *x }).collect();
        }
        if name != "features" {
            return Err(match self.producer(name) {
                Ok(node) => node_error(node, "not a normalisation, embedding or LSTM layer"),
                Err(e) => e,
            });
        }
        Ok(norm)
    }

    fn bound(&self, node: &'a NodeProto, i: usize, default: f32) -> Result<f32> {
        match node.input.get(i) {
            Some(name) if !name.is_empty() => match self.constant(node, i)?.data[..] {
                [x] if !x.is_nan() => Ok(x),
                _ => Err(node_error(node, "a bound is not a number")),
            },
            _ => Ok(default),
        }
    }
}
