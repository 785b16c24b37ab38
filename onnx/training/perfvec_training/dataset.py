"""Convert recorded streams and cycle files into arrays for training.

    perfvec-training dataset REC OUT --perfvec target/release/perfvec

REC is a folder made by perfvec-training record. Every program that is timed in
windows (the training programs) becomes a folder of memory-mapped arrays:

    OUT/schema.json               name, hash, columns and their smallest values
    OUT/cores.json                the cores, as recorded
    OUT/PROGRAM/features.npy      float16 [N,F]: rows of every window, each preceded by its warm-up rows
    OUT/PROGRAM/cycles.npy        float32 [K,N]: observed cycles, NaN if core k has none
    OUT/PROGRAM/meta.json         split, cores (K names), runs: {row, first, warm, length}

A run is one window: `warm` rows of warm-up from row `row`, then `length` rows from retirement
`first` of the stream. Features are computed by the library itself (`perfvec features`), so training
and inference cannot differ. Streams are compared by the hashes in the cycle files. A program that is
up to date is not converted again, so the command can be repeated while recording continues.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from perfvec_training import cycles as cycle_files
from perfvec_training import files
from perfvec_training.cycles import CycleFile
from perfvec_training.kinds import Array, Json
from perfvec_training.mistakes import Mistake, ask, described, told

SCHEMA = "perfvec-rm-2"
WARM = 512
# Largest finite float16; a longer wait than that is rare and is capped, not lost.
HALF_MAX = 65504.0


def write_array(path: Path, array: Array) -> None:
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "wb") as file:
        np.save(file, array)
    os.replace(temporary, path)


def schema_info(perfvec: str | Path, name: str) -> Json:
    """{"name", "hash", "columns", "least"} of a feature schema, as the library knows it; least is
    the smallest value of each column."""
    info = json.loads(ask(perfvec, "info", "--schema", name, "--json"))
    return {
        "name": name,
        "hash": info["hash"],
        "columns": [c["name"] for c in info["columns"]],
        "least": [c["min"] for c in info["columns"]],
    }


def extract(perfvec: str | Path, schema: str, trace: Path, windows: list[list[int]], out: Path,
            columns: int) -> Array:
    """Runs the library's extractor over `windows` [[first, length], ...] of a trace; returns the
    rows, float32 [sum of lengths, columns], memory-mapped from `out`."""
    listing = out.with_name(out.name + ".windows")
    listing.write_text("".join(f"{first} {length}\n" for first, length in windows))
    try:
        ask(perfvec, "features", trace, "--schema", schema, "-o", out, "--windows", listing)
    finally:
        listing.unlink()
    rows = np.load(out, mmap_mode="r")
    wanted = (sum(length for _, length in windows), columns)
    if rows.shape != wanted:
        raise Mistake(f"{trace}: the extractor gave rows {rows.shape}, expected {wanted}")
    return rows


def plan_runs(windows: list[list[int]], warm: int) -> list[Json]:
    """Windows [[first, length], ...] to runs; warm-up ends at the start of the stream."""
    runs, row = [], 0
    for first, length in windows:
        before = min(warm, first)
        runs.append({"row": row, "first": first, "warm": before, "length": length})
        row += before + length
    return runs


def place_cycles(timed: list[CycleFile], runs: list[Json], total: int) -> Array:
    """Cycle files to float32 [K,total]; a window of a file may be a part of a run."""
    table = np.full((len(timed), total), np.nan, np.float32)
    for k, file in enumerate(timed):
        values, at = file.array(), 0
        for first, length in file.windows:
            run = next((r for r in runs if r["first"] <= first < r["first"] + r["length"]), None)
            if run is None or first + length > run["first"] + run["length"]:
                raise Mistake(f"{file.path}: window {first}+{length} is in no planned window")
            row = run["row"] + run["warm"] + first - run["first"]
            table[k, row : row + length] = values[at : at + length]
            at += length
    return table


def fingerprint(*parts: object) -> str:
    """A short hash of a JSON value."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def build_program(rec: Path, out: Path, perfvec: str | Path, schema: Json, entry: Json,
                  warm: int) -> str:
    """Writes one program's folder; returns the progress message."""
    name = entry["name"]
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    paths = sorted((rec / "cycles" / name).glob("*.pvc"))
    trace, proof = rec / "streams" / f"{name}.pvt", rec / "streams" / f"{name}.pvc"
    stamp = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in (trace, proof)]
    runs = plan_runs(entry["windows"], warm)
    total = runs[-1]["row"] + runs[-1]["warm"] + runs[-1]["length"]
    meta_path = folder / "meta.json"
    old = json.loads(meta_path.read_text()) if meta_path.exists() else {}
    features_key = fingerprint(stamp, runs, schema["name"], schema["hash"])
    cycles_key = fingerprint(features_key, [(p.name, p.stat().st_mtime_ns) for p in paths])
    if old.get("cycles_key") == cycles_key:
        return "up to date"
    timed = []
    for path in paths:
        cycle_files.compare(str(proof), str(path))
        timed.append(cycle_files.read(path))
    if old.get("features_key") != features_key:
        scratch = folder / "rows.npy"
        spans = [[r["first"] - r["warm"], r["warm"] + r["length"]] for r in runs]
        rows = extract(perfvec, schema["name"], trace, spans, scratch, len(schema["columns"]))
        half = np.empty(rows.shape, np.float16)
        for at in range(0, len(rows), 1 << 16):
            part = rows[at : at + (1 << 16)]
            if not np.isfinite(part).all():
                raise Mistake(f"{trace}: a feature is not finite near row {at}")
            half[at : at + (1 << 16)] = np.clip(part, -HALF_MAX, HALF_MAX)
        write_array(folder / "features.npy", half)
        scratch.unlink()
    write_array(folder / "cycles.npy", place_cycles(timed, runs, total))
    files.write_json(meta_path, {
        "name": name, "split": entry["split"], "category": entry.get("category"),
        "retired": entry["retired"], "cores": [p.stem for p in paths], "runs": runs,
        "features_key": features_key, "cycles_key": cycles_key,
    })
    return f"{len(timed)} cores, {total} rows"


