#!/usr/bin/env python3
"""CoreMark/MHz, DMIPS/MHz and load-to-use latencies of the named cores, as book/src/cores.md has them.

    named_cores.py --coremark FILE --dhrystone FILE [--core NAME|FILE]... [--perfvec FILE]

FILEs are static RISC-V 64 programs of yours: CoreMark of its `posix` port, which takes its iterations
as the fourth argument, and Dhrystone 2.1, which asks for its runs on standard input. Each is run
twice, and what the second run has more is measured, so that the start is not. Latencies are those of
benches/chase.c, compiled on the spot, over half of each cache and over twice the largest.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COREMARK_RUNS = (2, 8)
DHRYSTONE_RUNS = (1_000, 5_000)
CHASE_STEPS = (0, 16_384)
# Runs per second of the VAX 11/780, whose speed is one DMIPS.
VAX_RUNS = 1757


def cycles(perfvec: Path, cores: list, program: list, given: str = "") -> dict:
    """Cycles of a run by the core's name."""
    with tempfile.NamedTemporaryFile() as estimates:
        command = [perfvec, "run", "--clean-env", "--no-progress", "--json", estimates.name]
        for core in cores:
            command += ["--core", core]
        done = subprocess.run([*command, "--", *map(str, program)], input=given, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, program))}: {done.stderr.strip()}")
        return {m["name"]: m["cycles"] for m in json.loads(Path(estimates.name).read_text())["microarchs"]}


def difference(perfvec: Path, cores: list, counts: tuple, arguments) -> dict:
    """Cycles that one more of what is counted takes, by the core's name."""
    first, second = (cycles(perfvec, cores, *arguments(n)) for n in counts)
    return {name: (second[name] - first[name]) / (counts[1] - counts[0]) for name in first}


def parameters(perfvec: Path, core: str) -> dict:
    shown = subprocess.run([perfvec, "cores", "show", core], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    return tomllib.loads(shown)


def named(perfvec: Path) -> list:
    """The cores that are called after real ones."""
    listed = subprocess.run([perfvec, "cores"], check=True, text=True, stdout=subprocess.PIPE).stdout
    words = [line.split()[0] for line in listed.splitlines() if line.strip()]
    return [word for word in words if word.endswith("-like")]


def levels(core: dict) -> dict:
    """Bytes that stay in each level and in none before it."""
    kib, largest = {}, 0
    for level, size in ("L1", core["l1d_kib"]), ("L2", core["l2_kib"]), ("L3", core["l3_kib"]):
        if size > largest:
            kib[level], largest = size // 2, size
    kib["memory"] = 2 * max(512, largest)
    return {level: 1 << ((k << 10).bit_length() - 1) for level, k in kib.items()}


def latencies(perfvec: Path, cores: dict, folder: Path) -> dict:
    """Cycles of a load in each level, by the core's name. Says on the way what it has."""
    chase = folder / "chase"
    subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", ROOT / "benches/chase.c", "-o", chase],
                   check=True)
    by_bytes: dict = {}
    for name, core in cores.items():
        for level, size in levels(core).items():
            by_bytes.setdefault(size, []).append((name, level))
    found: dict = {name: {} for name in cores}
    for size, wanted in sorted(by_bytes.items()):
        priced = [cores[name]["argument"] for name, _ in wanted]
        took = difference(perfvec, priced, CHASE_STEPS, lambda n, size=size: ([chase, size, n],))
        for name, level in wanted:
            found[name][level] = took[name]
            print(f"{name}: {level} {took[name]:.1f} cycles ({size >> 10} KiB)", file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coremark", type=Path)
    parser.add_argument("--dhrystone", type=Path)
    parser.add_argument("--core", action="append", metavar="NAME|FILE")
    parser.add_argument("--no-latencies", action="store_true")
    parser.add_argument("--perfvec", type=Path, default=ROOT / "target/release/perfvec")
    options = parser.parse_args()
    asked = options.core or named(options.perfvec)
    cores = {}
    for core in asked:
        found = parameters(options.perfvec, core)
        cores[found["name"]] = found | {"argument": core}
    columns: dict = {}
    if options.coremark:
        took = difference(options.perfvec, asked, COREMARK_RUNS,
                          lambda n: ([options.coremark, 0, 0, "0x66", n, 7, 1, 2000],))
        columns["CoreMark/MHz"] = {name: f"{1e6 / c:.2f}" for name, c in took.items()}
    if options.dhrystone:
        took = difference(options.perfvec, asked, DHRYSTONE_RUNS,
                          lambda n: ([options.dhrystone], f"{n}\n"))
        columns["DMIPS/MHz"] = {name: f"{1e6 / c / VAX_RUNS:.2f}" for name, c in took.items()}
    if not options.no_latencies:
        with tempfile.TemporaryDirectory() as folder:
            found = latencies(options.perfvec, cores, Path(folder))
        for level in ("L1", "L2", "L3"):
            columns[level] = {n: f"{c[level]:.0f}" if level in c else "-" for n, c in found.items()}
        columns["memory, ns"] = {n: f"{c['memory'] / cores[n]['clock_ghz']:.0f}"
                                 for n, c in found.items()}
    print("| core |", *(f"{title} |" for title in columns))
    print("|---" * (len(columns) + 1) + "|")
    for name in cores:
        print(f"| {name} |", *(f"{column[name]} |" for column in columns.values()))


if __name__ == "__main__":
    main()
