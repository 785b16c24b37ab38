"""Whether twins' branch predictors are gem5's to the bit; needs gem5's sources, but no gem5.

    predictors_alone.py GEM5_SOURCE COUNTER TRACE.pvt

gem5's predictors (src/cpu/pred) are compiled alone, with the default sizes of BranchPredictor.py
and what gem5-glue/configs/system.py sets, and random numbers that are all zero. They and the twins'
see the branches of the trace; COUNTER is the command that runs the twins' (benches/predictors.rs).
Every prediction must be the same, also where branches train only several branches later.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent / "alone"
# Names in gem5 of what system.py builds, at the size of benches/predictors.rs (2^12).
SIZE, SMALL = 1 << 12, 1 << 10
KINDS = {
    "local": ("LocalBP", {"localPredictorSize": SIZE}),
    "tournament": ("TournamentBP", {
        "localPredictorSize": SMALL, "localHistoryTableSize": SMALL,
        "globalPredictorSize": SIZE, "choicePredictorSize": SIZE}),
    "bimode": ("BiModeBP", {"globalPredictorSize": SIZE, "choicePredictorSize": SIZE}),
    "tage": ("TAGE", {}),
    "ltage": ("LTAGE", {}),
    "tage_sc_l_8k": ("TAGE_SC_L_8KB", {}),
    "tage_sc_l_64k": ("TAGE_SC_L_64KB", {}),
    "perceptron_8k": ("MultiperspectivePerceptron8KB", {}),
    "perceptron_64k": ("MultiperspectivePerceptron64KB", {}),
}
SOURCES = [
    "2bit_local", "bi_mode", "loop_predictor", "ltage", "multiperspective_perceptron",
    "multiperspective_perceptron_64KB", "multiperspective_perceptron_8KB", "statistical_corrector",
    "tage", "tage_base", "tage_sc_l", "tage_sc_l_64KB", "tage_sc_l_8KB", "tournament",
]
HEADERS = [
    "base/bitfield.hh", "base/compiler.hh", "base/intmath.hh", "base/logging.hh", "base/random.hh",
    "base/statistics.hh", "base/trace.hh", "base/types.hh", "cpu/null_static_inst.hh",
    "cpu/pred/bpred_unit.hh", "cpu/static_inst.hh", "debug/Branch.hh", "debug/Fetch.hh",
    "debug/LTage.hh", "debug/Tage.hh", "debug/TageSCL.hh", "sim/sim_object.hh",
]
SCALARS = {"Unsigned": "unsigned", "Int": "int", "Bool": "bool", "UInt64": "uint64_t", "Float": "double"}
OBJECTS = {"TAGEBase", "LoopPredictor", "StatisticalCorrector"}
LATE = [0, 9]


class Parameter:
    """What Param.TYPE([default,] description) stands for."""

    def __init__(self, kind, many, arguments):
        self.kind, self.many = kind, many
        self.default = arguments[0] if len(arguments) > 1 else None

    def declaration(self):
        name = SCALARS.get(self.kind) or f"branch_prediction::{self.kind} *"
        return f"std::vector<{name}>" if self.many else name


class Parameters:
    def __init__(self, many):
        self.many = many

    def __getattr__(self, kind):
        return lambda *arguments: Parameter(kind, self.many, arguments)


class Proxy:
    """Parent.NAME."""

    def __init__(self, name=""):
        self.name = name

    def __getattr__(self, name):
        return Proxy(name)


class Base:
    def __init__(self, **values):
        vars(self).update(values)


def classes_of(source):
    """The classes of BranchPredictor.py, without m5."""
    modules = {
        "m5": {}, "m5.objects": {}, "m5.objects.ClockedObject": {"ClockedObject": Base},
        "m5.params": {"Param": Parameters(False), "VectorParam": Parameters(True), "Enum": object},
        "m5.proxy": {"Parent": Proxy()}, "m5.SimObject": {"SimObject": Base},
    }
    for name, members in modules.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)
    found = {}
    exec(compile(source.read_text(), source, "exec"), found)  # noqa: S102: gem5's own
    return {n: c for n, c in found.items() if isinstance(c, type) and issubclass(c, Base) and c is not Base}


def is_ours(value):
    return isinstance(value, Parameter) and (value.kind in SCALARS or value.kind in OBJECTS)


def declare(classes):
    """The structures of parameters, as gem5 generates them."""
    lines = ["#pragma once", "namespace gem5 {", "namespace branch_prediction {"]
    lines += [f"class {name};" for name in sorted(OBJECTS)] + ["}"]
    for cls in classes.values():
        if "type" not in vars(cls):
            continue
        parent = next((c for c in cls.__mro__[1:] if "type" in vars(c)), None)
        lines.append(f"struct {cls.__name__}Params : {parent.__name__ + 'Params' if parent else 'SimObjectParams'} {{")
        lines += [f"    {v.declaration()} {k};" for k, v in vars(cls).items() if is_ours(v)]
        lines.append("};")
    return "\n".join([*lines, "} // namespace gem5", ""])


def literal(value):
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(literal(v) for v in value) + "}"
    return str(int(value)) if isinstance(value, (bool, int)) else repr(value)


def construct(cls, more, lines):
    """Appends what makes an object of a class; returns its name."""
    kind = next(c for c in cls.__mro__ if "type" in vars(c)).__name__
    at = len(lines)
    lines.append(f"        auto *p{at} = new {kind}Params();")
    values, parameters = {}, {}
    for c in reversed(cls.__mro__):
        for name, value in vars(c).items():
            if isinstance(value, Parameter):
                parameters[name] = value
                value = value.default
            values[name] = value
    values |= more | {"instShiftAmt": 1, "numThreads": 1}
    for name, parameter in parameters.items():
        if not is_ours(parameter) or values[name] is None:
            continue
        value = values[name]
        text = construct(type(value), {}, lines) if parameter.kind in OBJECTS else literal(value)
        lines.append(f"        p{at}->{name} = {text};")
    lines.append(f"        auto *o{at} = new {kind}(*p{at});")
    lines.append(f"        o{at}->init();")
    return f"o{at}"


def build(source, work):
    classes = classes_of(source / "src/cpu/pred/BranchPredictor.py")
    include = work / "include"
    for name in [*HEADERS, *(f"params/{n}.hh" for n in classes)]:
        (include / name).parent.mkdir(parents=True, exist_ok=True)
        (include / name).write_text('#include "stub.hh"\n')
    (include / "params.hh").write_text(declare(classes))
    lines = ["BPredUnit *make(const std::string &name) {"]
    for name, (cls, more) in KINDS.items():
        lines.append(f'    if (name == "{name}") {{')
        made = construct(classes[cls], more, lines)
        lines += [f"        return {made};", "    }"]
    (include / "make.hh").write_text("\n".join([*lines, "    return nullptr;", "}", ""]))

    flags = ["-O1", "-std=c++17", "-w", "-fpermissive", "-I", include, "-I", HERE, "-I", source / "src"]
    cxx = os.environ.get("CXX", "c++")

    def compiled(path):
        out = work / f"{path.stem}.o"
        subprocess.run([cxx, *flags, "-c", path, "-o", out], check=True)
        return out

    paths = [HERE / "main.cc", *(source / f"src/cpu/pred/{name}.cc" for name in SOURCES)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compiled, paths))
    subprocess.run([cxx, *objects, "-o", work / "gem5s"], check=True)
    return work / "gem5s"


def main():
    source, counter, trace = Path(sys.argv[1]), shlex.split(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as name:
        gem5s, branches, failed = build(source, Path(name)), f"{name}/branches", False
        for late in LATE:
            done = subprocess.run(
                [*counter, trace, "--export", branches, "--directions", str(late)],
                check=True, capture_output=True, text=True)
            for line in done.stdout.splitlines():
                kind, wrong, _ = line.split()
                theirs = subprocess.run(
                    [gem5s, branches, kind, str(late)], check=True, capture_output=True, text=True)
                same = theirs.stdout.strip() == line
                failed |= not same
                print(f"{'ok' if same else 'FAIL'} {kind:16} trained {late} branches late: "
                      f"gem5 {theirs.stdout.split()[1]} wrong, twin {wrong}")
    sys.exit(failed)


main()
