"""Stands in for the library's command: what the Python tools ask of it, on streams of synthetic.py."""

import json
import sys
from pathlib import Path

import numpy as np
import synthetic


def value(arguments: list[str], name: str) -> str:
    """What follows the option `name`."""
    return arguments[arguments.index(name) + 1]


def info() -> None:
    print(json.dumps({"name": "toy-1", "hash": "00000000000000aa",
                      "columns": [{"name": c, "min": 0.0} for c in synthetic.COLUMNS]}))


def features(arguments: list[str]) -> None:
    """Writes the rows of the windows that were asked for."""
    rows = synthetic.features(*json.loads(Path(arguments[0]).read_text()))
    listing = Path(value(arguments, "--windows")).read_text().splitlines()
    parts = [rows[int(f) : int(f) + int(n)] for f, n in (line.split() for line in listing)]
    with open(value(arguments, "-o"), "wb") as file:
        np.save(file, np.concatenate(parts))


def replay(arguments: list[str]) -> None:
    """Cycles of every interval by ONNX Runtime, in one long lane; int8 differs on the second core."""
    from perfvec_training import graph, table

    rows = synthetic.features(*json.loads(Path(arguments[0]).read_text()))
    every = int(value(arguments, "--interval")) if "--interval" in arguments else len(rows)
    states, sums = None, []
    for at in range(0, len(rows), every):
        out, states = graph.run(value(arguments, "--model"), rows[at : at + every, None], states)
        sums.append(out.sum((0, 1), dtype=np.float64))
    _, entries, tensors = table.load(value(arguments, "--microarchs"))
    counts = [min(every, len(rows) - at) for at in range(0, len(rows), every)]
    cycles = np.array(sums) @ tensors["vectors"].T.astype(np.float64)
    if value(arguments, "--backend") == "int8":
        cycles[:, 1] *= 1.002
    Path(value(arguments, "--json")).write_text(json.dumps({
        "retired": len(rows), "ood_score": 0.5,
        "microarchs": [{"name": e["name"], "cycles": c}
                       for e, c in zip(entries, cycles.sum(0).tolist())],
        "intervals": [{"cpi": (c / n).tolist()} for c, n in zip(cycles, counts)],
    }))


if __name__ == "__main__":
    commands = {"info": lambda _: info(), "features": features, "replay": replay}
    commands[sys.argv[1]](sys.argv[2:])
