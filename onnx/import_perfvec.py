#!/usr/bin/env python3
"""Turn a published PerfVec checkpoint into the two files that the library loads.

    import_perfvec.py LSTM_256_2_1222.pt stats.npz perfvec-published --clock-ghz 2 ...

The checkpoint is the state dict of the published `InsLSTM(256, 2, narchs=77, bias=False)`: an LSTM
of one or more layers, ReLU, and a linear head without bias whose rows are the microarchitecture
vectors (`stats.npz` holds the normalisation). Its features are the schema perfvec-51.

The targets are times in 0.1 ns, not cycles. A table counts cycles of a clock, so rows are
multiplied by clock / 10 GHz; the seconds that the library reports are then the published model's
for any clock. With several targets per microarchitecture the commit target is taken, the last one
(fetch, execution, ..., commit) unless --target names another.
"""

import argparse
import hashlib
import json
import sys

import numpy as np
import onnx
import torch

import dataset
import export
import graph
import table

UNIT_HZ = 1e10  # one unit of the targets is 0.1 ns
DEFAULT_CLOCK_GHZ = 2.0


def weights(state):
    """(layers [(w_ih, w_hh, bias)], head [rows,H]) of a state dict."""
    state = {k.removeprefix("module."): v for k, v in state.items()}
    known = {"linear.weight"}
    layers = []
    while f"lstm.weight_ih_l{len(layers)}" in state:
        i = len(layers)
        keys = [f"lstm.{part}_l{i}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        known.update(keys)
        a, b, c, d = (state[k].numpy().astype(np.float32) for k in keys)
        layers.append((a, b, c + d))
    left = sorted(set(state) - known)
    if not layers or "linear.weight" not in state or left:
        raise export.ExportError(
            f"not the state dict of an LSTM with a bias-free linear head (also has: {left[:5]})")
    return layers, state["linear.weight"].numpy().astype(np.float32)


def read_state(path):
    """The state dict in a checkpoint file, which may wrap it."""
    data = torch.load(path, weights_only=True, map_location="cpu")
    for key in ("model_state_dict", "state_dict", "model"):
        if isinstance(data, dict) and key in data:
            data = data[key]
    return data


def names_and_clocks(args, count):
    names = args.names or [f"published-{k:02d}" for k in range(count)]
    clocks = args.clock_ghz or [DEFAULT_CLOCK_GHZ]
    clocks = clocks * count if len(clocks) == 1 else clocks
    if len(names) != count or len(clocks) != count:
        raise export.ExportError(
            f"the checkpoint has {count} microarchitectures, but {len(names)} names and "
            f"{len(clocks)} clocks are given")
    return names, np.array(clocks)


def convert(state, stats, prefix, schema, args):
    """Writes PREFIX.onnx and PREFIX.safetensors; returns the model id."""
    layers, head = weights(state)
    mean, std = (np.asarray(stats[k], np.float32).reshape(-1) for k in ("mean", "std"))
    std = np.where(std == 0.0, np.float32(1.0), std)
    if not len(mean) == len(std) == layers[0][0].shape[1] == len(schema["columns"]):
        raise export.ExportError(
            f"widths differ: statistics {len(mean)}, first layer {layers[0][0].shape[1]}, schema "
            f"{schema['name']} {len(schema['columns'])}")
    if len(head) % args.targets:
        raise export.ExportError(f"{len(head)} rows of the head are no multiple of "
                                 f"{args.targets} targets")
    count = len(head) // args.targets
    target = args.targets - 1 if args.target is None else args.target
    if not 0 <= target < args.targets:
        raise export.ExportError(f"--target {target} is not one of {args.targets}")
    vectors = head.reshape(count, args.targets, -1)[:, target]
    names, clocks = names_and_clocks(args, count)
    vectors = vectors * (clocks * 1e9 / UNIT_HZ)[:, None]
    digest = hashlib.sha256(b"".join(a.tobytes() for layer in layers for a in layer))
    identity = f"perfvec-published-{digest.hexdigest()[:12]}"
    proto = graph.build(mean, std, layers, {
        "perfvec.model_id": identity, "perfvec.schema": schema["name"],
        "perfvec.schema_hash": schema["hash"], "perfvec.isa": args.isa,
        "perfvec.warmup": args.warmup, "perfvec.training.source": "published PerfVec checkpoint",
    }, relu=True)
    export.write(f"{prefix}.onnx", proto.SerializeToString())
    onnx.checker.check_model(f"{prefix}.onnx")
    entries = [{"name": n, "clock_hz": float(c) * 1e9, "kind": "published", "parameters": {},
                "trained": True} for n, c in zip(names, clocks)]
    table.save(f"{prefix}.safetensors", identity, schema["hash"], entries, vectors)
    return identity


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog=__doc__.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("checkpoint")
    add("stats", help="stats.npz of the published data set")
    add("prefix", help="path of the files without their endings")
    add("--perfvec", default="target/release/perfvec", help="the command, asked for the schema")
    add("--isa", default="armv8", help="ISA of the traces it was trained on")
    add("--targets", type=int, default=1, help="targets per microarchitecture (tgt_length)")
    add("--target", type=int, help="which one, from 0 (default: the last, commit)")
    add("--names", nargs="+", help="a name per microarchitecture")
    add("--names-file", help="JSON list of names, instead of --names")
    add("--clock-ghz", type=float, nargs="+", help="one clock, or one per microarchitecture")
    add("--warmup", type=int, default=255, help="the published model sees 256 instructions")
    args = parser.parse_args()
    if args.names_file:
        with open(args.names_file) as file:
            args.names = json.load(file)
    try:
        schema = dataset.schema_info(args.perfvec, "perfvec-51")
        with np.load(args.stats) as stats:
            identity = convert(read_state(args.checkpoint), stats, args.prefix, schema, args)
    except (export.ExportError, OSError, KeyError) as error:
        sys.exit(f"{args.checkpoint}: {error}")
    print(f"{args.prefix}.onnx and .safetensors: model {identity}")


if __name__ == "__main__":
    main()
