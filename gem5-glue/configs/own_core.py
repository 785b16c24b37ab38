"""The core that a configuration itself describes, priced while the atomic CPU runs.

    gem5.opt own_core.py --core cortex-a72-like -- BINARY [ARGUMENT ...]

`PerfVec(model="self")` is all it takes: the O3 or Minor CPU that could be switched to, with its
predictor, caches and memory, is read from the config.json that gem5 writes as it starts.
--detailed runs that CPU instead, and tells what it took beside the estimate.
"""

import argparse

import m5
from m5.objects import PerfVec, Process, Root
from m5.util import fatal

import microarchs
import system as systems

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--core", required=True, help="one of microarchs.py, to build")
parser.add_argument("--detailed", action="store_true", help="run it, too")
parser.add_argument("--rules", default="", help="gem5, gem5-stock, textbook; else as it is")
parser.add_argument("command", nargs="+")
options = parser.parse_args()

cores = {core["name"]: core for core in microarchs.all_cores()}
if options.core not in cores:
    fatal("--core %s: there are %s", options.core, ", ".join(cores))
tracer = PerfVec(model="self", rules=options.rules)
process = Process(cmd=options.command, pid=100)
system, atomic, timing = systems.build(
    cores[options.core], process, tracer, options.command[0],
    "timing" if options.detailed else "atomic")
root = Root(full_system=False, system=system)
m5.instantiate()
print(m5.simulate().getCause())
print(f"{timing.path()}: {tracer.estimatedCycles(timing.path()):.0f} cycles estimated")
if options.detailed:
    tracer.finish()
    print(f"{timing.path()}: {tracer.observedCycles()} cycles taken")
