"""Turn a published PerfVec checkpoint into the two files that the library loads.

    perfvec-training import LSTM_256_2_1222.pt stats.npz perfvec-published --clock-ghz 2 ...

The checkpoint is the state dict of the published `InsLSTM(256, 2, narchs=77, bias=False)`: an LSTM
of one or more layers, ReLU, and a linear head without bias whose rows are the microarchitecture
vectors (`stats.npz` holds the normalisation). Its features are the schema perfvec-51.

The targets are times in 0.1 ns, not cycles. A table counts cycles of a clock, so rows are
multiplied by clock / 10 GHz; the seconds that the library reports are then the published model's
for any clock. Targets of a microarchitecture are fetch, commit, commit of stores, and more; with
three or more of them the third is taken, which the published models of one target have and the
published scripts compare with simulated time. --target names another.

The published scripts run a window of 256 instructions for each one; the library runs segments
behind a warm-up of 255, so that every instruction is seen behind at least as many. Only of a
stream's first 255 instructions do the two differ by design: the scripts put rows of zeros (average
rows, after normalisation) before them, the library begins with a state of zeros.
"""

import argparse
import hashlib
import json
import zipfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch

from perfvec_training import dataset, files, graph, network, table
from perfvec_training.kinds import Array, Json
from perfvec_training.mistakes import Mistake, described, told

UNIT_HZ = 1e10  # one unit of the targets is 0.1 ns
DEFAULT_CLOCK_GHZ = 2.0
STORE_COMMIT = 2  # place of the target that the published models of one target have
# What torch.compile and DistributedDataParallel put before the names of weights, in any order.
WRAPPERS = ("_orig_mod.", "module.")


def bare(name: str) -> str:
    """The name of a weight in the model itself."""
    for wrapper in WRAPPERS:
        if name.startswith(wrapper):
            return bare(name.removeprefix(wrapper))
    return name


