"""Evaluate a model on unseen programs and cores, and write the report.

    perfvec-training evaluate REC DATA OUT/final.pt onnx/perfvec-riscv64-1 REPORT --perfvec target/release/perfvec

REC is the recording, DATA the data set built from it, OUT/final.pt the training run's last file,
then the exported model (path without endings) and the folder for report.json and report.html.

Test programs are priced by the library itself (`perfvec replay`); for one program
the result is checked against PyTorch. Cores that the model was not trained on are calibrated from at
most --budget retirements of training programs. Test programs are used nowhere else.
"""

import argparse
import json
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from perfvec_training import (
    accuracy,
    calibration,
    dataset,
    export,
    files,
    graph,
    network,
    report,
    ridge,
    separation,
    table,
)
from perfvec_training import cycles as cycle_files
from perfvec_training.kinds import Array, Json, Sums, Total
from perfvec_training.mistakes import Mistake, ask, described, told
from perfvec_training.network import Foundation
from perfvec_training.shards import Data

INTERVAL = 10240  # retirements: ten segments
BUDGETS = [10_000, 30_000, 100_000, 300_000, 1_000_000]
NOISE = 0.1


def seen_programs(data: Data, sums: Sums, vectors: Array, stride: int) -> dict[str, list[Total]]:
    """Errors on the windows of the programs of the data set, training and validation apart."""
    return {
        part: accuracy.totals(programs, [sums[p.name] for p in programs], vectors,
                           stride=stride)
        for part, programs in (("train", data.train), ("valid", data.valid))
    }


def calibrated(unseen: Data, sums: Sums, prior: ridge.Prior, budgets: list[int], piece: int,
               stride: int,
               programs: int) -> tuple[dict[str, Array], dict[str, dict[int, int]], Json]:
    """({entry name: vector}, {core: {budget: retirements}}, errors of {"left_out", "within"} by
    budget and core)."""
    vectors: dict[str, Array] = {}
    used: dict[str, dict[int, int]] = {}
    held: Json = {"left_out": {}, "within": {}}
    parts = calibration.observations(unseen, sums, piece, stride, programs)
    for core, data in parts.items():
        for budget in budgets:
            vector, n = calibration.calibrate(data, prior, budget, piece, NOISE)
            vectors[f"{core}@{budget}"] = vector
            used.setdefault(core, {})[budget] = n
            errors = {"left_out": calibration.left_out(data, prior, budget, piece, NOISE),
                      "within": calibration.within(data, vector, budget, piece)}
            for how, found in errors.items():
                held[how].setdefault(budget, {})[core] = found
    return vectors, used, held


def extended_table(path: Path, prefix: str, unseen: Data,
                   vectors: Mapping[str, Array]) -> list[Json]:
    """The model's table with the calibrated cores added under the names CORE@BUDGET."""
    metadata, entries, tensors = table.load(f"{prefix}.safetensors")
    by_name = {c["name"]: c for c in unseen.cores}
    more = [{**table.entry(by_name[n.split("@")[0]], False), "name": n} for n in vectors]
    table.save(path, metadata["perfvec.model_id"], metadata["perfvec.schema_hash"],
               entries + more, np.concatenate([tensors["vectors"], *(v[None] for v in
                                                                      vectors.values())]),
               (tensors["ood.mean"], tensors["ood.whiten"]) if "ood.mean" in tensors else None)
    return entries + more


def replay(perfvec: str | Path, prefix: str, microarchs: Path, trace: Path, backend: str,
           out: Path) -> Json:
    """The library's estimates for a trace: the parsed JSON of `perfvec replay`."""
    ask(perfvec, "replay", trace, "--model", f"{prefix}.onnx", "--microarchs", microarchs,
        "--backend", backend, "--interval", INTERVAL, "--json", out)
    return json.loads(Path(out).read_text())


