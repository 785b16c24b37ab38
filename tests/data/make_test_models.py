#!/usr/bin/env python3
"""Writes the seeded models that tests and benchmarks read.

    make_test_models.py               engine/: small models with golden representations; capi/: tiny
    make_test_models.py --bench DIR   the sizes of benches/engine.rs, without golden files

tiny has perfvec-51 features and 8 elements; its table's core "three" costs three times what "one"
does. A golden file is safetensors: `features` [T,B,F] and `representation` [T,B,D], the latter by
the plain numpy code below in f64, from zero states. Needs onnx/training installed.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from perfvec_training import table

HERE = Path(__file__).resolve().parent


@dataclass
class Spec:
    """Shape of a model and the form in which its graph says it."""

    name: str
    features: int
    hidden: list[int]
    embedding: int = 0
    clip: float = 0.0
    relu: bool = False
    raw: list[int] = field(default_factory=list)
    raw_scale: float = 1.0
    sliced: tuple[int, int] | None = None
    norm: str = "sub-div"  # or "add-mul", "none"
    squeeze: bool = True  # else Transpose and Reshape, with Identity in between
    bias: bool = True
    int8: str = "yes"
    seed: int = 0


SMALL = [
    Spec("odd", 7, [5], norm="none", seed=1),
    Spec("two-layers", 12, [16, 16], clip=4.0, relu=True, seed=2),
    Spec("passthrough", 12, [24], embedding=20, clip=6.0, raw=[3, 11], raw_scale=0.25,
         sliced=(0, 2), seed=3),
    Spec("exporter", 9, [10, 14, 6], clip=5.0, norm="add-mul", squeeze=False, bias=False,
         int8="no", seed=4),
]
BENCH = [
    Spec("2x256", 96, [256, 256], clip=8.0, relu=True, seed=5),
    Spec("2x128", 96, [128, 128], clip=8.0, relu=True, seed=6),
    Spec("1x128e128", 96, [128], embedding=128, clip=8.0, raw=[1, 2, 3], seed=7),
]


def weights(spec: Spec) -> dict[str, np.ndarray]:
    """Seeded weights of `spec`; gates strong enough for states to matter for many steps."""
    rng = np.random.default_rng(spec.seed)

    def uniform(bound: float, *shape: int) -> np.ndarray:
        return rng.uniform(-bound, bound, shape).astype(np.float32)

    w = {}
    width = spec.features
    if spec.norm != "none":
        w["mean"] = uniform(10.0, width)
        w["std"] = uniform(1.0, width) + np.float32(2.0)
    if spec.embedding:
        w["embedding.w"] = uniform(1.7 / np.sqrt(width), width, spec.embedding)
        w["embedding.b"] = uniform(0.2, spec.embedding)
        width = spec.embedding
    for i, h in enumerate(spec.hidden):
        w[f"lstm{i}.w"] = uniform(1.7 / np.sqrt(width), 1, 4 * h, width)
        w[f"lstm{i}.r"] = uniform(1.7 / np.sqrt(h), 1, 4 * h, h)
        if spec.bias:
            w[f"lstm{i}.b"] = uniform(0.5, 1, 8 * h)
        width = h
    return w


def sample(spec: Spec, w: dict[str, np.ndarray], steps: int, lanes: int) -> np.ndarray:
    """Feature rows spread as the normalisation expects, with rare outliers for the clip."""
    rng = np.random.default_rng(spec.seed + 1000)
    x = rng.standard_normal((steps, lanes, spec.features))
    x *= np.where(rng.random(x.shape) < 0.01, 20.0, 1.0)
    if spec.norm != "none":
        x = x * w["std"] + w["mean"]
    return x.astype(np.float32)


def oracle(spec: Spec, w: dict[str, np.ndarray], features: np.ndarray) -> np.ndarray:
    """Representations [T,B,D] in f64, from zero states."""

    def sigmoid(v: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-v))

    w = {k: v.astype(np.float64) for k, v in w.items()}
    x = features.astype(np.float64)
    if spec.norm != "none":
        x = (x - w["mean"]) / w["std"]
    if spec.clip:
        x = np.clip(x, -spec.clip, spec.clip)
    if spec.embedding:
        x = np.maximum(x @ w["embedding.w"] + w["embedding.b"], 0.0)
    for i, size in enumerate(spec.hidden):
        h = c = np.zeros((x.shape[1], size))
        b = w.get(f"lstm{i}.b", np.zeros((1, 8 * size)))[0]
        rows = []
        for row in x:
            gates = row @ w[f"lstm{i}.w"][0].T + h @ w[f"lstm{i}.r"][0].T
            gi, go, gf, gc = np.split(gates + b[: 4 * size] + b[4 * size :], 4, axis=1)
            c = sigmoid(gf) * c + sigmoid(gi) * np.tanh(gc)
            h = sigmoid(go) * np.tanh(c)
            rows.append(h)
        x = np.stack(rows)
    if spec.relu:
        x = np.maximum(x, 0.0)
    parts = [x]
    if spec.raw:
        parts.append(features[..., spec.raw] * spec.raw_scale)
    if spec.sliced:
        parts.append(features[..., spec.sliced[0] : spec.sliced[1]])
    return np.concatenate(parts, axis=-1).astype(np.float32)


class Graph:
    """Nodes and initializers under construction."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.states: list[tuple[str, str, int]] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def ints(self, name: str, value: list[int]) -> str:
        return self.constant(name, np.array(value, np.int64))

    def op(self, kind: str, inputs: list[str], out: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [out], name=f"{out}_node", **attributes))
        return out


