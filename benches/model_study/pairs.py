#!/usr/bin/env python3
"""Timed traces to arrays: gem5's cycles, the twin's parts and the feature rows, by window.

    pairs.py OUT [--perfvec PERFVEC] TRACE.pvt ...

A trace is a pair of a program and a core. Of each pair, OUT/pairs/PROGRAM.CORE.npz has gem5's
cycles and the twin's parts for every whole window of 1000 retirements, and the parameters of the
core. Of each program, OUT/rows/PROGRAM.npy has the feature rows of one window in 8, each behind 256
rows of warm-up, and OUT/sums/PROGRAM.npy the sums of all columns over every window. What is there
is not made again, so the command can go on after a kill.
"""

import argparse
import dataclasses
import json
import os
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

Array = npt.NDArray[Any]

WINDOW = 1000
WARM = 256
EVERY = 8
SCHEMA = "perfvec-rm-2"
# Largest finite float16.
HALF_MAX = 65504.0
# Of a trace's blocks: tag, retirements, statics, raw and stored length, timed, first, checksum.
BLOCK = struct.Struct("<4sIIIIIQQ")


@dataclasses.dataclass
class Pair:
    """One program on one core: windows' cycles [W] and twin's parts [W,11]."""

    program: str
    core: dict[str, Any]
    cycles: Array
    parts: Array

    @property
    def name(self) -> str:
        """The core's name."""
        return str(self.core["name"])

    @property
    def source(self) -> str:
        """Variants of a program have one source."""
        return self.program.rsplit("-", 1)[0]


def ask(perfvec: str, *arguments: object) -> bytes:
    """What the command prints."""
    run = [perfvec, *map(str, arguments)]
    return subprocess.run(run, check=True, capture_output=True).stdout


def write(path: Path, **arrays: Any) -> None:
    """An .npz under its name once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(part, path)


def save(path: Path, array: Array) -> None:
    """An .npy under its name once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, array)
    os.replace(part, path)


def core_of(header: dict[str, Any]) -> dict[str, Any]:
    """The core's parameters, which a trace's header has as strings."""
    core: dict[str, Any] = {}
    for key, value in header["metadata"].items():
        if key in ("split", "image_end"):
            continue
        try:
            core[key] = json.loads(value)
        except ValueError:
            core[key] = value
    return core


def varints(data: bytes) -> Array:
    """All LEB128 numbers of `data`, of at most five bytes each."""
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets < 128)
    starts = np.concatenate(([0], ends[:-1] + 1))
    values = np.zeros(len(ends), np.uint64)
    for i in range(5):
        use = starts + i <= ends
        digit = (octets[starts[use] + i] & 127).astype(np.uint64)
        values[use] |= digit << np.uint64(7 * i)
    return values


def timed(trace: Path) -> tuple[dict[str, Any], Array]:
    """Header and cycles per retirement of a whole timed trace (book/src/format-trace.md)."""
    data = trace.read_bytes()
    (size,) = struct.unpack_from("<I", data, 12)
    header = json.loads(data[16 : 16 + size])
    at, found = 24 + size, []
    while data[at : at + 4] == b"PVTB":
        _, retired, _, raw, stored, count, _, _ = BLOCK.unpack_from(data, at)
        at += BLOCK.size
        payload = zstandard.ZstdDecompressor().decompress(data[at : at + stored], raw)
        at += stored
        lengths = varints(payload[:60])[:6].astype(int)
        # Windows, the start of the first, its length, cycles: nothing else if all is timed.
        numbers = varints(payload[len(payload) - lengths[5] :])
        if count != retired or [*numbers[:3]] != [1, 0, retired]:
            raise SystemExit(f"{trace}: not timed as a whole")
        found.append(numbers[3:])
    cycles = np.concatenate(found)
    (total,) = struct.unpack_from("<Q", data, at + 40)
    if cycles.sum() != total:
        raise SystemExit(f"{trace}: its cycles add up to {cycles.sum()}, not {total}")
    return header, cycles


def whole(values: Array) -> Array:
    """Sums over whole windows of the first axis."""
    windows = len(values) // WINDOW
    shape = (windows, WINDOW, *values.shape[1:])
    return values[: windows * WINDOW].reshape(shape).sum(1)


def take_pair(perfvec: str, trace: Path, out: Path) -> None:
    """Writes the arrays of one pair."""
    header, cycles = timed(trace)
    core = core_of(header)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(core, file)
        file.flush()
        how = ["--core", file.name, "--interval", WINDOW, "--threads", 0, "--json", "-"]
        told = json.loads(ask(perfvec, "replay", *how, trace))
    parts = np.array([i["stacks"][0] for i in told["intervals"]], np.float32)
    sums = whole(cycles.astype(np.float64))
    about = {"program": header["program"], "core": core}
    write(out, cycles=sums, parts=parts[: len(sums)], about=json.dumps(about))


def take_program(perfvec: str, trace: Path, rows: Path, sums: Path) -> None:
    """Writes the arrays of one program, from the trace of any core."""
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        ask(perfvec, "features", "--schema", SCHEMA, "-o", file.name, trace)
        matrix = np.load(file.name, mmap_mode="r")
        count = len(matrix) // WINDOW
        total = np.empty((count, matrix.shape[1]), np.float32)
        for w in range(count):
            total[w] = matrix[w * WINDOW : (w + 1) * WINDOW].sum(0, dtype=np.float64)
        chosen = range(EVERY // 2, count, EVERY)
        kept = np.empty((len(chosen), WARM + WINDOW, matrix.shape[1]), np.float16)
        for i, w in enumerate(chosen):
            part = matrix[w * WINDOW - WARM : (w + 1) * WINDOW]
            kept[i] = np.clip(part, -HALF_MAX, HALF_MAX)
    save(rows, kept)
    save(sums, total)


def read(out: Path) -> Iterator[Pair]:
    """All pairs of a folder, in the order of their names."""
    for path in sorted((out / "pairs").glob("*.npz")):
        with np.load(path) as data:
            about = json.loads(str(data["about"]))
            cycles, parts = data["cycles"], data["parts"]
        yield Pair(about["program"], about["core"], cycles, parts.astype(np.float64))


def chosen_windows(count: int) -> Array:
    """Which of `count` windows have feature rows."""
    return np.arange(EVERY // 2, count, EVERY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--perfvec", default="target/release/perfvec")
    parser.add_argument("traces", nargs="+", type=Path)
    args = parser.parse_args()
    for trace in args.traces:
        program = trace.stem.split(".", 1)[0]
        pair = args.out / "pairs" / f"{trace.stem}.npz"
        if not pair.exists():
            take_pair(args.perfvec, trace, pair)
        rows, sums = (args.out / name / f"{program}.npy" for name in ("rows", "sums"))
        if not sums.exists():
            take_program(args.perfvec, trace, rows, sums)


if __name__ == "__main__":
    main()
