"""The evaluation as one HTML page with inline charts.

    perfvec-training report REPORT/report.json        writes report.html beside it
"""

import argparse
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from perfvec_training import files, separation, svg
from perfvec_training.kinds import Json
from perfvec_training.mistakes import described, told

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2530}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}table{border-collapse:collapse}
td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #dde3ea}
td:first-child,th:first-child{text-align:left}svg text{font:11px system-ui,sans-serif;fill:#47525e}
.grid{stroke:#e3e8ee}p.note{color:#5a6673}
"""
MAX_PHASES = 12
KINDS = {"test": "test programs", "left_out": "training program left out",
         "within": "other parts of the same programs"}


def percent(x: float | None) -> str:
    """0.0123 as 1.23 %, a dash for None."""
    return "–" if x is None else f"{100 * x:.2f} %"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of HTML."""
    cells = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(c))}</td>" for c in r) + "</tr>"
                   for r in rows)
    return f"<table><tr>{cells}</tr>{body}</table>"


def summary(result: Json) -> str:
    """Errors of programs seen and not, on cores seen and not."""
    rows = [(label, percent(s["mean"]), percent(s["median"]), percent(s["worst"]),
             percent(s["bias"]), s["pairs"])
            for label, s in result["summary"].items() if s]
    return ("<p>Error of the predicted cycles of a program on a core, relative to gem5, absolute "
            "value. Calibrated cores had no part in training; their vectors are fitted to at most "
            f"{svg.short(result['budget'])} retirements of training programs.</p>"
            + table(["", "mean", "median", "worst", "bias", "pairs"], rows))


def mean(errors: Sequence[float]) -> float | None:
    """The mean of absolute values, None of none."""
    return sum(abs(e) for e in errors) / len(errors) if errors else None


def spread(errors: Sequence[float]) -> tuple[object, ...]:
    """Mean, median and worst of their absolute values, and how many there are."""
    sizes = [abs(e) for e in errors]
    if not sizes:
        return "–", "–", "–", 0
    return *map(percent, (mean(sizes), statistics.median(sizes), max(sizes))), len(sizes)


def per_program(result: Json) -> str:
    """Errors of each test program."""
    items, lines = [], []
    for name in result["programs"]:
        mine = [r for r in result["rows"] if r["program"] == name]
        seen = [r["error"] for r in mine if r["seen"]]
        new = [r["error"] for r in mine if r["budget"] == result["budget"]]
        if mine:
            items.append((name, [mean(seen), mean(new)]))
            lines.append((name, *spread(seen), *spread(new)))
    items.sort(key=lambda item: -(item[1][0] or item[1][1] or 0.0))
    head = ["program", *(["mean", "median", "worst", "cores"] * 2)]
    return ("<p>Mean error over cores. Blue: cores of the training; orange: calibrated cores.</p>"
            + svg.bars(items) + "<p>First on cores of the training, then on calibrated ones:</p>"
            + table(head, sorted(lines)))


def per_core(result: Json) -> str:
    """Errors on each core."""
    out = []
    for core in sorted({r["core"] for r in result["rows"]}):
        mine = [r for r in result["rows"] if r["core"] == core
                and r["budget"] in (None, result["budget"])]
        errors = [r["error"] for r in mine]
        if errors:
            out.append((core, "training" if mine[0]["seen"] else "calibrated", *spread(errors),
                        percent(sum(errors) / len(errors))))
    return table(["core", "", "mean", "median", "worst", "programs", "bias"], out)


def pairs(result: Json) -> str:
    """All errors."""
    rows = [(r["program"], r["core"], "training" if r["seen"] else "calibrated",
             f"{r['observed'] / r['retirements']:.3f}", percent(r["error"]),
             percent(r["interval_error"]))
            for r in result["rows"] if r["budget"] in (None, result["budget"])]
    head = ["program", "core", "", "CPI about", "error of the total", "mean error of intervals"]
    return f"<details><summary>{len(rows)} pairs</summary>{table(head, rows)}</details>"


def budgets(result: Json) -> str:
    """Errors by calibration budget."""
    points = [b for b in result["budgets"] if b["test"] or b["left_out"] or b["within"]]
    if not points:
        return "<p>No calibrated cores.</p>"
    top = 100 * max(b[k]["mean"] for b in points for k in KINDS if b[k])
    xs = [b["budget"] for b in points]
    # Room for the legend above the lines.
    chart = svg.Chart(560, 260, (min(xs) / 1.5, max(xs) * 1.5), (0, 1.2 * top),
                      "retirements used for calibration", "mean error, %", log_x=True)
    for i, key in enumerate(KINDS):
        mine = [b for b in points if b[key]]
        chart.line([b["budget"] for b in mine], [100 * b[key]["mean"] for b in mine], i)
    chart.legend(list(KINDS.values()))
    return chart.svg()


