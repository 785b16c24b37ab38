#!/usr/bin/env python3
"""Would strata by phase make the intervals of a sampled run narrower, and by how much?

    phases.py TRACE.pvt ... [--phases 8] [--perfvec target/release/perfvec]

Cuts each stream into units of 1024 retirements, as sampling does. Phases are clusters (k-means) of
the units' mean feature rows: what a run could know of a unit without the network. Prints how wide
the interval of proportionally sampled strata would be, as a share of that of plain sampling at the
same number of units, median and worst over the cores: for the phases, and for as many equal parts
of the stream in time. Checks first that strata drawn at random gain nothing. Needs numpy.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

UNIT = 1024


def ask(perfvec, *arguments):
    subprocess.run([perfvec, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def units(perfvec, trace, folder):
    """Mean feature rows [U,F] and cycles per instruction [U,K] of the stream's whole units."""
    rows, answer = Path(folder) / "rows.npy", Path(folder) / "answer.json"
    ask(perfvec, "features", trace, "--schema", "perfvec-rm-2", "-o", rows)
    ask(perfvec, "replay", trace, "--interval", UNIT, "--json", answer)
    x = np.load(rows, mmap_mode="r")
    count = len(x) // UNIT
    x = np.stack([x[i * UNIT : (i + 1) * UNIT].mean(0, dtype=np.float64) for i in range(count)])
    y = np.array([i["cpi"] for i in json.loads(answer.read_text())["intervals"]])[:count]
    rows.unlink()
    return x, y


def clusters(x, k, rng, rounds=30):
    """Labels [U] of k-means over standardised columns, begun far apart (k-means++)."""
    spread = x.std(0)
    x = (x - x.mean(0))[:, spread > 0] / spread[spread > 0]
    centres = x[rng.integers(len(x), size=1)]
    while len(centres) < k:
        near = ((x[:, None] - centres) ** 2).sum(2).min(1)
        if not near.any():
            break
        centres = np.vstack([centres, x[rng.choice(len(x), p=near / near.sum())]])
    for _ in range(rounds):
        labels = ((x[:, None] - centres) ** 2).sum(2).argmin(1)
        centres = np.stack([x[labels == c].mean(0) if (labels == c).any() else centres[c]
                            for c in range(len(centres))])
    return labels


def narrowed(y, labels):
    """Width of the interval with these strata over that without, per core [K]."""
    within = sum(((y[labels == c] - y[labels == c].mean(0)) ** 2).sum(0) for c in set(labels))
    return np.sqrt(within / ((y - y.mean(0)) ** 2).sum(0))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog=__doc__.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", nargs="+")
    parser.add_argument("--phases", type=int, default=8)
    parser.add_argument("--perfvec", default="target/release/perfvec")
    args = parser.parse_args()
    print(f"{'':24} {'units':>6}  {'phases':>13}  {'time':>13}")
    for trace in args.traces:
        rng = np.random.default_rng(1)
        with tempfile.TemporaryDirectory() as folder:
            x, y = units(args.perfvec, trace, folder)
        chance = np.median(narrowed(y, rng.integers(args.phases, size=len(y))))
        assert chance > 0.95, f"strata by chance gain: {chance}"
        parts = [clusters(x, args.phases, rng), np.arange(len(y)) * args.phases // len(y)]
        shares = [narrowed(y, labels) for labels in parts]
        print(f"{Path(trace).stem:24} {len(y):6}  "
              + "  ".join(f"{np.median(s):5.2f} ({s.max():4.2f})" for s in shares), flush=True)


if __name__ == "__main__":
    main()
