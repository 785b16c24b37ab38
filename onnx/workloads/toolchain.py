"""Cross compiling: one object per source file, rebuilt when out of date."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PREFIX = "riscv64-linux-gnu-"
COMMON = ("-march=rv64gc", "-mabi=lp64d", "-g0", "-fno-stack-protector", "-DNDEBUG")


@dataclass(frozen=True)
class Unit:
    """One source file to compile into one object file."""

    source: Path
    output: Path
    opt: str
    flags: tuple
    own: bool


def is_cxx(path):
    return path.suffix in (".cc", ".cpp", ".cxx")


def compile_unit(unit):
    """Compile if the object is missing, older, or had other flags; returns an error."""
    tool = PREFIX + ("g++" if is_cxx(unit.source) else "gcc")
    command = [tool, "-c", f"-{unit.opt}", *COMMON, *unit.flags]
    if unit.own:
        command += ["-Wall", "-Wextra"]
        if not is_cxx(unit.source):
            command.append("-std=gnu11")
    else:
        command.append("-w")
    command += [str(unit.source), "-o", str(unit.output)]
    stamp = unit.output.with_suffix(".cmd")
    text = "\n".join(command)
    same = unit.output.exists() and stamp.exists() and stamp.read_text() == text
    if same and unit.output.stat().st_mtime >= unit.source.stat().st_mtime:
        return None
    unit.output.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return f"{unit.source}: {done.stderr[:1500]}"
    if unit.own and done.stderr:
        print(done.stderr)
    stamp.write_text(text)
    return None


def link(binary, objects):
    """Link statically if any object is newer than the binary; returns an error."""
    newest = max(o.stat().st_mtime for o in objects)
    if binary.exists() and binary.stat().st_mtime >= newest:
        return None
    tool = PREFIX + ("g++" if shutil.which(PREFIX + "g++") else "gcc")
    if not any(o.name.endswith(".cxx.o") for o in objects):
        tool = PREFIX + "gcc"
    command = [tool, "-static", "-o", str(binary), *map(str, objects), "-lm", "-latomic"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return f"{binary.name}: {done.stderr[-1500:]}"
    return None


def include_flags(lib, root, here):
    """-I flags of a library: folders of the crate, then our configuration headers."""
    flags = [f"-I{here / 'config' / d}" for d in lib.get("config", [])]
    return flags + [f"-I{root / d}" for d in lib.get("include", ["."])]


def library_units(name, lib, root, opt, out, here):
    """Compile units of every source of a library at one optimisation level."""
    base = root / lib.get("dir", ".")
    excluded = {p for pattern in lib.get("exclude", []) for p in base.glob(pattern)}
    sources = []
    for pattern in lib["sources"]:
        found = sorted(p for p in base.glob(pattern) if p not in excluded)
        if not found:
            raise SystemExit(f"{name}: no source matches {pattern} in {base}")
        sources += found
    flags = (*include_flags(lib, root, here), *lib.get("flags", []))
    units = []
    for source in sources:
        stem = str(source.relative_to(base)).replace("/", "_")
        kind = ".cxx.o" if is_cxx(source) else ".o"
        output = out / "lib" / f"{name}.{opt}" / (stem + kind)
        units.append(Unit(source, output, opt, flags, False))
    return units