def build(rec: str | Path, out: str | Path, perfvec: str | Path, schema_name: str = SCHEMA,
          warm: int = WARM, jobs: int = 2) -> int:
    """Builds the whole data set; returns the number of programs in it."""
    rec, out = Path(rec), Path(out)
    if warm < 0:
        raise Mistake(f"{warm} rows of warm-up: there are none before the first")
    out.mkdir(parents=True, exist_ok=True)
    schema = schema_info(perfvec, schema_name)
    files.write_json(out / "schema.json", schema)
    files.write_json(out / "cores.json", json.loads((rec / "cores.json").read_text()))
    entries = [
        e for e in json.loads((rec / "programs.json").read_text())
        if e.get("windows") and any((rec / "cycles" / e["name"]).glob("*.pvc"))
    ]
    started, done = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {
            pool.submit(build_program, rec, out, perfvec, schema, e, warm): e["name"]
            for e in entries
        }
        for future in concurrent.futures.as_completed(futures):
            done += 1
            left = (time.monotonic() - started) / done * (len(entries) - done)
            print(f"{done}/{len(entries)}  {left:.0f} s left  {futures[future]}: "
                  f"{future.result()}", file=sys.stderr, flush=True)
    return len(entries)


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("rec", help="folder with streams/ and cycles/")
    parser.add_argument("out")
    parser.add_argument("--perfvec", default="target/release/perfvec", help="the command")
    parser.add_argument("--schema", default=SCHEMA)
    parser.add_argument("--warm", type=int, default=WARM, help="warm-up rows before a window")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    build(args.rec, args.out, args.perfvec, args.schema, args.warm, args.jobs)


if __name__ == "__main__":
    main()
