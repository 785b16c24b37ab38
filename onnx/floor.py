#!/usr/bin/env python3
"""What a linear model reaches without any LSTM: the floor that the foundation model must beat.

    floor.py DATA --valid NAME ...

Fits every core's vector by ridge regression from sums of raw feature columns to cycles, and
prints the error of every held-out program's total for several choices of columns.
"""

import argparse
import json

import numpy as np

import ridge
from mistakes import told
from shards import Data

PIECE = 1000
CHOICES = {
    "references": ["one", "ref_*"],
    "references and events": [
        "one", "ref_*", "miss_*", "data_*", "fetch_*", "btb", "op_*", "taken", "serialize",
        "barrier", "forward", "stride_hit", "sequential",
    ],
    "all columns": ["*"],
}


def group(program, sums, size=PIECE, stride=1):
    """What ridge.fit_cores takes for one program: errors count by its mean cycles per piece."""
    cycles = program.cycle_sums(size, stride)
    mean = np.nanmean(cycles, 0)
    return program.cores, sums, cycles, mean


def totals(programs, sums, vectors, size=PIECE, stride=1):
    """[(program, core, predicted, observed)] of every program total on every core with cycles."""
    rows = []
    for program, s in zip(programs, sums):
        cycles = program.cycle_sums(size, stride)
        for k, core in enumerate(program.cores):
            use = np.isfinite(cycles[:, k])
            if use.any():
                rows.append((program.name, int(core), float(s[use].sum(0) @ vectors[core]),
                             float(cycles[use, k].sum())))
    return rows


def relative_errors(rows):
    """{program: signed relative errors [cores]} of totals()."""
    out = {}
    for name, _, predicted, observed in rows:
        out.setdefault(name, []).append(predicted / observed - 1.0)
    return {name: np.array(e) for name, e in out.items()}


def summary(rows):
    """Mean over programs of the mean absolute error, and the worst single one."""
    errors = relative_errors(rows)
    return {
        "mean": float(np.mean([np.abs(e).mean() for e in errors.values()])),
        "worst": float(max(np.abs(e).max() for e in errors.values())),
        "programs": {
            name: {"mean": float(np.abs(e).mean()), "bias": float(e.mean()),
                   "worst": float(np.abs(e).max())}
            for name, e in sorted(errors.items())
        },
    }


def floors(data, choices=None, noise=ridge.NOISE, rounds=20):
    """{choice: {"train", "valid"}} with the summaries; and the vectors by choice."""
    sums = {p.name: p.feature_sums(PIECE) for p in data.train + data.valid}
    out, vectors = {}, {}
    for label, names in (choices or CHOICES).items():
        columns = data.columns(names)
        groups = [group(p, sums[p.name][:, columns]) for p in data.train]
        fit = ridge.fit_cores(groups, len(data.cores), len(columns), noise, rounds)
        vectors[label] = (columns, fit)
        out[label] = {
            part: summary(totals(ps, [sums[p.name][:, columns] for p in ps], fit))
            for part, ps in (("train", data.train), ("valid", data.valid)) if ps
        }
    return out, vectors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--valid", nargs="*", default=[], help="programs or sources held out")
    parser.add_argument("--noise", type=float, default=ridge.NOISE)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", help="write the result here")
    args = parser.parse_args()
    data = Data(args.data, valid=args.valid)
    print(f"{len(data.train)} training programs, {len(data.valid)} valid, {len(data.cores)} cores")
    out, _ = floors(data, None, args.noise, args.rounds)
    for label, parts in out.items():
        for part, s in parts.items():
            print(f"{label:24} {part:6} mean {100 * s['mean']:6.2f} %  worst "
                  f"{100 * s['worst']:6.1f} %")
        for name, s in parts.get("valid", {"programs": {}})["programs"].items():
            print(f"    {name:24} mean {100 * s['mean']:6.2f} %  bias {100 * s['bias']:+6.2f} %  "
                  f"worst {100 * s['worst']:6.1f} %")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(out, file, indent=1)


if __name__ == "__main__":
    told(main)
