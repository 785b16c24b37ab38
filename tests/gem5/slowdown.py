"""What the tracer costs gem5's atomic CPU, and what a detailed core costs instead.

    slowdown.py GEM5 WORKLOADS [--program NAME ...] [--repeat N] [--only TEXT ...]

Nanoseconds per instruction: elapsed, of processor time in gem5's own thread, and of processor time
in all threads. Each from two runs of different length, so that gem5's start and the loading of the
model cancel out; the median of N repetitions, each of which goes through all modes. Elapsed time
means something on an idle machine only, where it is little more than that of gem5's own thread
unless this one waits for the model.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIGS = Path(__file__).parents[2] / "gem5-glue/configs"

# name, options of estimate.py, share of the program's length
MODES = [
    ("atomic, no tracer", ["--plain"], 1),
    ("sampled, 1 unit in 100", ["--sampling", "rate"], 1),
    ("sampled, 1% target", ["--sampling", "target"], 1),
    ("sampled, 10% overhead", ["--sampling", "overhead"], 1),
    ("full", [], 1),
    ("sampled, 1 unit in 100, inline", ["--sampling", "rate", "--threads", "0"], 1),
    ("full, inline", ["--threads", "0"], 1),
    ("O3, no tracer", ["--plain", "--cpu", "o3"], 0.1),
]


def own_thread(pid):
    """Processor seconds of a process's first thread; none once it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK") or None


def run(gem5, options, limit, command):
    """Seconds (elapsed, of gem5's own thread, of all threads) and instructions of one run."""
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "w+") as log:
        before, started, own = os.times(), time.monotonic(), 0
        child = subprocess.Popen(
            [gem5, f"--outdir={folder}", CONFIGS / "estimate.py", *options,
             "--instructions", str(limit), "--", *command],
            stdout=subprocess.DEVNULL, stderr=log)
        while child.poll() is None:
            own = own_thread(child.pid) or own
            time.sleep(0.01)
        elapsed, after = time.monotonic() - started, os.times()
        if child.returncode != 0:
            log.seek(0)
            sys.exit(f"slowdown: gem5 failed: {log.read()[-2000:]}")
        stats = (Path(folder) / "stats.txt").read_text()
    spent = sum(after[2:4]) - sum(before[2:4])
    return elapsed, own, spent, int(re.search(r"^simInsts +(\d+)", stats, re.MULTILINE)[1])


def cost(gem5, options, limit, command):
    """Nanoseconds per instruction, as run() has the seconds."""
    long, short = (run(gem5, options, n, command) for n in (limit, limit // 8))
    return [(a - b) / (long[3] - short[3]) * 1e9 for a, b in zip(long[:3], short)]


def table(options, program):
    command = [str((options.workloads / program["binary"]).absolute()), *program["args"]]
    modes = MODES[:1] + [m for m in MODES[1:] if any(text in m[0] for text in options.only)]
    costs = {name: [] for name, _, _ in modes}
    for _ in range(options.repeat):
        for name, arguments, share in modes:
            costs[name].append(
                cost(options.gem5, arguments, int(options.instructions * share), command))
    print(f"{program['name']}, ns per instruction (load average {os.getloadavg()[0]:.1f})")
    print("| | elapsed | slowdown | gem5's thread | slowdown | all threads | slowdown |")
    print("|---|---|---|---|---|---|---|")
    medians = {name: [statistics.median(c) for c in zip(*found)] for name, found in costs.items()}
    base = medians[modes[0][0]]
    for name, found in medians.items():
        cells = (f"{ns:.0f} | {ns / plain:.2f}x" for ns, plain in zip(found, base))
        print(f"| {name} | {' | '.join(cells)} |")
    if "full" in medians and "O3, no tracer" in medians:
        o3, (elapsed, own, spent) = medians["O3, no tracer"], medians["full"]
        # With one thread of its own, the session uses what is not gem5's.
        busiest = max(own, spent - own)
        print(f"O3 takes {o3[0] / elapsed:.1f} times as long as full mode, and "
              f"{o3[2] / busiest:.1f} times the processor time of its busier thread")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gem5")
    parser.add_argument("workloads", type=Path)
    parser.add_argument("--program", nargs="+", default=["sqlite_bank-d"])
    parser.add_argument("--instructions", type=int, default=8_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[""], help="modes with this in their names")
    options = parser.parse_args()
    programs = {p["name"]: p for p in json.loads((options.workloads / "manifest.json").read_text())}
    for name in options.program:
        if name not in programs:
            sys.exit(f"slowdown: {options.workloads} has no program {name}: it has "
                     f"{', '.join(sorted(programs))}")
        table(options, programs[name])


main()
