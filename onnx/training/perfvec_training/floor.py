"""The baseline that the foundation model must beat: linear models without an LSTM.

    perfvec-training floor DATA --valid NAME ...

Fits every core's vector by ridge regression from sums of raw feature columns to cycles, and
prints the error of every held-out program's total for several choices of columns.
"""

import argparse
from collections.abc import Mapping

from perfvec_training import accuracy, files, ridge
from perfvec_training.kinds import Array, Json
from perfvec_training.mistakes import described, told
from perfvec_training.shards import Data

CHOICES = {
    "references": ["one", "ref_*"],
    "references and events": [
        "one", "ref_*", "miss_*", "data_*", "fetch_*", "btb", "op_*", "taken", "serialize",
        "barrier", "forward", "stride_hit", "sequential",
    ],
    "all columns": ["*"],
}


def floors(data: Data, choices: Mapping[str, list[str]] | None = None, noise: float = ridge.NOISE,
           rounds: int = 20) -> tuple[Json, dict[str, tuple[list[int], Array]]]:
    """{choice: {"train", "valid"}} with the summaries; and the vectors by choice."""
    sums = {p.name: p.feature_sums(accuracy.PIECE) for p in data.train + data.valid}
    out, vectors = {}, {}
    for label, names in (choices or CHOICES).items():
        columns = data.columns(names)
        groups = [accuracy.group(p, sums[p.name][:, columns]) for p in data.train]
        fit = ridge.fit_cores(groups, len(data.cores), len(columns), noise, rounds)
        vectors[label] = (columns, fit)
        out[label] = {
            part: accuracy.summary(accuracy.totals(ps, [sums[p.name][:, columns] for p in ps], fit))
            for part, ps in (("train", data.train), ("valid", data.valid)) if ps
        }
    return out, vectors


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("data")
    parser.add_argument("--valid", nargs="*", default=[], help="programs or sources held out")
    parser.add_argument("--json", help="write the result here")
    args = parser.parse_args()
    data = Data(args.data, valid=args.valid)
    print(f"{len(data.train)} training programs, {len(data.valid)} valid, {len(data.cores)} cores")
    out, _ = floors(data)
    for label, parts in out.items():
        for part, s in parts.items():
            print(f"{label:24} {part:6} mean {100 * s['mean']:6.2f} %  worst "
                  f"{100 * s['worst']:6.1f} %")
        for name, s in parts.get("valid", {"programs": {}})["programs"].items():
            print(f"    {name:24} mean {100 * s['mean']:6.2f} %  bias {100 * s['bias']:+6.2f} %  "
                  f"worst {100 * s['worst']:6.1f} %")
    if args.json:
        files.write_json(args.json, out)


if __name__ == "__main__":
    main()
