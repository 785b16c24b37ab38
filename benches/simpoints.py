#!/usr/bin/env python3
"""What whole programs cost from some of their intervals, against all of them run in gem5.

    simpoints.py --core NAME [--max K ...] [--points PREFIX] TRACE WHOLE.csv [PIECES.csv] ...

WHOLE.csv has the cycles of every interval on the core, from `gem5-glue/configs/simpoints.py --whole
--record TRACE`, and PIECES.csv those of some, each run alone, from the same with --points. Intervals are
chosen by program vectors, by basic blocks as SimPoint does, and systematically, of which every start is
tried. Their cycles are taken from WHOLE.csv, so that nothing but the choice shows, and for a last line
of each program from PIECES.csv where it has all of them. --points writes all points of the last K to
PREFIX.simpts, to make PIECES.csv with.
"""

import argparse
import csv
import json
import math
import subprocess
from pathlib import Path

PERFVEC = Path(__file__).parents[1] / "target" / "release" / "perfvec"
# Student's quantiles of two-sided 95% intervals, by degrees of freedom.
STUDENT = [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (7, 2.365), (10, 2.228),
           (15, 2.131), (30, 2.042), (120, 1.980)]
# Others that take part in choosing by vectors.
BESIDE = ["rocket-like", "boom-small-like", "skylake-like"]


def read(path):
    """Interval: (cycles, retirements)."""
    with open(path) as file:
        return {int(r["interval"]): (int(r["cycles"]), int(r["retirements"]))
                for r in csv.DictReader(file)}


def choose(trace, interval, core, most):
    """What `perfvec simpoints` says, its choices and every interval's estimate."""
    cores = [word for name in [core, *BESIDE] for word in ("--core", name)]
    done = subprocess.run(
        [PERFVEC, "simpoints", "--interval", str(interval), "--max", str(most), *cores, "--json", "-",
         trace], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def whole(estimates, sizes, points, cycles):
    """Cycles by weights, and corrected with every interval's estimate; half width of the latter: the
    rule of src/bin/perfvec/simpoints/totals.rs."""
    total = sum(sizes)
    measured = {n: cycles[n][0] / cycles[n][1] for n, _ in points}
    rest = [(w, measured[n] - estimates[n]) for n, w in points]
    mean = sum(w * r for w, r in rest)
    squares = sum(w * w for w, _ in rest)
    spread = sum(w * (r - mean) ** 2 for w, r in rest)
    width = math.inf
    if squares < 1:
        width = student(1 / squares - 1) * math.sqrt(spread / (1 - squares) * squares)
    corrected = sum(e * n for e, n in zip(estimates, sizes)) + mean * total
    return sum(w * measured[n] for n, w in points) * total, corrected, width * total


def student(degrees):
    """The quantile, linear in the reciprocal of the degrees between those of the table."""
    for (low, q), (high, r) in zip(STUDENT, STUDENT[1:]):
        if degrees < high:
            at = (1 / low - 1 / max(degrees, low)) / (1 / low - 1 / high)
            return q + at * (r - q)
    return STUDENT[-1][1]


def systematic(count, intervals):
    """Every choice of so many at equal distances, with a weight each."""
    starts = max(1, intervals // count)
    for start in range(starts):
        yield [(int((j + (start + 0.5) / starts) * intervals / count), 1 / count)
               for j in range(count)]


def rms(numbers):
    return math.sqrt(sum(x * x for x in numbers) / len(numbers))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--core", required=True)
    parser.add_argument("--interval", type=int, default=100_000)
    parser.add_argument("--max", type=int, nargs="+", default=[5, 10, 20, 40])
    parser.add_argument("--points", help="write the points of the last --max to PREFIX.simpts")
    parser.add_argument("trace")
    parser.add_argument("whole", type=Path)
    parser.add_argument("pieces", nargs="?", type=Path)
    options = parser.parse_args()

    cycles = read(options.whole)
    taken = sum(c for c, _ in cycles.values())
    pieces = read(options.pieces) if options.pieces else {}
    print(f"{options.whole.stem}: {taken} cycles of {sum(n for _, n in cycles.values())} "
          f"instructions in {len(cycles)} intervals")
    print("| choice | points | instructions, % | by weights, % off | corrected, % off | interval, % | holds |")
    print("|---|---|---|---|---|---|---|")
    told, union = set(), set()
    for most in options.max:
        said = choose(options.trace, options.interval, options.core, most)
        names = [m["name"] for m in said["microarchs"]]
        at = names.index(options.core)
        estimates, sizes = [cpi[at] for cpi in said["cpi"]], said["retirements"]
        if most == options.max[0]:
            off = sum(e * n for e, n in zip(estimates, sizes)) / taken - 1
            print(f"| the estimate alone | 0 | 0 | - | {100 * off:+.2f} | - | - |")
        full = sum(n == max(sizes) for n in sizes)
        chosen = {c["by"]: [[(p["interval"], p["weight"]) for p in c["points"]]]
                  for c in said["choices"] if c["by"] != "systematic"}
        chosen["systematic"] = list(systematic(min(most, full), full))
        for by, sets in chosen.items():
            count = len(sets[0])
            if most == options.max[-1]:
                union |= {n for n, _ in sets[len(sets) // 2]}
            if (by, count) in told:
                continue
            told.add((by, count))
            sources = [(cycles, by + (f", rms of {len(sets)}" if len(sets) > 1 else ""), sets)]
            middle = sets[len(sets) // 2]
            if pieces and all(n in pieces for n, _ in middle):
                sources.append((pieces, f"{by}, run alone", [middle]))
            for source, label, tried in sources:
                results = [whole(estimates, sizes, points, source) for points in tried]
                plain, corrected = ([100 * (r[k] / taken - 1) for r in results] for k in (0, 1))
                holds = sum(abs(r[1] - taken) <= r[2] for r in results)
                width = sum(r[2] / r[1] for r in results) / len(results)
                share = sum(sizes[n] for n, _ in tried[0]) / sum(sizes)
                one = len(tried) == 1
                cells = [label, count, f"{100 * share:.1f}",
                         f"{plain[0]:+.2f}" if one else f"{rms(plain):.2f}",
                         f"{corrected[0]:+.2f}" if one else f"{rms(corrected):.2f}",
                         f"{100 * width:.2f}", f"{holds} of {len(results)}"]
                print(f"| {' | '.join(map(str, cells))} |", flush=True)
    if options.points:
        with open(options.points + ".simpts", "w") as file:
            file.writelines(f"{n} {k}\n" for k, n in enumerate(sorted(union)))


if __name__ == "__main__":
    main()
