#!/usr/bin/env python3
"""Build the workload programs for RISC-V 64 and write their manifest.

    build.py                 build everything that is out of date
    build.py --only REGEX    only the programs whose name matches
    build.py --check         build, run under QEMU, compare the checksums
    build.py --record        build, run, rewrite the committed manifest.json
    build.py --list          print the programs, build nothing

Programs are described in programs.toml, vendored C libraries in libraries.toml.
"""

import argparse
import concurrent.futures
import json
import os
import re
import sys
import time
import tomllib
from pathlib import Path

import generate
import run
import toolchain
import vendor

HERE = Path(__file__).resolve().parent
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def load_programs():
    """The list of programs: one entry per line of `runs` in programs.toml."""
    table = tomllib.loads((HERE / "programs.toml").read_text())
    programs = []
    for source, spec in table.items():
        split = spec["split"]
        for index, line in enumerate(spec["runs"]):
            opt, *args = line.split()
            run_split = split
            if opt == "long":
                run_split, opt, *args = "long", *args
            programs.append(
                {
                    "name": f"{source}-{LETTERS[index]}",
                    "split": run_split,
                    "binary": f"bin/{source}.{opt}",
                    "args": args,
                    "category": spec["category"],
                    "authorship": spec.get("authorship", "perfvec"),
                    "source": source,
                    "opt": opt,
                    "home": "test" if split == "test" else split,
                    "libs": spec.get("libs", []),
                    "generator": spec.get("generator"),
                    "lang": spec.get("lang", "c"),
                }
            )
    return programs


def build(programs, out, jobs):
    """Compile and link every binary the programs name; returns the failures."""
    libraries = tomllib.loads((HERE / "libraries.toml").read_text())
    wanted = sorted({lib for p in programs for lib in p["libs"]})
    crates = (
        vendor.locate({name: libraries[name] for name in libraries}, out / "vendor")
        if wanted
        else {}
    )
    binaries = {p["binary"]: p for p in programs}
    failures = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # All objects first, so that the pool is always full.
        units = {}
        for binary, p in binaries.items():
            for unit in objects_of(p, libraries, crates, out):
                units.setdefault(unit.output, unit)
            (out / binary).parent.mkdir(parents=True, exist_ok=True)
        futures = {pool.submit(toolchain.compile_unit, u): u for u in units.values()}
        broken = set()
        for future in concurrent.futures.as_completed(futures):
            if future.result():
                broken.add(futures[future].output)
                failures.append(future.result())
        links = []
        for binary, p in binaries.items():
            objects = [u.output for u in objects_of(p, libraries, crates, out)]
            if broken.isdisjoint(objects):
                links.append(pool.submit(toolchain.link, out / binary, objects))
        failures += [f.result() for f in links if f.result()]
    return failures


def objects_of(p, libraries, crates, out):
    """The compile units of one binary: its own source, then its libraries."""
    suffix = ".cc" if p["lang"] == "c++" else ".c"
    if p["generator"]:
        source = generate.write(p["generator"], p["source"], out / "generated")
    else:
        source = HERE / "src" / p["home"] / (p["source"] + suffix)
    includes, units = [], []
    for name in p["libs"]:
        lib = libraries[name]
        root = crates[lib["crate"]]
        includes += toolchain.include_flags(lib, root, HERE)
        units += toolchain.library_units(name, lib, root, p["opt"], out, HERE)
    flags = includes + [f for n in p["libs"] for f in libraries[n].get("user_flags", [])]
    kind = ".cxx.o" if p["lang"] == "c++" else ".o"
    own = toolchain.Unit(
        source,
        out / "obj" / f"{p['source']}.{p['opt']}{kind}",
        p["opt"],
        tuple(flags),
        not p["generator"],
    )
    for support in sorted({x for n in p["libs"] for x in libraries[n].get("support", [])}):
        source = HERE / "src" / "support" / f"{support}.c"
        output = out / "obj" / f"{support}.{p['opt']}.o"
        units.insert(0, toolchain.Unit(source, output, p["opt"], (), True))
    return [own, *units]


def manifest_entry(p, recorded):
    entry = {k: p[k] for k in ("name", "split", "binary", "args", "category", "authorship")}
    entry["approx_instructions"] = recorded.get("approx_instructions")
    entry["checksum"] = recorded.get("checksum")
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "target/workloads")
    parser.add_argument("--only", default="", help="regular expression on program names")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--long", action="store_true", help="run the long programs too")
    options = parser.parse_args()

    everything = load_programs()
    programs = [p for p in everything if re.search(options.only, p["name"])]
    committed = HERE / "manifest.json"
    recorded = {}
    if committed.exists():
        recorded = {e["name"]: e for e in json.loads(committed.read_text())}
    if options.list:
        for p in programs:
            count = recorded.get(p["name"], {}).get("approx_instructions") or 0
            print(f"{p['split']:6} {count / 1e6:9.2f}M  {p['name']:24} {p['category']}")
        return 0

    start = time.monotonic()
    out = options.out.resolve()
    failures = build(programs, out, options.jobs)
    for text in failures:
        print(text, file=sys.stderr)
    print(f"built in {time.monotonic() - start:.0f} s, {len(failures)} failures")

    if options.check or options.record:
        runnable = [p for p in programs if options.long or p["split"] != "long"]
        results = run.run_all(runnable, out, options.jobs, count=options.record)
        for p in runnable:
            result = results[p["name"]]
            if options.record and not result.error:
                recorded[p["name"]] = {
                    "checksum": result.checksum,
                    "approx_instructions": result.instructions,
                }
                continue
            expected = recorded.get(p["name"], {}).get("checksum")
            error = result.error
            if not error and result.checksum != expected:
                error = f"checksum {result.checksum}, expected {expected}"
            if error:
                failures.append(f"{p['name']}: {error}")
                print(failures[-1], file=sys.stderr)
        print(f"ran {len(runnable)} programs, {len(failures)} failures")

    entries = [manifest_entry(p, recorded.get(p["name"], {})) for p in everything]
    text = json.dumps(entries, indent=1) + "\n"
    if options.record:
        committed.write_text(text)
    out.mkdir(parents=True, exist_ok=True)
    (out / "manifest.json").write_text(text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
