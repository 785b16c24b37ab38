#!/usr/bin/env python3
"""Uses between the files of src/: none may go in a circle.

    tests/circles.py [ROOT]     counts files, uses and circles; fails where there is a circle

A file uses another where it names something of it, also through a re-export. What it takes from
the mod.rs of its own folder or of one above is no use: what files share may lie there. Tests and
oracles are left out.
"""

import re
import sys
from pathlib import Path

CRATES = {"library": ("src", "lib.rs"), "command": ("src/bin/perfvec", "main.rs")}


def code(path):
    """A file's text without comments, strings and its test module."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text, flags=re.DOTALL)
    return re.split(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))? )?mod \w+ \{", text)[0]


def modules(path, folder, parts=()):
    """{path of the module: text} of a file and of those below it."""
    found = {parts: code(path)}
    for attributes, name in re.findall(
            r"((?:#\[[^\]]*\]\s*)*)(?:pub(?:\([^)]*\))? )?mod (\w+);", found[parts]):
        if "cfg(test)" in attributes or "cfg(any(test" in attributes:
            continue
        files = [folder / f"{name}.rs", folder / name / "mod.rs"]
        below = next(filter(Path.exists, files))
        found |= modules(below, folder / name, (*parts, name))
    return found


def expanded(tree, prefix=()):
    """The paths of a `use` tree."""
    items, depth = [""], 0
    for c in tree:
        depth += {"{": 1, "}": -1}.get(c, 0)
        if c == "," and depth == 0:
            items.append("")
        else:
            items[-1] += c
    for item in filter(None, map(str.strip, items)):
        head, brace, rest = item.partition("{")
        head = re.sub(r"\s+as\s+\w+$", "", head)
        names = (*prefix, *filter(None, map(str.strip, head.split("::"))))
        if brace:
            yield from expanded(rest[:rest.rfind("}")], names)
        else:
            yield names


USE = re.compile(r"\b(pub(?:\([^)]*\))? )?use ([^;]+);")


def uses(files):
    """{module: modules that it uses}."""
    exports = {}
    for parts, text in files.items():
        for public, tree in USE.findall(text):
            if public:
                exports.setdefault(parts, {}).update({p[-1]: p for p in expanded(tree)})

    def resolve(here, names, depth=0):
        if not names or depth > 8:
            return None
        first, *rest = names
        if first == "crate":
            at = ()
        elif first == "self":
            at = here
        elif first == "super":
            at = here[:-1]
            while rest and rest[0] == "super":
                at, rest = at[:-1], rest[1:]
        elif (*here, first) in files:
            at, rest = here, names
        else:
            return None
        while rest:
            if (*at, rest[0]) in files:
                at, rest = (*at, rest[0]), rest[1:]
                continue
            exported = exports.get(at, {}).get(rest[0])
            if exported:
                return resolve(at, [*exported, *rest[1:]], depth + 1) or at
            break
        return at

    found = {}
    for parts, text in files.items():
        paths = [p for public, tree in USE.findall(text) if not public for p in expanded(tree)]
        rest = USE.sub("", text)
        paths += [p.split("::") for p in re.findall(r"\b[a-z_0-9]+(?:::[A-Za-z_0-9]+)+", rest)]
        to = {resolve(parts, [n for n in p if n != "*"]) for p in paths}
        found[parts] = {t for t in to if t in files and t != parts[:len(t)]}
    return found


def circles(found):
    """Groups of modules of which each reaches each other."""
    def reached(start):
        seen, left = set(), [start]
        while left:
            new = found[left.pop()] - seen
            seen |= new
            left += new
        return seen

    reach = {m: reached(m) for m in found}
    groups = {frozenset(n for n in reach[m] if m in reach[n]) for m in found if m in reach[m]}
    return sorted(groups, key=len)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    failed = False
    for name, (folder, entry) in CRATES.items():
        files = modules(root / folder / entry, root / folder)
        found = uses(files)
        groups = circles(found)
        count = sum(map(len, found.values()))
        print(f"{name}: {len(files)} files, {count} uses, {len(groups)} circles")
        for group in groups:
            failed = True
            print("circle:", ", ".join(sorted("::".join(m) or "the root" for m in group)))
    sys.exit("circles.py: let what they share lie in a third file" if failed else None)


main()
