"""The table of a suite: what each program takes on each core, its runs together.

A run counts as often as its weight says. The relative half width of the 95% interval is that of a sum whose
parts have nothing to do with each other.
"""

import csv
import json
import os
from collections import defaultdict
from pathlib import Path

COLUMNS = ["program", "core", "retired", "cycles", "cpi", "seconds", "half_width"]


def table(results, programs, weights):
    """Rows by program and core; each result is of a run of the program beside it."""
    sums = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for path, program, weight in zip(results, programs, weights, strict=True):
        result = json.loads(Path(path).read_text())
        for core in result["microarchs"]:
            total = sums[program, core["name"]]
            total[0] += weight * result["retired"]
            total[1] += weight * core["cycles"]
            total[2] += weight * core["seconds"]
            total[3] += (weight * core["cycles"] * core["half_width"]) ** 2
    for (program, core), (retired, cycles, seconds, spread) in sorted(sums.items()):
        yield [program, core, f"{retired:.15g}", cycles, cycles / retired, seconds, spread**0.5 / cycles]


def main(results, programs, weights, output):
    with open(output + ".part", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table(results, programs, weights))
    os.replace(output + ".part", output)


if "snakemake" in globals():
    job = globals()["snakemake"]
    main(job.input, job.params.programs, job.params.weights, job.output[0])
