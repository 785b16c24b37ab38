#!/usr/bin/env python3
"""How good decisions by `perfvec explore` are, against gem5's cycles of the same designs.

    explore_study.py RESULTS.csv GEM5.csv

RESULTS.csv is what `perfvec explore SPACE.toml --programs PROGRAM.pvt... -o RESULTS.csv` wrote, after a
whole run. GEM5.csv has a line for each program and design: its columns `program` (PROGRAM), `core` (the
hash in the column of that name in RESULTS.csv) and `cycles`; `twin_errors.py --csv` writes such a file of timed
traces. Designs that GEM5.csv lacks for a program are left out, and counted.

Prints the errors of cycles, by program and by value of each axis; how alike the two orders of the
designs are; how much slower than gem5's best the design is that explore calls best, of all and below
each cost; and how much of gem5's Pareto front is found.
"""

import argparse
import csv
import math
import statistics
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path

NOT_AXES = {"program", "trace", "settings", "core"}


def read_results(path):
    """(designs by hash, {(program, hash): cycles}, axes). A design is its values and its cost."""
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames or []
        rows = list(reader)
    if not {"core", "program", "cycles", "retired", "cost"} <= set(names):
        sys.exit(f"{path}: not a file that `perfvec explore -o` wrote")
    axes = [name for name in names[: names.index("retired")] if name not in NOT_AXES]
    # The core that designs are like has rows, too, and no cost where it is no design.
    rows = [row for row in rows if row["cost"]]
    designs = {r["core"]: {axis: r[axis] for axis in axes} | {"cost": float(r["cost"])} for r in rows}
    cycles = {(Path(r["program"]).stem, r["core"]): float(r["cycles"]) for r in rows}
    return designs, cycles, axes


def read_gem5(path):
    with open(path, newline="") as file:
        return {(r["program"], r["core"]): float(r["cycles"]) for r in csv.DictReader(file)}


def ranks(values):
    """Ranks from 1; equal values share the mean of theirs."""
    order = sorted(values)
    first = {}
    for i, value in enumerate(order):
        first.setdefault(value, i)
    return [first[v] + (order.count(v) + 1) / 2 for v in values]


def spearman(a, b):
    return statistics.correlation(ranks(a), ranks(b))


def kendall(a, b):
    """Kendall's tau-b."""
    sign = lambda x: (x > 0) - (x < 0)
    pairs = [(sign(a[i] - a[j]), sign(b[i] - b[j])) for i, j in combinations(range(len(a)), 2)]
    both = sum(x * y for x, y in pairs)
    return both / math.sqrt(sum(x != 0 for x, _ in pairs) * sum(y != 0 for _, y in pairs))


def front(costs, times):
    """The designs to which none is as cheap and as fast, and in one of both better."""
    def beaten(i):
        return any(
            costs[j] <= costs[i] and times[j] <= times[i]
            and (costs[j] < costs[i] or times[j] < times[i])
            for j in range(len(costs))
        )
    return [i for i in range(len(costs)) if not beaten(i)]


def percent(x, digits=2):
    return f"{100 * x:.{digits}f} %"


def errors_line(name, errors, worst):
    sizes = sorted(abs(e) for e in errors)
    print(f"| {name} | {len(errors)} | {percent(statistics.mean(sizes))} | {percent(statistics.median(sizes))} "
          f"| {percent(sizes[len(sizes) * 9 // 10], 1)} | {100 * worst:+.1f} % "
          f"| {100 * statistics.mean(errors):+.1f} % |")


def loss(chosen, times):
    """How much longer than the best of `times` the chosen one takes."""
    return times[chosen] / min(times) - 1


def best(values):
    return min(range(len(values)), key=values.__getitem__)


def below_each_cost(costs, ours, theirs):
    """The losses where only designs up to a cost may be chosen, for the cost of every design."""
    losses = []
    for most in sorted(set(costs)):
        may = [i for i, cost in enumerate(costs) if cost <= most]
        losses.append(loss(best([ours[i] for i in may]), [theirs[i] for i in may]))
    return losses