def normalisation(g: Graph, spec: Spec, w: dict[str, np.ndarray]) -> str:
    x = "features"
    if spec.norm == "sub-div":
        x = g.op("Sub", [x, g.constant("mean", w["mean"])], "centred")
        x = g.op("Div", [x, g.constant("std", w["std"])], "scaled")
    elif spec.norm == "add-mul":
        g.nodes.append(helper.make_node("Constant", [], ["shift"], name="shift_node",
                                        value=numpy_helper.from_array(-w["mean"])))
        x = g.op("Add", ["shift", x], "centred")
        inverse = (1.0 / w["std"]).astype(np.float32).reshape(1, 1, -1)
        x = g.op("Mul", [x, g.constant("inv_std", inverse)], "scaled")
    if spec.clip:
        bounds = [g.constant(n, np.array(v, np.float32))
                  for n, v in (("low", -spec.clip), ("high", spec.clip))]
        x = g.op("Clip", [x, *bounds], "clipped")
    return x


def lstm(g: Graph, spec: Spec, w: dict[str, np.ndarray], i: int, x: str) -> str:
    size = spec.hidden[i]
    names = [g.constant(n, w[n]) if n in w else "" for n in
             (f"lstm{i}.w", f"lstm{i}.r", f"lstm{i}.b")]
    g.nodes.append(helper.make_node(
        "LSTM", [x, *names, "", f"h{i}", f"c{i}"], [f"y{i}", f"hn{i}", f"cn{i}"],
        name=f"lstm{i}", hidden_size=size))
    g.states += [(f"h{i}", f"hn{i}", size), (f"c{i}", f"cn{i}", size)]
    if spec.squeeze:
        return g.op("Squeeze", [f"y{i}", g.ints(f"axis{i}", [1])], f"seq{i}")
    x = g.op("Transpose", [f"y{i}"], f"t{i}", perm=[0, 2, 1, 3])
    x = g.op("Reshape", [x, g.ints(f"shape{i}", [0, 0, -1])], f"r{i}")
    return g.op("Identity", [x], f"seq{i}")


def build(spec: Spec, w: dict[str, np.ndarray]) -> onnx.ModelProto:
    g = Graph()
    x = normalisation(g, spec, w)
    if spec.embedding:
        x = g.op("MatMul", [x, g.constant("embedding.w", w["embedding.w"])], "product")
        x = g.op("Add", [x, g.constant("embedding.b", w["embedding.b"])], "biased")
        x = g.op("Relu", [x], "embedded")
    for i in range(len(spec.hidden)):
        x = lstm(g, spec, w, i, x)
    if spec.relu:
        x = g.op("Relu", [x], "positive")
    parts = [x]
    if spec.raw:
        raw = g.op("Gather", ["features", g.ints("columns", spec.raw)], "gathered", axis=2)
        scale = g.constant("raw_scale", np.array(spec.raw_scale, np.float32))
        parts.append(g.op("Mul", [raw, scale], "raw"))
    if spec.sliced:
        bounds = [g.ints("start", [spec.sliced[0]]), g.ints("end", [spec.sliced[1]])]
        parts.append(g.op("Slice", ["features", *bounds, g.ints("last", [2])], "sliced"))
    g.op(*(("Concat", parts) if len(parts) > 1 else ("Identity", parts)), "representation",
         **({"axis": 2} if len(parts) > 1 else {}))
    width = spec.hidden[-1] + len(spec.raw)
    width += spec.sliced[1] - spec.sliced[0] if spec.sliced else 0
    return finish(g, spec, width)


