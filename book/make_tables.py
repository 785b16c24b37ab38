#!/usr/bin/env python3
"""Writes the book's tables of feature schemas and reference machines from the library itself.

    book/make_tables.py --perfvec target/release/perfvec [--check]

Columns come from `perfvec info --schema NAME --json`, the machines from
src/features/refmachine/space.rs. With --check nothing is written and a difference is an error.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book" / "src"
SPACE = ROOT / "src" / "features" / "refmachine" / "space.rs"
MACHINES = 16
PREDICTORS = ["bimodal", "gshare", "TAGE", "small bimodal"]
TARGETS = ["path", "last", "few by path"]
NOTES = {
    "perfvec-51": "Flags in capitals are those of a static instruction (`PERFVEC_INST_...` in the"
                  " header); stack distances are defined in [Feature schemas](schemas.md).",
    "perfvec-rm-2": "A flag is 1 if what is said holds. Depths, predictors and reference machines"
                    " are explained in [Feature schemas](schemas.md#perfvec-rm-2).",
}
SIZES = {"WINDOW": "window", "ISSUE": "issue queue sets", "LOADS": "loads", "DRAINS": "stores"}


def schema_page(perfvec, name):
    """The page of one schema."""
    command = [perfvec, "info", "--schema", name, "--json"]
    schema = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    lines = [
        f"# Columns of {name}", "",
        (f"Written by `book/make_tables.py`; do not edit. {len(schema['columns'])} columns, hash"
         f" `{schema['hash']}`. {NOTES[name]}"), "",
        "| # | column | unit | from | to | value |", "|---|---|---|---|---|---|",
    ]
    for i, c in enumerate(schema["columns"]):
        lines.append(f"| {i} | `{c['name']}` | {c['unit']} | {c['min']:g} | {c['max']:g} |"
                     f" {c['source']} |")
    return "\n".join(lines) + "\n"


def machines_table():
    """The sixteen reference machines as rows of a table."""
    rows = re.findall(r"^\s*machine!\(([^$]*?)\),$", SPACE.read_text(), re.MULTILINE)
    if len(rows) != MACHINES:
        sys.exit(f"{SPACE}: {len(rows)} machines found, {MACHINES} wanted")
    step = (SPACE.parent / "step.rs").read_text()
    sizes = {word: [int(n) for n in re.search(
        rf"{name}: \[usize; 4\] = \[([^]]*)\]", step)[1].split(",")]
        for name, word in SIZES.items()}
    lines = ["Sizes by group of four machines:", "",
             "| group | " + " | ".join(SIZES.values()) + " |", "|" + "---|" * (1 + len(SIZES))]
    for g in range(4):
        cells = [f"{s[g] * 4} in {s[g]}" if word == "issue queue sets" else str(s[g])
                 for word, s in sizes.items()]
        if g == 0:
            cells[1] = "none"
        lines.append(f"| {4 * g} to {4 * g + 3} | " + " | ".join(cells) + " |")
    lines += ["",
        ("| # | issue | width | redirect | accesses, integer, FP a cycle | fetch lead |"
         " alu, mul, div, fadd, fmul, fdiv | L1D ways x sets, cycles | L2 ways x sets, cycles |"
         " memory, per line | MSHRs | predictor, targets | prefetch |"
         " L1I ways, block, cycles | BTB ways | issue queue | store sets |"),
        "|" + "---|" * 17,
    ]
    yes = {"true": "yes", "false": "no"}
    for i, row in enumerate(rows):
        front, units, l1, l2, memory, guess, fetch, flags = (
            [x.strip() for x in re.split(r"[, ]+", part.strip())] for part in row.split(";"))
        sets = {"true": 256, "false": 64}[l1[1]], {"true": 4096, "false": 1024}[l2[1]]
        lines.append(
            f"| {i} | {'in order' if i < 4 else 'out of order'} | {int(front[0]) / 4:g} |"
            f" {front[1]} | {', '.join(front[2:5])} | {front[5]} | {', '.join(units)} |"
            f" {l1[0]} x {sets[0]}, {l1[2]} | {l2[0]} x {sets[1]}, {l2[2]} |"
            f" {memory[0]}, {memory[1]} | {memory[2]} |"
            f" {PREDICTORS[int(guess[0])]}, {TARGETS[int(guess[1])]} | {yes[guess[2]]} |"
            f" {fetch[0]}, {8 << int(fetch[1])} B, {fetch[2]} | {fetch[3]} |"
            f" {'no' if i < 4 else yes[flags[0]]} | {yes[flags[1]]} |")
    return "\n".join(lines) + "\n"


def main():
    """Writes or checks all pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--perfvec", default=str(ROOT / "target/release/perfvec"))
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    pages = {f"{name}.md": schema_page(args.perfvec, name)
             for name in ["perfvec-51", "perfvec-rm-2"]}
    pages["perfvec-rm-2.md"] += "\n## The reference machines\n\n" + machines_table()
    stale = [n for n, text in pages.items()
             if not (BOOK / n).is_file() or (BOOK / n).read_text() != text]
    if args.check and stale:
        sys.exit(f"{', '.join(stale)}: out of date; run book/make_tables.py")
    for name in stale:
        (BOOK / name).write_text(pages[name])


if __name__ == "__main__":
    main()
