#!/usr/bin/env python3
"""How far the machines of cores are from gem5, over timed traces of many programs and cores.

    twin_errors.py [--perfvec PERFVEC] [--rules gem5-stock] [--csv OUT.csv] [--fit] TRACE.pvt ...

A trace that onnx/training's recorder made of a timing CPU holds its cycles and the parameters of
its core; only whole timed traces are taken. Each is priced by `perfvec replay --core` with these
parameters, and its error is that of the cycles of all retirements. Prints the errors by kind of
core and by program, how often two cores of a program that differ by less than 20 % are in the right
order, and how many 90 % intervals hold gem5's cycles. `--fit` prints the spreads of
src/microarch/stack.rs, fitted to these errors. `--csv` also reads: traces it names are not priced
again.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import tempfile
import zlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The largest variance of a cause, and the error from which on a pair says no more of its causes
# than that it is far off.
MOST = 0.02
FAR = 0.2
PARTS = [
    "base",
    "fetch",
    "branch",
    "dependence",
    "ports",
    "window",
    "L1",
    "L2",
    "L3",
    "memory",
    "store",
]
FIELDS = [
    "trace",
    "program",
    "core",
    "kind",
    "cycles",
    "estimate",
    "error_90",
    "least",
    *PARTS,
]


def price(perfvec, rules, path):
    """The row of one trace; None where it is not a whole timed one."""
    run = [perfvec, "info", "--json", str(path)]
    info = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
    retired = info["retirements"]
    if info.get("timed_retirements") != retired:
        return None
    header = info["header"]
    core = {k: v for k, v in header["metadata"].items() if k not in ("split", "image_end")}
    for key, value in core.items():
        try:
            core[key] = json.loads(value)
        except ValueError:
            pass
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(core, file)
        file.flush()
        run = [
            perfvec,
            "replay",
            "--core",
            file.name,
            "--rules",
            rules,
            "--json",
            "-",
            str(path),
        ]
        out = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
    priced = out["microarchs"][0]
    width = core["commit_width"]
    return {
        "trace": path.name,
        "program": header["program"],
        "core": core["name"],
        "kind": core["kind"],
        "cycles": info["timed_cycles"],
        "estimate": priced["cycles"],
        "error_90": priced["error_90"],
        "least": retired / width,
        **priced["stack"],
    }


def error(row):
    return float(row["estimate"]) / float(row["cycles"]) - 1


def source(row):
    """Variants of a program have one source."""
    return row["program"].rsplit("-", 1)[0]


def summary(name, rows):
    """A line of the table."""
    errors = sorted(abs(error(r)) for r in rows)
    if not errors:
        return
    worst = max(rows, key=lambda r: abs(error(r)))
    print(
        f"| {name} | {len(rows)} | {100 * statistics.mean(errors):.2f} % "
        f"| {100 * statistics.median(errors):.2f} % | {100 * errors[len(errors) * 9 // 10]:.1f} % "
        f"| {100 * error(worst):+.1f} % ({worst['program']} on {worst['core']}) "
        f"| {100 * statistics.mean(error(r) for r in rows):+.1f} % |"
    )


def order(rows):
    """(pairs in the right order, pairs) of cores within 20 % of each other, by program."""
    right = pairs = 0
    by_program = defaultdict(list)
    for r in rows:
        by_program[r["program"]].append(r)
    for mine in by_program.values():
        for i, a in enumerate(mine):
            for b in mine[:i]:
                ours, theirs = (
                    float(a[k]) - float(b[k]) for k in ("estimate", "cycles")
                )
                if abs(theirs) <= 0.2 * min(float(a["cycles"]), float(b["cycles"])):
                    pairs += 1
                    right += ours * theirs > 0
    return right, pairs


def report(rows):
    """Prints what there is to say of rows."""
    print(
        "| | pairs | mean | median | 90 % | worst | bias |\n|---|---|---|---|---|---|---|"
    )
    summary("all", rows)
    for kind, name in (("o3", "out of order"), ("minor", "in order")):
        summary(name, [r for r in rows if r["kind"] == kind])
    programs = sorted({source(r) for r in rows})
    for program in programs:
        summary(program, [r for r in rows if source(r) == program])
    for core in sorted({r["core"] for r in rows}):
        mine = [r for r in rows if r["core"] == core]
        if len(mine) > 4:
            summary(core, mine)
    right, pairs = order(rows)
    if pairs:
        print(
            f"\n{right} of {pairs} pairs of cores within 20 % in the right order",
            end="",
        )
        print(f" ({100 * right / pairs:.1f} %)")
    held = sum(
        abs(float(r["estimate"]) - float(r["cycles"]))
        <= float(r["error_90"]) * float(r["estimate"])
        for r in rows
    )
    print(
        f"{held} of {len(rows)} 90 % intervals hold gem5's cycles ({100 * held / len(rows):.1f} %)"
    )
    below = sum(float(r["estimate"]) < float(r["least"]) for r in rows)
    print(f"{below} estimates below retirements / width")


def widths(rows, spread):
    """Relative half widths, and relative errors, of rows."""
    out = []
    for r in rows:
        cycles = float(r["estimate"])
        squares = [(float(r[p]) / cycles) ** 2 for p in PARTS] + [1.0]
        width = sum(s * x for s, x in zip(spread, squares, strict=True)) ** 0.5
        out.append((width, abs(1 / (1 + error(r)) - 1)))
    return out


def fit(rows):
    """Variances by cause that make the likelihood of the errors greatest, scaled to hold 90 %."""
    spread = [0.0025] * len(PARTS) + [0.0004]
    for _ in range(150):
        up, down = [1e-12] * len(spread), [1e-12] * len(spread)
        for r, (width, off) in zip(rows, widths(rows, spread), strict=True):
            cycles = float(r["estimate"])
            squares = [(float(r[p]) / cycles) ** 2 for p in PARTS] + [1.0]
            for i, x in enumerate(squares):
                up[i] += x * min(off, FAR) ** 2 / width**4
                down[i] += x / width**2
        # A prior of one row keeps a cause that hardly occurs where it was.
        spread = [
            min(MOST, max(1e-6, s * ((u * s + 1) / (d * s + 1)) ** 0.5))
            for s, u, d in zip(spread, up, down, strict=True)
        ]
    ratios = sorted(off / width for width, off in widths(rows, spread))
    scale = ratios[min(len(ratios) - 1, len(ratios) * 9 // 10)]
    return [round(scale * s**0.5, 3) for s in spread]


def held_out(rows):
    """Errors relative to widths that were fitted to other sources, in order."""
    ratios = []
    for fold in range(5):
        mine = [r for r in rows if zlib.crc32(source(r).encode()) % 5 == fold]
        rest = [r for r in rows if zlib.crc32(source(r).encode()) % 5 != fold]
        if mine and rest:
            spread = [s**2 for s in fit(rest)]
            ratios += [off / width for width, off in widths(mine, spread)]
    return sorted(ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--perfvec", default="target/release/perfvec")
    parser.add_argument("--rules", default="gem5")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("traces", nargs="*", type=Path)
    args = parser.parse_args()
    rows = []
    if args.csv and args.csv.exists():
        with args.csv.open() as file:
            rows = list(csv.DictReader(file))
    known = {r["trace"] for r in rows}
    new = [path for path in args.traces if path.name not in known]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        priced = pool.map(lambda path: price(args.perfvec, args.rules, path), new)
        rows.extend(row for row in priced if row)
    if args.csv:
        part = args.csv.with_suffix(".part")
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(rows)
        os.replace(part, args.csv)
    if not rows:
        parser.error("no whole timed trace is named")
    report(rows)
    if args.fit:
        for kind in ("o3", "minor"):
            mine = [r for r in rows if r["kind"] == kind]
            if mine:
                ratios = held_out(mine)
                held = sum(ratio <= 1 for ratio in ratios) / len(ratios)
                # So wide that they hold 90 % of the sources that they were not fitted to.
                wider = ratios[len(ratios) * 9 // 10]
                spread = [round(wider * s, 3) for s in fit(mine)]
                print(kind, dict(zip([*PARTS, "all"], spread, strict=True)))
                print(
                    f"  before they were made {wider:.2f} times as wide: {100 * held:.1f} % held"
                )


if __name__ == "__main__":
    main()
