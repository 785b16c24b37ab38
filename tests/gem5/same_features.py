"""Whether two hosts' traces of one program yield the same features from main() on.

    same_features.py PERFVEC SCHEMA DIFF QEMU.pvt GEM5.pvt

DIFF is what `perfvec diff --from MAIN` said of them. What ran before main() differs, and the hosts
place memory elsewhere; gem5-glue/README.md says which columns see what of it. Limits are shares of
rows, per group of columns.
"""

import json
import re
import subprocess
import sys
from array import array
from collections import Counter
from pathlib import Path

START, ROWS = 10_000, 50_000
# Columns that are one over an age see as little of another start as this.
SAME = 1e-6

# One difference shows in every row until the event happens again.
LASTING = {"since_miss", "since_far"}
# Tables by a hash of the whole address: which stores meet in them is up to where memory lies.
HASHED = {"forward", "conflict"}


def group_of(column):
    return "lasting" if column in LASTING else "hashed" if column in HASHED else "other"


# Rows that may differ in a group: of the first rows, of the last ones.
LIMITS = {
    "perfvec-51": {"other": (0.01, 0.001)},
    "perfvec-rm-2": {"other": (0.01, 0.01), "hashed": (0.03, 0.03), "lasting": (0.05, 0.05)},
}


def columns(perfvec, schema):
    text = subprocess.run(
        [perfvec, "info", "--schema", schema, "--json"], check=True, capture_output=True, text=True)
    return [column["name"] for column in json.loads(text.stdout)["columns"]]


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


def differences(names, left, right):
    """Rows that differ, per group of columns and per column."""
    groups, single = Counter(), Counter()
    for a, b in zip(left, right):
        if a == b:
            continue
        off = [n for n, x, y in zip(names, array("f", a), array("f", b)) if abs(x - y) > SAME]
        single.update(off)
        groups.update({group_of(name) for name in off})
    return groups, single


def retirements(perfvec, trace):
    found = subprocess.run(
        [perfvec, "info", "--json", trace], check=True, capture_output=True, text=True)
    return json.loads(found.stdout)["retirements"]


perfvec, schema, diff, *traces = sys.argv[1:]
if schema not in LIMITS:
    sys.exit(f"no limits for schema {schema}: add them here")
text = Path(diff).read_text()
part = [re.search(rf"^{side} +(\d+) ", text, re.MULTILINE) for side in "ab"]
# One behind the last retirement that is the same. To the end, where the streams do not part.
ends = [int(m[1]) if m else retirements(perfvec, t) for m, t in zip(part, traces)]
# Windows are counted from the ends, which both have in common; START is more than what either
# host runs before main().
whole = min(ends) - START
names = columns(perfvec, schema)
for at, name, back, count in ((0, "first", whole, min(ROWS, whole)), (1, "last", ROWS, ROWS)):
    both = [rows(perfvec, schema, t, end - back, count) for t, end in zip(traces, ends)]
    groups, single = differences(names, *both)
    most = ", ".join(f"{column} {n}" for column, n in single.most_common(5))
    print(f"{schema}: of the {name} {count} rows differ", *(
        f"{group} {groups[group]}" for group in LIMITS[schema]), f"({most})")
    for group, n in groups.items():
        if n > LIMITS[schema].get(group, (0, 0))[at] * count:
            sys.exit(f"more than {LIMITS[schema].get(group, (0, 0))[at]:.1%} of {group} columns")