def phases(result: Json) -> str:
    """A chart for each of the longest programs, on one of the cores that it was timed on."""
    out, seen = [], set()
    for curve in sorted(result["curves"], key=lambda c: -len(c["observed"])):
        if curve["program"] in seen or len(curve["observed"]) < 8:
            continue
        seen.add(curve["program"])
        n = len(curve["observed"])
        xs = [(i + 0.5) * result["interval"] for i in range(n)]
        top = max(curve["observed"] + curve["predicted"])
        chart = svg.Chart(470, 190, (0, n * result["interval"]), (0, top), "retirements", "CPI",
                          title=f"{curve['program']} on {curve['core']}"
                          + ("" if curve["seen"] else " (calibrated)"))
        chart.line(xs, curve["observed"], 5)
        chart.line(xs, curve["predicted"], 1)
        out.append(chart.svg())
        if len(out) == MAX_PHASES:
            break
    return "<p>Grey: gem5; orange: predicted.</p>" + "".join(out)


def distance(result: Json) -> str:
    """How well the out-of-distribution score separates bad estimates."""
    held = ("<h3>Programs not trained on</h3>", result["distance"], result.get("separation"),
            {"train": "training", "valid": "validation", "test": "test"})
    left_out = ("<h3>Every program, its source left out of vectors and distribution</h3>",
                result.get("distance_left_out", []), result.get("separation_left_out"),
                {None: "left out"})
    return "".join(title + distances(*rest) for title, *rest in (held, left_out))


def distances(points: list[Json], found: Json | None, parts: Mapping[str | None, str]) -> str:
    """Errors plotted over scores, and how well scores separate them."""
    points = [p for p in points if p["ood"] is not None]
    if not points:
        return "<p>The table holds no training distribution.</p>"
    chart = svg.Chart(560, 300, (0, max(p["ood"] for p in points)),
                      (0, 100 * max(p["error"] for p in points)),
                      "distance from training (1: its edge)", "mean error, %")
    for p in points:
        chart.point(p["ood"], 100 * p["error"], list(parts).index(p.get("part")),
                    f"{p['program']}: {p['ood']:.2f}, {100 * p['error']:.1f} %")
    chart.legend(list(parts.values()))
    return (f"<p>{separation.sentence(found)}</p>" if found else "") + chart.svg()


def ranking(result: Json) -> str:
    """How often two cores are ranked correctly."""
    r = result["ranking"]
    if not r:
        return "<p>No program was timed on two cores.</p>"
    rows = [(name, percent(v)) for name, v in sorted(r.items(), key=lambda i: i[1])]
    rows.insert(0, ("all", percent(sum(r.values()) / len(r))))
    return ("<p>Share of pairs of cores whose order by run time is predicted right.</p>"
            + table(["program", "pairs right"], rows))


def check(result: Json) -> str:
    """The library against PyTorch."""
    c = result.get("check")
    if not c:
        return "<p>Not done in this run.</p>"
    return (f"<p>{escape(c['program'])}, all {c['retired']} retirements, largest relative "
            "difference of any core's cycles between the library and PyTorch: "
            f"{c['f32']:.2e} (f32), {c['int8']:.2e} (int8).</p>")


SECTIONS = [
    ("Errors", summary), ("Test programs", per_program), ("Cores", per_core),
    ("Calibration: error by retirements used", budgets), ("Phases", phases),
    ("Ranking of cores", ranking), ("Distance from training and error", distance),
    ("Library and PyTorch", check), ("Single results", pairs),
]


def page(result: Json) -> str:
    """The whole page."""
    body = "".join(f"<h2>{escape(title)}</h2>{make(result)}" for title, make in SECTIONS)
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>perfvec: evaluation</title>"
            f"<style>{STYLE}</style><h1>Evaluation of {escape(result['model'])}</h1>"
            f"{body}</html>\n")


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("report", type=Path, help="report.json; report.html goes beside it")
    path = parser.parse_args().report
    files.write(path.with_name("report.html"), page(json.loads(path.read_text())))


if __name__ == "__main__":
    main()
