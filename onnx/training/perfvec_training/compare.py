"""Compare variants of schema, size, loss and window on the validation programs.

    perfvec-training compare DATA OUT [--schema NAME=DATA ...] [--steps 600] [--only NAME ...] [for perfvec-training train ...]

Trains one model per variant, each on the same number of retirements with the same seed, and different
from the first in one setting; writes OUT/compare.json and prints it as a Markdown table. A
variant that was trained already is not trained again. Test programs are never read.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from perfvec_training import files
from perfvec_training.kinds import Json
from perfvec_training.mistakes import Mistake, described, told

# What every choice has unless it says otherwise: the shape and window of the default model.
BASE = ["--hidden", "64", "--chunk", "128", "--granule", "16"]
CHOICES = {
    "1x64, windows of 128 steps": [],
    "1x32": ["--hidden", "32"],
    "1x128": ["--hidden", "128"],
    "1x256": ["--hidden", "256"],
    "2x64": ["--hidden", "64", "64"],
    "2x128": ["--hidden", "128", "128"],
    "2x256": ["--hidden", "256", "256"],
    "loss: squared error per 16 retirements": ["--loss", "mse"],
    "loss: absolute error per 16 retirements": ["--loss", "l1"],
    "windows of 32 steps": ["--chunk", "32", "--granule", "4"],
    "windows of 512 steps": ["--chunk", "512"],
    "no columns past the LSTM": ["--passthrough", "one"],
}


def train(data: str, out: Path, options: list[str], steps: int, processes: int) -> None:
    """Trains, unless the result exists."""
    if (out / "final.pt").exists():
        return
    # The last one counts.
    chunk = int(options[-1 - options[::-1].index("--chunk") + 1])
    done = subprocess.run(
        [sys.executable, "-m", "perfvec_training", "train", str(data), str(out), *options,
         "--steps", str(steps * 128 // chunk), "--minutes", "1e6", "--check", "1e6",
         "--processes", str(processes)], check=False, stdout=sys.__stderr__)
    if done.returncode:
        raise Mistake(f"{out}: its training failed")


def result(out: Path) -> Json:
    """A run's errors on the training and validation programs, and the size of its model."""
    data = torch.load(out / "final.pt", weights_only=True)
    errors = json.loads(data["errors"])
    last = list(csv.DictReader((out / "curves.csv").open()))[-1]
    shape = data["shape"]
    weights = sum(v.numel() for k, v in data["model"].items() if k.startswith(("w_", "bias")))
    best = errors[data["choice"]]["valid"]
    return {
        "columns": shape["features"], "weights": weights,
        "minutes": round(float(last["minutes"]), 1), "valid": best["mean"], "worst": best["worst"],
        "train": errors[data["choice"]]["train"]["mean"],
    }


def markdown(rows: Mapping[str, Json]) -> str:
    """The results as a table."""
    lines = ["| choice | columns | LSTM weights | validation, mean | worst pair | training, mean |",
             "|---|---|---|---|---|---|"]
    for name, r in rows.items():
        lines.append(f"| {name} | {r['columns']} | {r['weights']} | {100 * r['valid']:.2f} % | "
                     f"{100 * r['worst']:.1f} % | {100 * r['train']:.2f} % |")
    return "\n".join(lines)


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--schema", nargs="*", default=[], metavar="NAME=DATA",
                        help="the same recording with another schema")
    parser.add_argument("--steps", type=int, default=600, help="number of steps of 128 rows in every lane")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="only these variants")
    args, common = parser.parse_known_args()
    choices = {name: (args.data, options) for name, options in CHOICES.items()}
    for pair in args.schema:
        name, _, data = pair.partition("=")
        choices[f"schema {name}"] = (data, [])
    unknown = set(args.only or ()) - choices.keys()
    if unknown:
        raise Mistake(f"no choice {', '.join(sorted(unknown))}; there are {', '.join(choices)}")
    rows = {}
    for name, (data, options) in choices.items():
        if args.only and name not in args.only:
            continue
        out = args.out / "".join(c if c.isalnum() else "-" for c in name)
        train(data, out, [*BASE, *common, *options], args.steps, args.processes)
        rows[name] = result(out)
        files.write_json(args.out / "compare.json", rows)
    print(markdown(rows))


if __name__ == "__main__":
    main()
