#!/usr/bin/env python3
"""Prints the licences of the crates and libraries that a release is made from, each text once.

    packaging/licences.py > THIRD-PARTY.txt

Crates that only build or test are left out. A crate without a licence text is an error.
"""

import json
import subprocess
import sys
from pathlib import Path

# What is in the tree as its makers publish it: the folder, its name and licence.
VENDORED = [("src/bin/perfvec/page/chart.js", "Chart.js 4.6.1, with @kurkle/color 0.3.2", "MIT")]

# Crates that are published without a text: one of their licences, as this tree has it too.
WITHOUT = {"exmex": "LICENSE-APACHE"}

NAMES = ("licen", "copying", "notice", "unlicense")


def linked():
    """The packages on which the library or the command depends when it runs, sorted by name."""
    version = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = next(line.split()[1] for line in version.splitlines() if line.startswith("host:"))
    metadata = json.loads(subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host],
        check=True, stdout=subprocess.PIPE).stdout)
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    found, rest = set(), [root]
    while rest:
        node = rest.pop()
        if node not in found:
            found.add(node)
            rest += [d["pkg"] for d in nodes[node]["deps"]
                     if any(kind["kind"] is None for kind in d["dep_kinds"])]
    packages = [p for p in metadata["packages"] if p["id"] in found - {root}]
    return sorted(packages, key=lambda p: (p["name"], p["version"]))


def main():
    texts = {}
    root = Path(__file__).resolve().parent.parent
    held = [(f"{p['name']} {p['version']}", p["license"], Path(p["manifest_path"]).parent)
            for p in linked()]
    held += [(name, licence, root / folder) for folder, name, licence in VENDORED]
    print("perfvec's binaries hold code of these crates and libraries, under the licences named here, whose "
          "texts follow:\n")
    for name, licence, folder in held:
        print(f"  {name}: {licence}")
        files = [f for f in sorted(folder.iterdir())
                 if f.is_file() and f.name.lower().startswith(NAMES)]
        if not files and (own := WITHOUT.get(name.split()[0])):
            files = [root / own]
        if not files:
            sys.exit(f"{folder}: no licence text; name the file in packaging/licences.py")
        for file in files:
            texts.setdefault(file.read_text(errors="replace").strip(), []).append(name)
    for text, names in texts.items():
        print(f"\n{'=' * 80}\n{', '.join(dict.fromkeys(names))}\n\n{text}")


if __name__ == "__main__":
    main()
