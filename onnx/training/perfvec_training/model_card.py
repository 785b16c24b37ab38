"""Write the model card from the model's files and its evaluation.

    perfvec-training card onnx/perfvec-riscv64-1 REPORT/report.json onnx/MODEL_CARD.md

Every number in the card comes from those files: regenerate it, do not edit it.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from perfvec_training import files, graph, separation, table
from perfvec_training.kinds import Json
from perfvec_training.mistakes import described, told


def percent(x: float) -> str:
    """0.0123 as 1.23%."""
    return f"{100 * x:.2f}%"


def rows_of(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, r)) + " |" for r in rows])


def shape_of(proto: onnx.ModelProto) -> tuple[str, int]:
    """The graph in words, and its number of weights."""
    weights = {t.name: numpy_helper.to_array(t) for t in proto.graph.initializer}
    layers = [weights[k] for k in sorted(weights) if k.endswith("_r") and k.startswith("lstm")]
    hidden = " and ".join(str(w.shape[2]) for w in layers)
    embedding = f"a linear layer of {weights['embed_w'].shape[1]} with ReLU, then " if (
        "embed_w" in weights) else ""
    passed = len(weights.get("columns", ()))
    count = sum(w.size for w in weights.values() if w.dtype == np.float32)
    return (f"{len(weights['mean'])} feature columns, normalised; {embedding}{len(layers)} LSTM "
            f"layer{'s' if len(layers) > 1 else ''} of {hidden}; {passed} raw columns bypass the "
            f"LSTM into the representation"), count


def errors_table(result: Json) -> str:
    """Errors by group of programs and cores."""
    return rows_of(["", "mean", "median", "worst", "pairs"], [
        (label, percent(s["mean"]), percent(s["median"]), percent(s["worst"]), s["pairs"])
        for label, s in result["summary"].items() if s])


def distances(result: Json) -> str:
    """How well the out-of-distribution score finds badly estimated programs: on the held-out ones,
    and on every program with its source left out."""
    out = []
    for label, key in (("Validation and test programs", "separation"),
                       ("All programs, each with its source left out of the fit",
                        "separation_left_out")):
        if result.get(key):
            out.append(f"- {label}: {separation.sentence(result[key])}")
    return "\nOut-of-distribution score (above 1 `perfvec` warns):\n\n" + "\n".join(
        out) + "\n" if out else ""


def floor_text(path: str | Path | None) -> str:
    """What a linear model reaches, from the result of `floor --json`."""
    if not path:
        return ""
    floors = json.loads(Path(path).read_text())
    rows = [(label, percent(parts["valid"]["mean"]), percent(parts["valid"]["worst"]))
            for label, parts in floors.items() if "valid" in parts]
    return ("\nBaseline: linear regression on sums of feature columns, without an LSTM, on the "
            "validation programs:\n\n" + rows_of(["columns", "mean", "worst"], rows) + "\n")


def card(prefix: str | Path, result: Json, floor: str | Path | None = None) -> str:
    """The card's text."""
    proto = onnx.load(f"{prefix}.onnx")
    props = graph.properties(proto)
    _, entries, _ = table.load(f"{prefix}.safetensors")
    kinds = Counter(e["kind"] for e in entries)
    arguments = json.loads(props["perfvec.training.arguments"])
    sentence, count = shape_of(proto)
    fitted = max((used.get(str(result["budget"]), used.get(result["budget"], 0))
                  for used in result["used"].values()), default=0)
    check = result.get("check")
    agreement = "" if not check else (
        f"\nOn all {check['retired']} retirements of {check['program']} the library's cycles differ "
        f"from PyTorch's by at most {check['f32']:.1e} (f32) and {check['int8']:.1e} (int8).\n")
    if result["programs"]:
        program, off = max(((n, p["int8"]) for n, p in result["programs"].items()),
                           key=lambda p: p[1]["worst"])
        mean = np.mean([p["int8"]["mean"] for p in result["programs"].values()])
        agreement += (f"\nint8 instead of f32 changes a test program's cycles by {100 * mean:.3f}% on "
                      f"average and by {100 * off['worst']:.3f}% at worst ({program} on {off['core']}). "
                      f"The library's default is {result['backend']}; the errors above are its.\n")
    worst = sorted((r for r in result["rows"] if r["budget"] in (None, result["budget"])),
                   key=lambda r: -abs(r["error"]))[:8]
    return f"""# {Path(prefix).name}

Foundation model `{props["perfvec.model_id"]}` and its microarchitecture vectors.
`perfvec-training card` writes this card from these files and their evaluation.

## What it is
{sentence}. {count} weights. ISA {props["perfvec.isa"]}, schema {props["perfvec.schema"]}
(`{props["perfvec.schema_hash"]}`), recommended warm-up {props["perfvec.warmup"]} retirements.
The table holds {len(entries)} cores ({", ".join(f"{n} {k}" for k, n in sorted(kinds.items()))}).

Intended for estimating the cycles of user-mode RISC-V programs on cores like those of the table, and
for comparing cores. Not intended for sign-off, contention between threads, operating-system code, or
programs that the library reports as unlike the training programs.

## Accuracy
Absolute relative error of a program's total cycles, against gem5. Test programs are whole
programs by other authors than the training programs'. Calibrated cores took no part in training:
their vectors are fitted to {fitted} retirements of training programs. The errors on programs of
public suites are larger: see "Accuracy and its limits" in the book. Twins need no training and
are closer; what a learned model adds to them: "What a learned model adds to twins" there.

{errors_table(result)}
{floor_text(floor)}
Largest errors:

{rows_of(["program", "core", "error"], [(r["program"], r["core"], percent(r["error"])) for r in
                                        worst])}

Pairs of cores ranked correctly by run time: {percent(np.mean(list(
    result["ranking"].values()))) if result["ranking"] else "not measured"} (mean over programs).
{agreement}
{distances(result)}
The reference is gem5, which was not compared with silicon.

## Training
On CPUs only: {props["perfvec.training.minutes"]} minutes, {arguments["processes"]} processes,
{props["perfvec.training.steps"]} steps, seed {props["perfvec.training.seed"]}, torch
{props["perfvec.training.torch"]}. Data set `{props["perfvec.training.data_hash"]}`, commit
`{props["perfvec.training.commit"][:12]}`.

{before_text(props)}    perfvec-training train DATA OUT {" ".join(flags(arguments))}
"""


def before_text(props: Mapping[str, str]) -> str:
    """The command of the run that this one started from."""
    if "perfvec.training.before" not in props:
        return ""
    first = flags(json.loads(props["perfvec.training.before"]))
    return f"    perfvec-training train DATA FIRST {' '.join(first)}\n"


def flags(arguments: Json) -> list[str]:
    """The command line that gives these arguments."""
    out = []
    for key, value in arguments.items():
        name = "--" + key.replace("_", "-")
        if value is True:
            out.append(name)
        elif isinstance(value, list):
            if value:
                out += [name, *map(str, value)]
        elif value not in (False, None):
            out += [name, str(value)]
    return out


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("prefix")
    parser.add_argument("report")
    parser.add_argument("output")
    parser.add_argument("--floor", help="what `floor --json` wrote")
    args = parser.parse_args()
    text = card(args.prefix, json.loads(Path(args.report).read_text()), args.floor)
    files.write(args.output, text)


if __name__ == "__main__":
    main()
