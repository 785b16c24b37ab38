#!/usr/bin/env python3
"""How much programs slow each other down on one chip, in gem5.

    chip.py [--gem5 GEM5.OPT] [--skip N] [--settle N] [--first N] --core NAME BINARIES FOLDER

FOLDER gets gem5's cycles of every set of programs below (gem5-glue/configs/chip.py): with --gem5, of those
that it does not hold yet. BINARIES holds what `onnx/workloads/build.py` built of the training programs, which have
more to do here than there. Every program is timed for --first retirements behind --skip and
--settle, alone and beside others that run on; its slowdown is the ratio.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# By how much they take of what is shared: memory's latency, its bandwidth, the cache, little.
PROGRAMS = {
    "gups": "gups.O2 23 1200000",
    "stream": "stream.O2 260000 4",
    "chase": "pointer_chase.O2 16384 2500000 1",
    "spmv": "spmv_cg.O2 14000 6 14",
    "hash": "hash_open.O2 1 16 700000",
    "matmul": "matmul.O3 160 1 2",
    "stencil": "stencil.O2 300 2 16",
    "json": "json.O3 9 4 40",
}
SETS = """
gups stream / gups hash / stream hash / stream matmul / stream spmv / chase hash / chase matmul
chase spmv / hash spmv / matmul stencil
gups stream chase hash / chase spmv hash matmul / stream stencil spmv json
"""


def sets():
    texts = SETS.strip().replace("\n", "/").split("/")
    return [[name] for name in PROGRAMS] + [text.split() for text in texts]


def simulate(options, names, to):
    """gem5's cycles of these programs together."""
    programs = [f"{options.binaries}/{PROGRAMS[name]}" for name in names]
    out = options.folder / f"m5out.{options.core}"
    with open(to.with_suffix(".log"), "w") as log:
        done = subprocess.run(
            [options.gem5, f"--outdir={out}", ROOT / "gem5-glue/configs/chip.py", "--core",
             options.core, "--skip", str(options.skip), "--settle", str(options.settle), "--first",
             str(options.first), "--cycles", to, "--", *programs],
            stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        print(f"{' '.join(names)}: gem5 failed; see {log.name}", file=sys.stderr)


def read(path):
    """(skipped, cycles) of each program."""
    with open(path) as file:
        return [(int(r["skipped"]), int(r["cycles"])) for r in csv.DictReader(file)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gem5", help="run what is missing with this gem5.opt")
    parser.add_argument("--core", required=True, help="one of gem5-glue/configs/microarchs.py")
    parser.add_argument("--skip", type=int, default=3_000_000)
    parser.add_argument("--settle", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=250_000)
    parser.add_argument("binaries", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    alone = {}
    print("| together | program | skipped | cycles | slowdown |")
    print("|---|---|---|---|---|")
    for names in sets():
        path = options.folder / f"{options.core}.{'+'.join(names)}.csv"
        if options.gem5 and not path.exists():
            simulate(options, names, path)
        if not path.exists():
            continue
        for name, (skipped, cycles) in zip(names, read(path)):
            if len(names) == 1:
                alone[name] = cycles
            slowdown = f"{cycles / alone[name]:.3f}" if name in alone else "-"
            print(f"| {' '.join(names)} | {name} | {skipped} | {cycles} | {slowdown} |")


if __name__ == "__main__":
    main()