def torch_cycles(model: Foundation, perfvec: str | Path, schema: str, trace: Path, total: int,
                 vectors: Array, warm: int, folder: str | Path) -> Array:
    """Predicted cycles [K] of a whole stream by PyTorch, in the library's segments."""
    from perfvec_training import represent

    scratch = Path(folder) / "rows.npy"
    rows = dataset.extract(perfvec, schema, trace, [[0, total]], scratch, model.shape.features)
    size = 1024
    starts = [(i * size, i * size) for i in range(total // size)]
    vector = represent.piece_sums(model, rows, starts, size, warm).sum(0)
    rest = total % size
    if rest:
        at = total - rest
        vector = vector + represent.piece_sums(model, rows, [(at, at)], rest, warm, lanes=1)[0]
    scratch.unlink()
    return vectors @ vector


def observed(path: Path) -> tuple[Array, int] | None:
    """(cycles per whole interval [W], retirements) of a core timed from the start on."""
    file = cycle_files.read(str(path))
    if len(file.windows) != 1 or file.windows[0][0] != 0:
        return None
    values = file.array()
    whole = len(values) // INTERVAL * INTERVAL
    if not whole:
        return None
    return values[:whole].reshape(-1, INTERVAL).sum(1, dtype=np.float64), len(values)


def judge_program(rec: Path, entry: Json, cores: Mapping[str, Json], answer: Json,
                  budget: int) -> tuple[list[Json], list[Json]]:
    """Rows {program, core, seen, predicted, observed, ...} of one test program."""
    names = [m["name"] for m in answer["microarchs"]]
    cpi = np.array([i["cpi"] for i in answer["intervals"]])  # [W, entries]
    rows, curves = [], []
    for path in sorted((rec / "cycles" / entry["name"]).glob("*.pvc")):
        core = cores.get(path.stem)
        found = observed(path)
        if core is None or found is None:
            continue
        real, retirements = found
        seen = core["split"] != "unseen"
        labels = {path.stem: None} if seen else {
            n: int(n.split("@")[1]) for n in names if n.startswith(path.stem + "@")}
        for label, used in labels.items():
            if label not in names:
                continue
            guess = cpi[: len(real), names.index(label)] * INTERVAL
            rows.append({
                "program": entry["name"], "category": entry.get("category"), "core": path.stem,
                "seen": seen, "budget": used, "clock_ghz": core["clock_ghz"],
                "retirements": retirements, "predicted": float(guess.sum()),
                "observed": float(real.sum()), "error": float(guess.sum() / real.sum() - 1.0),
                "interval_error": float(np.mean(np.abs(guess / real - 1.0))),
            })
            if used in (None, budget):
                curves.append({"program": entry["name"], "core": path.stem, "seen": seen,
                               "predicted": (guess / INTERVAL).round(4).tolist(),
                               "observed": (real / INTERVAL).round(4).tolist()})
    return rows, curves


def moved(answers: Mapping[str, Json]) -> Json:
    """The relative change of a program's cycles by int8: mean, worst, and the worst's core."""
    cycles = [np.array([m["cycles"] for m in answers[b]["microarchs"]]) for b in ("f32", "int8")]
    off = np.abs(cycles[1] / cycles[0] - 1.0)
    worst = int(off.argmax())
    return {"mean": float(off.mean()), "worst": float(off[worst]),
            "core": answers["f32"]["microarchs"][worst]["name"]}


def ranking(rows: Sequence[Json]) -> dict[str, float]:
    """{program: share of pairs of cores that the prediction orders as the simulation does}."""
    out = {}
    for name in sorted({r["program"] for r in rows}):
        mine = [r for r in rows if r["program"] == name]
        a = np.array([r["predicted"] / r["clock_ghz"] for r in mine])
        b = np.array([r["observed"] / r["clock_ghz"] for r in mine])
        i, j = np.triu_indices(len(mine), 1)
        if len(i):
            out[name] = float(np.mean((a[i] < a[j]) == (b[i] < b[j])))
    return out


def stats(errors: Sequence[float]) -> Json | None:
    """Mean, median and worst of absolute errors, or None."""
    e = np.abs(np.asarray(errors, float))
    if not len(e):
        return None
    return {"mean": float(e.mean()), "median": float(np.median(e)), "worst": float(e.max()),
            "bias": float(np.mean(errors)), "pairs": len(e)}


def evaluate(args: Namespace) -> Json:
    """Evaluates a model; writes report.json and report.html and returns the result."""
    rec, out, prefix = Path(args.rec), Path(args.report), args.model
    model, checkpoint = network.load(args.checkpoint)
    taken = check_model(args, model, checkpoint)
    piece, warm, stride = checkpoint["piece"], checkpoint["warm"], checkpoint["stride"]
    sums = {name: s.numpy() for name, s in checkpoint["sums"].items()}
    vectors = checkpoint["vectors"].double().numpy()
    valid = json.loads(checkpoint["args"])["valid"]
    data = Data(args.data, valid=valid)
    unseen = Data(args.data, splits=("unseen",), valid=valid)
    names = [c["name"] for c in json.loads(checkpoint["cores"])]
    schema = json.loads(checkpoint["schema"])["name"]
    check_data(args, data, sums, piece, stride)
    out.mkdir(parents=True, exist_ok=True)
    known = {}
    if [c["name"] for c in data.cores] == names:
        known = seen_programs(data, sums, vectors, stride)
    else:
        print(f"{args.data} has other cores than {args.checkpoint}: errors on training and "
              "validation programs are left out", file=sys.stderr)
    fresh, used, held = calibrated(unseen, sums, ridge.Prior.of(vectors), args.budgets, piece,
                                   stride, args.programs)
    result = {
        "model": checkpoint_identity(prefix), "interval": INTERVAL, "budget": args.budget,
        "used": used, "backend": taken, "programs": {}, "rows": [], "curves": [],
    }
    cores = {c["name"]: c for c in json.loads((rec / "cores.json").read_text())}
    entries = [e for e in json.loads((rec / "programs.json").read_text())
               if e["split"] == "test" and any((rec / "cycles" / e["name"]).glob("*.pvc"))]
    if args.only:
        unknown = set(args.only) - {e["name"] for e in entries}
        if unknown:
            raise Mistake(f"{rec}: no test program {', '.join(sorted(unknown))} was timed")
        entries = [e for e in entries if e["name"] in args.only]
    with tempfile.TemporaryDirectory() as folder:
        microarchs = Path(folder) / "table.safetensors"
        extended_table(microarchs, prefix, unseen, fresh)
        smallest: Json = min(entries, key=lambda e: e["retired"], default={})
        for n, entry in enumerate(entries):
            name = entry["name"]
            trace = rec / "streams" / f"{name}.pvt"
            answers = {backend: replay(args.perfvec, prefix, microarchs, trace, backend,
                                       Path(folder) / "answer.json")
                       for backend in ("f32", "int8")}
            answer = answers[taken]
            if entry is smallest and not args.no_check:
                result["check"] = cross_check(args, model, schema, entry, answers, vectors, warm,
                                              folder)
            rows, curves = judge_program(rec, entry, cores, answer, args.budget)
            result["rows"] += rows
            result["curves"] += curves
            result["programs"][name] = {
                "ood": answer.get("ood_score"), "retired": answer["retired"],
                "category": entry.get("category"), "int8": moved(answers)}
            print(f"{n + 1}/{len(entries)}  {name}: " + ", ".join(
                f"{100 * np.mean([abs(r['error']) for r in rows if r['seen'] == s]):.1f} % "
                f"({'seen' if s else 'calibrated'})" for s in (True, False)
                if any(r["seen"] == s for r in rows)), file=sys.stderr, flush=True)
    summarise(result, known, held, args.budget, sums, piece, prefix)
    result["distance_left_out"] = separation.left_out(data.train + data.valid, len(data.cores),
                                                      sums, piece, stride)
    result["separation_left_out"] = separation.separation(result["distance_left_out"])
    files.write_json(out / "report.json", result)
    files.write(out / "report.html", report.page(result))
    return result


def check_model(args: Namespace, model: Foundation, checkpoint: Json) -> str:
    """Makes sure that the exported model is the checkpoint's; returns the backend that the library
    takes for it unasked."""
    if "sums" not in checkpoint:
        raise Mistake(f"{args.checkpoint}: of a run that had not ended; take its final.pt")
    digest = export.digest(model, json.loads(checkpoint["schema"]))
    identity = checkpoint_identity(args.model)
    properties = graph.properties(onnx.load(f"{args.model}.onnx"))
    for found in (identity, properties["perfvec.model_id"]):
        if not found.endswith(f"-{digest}"):
            raise Mistake(f"{args.model}: model {found} was not exported from {args.checkpoint}, "
                          f"whose models end in {digest}")
    return "int8" if properties.get("perfvec.int8") == "yes" else "f32"


def check_data(args: Namespace, data: Data, sums: Mapping[str, Any], piece: int,
               stride: int) -> None:
    """Makes sure that the checkpoint's sums are of this data set's rows."""
    for p in data.train + data.valid:
        if len(sums.get(p.name, ())) != len(p.spans(piece, stride)):
            raise Mistake(f"{args.data}: {p.name} is not what {args.checkpoint} was trained on; "
                          "take the data set of its run, or train again")


def cross_check(args: Namespace, model: Foundation, schema: str, entry: Json,
                answers: Mapping[str, Json], vectors: Array, warm: int, folder: str) -> Json:
    """One whole program by the library (every backend) and by PyTorch: relative differences."""
    trace = Path(args.rec) / "streams" / f"{entry['name']}.pvt"
    want = torch_cycles(model, args.perfvec, schema, trace, entry["retired"], vectors, warm, folder)
    out = {"program": entry["name"], "retired": entry["retired"]}
    for backend, answer in answers.items():
        got = np.array([m["cycles"] for m in answer["microarchs"][: len(want)]])
        out[backend] = float(np.abs(got / want - 1.0).max())
    return out


def checkpoint_identity(prefix: str) -> str:
    """The model id in the exported table."""
    return table.load(f"{prefix}.safetensors")[0]["perfvec.model_id"]


def summarise(result: Json, known: Mapping[str, list[Total]], held: Json, budget: int, sums: Sums,
              piece: int, prefix: str) -> None:
    """Adds the four quarters (seen or not, programs x cores), curves and rankings."""
    rows = result["rows"]
    seen = [r for r in rows if r["seen"]]
    calibrated_rows = [r for r in rows if not r["seen"] and r["budget"] == budget]

    def of_totals(part: str) -> Json | None:
        """Errors of a part of the programs on the cores of the training."""
        return stats([p / o - 1.0 for _, _, p, o in known.get(part, [])])

    def of_cores(how: str, at: int = budget) -> Json | None:
        """Errors on calibrated cores, of all programs."""
        return stats([e for core in held[how].get(at, {}).values() for e in core.values()])

    result["summary"] = {
        "training programs, training cores": of_totals("train"),
        "validation programs, training cores": of_totals("valid"),
        "test programs, training cores": stats([r["error"] for r in seen]),
        "training programs, calibrated cores (other parts)": of_cores("within"),
        "training programs, calibrated cores (program left out)": of_cores("left_out"),
        "test programs, calibrated cores": stats([r["error"] for r in calibrated_rows]),
    }
    result["budgets"] = [
        {"budget": b, "test": stats([r["error"] for r in rows if r["budget"] == b]),
         "left_out": of_cores("left_out", b), "within": of_cores("within", b)}
        for b in sorted(held["left_out"])]
    result["ranking"] = ranking(seen + calibrated_rows)
    _, _, tensors = table.load(f"{prefix}.safetensors")
    scores = {}
    if "ood.mean" in tensors:
        for name, s in sums.items():
            scores[name] = float(table.score(s.mean(0) / piece, tensors["ood.mean"],
                                             tensors["ood.whiten"]))
    points = []
    for part in ("train", "valid"):
        for name, errors in accuracy.relative_errors(known.get(part, [])).items():
            points.append({"program": name, "part": part, "ood": scores.get(name),
                           "error": float(np.abs(errors).mean())})
    for name, p in result["programs"].items():
        own = [abs(r["error"]) for r in seen if r["program"] == name]
        if own:
            points.append({"program": name, "part": "test", "ood": p["ood"],
                           "error": float(np.mean(own))})
    result["distance"] = points
    result["separation"] = separation.separation([p for p in points if p["part"] != "train"])


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    add = parser.add_argument
    add("rec")
    add("data")
    add("checkpoint")
    add("model", help="path of the exported model without endings")
    add("report", help="folder for report.json and report.html")
    add("--perfvec", default="target/release/perfvec")
    add("--budget", type=int, default=1_000_000, help="retirements to calibrate a core from")
    add("--programs", type=int, default=40, help="number of programs that the budget is spread over")
    add("--budgets", type=int, nargs="+", default=BUDGETS, help="budgets of the error curve")
    add("--only", nargs="*", help="only these test programs")
    add("--no-check", action="store_true", help="skip the comparison with PyTorch")
    args = parser.parse_args()
    if args.budget not in args.budgets:
        args.budgets.append(args.budget)
    if min(args.budgets) < 1 or args.programs < 1:
        parser.error("--budget, --budgets and --programs must be at least 1")
    result = evaluate(args)
    for label, s in result["summary"].items():
        if s:
            print(f"{label:56} mean {100 * s['mean']:5.2f} %  median {100 * s['median']:5.2f} %  "
                  f"worst {100 * s['worst']:5.1f} %  ({s['pairs']} pairs)")
    if "check" in result:
        print("library against PyTorch:", result["check"])


if __name__ == "__main__":
    main()
