#!/usr/bin/env python3
"""One set of simulation points for several programs, against a set for each.

    simpoints_joint.py --core NAME [--points N ...] [--starts N] -- TRACE WHOLE.csv TRACE WHOLE.csv ...

TRACE and WHOLE.csv are those of simpoints.py, for each program. Intervals are clustered by their estimated
CPI on several cores, once for each program with an equal share of the N points, and once all together:
then a point stands for its cluster in every program, with the weight that the cluster has there. Both
take the same number of detailed instructions. Errors of the whole programs' cycles, in percent: by
weights, and corrected with every interval's estimate (see simpoints.py); root mean squares over
--starts clusterings.
"""

import argparse
import random
from pathlib import Path

import simpoints

ROUNDS = 50


def distance(a, b):
    return sum((x - y) * (x - y) for x, y in zip(a, b))


def cluster(vectors, weights, count, rng):
    """k-means, begun with k-means++: the cluster of each vector, and each cluster's representative."""
    centers = [vectors[rng.choices(range(len(vectors)), weights)[0]]]
    far = [distance(v, centers[0]) for v in vectors]
    while len(centers) < count:
        centers.append(vectors[rng.choices(
            range(len(vectors)), [w * d for w, d in zip(weights, far)])[0]])
        far = [min(d, distance(v, centers[-1])) for v, d in zip(vectors, far)]
    of = None
    for _ in range(ROUNDS):
        before, of = of, [min(range(count), key=lambda k: distance(v, centers[k])) for v in vectors]
        if of == before:
            break
        for k in range(count):
            members = [(w, v) for w, v, c in zip(weights, vectors, of) if c == k]
            total = sum(w for w, _ in members)
            if members:
                centers[k] = [sum(w * v[d] for w, v in members) / total
                              for d in range(len(centers[k]))]
    members = [[n for n, c in enumerate(of) if c == k] for k in range(count)]
    points = [min(m, key=lambda n: distance(vectors[n], center)) if m else None
              for m, center in zip(members, centers)]
    return of, points


class Program:
    """A program's intervals: their CPI on every core, and in gem5."""

    def __init__(self, trace, whole, interval, core):
        said = simpoints.choose(trace, interval, core, 1)
        at = [m["name"] for m in said["microarchs"]].index(core)
        self.name = Path(whole).stem
        cycles = simpoints.read(whole)
        # Half an interval or less at the end is left out: all weigh alike here.
        full = sum(n >= interval / 2 for n in said["retirements"])
        self.cpi = said["cpi"][:full]
        self.estimates = [cpi[at] for cpi in self.cpi]
        self.measured = [cycles[n][0] / cycles[n][1] for n in range(full)]
        self.mean = [sum(x) / len(self.cpi) for x in zip(*self.cpi)]


def error(program, stands):
    """Of the program's cycles, if (program, interval) `stands[n]` stands for interval n: by weights,
    corrected."""
    count = len(stands)
    taken = sum(program.measured) / count
    plain = sum(p.measured[n] for p, n in stands) / count
    rest = sum(p.measured[n] - p.estimates[n] for p, n in stands) / count
    corrected = sum(program.estimates) / count + rest
    return 100 * (plain / taken - 1), 100 * (corrected / taken - 1)


def own(programs, count, rng):
    """Each program's errors with points of its own."""
    for p in programs:
        vectors = [[x / m for x, m in zip(cpi, p.mean)] for cpi in p.cpi]
        of, points = cluster(vectors, [1] * len(vectors), count // len(programs), rng)
        yield error(p, [(p, points[k]) for k in of])


def joint(programs, count, rng):
    """Each program's errors with points of all. Programs count alike, whatever their lengths."""
    mean = [sum(x) / len(programs) for x in zip(*(p.mean for p in programs))]
    places = [(p, n) for p in programs for n in range(len(p.cpi))]
    vectors = [[x / m for x, m in zip(p.cpi[n], mean)] for p, n in places]
    of, points = cluster(vectors, [1 / len(p.cpi) for p, _ in places], count, rng)
    stands = [places[points[k]] for k in of]
    for p in programs:
        yield error(p, [s for s, (q, _) in zip(stands, places) if q is p])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--core", required=True)
    parser.add_argument("--interval", type=int, default=100_000)
    parser.add_argument("--points", type=int, nargs="+", default=[6, 12, 24, 48])
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("files", nargs="+", metavar="TRACE WHOLE.csv")
    options = parser.parse_args()
    if len(options.files) < 4 or len(options.files) % 2:
        parser.error("give TRACE and WHOLE.csv of each of several programs")
    programs = [Program(trace, whole, options.interval, options.core)
                for trace, whole in zip(options.files[::2], options.files[1::2])]
    print(f"| points | of | {' | '.join(p.name for p in programs)} | all |")
    print(f"|---|---{'|---' * (len(programs) + 1)}|")
    for count in options.points:
        for label, choose in (("each", own), ("all", joint)):
            runs = [list(choose(programs, count, random.Random(n))) for n in range(options.starts)]
            for kind, what in enumerate(("by weights", "corrected")):
                of = [[run[k][kind] for run in runs] for k in range(len(programs))]
                cells = [simpoints.rms(x) for x in [*of, [x for errors in of for x in errors]]]
                print(f"| {count} | {label}, {what} | {' | '.join(f'{x:.2f}' for x in cells)} |",
                      flush=True)


if __name__ == "__main__":
    main()
