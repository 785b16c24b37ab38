"""Whether twins predict branches as gem5 does.

    predictors.py GEM5 COUNTS INSTRUCTIONS BINARY [ARGUMENT ...]

gem5's atomic CPU runs the program once with each predictor, and records its stream once. COUNTS is
the command that counts what the twins' predictors make of a trace (benches/predictors.rs).
Predictors without chance must be wrong as often as gem5's, by type of branch; those that draw
random numbers as often as this share of gem5's count.
"""

import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

EXACT = {"local", "tournament", "bimode"}
NEAR = 0.01
# Chance shows more in few mispredictions.
FEW = 30


def statistics(text):
    """gem5's counts, by name; those by type together."""
    counts = {"corrected": {}}
    for line in text.splitlines():
        match = re.match(r"system\.cpu\.branchPred\.(\w+)(?:::(\w+))?\s+(\d+)", line)
        if match and match[1] == "corrected_0" and match[2] not in ("total", "NoBranch"):
            counts["corrected"][match[2]] = int(match[3])
        elif match and not match[2]:
            counts[match[1]] = int(match[3])
    return counts


def main():
    gem5, counter, instructions, *command = sys.argv[1:]
    config = Path(__file__).resolve().parent / "branches.py"
    glue = config.parents[2] / "gem5-glue" / "configs"
    with tempfile.TemporaryDirectory() as work:
        trace, ours, theirs = Path(work) / "t.pvt", {}, {}

        def run(kind, record):
            out = Path(work) / kind
            subprocess.run(
                [gem5, f"--outdir={out}", f"--path={glue}", config, kind, record, instructions,
                 *command],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            theirs[kind] = statistics((out / "stats.txt").read_text())

        run("local", str(trace))
        counted = subprocess.run(
            [*shlex.split(counter), trace, "--counts"], check=True, capture_output=True, text=True)
        ours = json.loads(counted.stdout)
        for kind in ours:
            if kind != "local":
                run(kind, "")
    failures = 0
    for kind, mine in ours.items():
        gem5s = theirs[kind]
        by_type = {
            name: (gem5s["corrected"].get(name, 0), count)
            for name, count in mine["corrected"].items()}
        expected, found = gem5s["condIncorrect"], mine["condIncorrect"]
        far = abs(expected - found)
        limit = FEW if kind in EXACT else NEAR * expected + FEW
        # The last branch may lack an outcome: the trace ends there.
        failed = far > limit + 1
        if kind in EXACT:
            # Ways of indirect targets are taken by chance.
            failed |= any(
                abs(a - b) > (FEW if "Indirect" in name else 1)
                for name, (a, b) in by_type.items())
        failures += failed
        kinds = ", ".join(f"{n} {a}/{b}" for n, (a, b) in by_type.items() if a or b)
        print(f"{'FAIL' if failed else 'ok'} {kind:16} gem5 {expected:8} twin {found:8} "
              f"({100 * (found - expected) / max(1, expected):+.2f} %)  {kinds}")
    sys.exit(failures > 0)


main()
