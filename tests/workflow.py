#!/usr/bin/env python3
"""Runs examples/workflow under Snakemake, kills its workers and the whole of it, and goes on.

    tests/workflow.py

SNAKEMAKE names the command (snakemake otherwise), PERFVEC perfvec's (target/release/perfvec). Needs
riscv64-linux-gnu-gcc and qemu-riscv64.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOW = ROOT / "examples/workflow"
PERFVEC = os.environ.get("PERFVEC", str(ROOT / "target/release/perfvec"))
SNAKEMAKE = os.environ.get("SNAKEMAKE", "snakemake")

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **words) {
    FILE *file = fopen("input.txt", "r");
    int first = 0;
    if (count < 2 || !file || fscanf(file, "%d", &first) != 1) return 1;
    if (count > 2 && getchar() == EOF) return 2;
    static unsigned table[4096];
    for (int i = first; i < atoi(words[1]); i++) table[i * 2654435761u >> 20] += i;
    return 0;
}
"""
# A worker that says when it began, and does nothing for a while.
WORKER = """#!/bin/bash
case $1 in run | replay) echo $$ >>"$LOG"; sleep "$PAUSE" ;; esac
exec "$PERFVEC" "$@"
"""
SUITE = {
    "cores": {"small": ["rocket-like", "mine.toml"], "large.1": ["boom-large-like"]},
    "options": "--sample 20480 --threads 0",
    "programs": {
        "lua": {"whole": {"trace": "lua.pvt"}},
        # Names with dots, as those of releases, and blanks.
        "prog 5.4": {
            f"n={n}.0": {"command": ["./prog", n], "folder": "inputs", "files": ["inputs/prog", "inputs/input.txt"]}
            for n in (2000, 4000, 8000)
        },
        "points": {
            "a": {"trace": "lua.pvt", "weight": 2.5},
            "b": {"command": ["./prog", 3000, "reads"], "folder": "inputs", "weight": 0.5,
                  "options": "--skip 1000 --first 50000", "input": "mine.toml"},
        },
    },
}


def check(condition, what):
    if not condition:
        sys.exit(f"FAIL: workflow.py: {what}")


class Suite:
    """The suite in a folder of its own."""

    def __init__(self, folder, suite=SUITE):
        self.folder = folder
        self.log = folder / "workers"
        (folder / "inputs").mkdir(parents=True)
        (folder / "lua.pvt").symlink_to(ROOT / "examples/lua.pvt")
        (folder / "mine.toml").write_text('like = "rocket-like"\nl1d_kib = 32\nl1d_assoc = 8\n')
        (folder / "prog.c").write_text(PROGRAM)
        (folder / "inputs/input.txt").write_text("7\n")
        subprocess.run(["riscv64-linux-gnu-gcc", "-O1", "-static", folder / "prog.c", "-o",
                        folder / "inputs/prog"], check=True)
        (folder / "worker").write_text(WORKER)
        (folder / "worker").chmod(0o755)
        # JSON is YAML.
        # The command by a path from where Snakemake runs; programs run in a folder of their own.
        (folder / "suite.yaml").write_text(json.dumps({"perfvec": "./worker", **suite}))

    def start(self, *options, pause=0.0):
        environment = os.environ | {"LOG": str(self.log), "PAUSE": str(pause), "PERFVEC": PERFVEC}
        return subprocess.Popen(
            [SNAKEMAKE, "-s", FLOW / "Snakefile", "--configfile", "suite.yaml", "-c2", *options],
            cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True)

    def run(self, *options):
        flow = self.start(*options)
        text, _ = flow.communicate()
        check(flow.returncode == 0, f"{options}: {text}")
        return text

    def workers(self):
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []

    def wait(self, what, condition):
        for _ in range(1200):
            if condition():
                return
            time.sleep(0.05)
        check(False, f"in a minute there were not {what}")

    def done(self):
        return {path: path.stat().st_mtime_ns for path in (self.folder / "results").glob("*/*/*.json")}

    def results(self):
        results = self.folder / "results"
        return {str(path.relative_to(results)): path.read_bytes()
                for path in results.rglob("*") if path.is_file()}