def build_gru(spec: Spec) -> onnx.ModelProto:
    """A stateful graph that only ONNX Runtime runs."""
    rng = np.random.default_rng(spec.seed)
    h = spec.hidden[0]
    g = Graph()
    names = [g.constant(n, rng.uniform(-0.4, 0.4, shape).astype(np.float32)) for n, shape in
             (("w", (1, 3 * h, spec.features)), ("r", (1, 3 * h, h)))]
    g.nodes.append(helper.make_node("GRU", ["features", *names, "", "", "h0"], ["y", "hn0"],
                                    name="gru0", hidden_size=h))
    g.states.append(("h0", "hn0", h))
    g.op("Squeeze", ["y", g.ints("axis", [1])], "representation")
    return finish(g, spec, h)


def finish(g: Graph, spec: Spec, width: int) -> onnx.ModelProto:
    def value(name: str, *shape: object) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    inputs = [value("features", "T", "B", spec.features)]
    outputs = [value("representation", "T", "B", width)]
    for name, new, size in g.states:
        inputs.append(value(name, 1, "B", size))
        outputs.append(value(new, 1, "B", size))
    graph = helper.make_graph(g.nodes, spec.name, inputs, outputs, g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {
        "perfvec.model_id": f"test-{spec.name}",
        "perfvec.schema": f"synthetic-{spec.features}",
        "perfvec.schema_hash": f"{0x5EED0000 + spec.features:016x}",
        "perfvec.isa": "riscv64",
        "perfvec.warmup": "64",
        "perfvec.int8": spec.int8,
        "provenance": f"make_test_models.py, seed {spec.seed}",
    })
    onnx.checker.check_model(model)
    return model


PERFVEC_51 = "033728775697b53e"  # its hash, which never changes


def write_tiny(directory: Path) -> None:
    """The model and table of most tests, and of `make run` without a trained model."""
    spec = Spec("tiny", 51, [8], clip=4.0, relu=True, seed=9)
    model = build(spec, weights(spec))
    metadata = {p.key: p.value for p in model.metadata_props} | {
        "perfvec.schema": "perfvec-51", "perfvec.schema_hash": PERFVEC_51, "perfvec.warmup": "16"}
    helper.set_model_props(model, metadata)
    (directory / "tiny.onnx").write_bytes(model.SerializeToString())
    one = np.arange(1, 9, dtype=np.float32)
    entries = [{"name": name, "clock_hz": 1e9, "parameters": {}} for name in ("one", "three")]
    table.save(directory / "tiny.safetensors", metadata["perfvec.model_id"], PERFVEC_51, entries,
               np.stack([one, 3 * one]))


def write_small(directory: Path) -> None:
    """The models of the engine's tests."""
    for spec in SMALL:
        w = weights(spec)
        (directory / f"{spec.name}.onnx").write_bytes(build(spec, w).SerializeToString())
        x = sample(spec, w, steps=40, lanes=3)
        golden = {"features": x, "representation": oracle(spec, w, x)}
        save_file(golden, directory / f"{spec.name}.safetensors")
    gru = build_gru(Spec("gru", 6, [8], norm="none", seed=8))
    (directory / "gru.onnx").write_bytes(gru.SerializeToString())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", type=Path, metavar="DIR", help="the benchmark's sizes, to DIR")
    args = parser.parse_args()
    if args.bench:
        args.bench.mkdir(parents=True, exist_ok=True)
        for spec in BENCH:
            model = build(spec, weights(spec))
            (args.bench / f"{spec.name}.onnx").write_bytes(model.SerializeToString())
        return
    write_small(HERE / "engine")
    write_tiny(HERE / "capi")


if __name__ == "__main__":
    main()
