"""Whether two hosts' traces of one program yield the same features from main() on.

    same_features.py PERFVEC SCHEMA DIFF QEMU.pvt GEM5.pvt

DIFF is what `perfvec diff --from MAIN` said of them. What ran before main() differs, and features
remember it: a little in the first rows, and hardly once the program has touched enough (it may
come back at its end to what start-up touched last). Features of caches also see which sets the
host's choice of pages falls into; those of perfvec-51 are distances and do not.
"""

import re
import subprocess
import sys
from pathlib import Path

START, ROWS = 10_000, 50_000


def rows(perfvec, schema, trace, first, count):
    """The feature rows of a window, each as bytes."""
    windows, matrix = Path(f"{trace}.windows"), Path(f"{trace}.npy")
    windows.write_text(f"{first} {count}\n")
    subprocess.run(
        [perfvec, "features", trace, "--schema", schema, "--windows", windows, "-o", matrix],
        check=True, capture_output=True)
    data = matrix.read_bytes()
    width = int(re.search(rb"'shape': \(\d+, (\d+)\)", data[:200])[1]) * 4
    body = data[-count * width:]
    assert len(body) == count * width, "the matrix is too short"
    return [body[at:at + width] for at in range(0, len(body), width)]


def retirements(perfvec, trace):
    text = subprocess.run([perfvec, "info", trace], check=True, capture_output=True, text=True)
    return int(re.search(r"^retirements +(\d+)", text.stdout, re.M)[1])


perfvec, schema, diff, *traces = sys.argv[1:]
text = Path(diff).read_text()
part = [re.search(rf"^{side} +(\d+) ", text, re.M) for side in "ab"]
# One behind the last retirement that is the same. To the end, where the streams do not part.
ends = [int(m[1]) if m else retirements(perfvec, t) for m, t in zip(part, traces)]
# Windows are counted from the ends, which both have in common; START is more than what either
# host runs before main().
whole = min(ends) - START
for name, back, count, allowed in (
    ("first", whole, min(ROWS, whole), 0.01 if schema == "perfvec-51" else 0.05),
    ("last", ROWS, ROWS, 0.001 if schema == "perfvec-51" else 0.1),
):
    parts = [rows(perfvec, schema, t, end - back, count) for t, end in zip(traces, ends)]
    differ = sum(a != b for a, b in zip(*parts))
    print(f"{schema}: {differ} of the {name} {count} rows differ")
    if differ > allowed * count:
        sys.exit(f"more than {allowed:.1%}")
