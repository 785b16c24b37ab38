#!/usr/bin/env python3
"""How far the parts of CPI stacks are off: gem5 with that part made ideal.

    ideal.py GEM5 FOLDER [--skip N] [--limit N] [--cores NAME ...] -- "BINARY ARGUMENT ..." ...

GEM5 was built with EXTRAS=gem5-glue:tests/gem5/ideal. Each program runs on each core as it is, priced
beside by its machine, and again with one part made ideal: a predictor that is always right, caches
that hold everything, memory without latency, queues that never fill (tests/gem5/ideal/run.py). What
gem5 saves by it is compared with that part of the estimate. Logs and what is known go to FOLDER; a
second call goes on.
"""

import argparse
import json
import re
import shlex
import subprocess
from pathlib import Path

GLUE = Path(__file__).parents[2] / "gem5-glue"
CONFIG = Path(__file__).parent / "ideal" / "run.py"
# In the order of the table: what is made ideal, and the parts that it is compared with.
PARTS = {
    "fetch": ["fetch"], "branch": ["branch"], "dependence": ["dependence"], "ports": ["ports"],
    "window": ["window"], "L1": ["L1"], "memory": ["memory"],
    "L2, L3, memory": ["L2", "L3", "memory"], "store": ["store"],
    "beyond L1, store": ["L2", "L3", "memory", "store"],
}


def gem5(options, core, ideal, program):
    """What a run prints, and its stack."""
    command = shlex.split(program)
    label = re.sub(r"\W+", "_", f"{Path(command[0]).name} {' '.join(command[1:])}")
    out = options.folder / f"{label}.{core}.{ideal.replace(', ', '_')}"
    result = out / "result.json"
    if not result.exists():
        outcomes = options.folder / f"{label}.outcomes"
        out.mkdir(parents=True, exist_ok=True)
        with open(out / "log", "w") as log:
            done = subprocess.run(
                [options.gem5, f"--outdir={out}", f"--path={GLUE / 'configs'}", CONFIG, core, ideal,
                 str(options.skip), str(options.limit), outcomes, *command], stdout=log, stderr=log)
        said = re.search(r"taken (\d+) estimated (\d+)", (out / "log").read_text())
        if done.returncode or not said:
            raise SystemExit(f"{out}/log: gem5 ended with {done.returncode}")
        stack = re.findall(r"\.stack::(\w+) +(-?[\d.]+)", (out / "stats.txt").read_text())
        result.write_text(json.dumps({
            "taken": int(said[1]), "estimated": int(said[2]),
            "stack": {part: float(cycles) for part, cycles in stack}}))
    return json.loads(result.read_text())


def mean(numbers):
    return sum(numbers) / len(numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gem5")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--skip", type=int, default=1_000_000, help="retirements that warm up")
    parser.add_argument("--limit", type=int, default=1_400_000, help="the last that is timed")
    parser.add_argument("--cores", nargs="+", default=["boom-medium-like", "cortex-a72-like"])
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    options.folder = options.folder.resolve()

    rows = {ideal: [] for ideal in PARTS}
    for program in options.programs:
        gem5(options, options.cores[0], "learn", program)
        for core in options.cores:
            base = gem5(options, core, "none", program)
            share = {part: cycles / base["taken"] for part, cycles in base["stack"].items()}
            line = [f"{core} {Path(shlex.split(program)[0]).name}: "
                    f"{100 * (base['estimated'] / base['taken'] - 1):+.1f}"]
            for ideal, parts in PARTS.items():
                run = gem5(options, core, ideal, program)
                saved = 1 - run["taken"] / base["taken"]
                part = sum(share[p] for p in parts)
                again = None if ideal == "branch" else 1 - run["estimated"] / base["estimated"]
                rows[ideal].append((part, saved, again))
                line.append(f"{ideal} {100 * part:.1f}/{100 * saved:.1f}")
            print(", ".join(line), flush=True)

    print("\n| part | of the estimate | gem5 saves | differ, mean | worst | machine saves | differ, mean |")
    print("|---|---|---|---|---|---|---|")
    for ideal, pairs in rows.items():
        differ = [abs(part - saved) for part, saved, _ in pairs]
        cells = [mean([p[0] for p in pairs]), mean([p[1] for p in pairs]), mean(differ), max(differ)]
        if all(again is not None for _, _, again in pairs):
            cells += [mean([p[2] for p in pairs]), mean([abs(p[2] - p[1]) for p in pairs])]
        text = [f"{100 * cell:.1f}" for cell in cells] + ["-"] * (6 - len(cells))
        print(f"| {ideal} | {' | '.join(text)} |")


if __name__ == "__main__":
    main()
