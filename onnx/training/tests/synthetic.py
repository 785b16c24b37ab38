"""A small made-up recording: files of the real formats with cycles from a known rule.

The rule is linear in some columns plus a product that only a model with memory can follow: a
"load" costs more when the step before was a "miss". Streams are random; the trace file is a stub
that fake_perfvec.py understands, which stands in for the library's command.
"""

import json
import os
import stat
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

COLUMNS = ["one", "load", "miss", "noise", "ref_00", "ref_01"]


def features(seed, total):
    """Rows float32 [total, F] of one program; programs differ in their mixes."""
    rng = np.random.default_rng(seed)
    rates, follows = rng.uniform(0.1, 0.5, 2), rng.uniform(0.0, 0.9)
    x = np.zeros((total, len(COLUMNS)), np.float32)
    x[:, 0] = 1.0
    x[:, 2] = rng.random(total) < rates[1]
    # In some programs a load follows a miss more often than the rates alone say.
    near = np.concatenate([[0.0], x[:-1, 2]]) * (rng.random(total) < follows)
    x[:, 1] = np.maximum(rng.random(total) < rates[0], near)
    x[:, 3] = rng.random(total)
    x[:, 4] = 1.0 + 3.0 * x[:, 1]
    x[:, 5] = 0.5 + 10.0 * x[:, 2]
    return x


def core_parameters(k, kind="train"):
    rng = np.random.default_rng([k, len(kind)])
    return {"base": rng.uniform(0.5, 2.0), "load": rng.uniform(1.0, 4.0),
            "miss": rng.uniform(5.0, 20.0), "after": rng.uniform(2.0, 8.0)}


def cycles(x, core):
    """Whole cycles per retirement, rounded at random but without bias."""
    after = np.concatenate([[0.0], x[:-1, 2] * x[1:, 1]])
    exact = (core["base"] * x[:, 0] + core["load"] * x[:, 1] + core["miss"] * x[:, 2]
             + core["after"] * after)
    rng = np.random.default_rng(len(x))
    return np.floor(exact + rng.random(len(exact))).astype(np.int64)


def block_hashes(x, windows):
    out = []
    for first, length in windows:
        for at in range(first, first + length, 1000):
            out.append(zlib.crc32(x[at : at + 1000].tobytes()))
    return out


def write_cycles(path, values, windows, hashes, timed=True):
    """A cycle file (gem5-glue/perfvec_cycles.hh)."""
    small = np.minimum(values, 65535).astype("<u2")
    large = [(int(i), int(values[i])) for i in np.flatnonzero(values >= 65535)]
    metadata = json.dumps({
        "timed": timed, "retirements": sum(n for _, n in windows), "cycles": int(values.sum()),
        "block": 1000, "windows": windows}).encode()
    body = b"PVCYCLE1" + (small.tobytes() if timed else b"")
    body += b"".join(struct.pack("<QI", *pair) for pair in large)
    body += struct.pack(f"<{len(hashes)}Q", *hashes) + metadata
    body += struct.pack("<QQI", len(large), len(hashes), len(metadata))
    Path(path).write_bytes(body + struct.pack("<I", zlib.crc32(body)))


def fake_perfvec(folder):
    path = Path(folder) / "perfvec"
    here = Path(__file__).resolve().parent
    path.write_text(f"#!/bin/sh\nPYTHONPATH={here}:{here.parent} exec {sys.executable} -m fake_perfvec \"$@\"\n")
    os.chmod(path, path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def record_test(folder, cores, names=("held0-a", "held1-a"), total=24000):
    """Adds test programs, timed from start to end on some cores, to a recording."""
    folder = Path(folder)
    listing = json.loads((folder / "cores.json").read_text())
    entries = json.loads((folder / "programs.json").read_text())
    for i, name in enumerate(names):
        x = features(100 + i, total)
        (folder / "streams" / f"{name}.pvt").write_text(json.dumps([100 + i, total]))
        write_cycles(folder / "streams" / f"{name}.pvc", np.zeros(0), [[0, total]],
                     block_hashes(x, [[0, total]]), timed=False)
        entries.append({"name": name, "split": "test", "category": "toy", "retired": total})
        out = folder / "cycles" / name
        out.mkdir(parents=True)
        for k, core in enumerate(listing):
            if core["name"] in cores:
                y = cycles(x, core_parameters(k, core["split"]))
                write_cycles(out / f"{core['name']}.pvc", y, [[0, total]],
                             block_hashes(x, [[0, total]]))
    (folder / "programs.json").write_text(json.dumps(entries))


def record(folder, programs=8, cores=5, unseen=2, total=16000, per_program=4):
    """Writes a recording; returns the path of the stand-in command."""
    folder = Path(folder)
    names = [f"toy{i}-a" for i in range(programs)]
    listing = [{"name": f"core-{k}", "split": "train", "kind": "o3", "clock_ghz": 2.0}
               for k in range(cores)]
    listing += [{"name": f"new-{k}", "split": "unseen", "kind": "o3", "clock_ghz": 1.0}
                for k in range(unseen)]
    (folder / "streams").mkdir(parents=True)
    (folder / "cores.json").write_text(json.dumps(listing))
    windows = [[1000, 5000], [9000, 6000]]
    entries = []
    for i, name in enumerate(names):
        x = features(i, total)
        (folder / "streams" / f"{name}.pvt").write_text(json.dumps([i, total]))
        write_cycles(folder / "streams" / f"{name}.pvc", np.zeros(0), [[0, total]],
                     block_hashes(x, [[0, total]]), timed=False)
        entries.append({"name": name, "split": "train", "category": "toy", "retired": total,
                        "windows": windows})
        out = folder / "cycles" / name
        out.mkdir(parents=True)
        chosen = [(i + j) % cores for j in range(min(per_program, cores))]
        for k in chosen + [cores + u for u in range(unseen if i < 2 else 0)]:
            kind = listing[k]["split"]
            y = cycles(x, core_parameters(k, kind))
            taken = np.concatenate([y[f : f + n] for f, n in windows])
            write_cycles(out / f"{listing[k]['name']}.pvc", taken, windows,
                         block_hashes(x, windows))
    (folder / "programs.json").write_text(json.dumps(entries))
    return fake_perfvec(folder)
