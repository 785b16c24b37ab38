//! Recognises one LSTM layer of a graph.

use super::{attribute, int_attribute, node_error, Walk};
use crate::error::Result;
use crate::model::file::{ModelFile, MAX_WIDTH};
use crate::model::network::Lstm;
use crate::model::proto::NodeProto;

impl<'a> Walk<'a> {
    /// Where `name` is the sequence output of an LSTM without its direction axis: the LSTM's node
    /// and its input's name. The axis goes by Squeeze, or by Transpose and Reshape.
    pub(super) fn lstm_output(&self, name: &str) -> Result<Option<(&'a NodeProto, &'a str)>> {
        let Ok(node) = self.producer(name) else {
            return Ok(None); // a graph input
        };
        let inner = match node.op_type.as_str() {
            "Squeeze" => {
                let axes = match attribute(node, "axes") {
                    Some(a) => a.ints.clone(),
                    None => self.int_constant(node, 1)?,
                };
                if axes != [1] && axes != [-3] {
                    return Err(node_error(node, "only axis 1 of an LSTM can be squeezed"));
                }
                self.input(node, 0)?
            }
            "Reshape" => {
                let transpose = self.producer(self.input(node, 0)?)?;
                let perm = attribute(transpose, "perm").map(|a| a.ints.as_slice());
                let shape = self.int_constant(node, 1)?;
                let keeps = matches!(shape[..], [0, 0, n] if n == -1 || n > 0);
                if transpose.op_type != "Transpose" || perm != Some(&[0, 2, 1, 3]) || !keeps {
                    return Err(node_error(node, "not the reshape after an LSTM"));
                }
                self.input(transpose, 0)?
            }
            _ => return Ok(None),
        };
        let (lstm, inner) = self.origin(inner)?;
        if lstm.op_type != "LSTM" || lstm.output.first().is_none_or(|n| n != inner) {
            return Err(node_error(
                lstm,
                "the sequence output of an LSTM is expected here",
            ));
        }
        Ok(Some((lstm, self.input(lstm, 0)?)))
    }

    /// Weights of an LSTM node.
    pub(super) fn lstm(&self, node: &'a NodeProto) -> Result<Lstm> {
        let text = |name: &str| attribute(node, name).map(|a| a.s.as_slice());
        if !matches!(text("direction"), None | Some(b"forward" | b"")) {
            return Err(node_error(node, "only the forward direction is supported"));
        }
        if int_attribute(node, "layout", 0) != 0 || int_attribute(node, "input_forget", 0) != 0 {
            return Err(node_error(node, "layout and input_forget must be 0"));
        }
        if attribute(node, "clip").is_some() {
            return Err(node_error(node, "attribute clip is not supported"));
        }
        if let Some(a) = attribute(node, "activations") {
            let names: Vec<String> = a
                .strings
                .iter()
                .map(|s| String::from_utf8_lossy(s).to_lowercase())
                .collect();
            if names != ["sigmoid", "tanh", "tanh"] {
                return Err(node_error(node, "activations must be Sigmoid, Tanh, Tanh"));
            }
        }
        for (i, what) in [(4, "sequence_lens"), (7, "peephole weights")] {
            if node.input.get(i).is_some_and(|n| !n.is_empty()) {
                return Err(node_error(node, &format!("{what} are not supported")));
            }
        }
        let w = self.constant(node, 1)?;
        let r = self.constant(node, 2)?;
        let (hidden, inputs) = match (&w.shape[..], &r.shape[..]) {
            (&[1, g, i], &[1, g2, h])
                if g == g2 && 4 * h == g && i > 0 && h > 0 && i.max(h) <= MAX_WIDTH =>
            {
                (h, i)
            }
            _ => {
                let what = format!(
                    "weights W {:?} and R {:?} are not [1,4H,I] and [1,4H,H]",
                    w.shape, r.shape
                );
                return Err(node_error(node, &what));
            }
        };
        if int_attribute(node, "hidden_size", hidden as i64) != hidden as i64 {
            return Err(node_error(node, "hidden_size is not that of its weights"));
        }
        let gates = 4 * hidden;
        let b = if node.input.get(3).is_some_and(|n| !n.is_empty()) {
            let b = self.constant(node, 3)?.data;
            if b.len() != 2 * gates {
                return Err(node_error(node, "its bias is not [1,8H]"));
            }
            (0..gates).map(|i| b[i] + b[gates + i]).collect()
        } else {
            vec![0.0; gates]
        };
        Ok(Lstm {
            inputs,
            hidden,
            wx: w.data,
            wh: r.data,
            b,
        })
    }

    /// Checks that both states of `node` are inputs of the model and come back as its outputs.
    pub(super) fn lstm_states(&self, node: &'a NodeProto, file: &ModelFile) -> Result<()> {
        for (input, output, what) in [(5, 1, "h"), (6, 2, "c")] {
            let fed = self.input(node, input)?;
            let state = file.states.iter().find(|s| s.input == fed).ok_or_else(|| {
                node_error(
                    node,
                    &format!("its initial {what} (\"{fed}\") is not an input of the model"),
                )
            })?;
            let (made, name) = self.origin(&state.output)?;
            if !std::ptr::eq(made, node) || node.output.get(output).is_none_or(|n| n != name) {
                let what = format!("its new {what} is not the output \"{}\"", state.output);
                return Err(node_error(node, &what));
            }
        }
        Ok(())
    }
}
