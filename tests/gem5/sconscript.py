"""What gem5-glue/SConscript says and does, without scons: sconscript.py FOLDER"""

import contextlib
import io
import os
import pathlib
import sys
from types import SimpleNamespace

GLUE = pathlib.Path(__file__).parents[2] / "gem5-glue"


class Stopped(Exception):
    pass


def stop(code):
    assert code != 0
    raise Stopped


class Environment:
    def __init__(self, linked):
        self.Append = linked.update

    def __getitem__(self, name):
        return {"CONF": {"USE_RISCV_ISA": True}}[name]


def run(environment):
    """Runs it in `environment`. Returns what it printed, its sources and what it links with, or
    None for these where it stopped."""
    linked, sources, printed = {}, [], io.StringIO()
    names = {
        "Import": lambda what: None,
        "Exit": stop,
        "Dir": lambda what: SimpleNamespace(srcnode=lambda: SimpleNamespace(abspath=str(GLUE))),
        "env": Environment(linked),
        "SimObject": lambda file, sim_objects: sources.append(file),
        "Source": lambda file, append: sources.append(file),
    }
    path = {"PATH": os.environ["PATH"], "PKG_CONFIG_LIBDIR": "/nowhere"}
    before, os.environ = os.environ, path | environment
    try:
        with contextlib.redirect_stdout(printed):
            exec((GLUE / "SConscript").read_text(), names)
    except Stopped:
        return printed.getvalue(), None, None
    finally:
        os.environ = before
    return printed.getvalue(), sources, linked


folder = pathlib.Path(sys.argv[1])
text, sources, _ = run({"PERFVEC_LIB": "/nowhere"})
assert sources is None and "/nowhere/libperfvec.so does not exist" in text, text
assert "cargo build --release" in text and "PERFVEC_LIB" in text, text

(folder / "libperfvec.so").touch()
text, sources, _ = run({"PERFVEC_LIB": str(folder), "PERFVEC_INCLUDE": "/nowhere"})
assert sources is None and "/nowhere/perfvec.hpp does not exist: set PERFVEC_INCLUDE" in text, text

for lib in (folder, folder / "libperfvec.so"):
    text, sources, linked = run({"PERFVEC_LIB": str(lib)})
    assert text == "", text
    assert linked["LIBS"] == ["perfvec"] and linked["LIBPATH"] == linked["RPATH"] == [str(folder)]
    # All of the glue is built, and nothing is named that is not there.
    assert sorted(sources) == sorted([f.name for f in GLUE.glob("*.cc")] + ["PerfVec.py"]), sources
