"""Write a trained model as the two files that the library loads: .onnx and .safetensors.

    perfvec-training export OUT/final.pt onnx/perfvec-riscv64-1

writes onnx/perfvec-riscv64-1.onnx (the foundation model) and .safetensors (the microarch table),
after checking that ONNX Runtime and PyTorch agree on random features. The model id is a hash of
the weights and of the schema, so a table can never be used with another model by accident.
"""

import argparse
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch

from perfvec_training import files, graph, network, table
from perfvec_training.kinds import Array, Json
from perfvec_training.mistakes import Mistake, ask, described, told
from perfvec_training.network import Foundation
from perfvec_training.shards import source

TOLERANCE = 1e-5
# Where int8 moves no core's total by more than this, it is the default engine.
INT8_TOLERANCE = 5e-3


def commit() -> str:
    """The git commit of this checkout, or "unknown"."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], check=False, capture_output=True, text=True,
                          cwd=Path(__file__).parent)
    return done.stdout.strip() or "unknown"


def model_id(name: str, model: Foundation, schema: Json) -> str:
    """`name` and a hash over schema and weights."""
    return f"{name}-{digest(model, schema)}"


def digest(model: Foundation, schema: Json) -> str:
    """A hash over schema and weights."""
    h = hashlib.sha256(json.dumps(schema).encode())
    for key, value in sorted(model.state_dict().items()):
        h.update(key.encode() + np.ascontiguousarray(value.numpy()).tobytes())
    return h.hexdigest()[:12]


def sample(model: Foundation, steps: int, lanes: int, seed: int = 0) -> Array:
    """Random feature rows spread like the training data, with rare outliers."""
    rng = np.random.default_rng(seed)
    mean, std = model.mean.numpy(), model.std.numpy()
    x = rng.normal(size=(steps, lanes, len(mean)))
    x *= np.where(rng.random(x.shape) < 0.01, 20.0, 1.0)
    return (x * std + mean).astype(np.float32)


def check(model: Foundation, proto: onnx.ModelProto, features: Array) -> float:
    """How far ONNX Runtime is from PyTorch: the difference of a column's sum, relative to the sum
    of its magnitudes. Single elements may differ by ten times as much: their rounding cancels."""
    got, states = graph.run(proto, features)
    with torch.no_grad():
        want, new = model(torch.from_numpy(features))
    want = want.numpy()
    total = np.abs(got.sum((0, 1), dtype=np.float64) - want.sum((0, 1), dtype=np.float64))
    worst = float((total / np.maximum(np.abs(want).sum((0, 1), dtype=np.float64), 1.0)).max())
    single = np.abs(got - want).max((0, 1)) / np.maximum(np.abs(want).max((0, 1)), 1.0)
    last = [np.abs(a[0] - b.numpy()).max() / max(1.0, float(b.abs().max()))
            for a, b in zip(states, (s for pair in new for s in pair))]
    if not (worst <= TOLERANCE and max(single.max(), *last) <= 10 * TOLERANCE):
        raise Mistake(f"ONNX Runtime differs from PyTorch: sums by {worst:.2e}, elements by "
                      f"{single.max():.2e}, states by {max(last):.2e}; {TOLERANCE:.0e} (sums) "
                      f"and {10 * TOLERANCE:.0e} are allowed")
    return worst


def int8_difference(perfvec: str | Path, prefix: str, traces: Sequence[str | Path]) -> float:
    """Largest relative difference of any core's cycles for whole traces between int8 and f32, as
    the library computes them."""
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for trace in traces:
            cycles = []
            for backend in ("f32", "int8"):
                out = Path(folder) / "out.json"
                ask(perfvec, "replay", trace, "--model", f"{prefix}.onnx", "--backend", backend,
                    "--json", out)
                answer = json.loads(out.read_text())
                cycles.append(np.array([m["cycles"] for m in answer["microarchs"]]))
            worst = max(worst, float(np.abs(cycles[1] / cycles[0] - 1.0).max()))
    return worst


def settle_int8(perfvec: str | Path, prefix: str, traces: Sequence[str | Path]) -> float:
    """Writes into the model whether int8 holds its error, measured on `traces`."""
    worst = int8_difference(perfvec, prefix, traces)
    proto = onnx.load(f"{prefix}.onnx")
    properties = graph.properties(proto)
    properties["perfvec.int8"] = "yes" if worst <= INT8_TOLERANCE else "no"
    properties["perfvec.int8.difference"] = f"{worst:.2e}"
    del proto.metadata_props[:]
    onnx.helper.set_model_props(proto, properties)
    files.write(f"{prefix}.onnx", proto.SerializeToString())
    return worst


def ood_of(data: Json, size: int) -> tuple[Array, Array] | None:
    """The training distribution from the sums that the training run kept."""
    if "sums" not in data:
        return None
    names = json.loads(data["programs"])
    parts = [data["sums"][name].numpy() / size for name in names]
    groups = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    return table.distribution(np.concatenate(parts), groups, [source(name) for name in names])


def arguments(text: str) -> str:
    """The arguments of a training run as JSON, without this machine's folders."""
    kept = {k: v for k, v in json.loads(text).items() if k not in ("data", "out")}
    if kept.get("initial"):
        kept["initial"] = "FIRST/final.pt"
    return json.dumps(kept)


