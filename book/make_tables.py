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
PREDICTORS = ["bimodal", "gshare", "TAGE", "never wrong"]


def schema_page(perfvec, name):
    """The page of one schema."""
    command = [perfvec, "info", "--schema", name, "--json"]
    schema = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    lines = [
        f"# Columns of {name}", "",
        (f"Made by `book/make_tables.py`; do not edit. {len(schema['columns'])} columns, hash"
        f" `{schema['hash']}`."), "",
        "| # | column | unit | from | to | where it comes from |", "|---|---|---|---|---|---|",
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
    window = re.search(r"WINDOW: \[usize; 4\] = \[([^]]*)\]",
                       (SPACE.parent / "machines.rs").read_text())
    windows = [int(w) for w in window[1].split(",")]
    lines = [
        ("| # | issue | width | window | redirect | ports | L1D ways x sets, cycles |"
        " L2 ways x sets, cycles | memory, per line | predictor | prefetch | L1I, BTB ways |"
        " mul, div, fadd, fmul, fdiv |"),
        "|" + "---|" * 13,
    ]
    for i, row in enumerate(rows):
        w, r, p, l1w, l1s, l1, l2w, l2s, l2, mem, line, bp, pf, li, bt, *unit = (
            x.strip() for x in re.split("[,;]", row))
        order = "in order" if i < 4 else "out of order"
        first = 256 if l1s == "true" else 64
        second = 4096 if l2s == "true" else 1024
        lines.append(
            f"| {i} | {order} | {w} | {windows[i // 4]} | {r} | {p} | {l1w} x {first}, {l1} |"
            f" {l2w} x {second}, {l2} | {mem}, {line} | {PREDICTORS[int(bp)]} |"
            f" {'yes' if pf == 'true' else 'no'} | {li}, {bt} | {', '.join(unit)} |")
    return "\n".join(lines) + "\n"


def main():
    """Writes or checks all pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--perfvec", default=str(ROOT / "target/release/perfvec"))
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    pages = {f"{name}.md": schema_page(args.perfvec, name)
             for name in ["perfvec-51", "perfvec-rm-1"]}
    pages["perfvec-rm-1.md"] += "\n## The reference machines\n\n" + machines_table()
    stale = [n for n, text in pages.items()
             if not (BOOK / n).is_file() or (BOOK / n).read_text() != text]
    if args.check and stale:
        sys.exit(f"{', '.join(stale)}: out of date; run book/make_tables.py")
    for name in stale:
        (BOOK / name).write_text(pages[name])


if __name__ == "__main__":
    main()
