"""What the tracer costs gem5's atomic CPU, and what a detailed core costs instead.

    slowdown.py GEM5 WORKLOADS [--program NAME] [--repeat N]

Processor time per instruction (user and system, all threads), from two runs of different length,
so that gem5's start and the loading of the model cancel out; the least of N repetitions. `wall`
is elapsed time per instruction, and means something on an idle machine only.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIGS = Path(__file__).parents[2] / "gem5-glue/configs"

# name, options of estimate.py, share of the program's length
MODES = [
    ("atomic, no tracer", ["--plain"], 1),
    ("sampled, 1 unit in 100", ["--sampling", "rate", "--threads", "0"], 1),
    ("sampled, 1% target", ["--sampling", "target", "--threads", "0"], 1),
    ("sampled, 10% overhead", ["--sampling", "overhead", "--threads", "0"], 1),
    ("full, no thread of its own", ["--threads", "0"], 1),
    ("full, one thread of its own", ["--threads", "1"], 1),
    ("O3, no tracer", ["--plain", "--cpu", "o3"], 0.1),
]


def run(gem5, options, limit, command):
    """CPU seconds, elapsed seconds and instructions of one run."""
    with tempfile.TemporaryDirectory() as folder:
        before, started = os.times(), time.monotonic()
        done = subprocess.run(
            [gem5, f"--outdir={folder}", CONFIGS / "estimate.py", *options,
             "--instructions", str(limit), "--", *command],
            capture_output=True, text=True)
        elapsed, after = time.monotonic() - started, os.times()
        if done.returncode != 0:
            sys.exit(f"slowdown: gem5 failed: {done.stderr[-2000:]}")
        stats = (Path(folder) / "stats.txt").read_text()
    spent = sum(after[2:4]) - sum(before[2:4])
    return spent, elapsed, int(re.search(r"^simInsts +(\d+)", stats, re.M)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gem5")
    parser.add_argument("workloads", type=Path)
    parser.add_argument("--program", default="sqlite_bank-d")
    parser.add_argument("--instructions", type=int, default=8_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    programs = json.loads((options.workloads / "manifest.json").read_text())
    program = next(p for p in programs if p["name"] == options.program)
    command = [str((options.workloads / program["binary"]).absolute()), *program["args"]]

    rows = []
    for name, arguments, share in MODES:
        long = int(options.instructions * share)
        costs = {long: [], long // 8: []}
        for _ in range(options.repeat):
            for limit, found in costs.items():
                found.append(run(options.gem5, arguments, limit, command))
        # Noise only ever adds.
        best = [[min(f[i] for f in found) for i in range(3)] for found in costs.values()]
        (cpu, wall, count), (cpu0, wall0, count0) = best
        rows.append((name, (cpu - cpu0) / (count - count0), (wall - wall0) / (count - count0)))
    base = rows[0]
    print(f"{options.program}, ns per instruction (load average {os.getloadavg()[0]:.1f})")
    print("| | CPU time | slowdown | wall | slowdown |")
    print("|---|---|---|---|---|")
    for name, cpu, wall in rows:
        print(f"| {name} | {cpu * 1e9:.0f} | {cpu / base[1]:.2f}x "
              f"| {wall * 1e9:.0f} | {wall / base[2]:.2f}x |")


main()