def shards_merge_exactly(suite):
    """The table is what the command says of the merged vectors, and weights count."""
    with (suite.folder / "results/suite.csv").open() as file:
        rows = {(row["program"], row["core"]): row for row in csv.DictReader(file)}
    check(len(rows) == 9, f"{rows.keys()}")
    for group, cores in SUITE["cores"].items():
        options = [word for core in cores for word in ("--core", core)]
        done = subprocess.run(
            [PERFVEC, "predict", *options, "--format", "json", f"results/prog 5.4/{group}.safetensors"],
            cwd=suite.folder, check=True, capture_output=True, text=True)
        for core in json.loads(done.stdout)[0]["microarchs"]:
            row = rows["prog 5.4", core["name"]]
            check(abs(float(row["cycles"]) / core["cycles"] - 1) < 1e-12, f"{row} {core}")
    whole, part = (json.loads((suite.folder / f"results/points/{run}/large.1.json").read_text())
                   for run in "ab")
    check(part["retired"] == 50_000, f"{part['retired']} retirements in the region of b")
    row = rows["points", "boom-large-like"]
    check(float(row["retired"]) == 2.5 * whole["retired"] + 0.5 * part["retired"], f"{row}")
    cycles = 2.5 * whole["microarchs"][0]["cycles"] + 0.5 * part["microarchs"][0]["cycles"]
    check(abs(float(row["cycles"]) / cycles - 1) < 1e-12, f"{row}")


def same(suite, expected):
    found = suite.results()
    check(found.keys() == expected.keys(), f"{found.keys() ^ expected.keys()}")
    # The JSON says when a program's threads began; the vectors and the table have what was found.
    other = [name for name in found if found[name] != expected[name] and not name.endswith(".json")]
    check(not other, f"not what comes out undisturbed: {other}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        # A program sees its path: names are as long as each other.
        folder = Path(folder)
        quiet = Suite(folder / "1")
        quiet.run()
        expected = quiet.results()
        jobs = 2 * 6
        check(len(quiet.workers()) == jobs, f"{len(quiet.workers())} jobs")
        shards_merge_exactly(quiet)
        check("Nothing to be done" in quiet.run(), "a finished suite is left alone")
        print("pass: a suite, its shards and weights")

        hurt = Suite(folder / "2")
        flow = hurt.start("--retries", "3", pause=0.5)
        hurt.wait("two workers", lambda: len(hurt.workers()) >= 2)
        os.kill(hurt.workers()[1], signal.SIGKILL)
        text, _ = flow.communicate()
        check(flow.returncode == 0, text)
        check(len(hurt.workers()) == jobs + 1, "what was killed ran again, and nothing else")
        same(hurt, expected)
        print("pass: a killed worker")

        killed = Suite(folder / "3")
        flow = killed.start(pause=0.5)
        killed.wait("five results", lambda: len(killed.done()) >= 5)
        os.killpg(flow.pid, signal.SIGKILL)
        for worker in killed.workers():
            try:
                os.kill(worker, signal.SIGKILL)
            except ProcessLookupError:
                pass
        flow.communicate()
        before = killed.done()
        check(len(before) < jobs, "it was killed on the way")
        killed.run("--unlock")
        killed.run("--rerun-incomplete")
        after = killed.done()
        # Two jobs were under way.
        kept = sum(after[path] == made for path, made in before.items())
        check(kept >= len(before) - 2, f"of {len(before)} results {kept} are kept")
        check(len(killed.workers()) <= jobs + 2, f"{len(killed.workers())} workers")
        same(killed, expected)
        print("pass: a killed suite")

        for run, says in [({"trace": "a", "command": ["b"]}, "either trace or command"),
                          ({"trase": "a"}, "no such setting: trase")]:
            wrong = Suite(folder / f"wrong{len(run)}", SUITE | {"programs": {"p": {"r": run}}})
            flow = wrong.start()
            text, _ = flow.communicate()
            check(flow.returncode != 0 and "programs: p: r" in text and says in text, text)
        for number, name in enumerate(["a/b", ".."]):
            wrong = Suite(folder / f"name{number}", SUITE | {"programs": {name: {"r": {"trace": "a"}}}})
            flow = wrong.start()
            text, _ = flow.communicate()
            check(flow.returncode != 0 and f'"{name}": a file or folder' in text, text)
        print("workflow.py: all well")


if __name__ == "__main__":
    main()