def weights(state: object) -> tuple[list[tuple[Array, Array, Array]], Array]:
    """(layers [(w_ih, w_hh, bias)], head [rows,H]) of a state dict."""
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise Mistake("holds no state dict (names and their tensors)")
    state = {bare(k): v for k, v in state.items()}
    names = [[f"lstm.{part}_l{i}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
             for i in range(sum(k.startswith("lstm.weight_ih_l") for k in state))]
    known = {"linear.weight", *(name for layer in names for name in layer)}
    if not names or known != set(state):
        raise Mistake(
            "not the state dict of an LSTM of one direction with a bias-free linear head (missing: "
            f"{sorted(known - set(state))[:5]}, unknown: {sorted(set(state) - known)[:5]})")
    arrays = {k: v.numpy().astype(np.float32) for k, v in state.items()}
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            raise Mistake(f"{name} has a value that is not finite")
    head, layers = arrays["linear.weight"], []
    for a, b, c, d in names:
        rows, width = arrays[b].shape
        if rows != 4 * width or len(arrays[a]) != rows:
            raise Mistake(
                f"{a} and {b} are {arrays[a].shape} and {arrays[b].shape}, which is no LSTM's (a "
                "GRU has three gates, a projected LSTM another width)")
        layers.append((arrays[a], arrays[b], arrays[c] + arrays[d]))
    if head.shape[1] != layers[-1][1].shape[1]:
        raise Mistake(f"linear.weight is {head.shape}, behind an LSTM of "
                      f"{layers[-1][1].shape[1]}")
    return layers, head


def read_state(path: str | Path) -> object:
    """The state dict in a checkpoint file, which may wrap it."""
    data = network.read(path)
    for key in ("model_state_dict", "state_dict", "model"):
        if isinstance(data, dict) and key in data:
            data = data[key]
    return data


def read_stats(path: str | Path) -> dict[str, Array]:
    """{"mean", "std"} [F] of the published statistics."""
    try:
        with np.load(path) as stats:
            return {key: stats[key] for key in ("mean", "std")}
    except (KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise Mistake(
            f"{path}: no .npz file with \"mean\" and \"std\": {error}") from error


def names_and_clocks(args: Namespace, count: int) -> tuple[list[str], Array]:
    """A name and a clock in GHz [K] for each microarchitecture."""
    names = args.names or [f"published-{k:02d}" for k in range(count)]
    clocks = args.clock_ghz or [DEFAULT_CLOCK_GHZ]
    clocks = clocks * count if len(clocks) == 1 else clocks
    if len(names) != count or len(clocks) != count:
        raise Mistake(
            f"the checkpoint has {count} microarchitectures, but {len(names)} names and "
            f"{len(clocks)} clocks are given")
    return names, np.array(clocks)


def convert(state: object, stats: Mapping[str, Array], prefix: str | Path, schema: Json,
            args: Namespace) -> str:
    """Writes PREFIX.onnx and PREFIX.safetensors; returns the model id."""
    layers, head = weights(state)
    mean, std = (np.asarray(stats[k], np.float32).reshape(-1) for k in ("mean", "std"))
    std = np.where(std == 0.0, np.float32(1.0), std)
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0.0).all()):
        raise Mistake("the statistics are not finite means and standard deviations")
    if not len(mean) == len(std) == layers[0][0].shape[1] == len(schema["columns"]):
        raise Mistake(
            f"widths differ: statistics {len(mean)}, first layer {layers[0][0].shape[1]}, schema "
            f"{schema['name']} {len(schema['columns'])}")
    if len(head) % args.targets:
        raise Mistake(f"{len(head)} rows of the head are no multiple of "
                      f"{args.targets} targets")
    count = len(head) // args.targets
    target = min(STORE_COMMIT, args.targets - 1) if args.target is None else args.target
    if not 0 <= target < args.targets:
        raise Mistake(f"--target {target} is not one of {args.targets}")
    vectors = head.reshape(count, args.targets, -1)[:, target]
    names, clocks = names_and_clocks(args, count)
    vectors = vectors * (clocks * 1e9 / UNIT_HZ)[:, None]
    arrays = [mean, std, *(a for layer in layers for a in layer)]
    digest = hashlib.sha256(b"".join(a.tobytes() for a in arrays))
    identity = f"perfvec-published-{digest.hexdigest()[:12]}"
    proto = graph.build(mean, std, layers, {
        "perfvec.model_id": identity, "perfvec.schema": schema["name"],
        "perfvec.schema_hash": schema["hash"], "perfvec.isa": args.isa,
        "perfvec.int8": "no", "perfvec.warmup": args.warmup,
        "perfvec.training.source": "published PerfVec checkpoint",
    }, relu=True)
    files.write(f"{prefix}.onnx", proto.SerializeToString())
    onnx.checker.check_model(f"{prefix}.onnx")
    entries = [{"name": n, "clock_hz": float(c) * 1e9, "kind": "published", "parameters": {},
                "trained": True} for n, c in zip(names, clocks)]
    table.save(f"{prefix}.safetensors", identity, schema["hash"], entries, vectors)
    return identity


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    add = parser.add_argument
    add("checkpoint")
    add("stats", help="stats.npz of the published data set")
    add("prefix", help="path of the files without their endings")
    add("--perfvec", default="target/release/perfvec", help="the command, asked for the schema")
    add("--isa", default="armv8", help="ISA of the traces it was trained on")
    add("--targets", type=int, default=1, help="targets per microarchitecture (tgt_length)")
    add("--target", type=int, help="which one, from 0 (default: 2, commit of stores; the last of fewer)")
    add("--names", nargs="+", help="a name per microarchitecture")
    add("--names-file", help="JSON list of names, instead of --names")
    add("--clock-ghz", type=float, nargs="+", help="one clock, or one per microarchitecture")
    add("--warmup", type=int, default=255, help="the published model sees 256 instructions")
    args = parser.parse_args()
    if args.names_file:
        with open(args.names_file) as file:
            args.names = json.load(file)
    schema = dataset.schema_info(args.perfvec, "perfvec-51")
    state, stats = read_state(args.checkpoint), read_stats(args.stats)
    try:
        identity = convert(state, stats, args.prefix, schema, args)
    except Mistake as error:
        raise Mistake(f"{args.checkpoint}: {error}") from error
    print(f"{args.prefix}.onnx and .safetensors: model {identity}")


if __name__ == "__main__":
    main()
