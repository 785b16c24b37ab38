"""The ONNX graph of a foundation model, node by node.

Input `features` [T,B,F] and the states `h0`, `c0`, (`h1`, `c1`) [1,B,H]; outputs `representation`
[T,B,D] and the new states `hn0`, `cn0`, ... Every operator is one that the library's native engine
knows; ONNX Runtime runs the same file.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, checker, helper, numpy_helper

from perfvec_training.kinds import Array, ArrayLike

if TYPE_CHECKING:
    from torch import Tensor

    from perfvec_training.network import Foundation

OPSET, IR_VERSION = 17, 8


class Graph:
    """Nodes and constants under construction."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.states: list[tuple[str, str, int]] = []

    def constant(self, name: str, value: ArrayLike, dtype: type[np.generic] = np.float32) -> str:
        """Adds an initializer; returns its name."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def op(self, kind: str, inputs: list[str], out: str, **attributes: object) -> str:
        """Adds a node of one output; returns the output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [out], name=out + "_node", **attributes))
        return out

    def lstm(self, i: int, x: str, w_ih: Array, w_hh: Array, bias: Array) -> str:
        """Layer `i`; weights in PyTorch's gate order i, f, g, o, which ONNX calls i, f, c, o and
        stores as i, o, f, c."""
        size = w_hh.shape[1]
        order = np.concatenate([np.arange(g * size, (g + 1) * size) for g in (0, 3, 1, 2)])
        names = [
            self.constant(f"lstm{i}_w", w_ih[order][None]),
            self.constant(f"lstm{i}_r", w_hh[order][None]),
            self.constant(f"lstm{i}_b", np.concatenate([bias[order], np.zeros(4 * size)])[None]),
        ]
        self.nodes.append(helper.make_node(
            "LSTM", [x, *names, "", f"h{i}", f"c{i}"], [f"y{i}", f"hn{i}", f"cn{i}"],
            name=f"lstm{i}", hidden_size=size))
        self.states += [(f"h{i}", f"hn{i}", size), (f"c{i}", f"cn{i}", size)]
        return self.op("Squeeze", [f"y{i}", self.constant(f"axis{i}", [1], np.int64)], f"seq{i}")


def build(mean: Array, std: Array, layers: Sequence[tuple[Array, Array, Array]],
          metadata: Mapping[str, object], *, embed: tuple[Array, Array] | None = None,
          clip: float = 0.0, relu: bool = True, columns: Sequence[int] = (),
          scale: Sequence[float] = ()) -> onnx.ModelProto:
    """The model.

    @param layers [(w_ih [4H,I], w_hh [4H,H], bias [4H])], gate order i, f, g, o.
    @param embed None or (weight [E,F], bias [E]).
    @param columns raw columns appended to the representation, each times its `scale`.
    """
    g = Graph()
    width = len(mean)
    x = g.op("Sub", ["features", g.constant("mean", mean)], "centred")
    x = g.op("Div", [x, g.constant("std", std)], "scaled")
    if clip:
        x = g.op("Clip", [x, g.constant("low", np.array(-clip)),
                          g.constant("high", np.array(clip))], "clipped")
    if embed is not None:
        x = g.op("MatMul", [x, g.constant("embed_w", embed[0].T)], "product")
        x = g.op("Add", [x, g.constant("embed_b", embed[1])], "biased")
        x = g.op("Relu", [x], "embedded")
    for i, (w_ih, w_hh, bias) in enumerate(layers):
        x = g.lstm(i, x, w_ih, w_hh, bias)
    out_width = layers[-1][1].shape[1] + len(columns)
    if relu:
        x = g.op("Relu", [x], "hidden" if len(columns) else "representation")
    if len(columns):
        raw = g.op("Gather", ["features", g.constant("columns", columns, np.int64)], "gathered",
                   axis=2)
        raw = g.op("Mul", [raw, g.constant("scale", scale)], "raw")
        g.op("Concat", [x, raw], "representation", axis=2)
    elif not relu:
        g.op("Identity", [x], "representation")

    def value(name: str, *shape: str | int) -> onnx.ValueInfoProto:
        """The declaration of an input or output of floats."""
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    inputs = [value("features", "T", "B", width)]
    outputs = [value("representation", "T", "B", out_width)]
    for name, new, size in g.states:
        inputs.append(value(name, 1, "B", size))
        outputs.append(value(new, 1, "B", size))
    graph = helper.make_graph(g.nodes, "perfvec", inputs, outputs, g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=IR_VERSION, producer_name="perfvec")
    helper.set_model_props(model, {k: str(v) for k, v in metadata.items()})
    checker.check_model(model)
    return model


def of_network(model: "Foundation", metadata: Mapping[str, object]) -> onnx.ModelProto:
    """The graph of a network.Foundation."""
    def array(t: "Tensor") -> Array:
        """A tensor without its gradient."""
        return t.detach().numpy()

    embed = None
    if model.embed is not None:
        embed = array(model.embed.weight), array(model.embed.bias)
    return build(
        array(model.mean), array(model.std),
        [(array(a), array(b), array(c)) for a, b, c in zip(model.w_ih, model.w_hh, model.bias)],
        metadata, embed=embed, clip=model.shape.clip, relu=model.shape.relu,
        columns=model.shape.passthrough, scale=model.shape.scale)


def properties(model: onnx.ModelProto) -> dict[str, str]:
    """Metadata of an ONNX model."""
    return {p.key: p.value for p in model.metadata_props}


def run(model: str | bytes | onnx.ModelProto, features: Array,
        states: list[Array] | None = None) -> tuple[Array, list[Array]]:
    """Runs a model (path, bytes or ModelProto) in ONNX Runtime on features [T,B,F] from a zero
    state; returns (representation, [new states])."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    source = model.SerializeToString() if hasattr(model, "SerializeToString") else model
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    feed = {"features": np.ascontiguousarray(features, np.float32)}
    for i, s in enumerate(session.get_inputs()[1:]):
        feed[s.name] = (np.zeros((1, features.shape[1], s.shape[2]), np.float32)
                        if states is None else states[i])
    out = session.run(None, feed)
    return out[0], out[1:]