def export(checkpoint: str | Path, prefix: str | Path, name: str | None = None,
           warmup: int | None = None) -> Json:
    """Writes PREFIX.onnx and PREFIX.safetensors; returns {"model_id", "difference"}."""
    model, data = network.load(checkpoint)
    schema, cores = json.loads(data["schema"]), json.loads(data["cores"])
    settings = json.loads(data["args"])
    identity = model_id(name or Path(prefix).name, model, schema)
    metadata = {
        "perfvec.model_id": identity, "perfvec.schema": schema["name"],
        "perfvec.schema_hash": schema["hash"], "perfvec.isa": "riscv64",
        "perfvec.int8": "no",
        "perfvec.warmup": warmup if warmup is not None else data["warm"],
        "perfvec.training.data_hash": data["data_hash"],
        "perfvec.training.seed": settings["seed"],
        "perfvec.training.steps": data["step"],
        "perfvec.training.minutes": round(data["elapsed"] / 60, 1),
        "perfvec.training.arguments": arguments(data["args"]),
        "perfvec.training.commit": commit(),
        "perfvec.training.torch": torch.__version__.split("+")[0],
        "perfvec.training.errors": data.get("errors", "{}"),
    }
    if "before" in data:
        metadata["perfvec.training.before"] = arguments(data["before"])
    proto = graph.of_network(model, metadata)
    worst = check(model, proto, sample(model, 300, 8))
    entries = [table.entry(core, True) for core in cores]
    vectors = data["vectors"].numpy()
    if not np.isfinite(vectors).all():
        raise Mistake("a microarchitecture vector is not finite")
    files.write(f"{prefix}.onnx", proto.SerializeToString())
    onnx.checker.check_model(f"{prefix}.onnx")
    table.save(f"{prefix}.safetensors", identity, schema["hash"], entries, vectors,
               ood_of(data, data.get("piece", 1000)),
               **{"perfvec.training.data_hash": data["data_hash"]})
    return {"model_id": identity, "difference": worst}


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("checkpoint")
    parser.add_argument("prefix", help="path of the files without their endings")
    parser.add_argument("--name", help="first part of the model id (default: the prefix's name)")
    parser.add_argument("--warmup", type=int, help="retirements before a segment (as trained)")
    parser.add_argument("--int8", nargs="+", metavar="TRACE",
                        help="validation streams to measure int8's error on; without them int8 stays off")
    parser.add_argument("--perfvec", default="target/release/perfvec")
    args = parser.parse_args()
    result = export(args.checkpoint, args.prefix, args.name, args.warmup)
    print(f"{args.prefix}.onnx and .safetensors: model {result['model_id']}; ONNX Runtime and "
          f"PyTorch differ by {result['difference']:.1e}")
    if args.int8:
        worst = settle_int8(args.perfvec, args.prefix, args.int8)
        print(f"int8 moves a total by at most {100 * worst:.2f} %: it is "
              f"{'on' if worst <= INT8_TOLERANCE else 'off'} by default")


if __name__ == "__main__":
    main()
