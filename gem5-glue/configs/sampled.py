"""Sampled simulation with calibration: short windows on a detailed core, the rest estimated.

    gem5.opt sampled.py --core NAME [options] -- BINARY [ARGUMENT ...]

An atomic CPU runs the program. Every --period retirements, the core NAME (microarchs.py) takes
over for --warmup retirements that only fill its pipeline and for --window retirements that are
measured. The windows serve twice:

  * by themselves, extrapolated: the mean CPI of the windows times all retirements, with the
    interval that their spread gives (SMARTS);
  * to fit the core's microarchitecture vector, which then prices the whole program, of which the
    model saw every instruction. The fitted vector is kept (--table) for programs to come. What it
    leaves unexplained in intervals that were not fitted gives its interval: as wide as if the
    intervals of a window all erred alike.

Both intervals are about which windows were taken. Neither knows of what short windows do to a core
in general: its prefetchers, queues and store buffers come to each of them empty.
"""

import argparse
import json
import math

import m5
from m5.objects import PerfVec, Process, Root
from m5.util import fatal

import microarchs
import system as systems

Z95 = 1.959964


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--core", required=True)
    parser.add_argument("--period", type=int, default=200_000)
    parser.add_argument("--first", type=int, help="of the first window; default: half a period")
    parser.add_argument("--window", type=int, default=10_000)
    parser.add_argument("--warmup", type=int, default=2_000)
    parser.add_argument("--interval", type=int, default=1_000)
    parser.add_argument("--limit", type=int, default=0, help="stop after N retirements")
    parser.add_argument("--model", default="")
    parser.add_argument("--table", default="calibrated.safetensors")
    parser.add_argument("--json", default="", help="write the result here")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def extrapolate(windows, retired):
    """Cycles of the whole and the half width of their 95% interval, from (cycles, retirements)
    of each window."""
    cpis = [cycles / count for cycles, count in windows]
    mean = sum(cpis) / len(cpis)
    spread = math.sqrt(sum((c - mean) ** 2 for c in cpis) / max(1, len(cpis) - 1))
    return mean * retired, Z95 * spread / math.sqrt(len(cpis)) * retired


options = parse()
core = {c["name"]: c for c in microarchs.all_cores()}[options.core]
tracer = PerfVec(
    model=options.model, microarch=options.core, calibrate=options.table,
    interval=options.interval, exit_every=options.interval)
process = Process(cmd=options.command, pid=100)
system, atomic, timing = systems.build(core, process, tracer, options.command[0], "atomic")
root = Root(full_system=False, system=system)
m5.instantiate()
tracer.observe(False)

running, state, windows = atomic, "ahead", []
due = options.period // 2 if options.first is None else options.first
while True:
    event = m5.simulate()
    if event.getCause() != "perfvec interval":
        break
    now = tracer.retired()
    if options.limit and now >= options.limit:
        break
    if now < due:
        continue
    if state == "ahead":
        m5.switchCpus(system, [(running, timing)])
        running, state, due = timing, "warm", now + options.warmup
    elif state == "warm":
        tracer.observe(True)
        before = tracer.observedCycles(), tracer.observedRetired()
        state, due = "measured", now + options.window
    else:
        tracer.observe(False)
        windows.append(
            (tracer.observedCycles() - before[0], tracer.observedRetired() - before[1]))
        m5.switchCpus(system, [(running, atomic)])
        running, state = atomic, "ahead"
        due = now + options.period - options.window - options.warmup

tracer.finish()
retired = tracer.retired()
if not windows:
    fatal("the program ended after %d retirements, before the first window: use a smaller --period",
          retired)
cycles, half = extrapolate(windows, retired)
calibrated = tracer.calibratedCycles()
result = {
    "core": options.core,
    "retired": retired,
    "windows": len(windows),
    "detailed_fraction": len(windows) * (options.window + options.warmup) / retired,
    "extrapolated_cycles": cycles,
    "extrapolated_half_width": half,
    "calibrated_cycles": calibrated,
    "calibrated_half_width": Z95 * tracer.heldOutError() / math.sqrt(len(windows)) * calibrated,
    "held_out_error": tracer.heldOutError(),
}
print(json.dumps(result, indent=1))
if options.json:
    with open(options.json, "w") as file:
        json.dump(result, file)