def report(designs, cycles, gem5, axes):
    known = sorted({program for program, _ in cycles} & {program for program, _ in gem5})
    whole = [d for d in designs if all((p, d) in gem5 and (p, d) in cycles for p in known)]
    if len(known) < 1 or len(whole) < 3:
        sys.exit(f"{len(known)} programs and {len(whole)} designs are in both files; at least 1 and 3 must be")
    print(f"{len(known)} programs, {len(whole)} designs"
          + (f"; {len(designs) - len(whole)} designs left out, which gem5 did not time on each" if len(whole) < len(designs) else ""))
    ours = {p: [cycles[p, d] for d in whole] for p in known}
    theirs = {p: [gem5[p, d] for d in whole] for p in known}
    error = {p: [a / b - 1 for a, b in zip(ours[p], theirs[p], strict=True)] for p in known}

    print("\n| cycles of | pairs | mean | median | 90 % within | worst | mean signed |\n|---|---|---|---|---|---|---|")
    worst = lambda errors: max(errors, key=abs)
    for p in known:
        errors_line(p, error[p], worst(error[p]))
    together = [e for p in known for e in error[p]]
    errors_line("all", together, worst(together))

    print("\n| order of designs | Kendall | Spearman | the one chosen, over gem5's best |\n|---|---|---|---|")
    mean = lambda by: [statistics.geometric_mean(by[p][i] for p in known) for i in range(len(whole))]
    all_ours, all_theirs = mean(ours), mean(theirs)
    for name, a, b in [*((p, ours[p], theirs[p]) for p in known), ("geometric mean", all_ours, all_theirs)]:
        print(f"| {name} | {kendall(a, b):.3f} | {spearman(a, b):.3f} | {percent(loss(best(a), b))} |")

    for most in (0.02, 0.05):
        near = [(i, j) for i, j in combinations(range(len(whole)), 2)
                if abs(math.log(all_theirs[i] / all_theirs[j])) <= math.log1p(most)]
        right = sum((all_ours[i] < all_ours[j]) == (all_theirs[i] < all_theirs[j]) for i, j in near)
        print(f"\nOf {len(near)} pairs of designs within {percent(most, 0)} of each other, {percent(right / max(len(near), 1), 0)} are in the right order", end="")
    print()
    costs = [designs[d]["cost"] for d in whole]
    losses = below_each_cost(costs, all_ours, all_theirs)
    print(f"\nThe best below a cost, for each of {len(losses)} costs: {percent(statistics.mean(losses))} over gem5's "
          f"best on average, {percent(max(losses))} at worst, the same design {sum(x == 0 for x in losses)} times")
    found, true = front(costs, all_ours), front(costs, all_theirs)
    both = set(found) & set(true)
    print(f"Pareto front of cost and time: gem5's has {len(true)} designs, of which {len(both)} are found "
          f"({percent(len(both) / len(true), 0)}); {len(found) - len(both)} more are on explore's")
    # What it costs to take the front that was found: the fastest of it up to each cost of gem5's.
    behind = [min((all_theirs[j] for j in found if costs[j] <= costs[i]), default=math.inf) / all_theirs[i] - 1
              for i in true]
    print(f"The front that was found is {percent(statistics.mean(behind))} slower than gem5's on average, {percent(max(behind))} at worst")

    print("\n| axis | mean signed error by value |\n|---|---|")
    for axis in axes:
        by_value = defaultdict(list)
        for i, d in enumerate(whole):
            by_value[designs[d][axis]] += [error[p][i] for p in known]
        number = lambda v: (0, float(v), "") if v.replace(".", "", 1).isdigit() else (1, 0.0, v)
        text = ", ".join(f"{v}: {100 * statistics.mean(by_value[v]):+.1f} %" for v in sorted(by_value, key=number))
        print(f"| {axis} | {text} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", metavar="RESULTS.csv")
    parser.add_argument("gem5", metavar="GEM5.csv")
    options = parser.parse_args()
    designs, cycles, axes = read_results(options.results)
    report(designs, cycles, read_gem5(options.gem5), axes)


if __name__ == "__main__":
    main()
